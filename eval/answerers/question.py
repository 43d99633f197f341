"""What a question asks for: its type, whom it is about, which words carry it, which dates it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from eval.answerers.text import Token, tokenize
from memos.language.calendar import MONTHS
from memos.language.dates import explicit, named_months
from memos.language.lexicon import AUXILIARIES

_YES_NO = re.compile(
    r"^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|might|may)\b", re.IGNORECASE
)
_LEAD = re.compile(
    r"^(?:(?:according to|based on|around|after|in|on|at|for|during|by|from|with|about|to|of|as of)\b"
    r"[^,?]*?,?\s+)(?=wh|how)",
    re.IGNORECASE,
)
_NOT_PLURAL = frozenset("this his is was does has ss us news series class business process always pass".split())


@dataclass(frozen=True)
class QuestionView:
    """A question, analysed."""

    text: str
    tokens: tuple[Token, ...]
    kind: str
    """``when``, ``how_long``, ``how_many``, ``how_often``, ``who``, ``where``, ``why``, ``how``, ``what``, ``what_do``,
    ``what_noun``, ``yes_no`` or ``would``."""
    stems: frozenset[str]
    """Stems of the content words that are not the asked people's names."""
    head: str
    """Stem of the noun asked for (``what book``: book), or empty."""
    head_word: str
    """That noun as it stands in the question."""
    verb: str
    """Stem of the main verb: the first content word after the first named person."""
    focus: tuple[str, ...]
    """Speakers the question names."""
    is_list: bool
    """Whether several items are asked for."""
    options: tuple[str, ...]
    """The alternatives of a choice question."""
    grain: str
    """``day``, ``month``, ``year`` where a time is asked at that grain, else empty."""
    dates: tuple[datetime, ...]
    """Full dates that the question names."""
    months: tuple[tuple[int, int | None], ...]
    """Months (and years) that the question names without a day."""


def analyse(text: str, speakers: tuple[str, ...]) -> QuestionView:
    """Analyse one question; ``speakers`` are the names of the conversation's people."""
    tokens = tokenize(text)
    names = {part.lower() for name in speakers for part in name.split()}
    lowered = {token.lower.removesuffix("'s").removesuffix("s'") for token in tokens}
    focus = tuple(name for name in speakers if name.split() and name.split()[0].lower() in lowered)
    kind, head, plural = _kind(text, tokens, names)
    dates = tuple(when for _, _, when in explicit(text))
    months = named_months(text)
    stems = frozenset(
        stem
        for token in tokens
        for stem in token.stems
        if token.is_content
        and token.lower.removesuffix("'s") not in names
        and not token.text[0].isdigit()
        and token.lower not in MONTHS
    )
    return QuestionView(
        text,
        tokens,
        kind,
        stems,
        head,
        _word_of(tokens, head),
        _verb(tokens, names),
        focus,
        plural or " both " in text,
        _options(text, kind),
        _grain(text, kind),
        dates,
        months,
    )


def _kind(text: str, tokens: tuple[Token, ...], names: set[str]) -> tuple[str, str, bool]:
    """The question's type, the stem of the noun asked for, and whether that noun is a plural."""
    words = [token.lower for token in tokens if token.is_word]
    if not words:
        return "what", "", False
    lead = words[0].removesuffix("'s")
    if _YES_NO.match(text):
        return ("would" if lead in ("would", "could", "might", "should", "will", "can") else "yes_no"), "", False
    start = next(
        (
            i
            for i, word in enumerate(words)
            if word.removesuffix("'s") in ("what", "which", "who", "whom", "whose", "when", "where", "why", "how")
        ),
        None,
    )
    if start is None:
        return "what", "", False
    wh, rest = words[start].removesuffix("'s"), words[start + 1 :]
    second = rest[0] if rest else ""
    if wh == "how":
        if second in ("long",):
            return "how_long", "", False
        if second in ("many", "much", "old"):
            return "how_many", _stem_of(tokens, rest[1]) if len(rest) > 1 else "", False
        if second == "often":
            return "how_often", "", False
        return "how", "", False
    if wh in ("when", "where", "why"):
        return wh, "", False
    if wh in ("who", "whom", "whose"):
        return "who", "", False
    return _what(tokens, rest, names)


def _what(tokens: tuple[Token, ...], rest: list[str], names: set[str]) -> tuple[str, str, bool]:
    second = rest[0] if rest else ""
    if second in ("date", "day", "month", "year", "time") and rest[1:2] not in (["of"], ["does"]):
        return "when", "", False
    if second not in AUXILIARIES and second and second.removesuffix("'s") not in names:
        noun: list[str] = []
        for word in rest:
            if word in AUXILIARIES or word.removesuffix("'s") in names or word in ("that", "who", "to"):
                break
            if word not in ("kind", "kinds", "type", "types", "sort", "of", "other", "specific", "some", "the"):
                if word in ("in", "for", "from", "on", "with", "at", "about", "by"):
                    break
                noun.append(word)
        head = noun[-1] if noun else second
        listed = any(_plural(word) for word in [head] if word) or rest[0] in ("kinds", "types")
        return "what_noun", _stem_of(tokens, head), listed
    does = second in ("do", "does", "did") and any(word in ("do", "doing", "done") for word in rest[2:])
    if does:
        return "what_do", "", False
    if second in ("are", "were") and len(rest) > 1:
        nouns = [
            word
            for word in rest[1:6]
            if word.removesuffix("'s") not in names and word not in ("the", "some", "of", "'s")
        ]
        return "what", _stem_of(tokens, nouns[0]) if nouns else "", True
    if second in ("is", "was") and len(rest) > 1:
        nouns = [
            word
            for word in rest[1:]
            if word.removesuffix("'s") not in names and word not in ("the", "a", "an", "one", "some", "of")
        ]
        return "what", _stem_of(tokens, nouns[0]) if nouns else "", False
    return "what", "", False


def _plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "'s")) and word not in _NOT_PLURAL


def _stem_of(tokens: tuple[Token, ...], word: str) -> str:
    return next((token.stem for token in tokens if token.lower == word), "")


def _word_of(tokens: tuple[Token, ...], stem: str) -> str:
    return next((token.lower for token in tokens if stem and token.stem == stem), "")


def _verb(tokens: tuple[Token, ...], names: set[str]) -> str:
    seen = False
    for token in tokens:
        if token.lower.removesuffix("'s") in names:
            seen = not token.lower.endswith("'s")
        elif seen and token.is_content:
            return token.stem
    return ""


def _options(text: str, kind: str) -> tuple[str, ...]:
    """``beach``, ``the mountains`` of a question that offers alternatives; empty where it offers none."""
    if kind not in ("yes_no", "would") or " or " not in text or re.search(r"\byes or no\b", text, re.IGNORECASE):
        return ()
    match = re.search(r"([^,]*?)\s+or\s+([^?]*)\?", text)
    if match is None:
        return ()
    right = match[2].strip()
    size = max(1, min(4, len(right.split())))
    left = " ".join(match[1].split()[-size:])
    left = re.sub(r"^(?:.*\b(?:in|to|at|by|for|with|a|an|the|be|enjoy|prefer)\s+)(?=\S)", "", left)
    right = re.sub(r"^(?:in|to|at|by|for|with|a|an|the)\s+", "", right)
    return (left.strip(), right.strip())


def _grain(text: str, kind: str) -> str:
    lowered = text.lower()
    if re.search(r"\b(?:what|which) year\b", lowered):
        return "year"
    if re.search(r"\b(?:what|which) month\b", lowered):
        return "month"
    if kind == "when" and re.search(r"\b(?:what|which) (?:day|date)\b", lowered):
        return "day"
    return ""

"""Entities by patterns: names (runs of capitalised words) and noun phrases after determiners and possessives."""

from __future__ import annotations

import re

from memos.language.lexicon import ADVERBS, AUXILIARIES, CONJUNCTIONS, IRREGULAR_PAST, NOUN_OPENERS, RELATIONAL
from memos.language.names import names
from memos.language.words import is_stop, words

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9'&\-]*|[.,;:!?()\"…–—]")


def tokens(text: str) -> list[str]:
    """Words and punctuation marks in order."""
    return _TOKEN.findall(text)


def normal(name: str) -> str:
    """The form under which two mentions of an entity meet: lower case, single spaces, no possessive."""
    return re.sub(r"\s+", " ", name.lower()).strip().removesuffix("'s").strip(" '-")


def noun_phrase(after: list[str], longest: int = 4) -> str:
    """The noun phrase at the start of a token list: determiners skipped, cut at function words and punctuation."""
    out: list[str] = []
    for token in after:
        low = token.lower()
        if not out and (low in NOUN_OPENERS or low in ADVERBS or low.endswith("'s") or low.isdigit()):
            continue
        if not token[0].isalnum() or is_stop(low) or low in RELATIONAL or low in CONJUNCTIONS or low in AUXILIARIES:
            break
        if out and (low in IRREGULAR_PAST or low in ADVERBS):
            break
        out.append(token)
        if len(out) == longest:
            break
    while out and out[-1].lower().endswith("ly"):
        out.pop()
    return " ".join(out).removesuffix("'s")


def noun_phrases(text: str) -> list[str]:
    """Noun phrases that follow a determiner, a possessive or a number."""
    phrases = []
    listed = tokens(text)
    for index, token in enumerate(listed[:-1]):
        low = token.lower()
        if low in NOUN_OPENERS or low.endswith("'s") or low.isdigit():
            following = listed[index + 1].lower()
            if following in NOUN_OPENERS or following.endswith("'s"):
                continue
            if phrase := noun_phrase(listed[index + 1 :], longest=3):
                phrases.append(phrase)
    return list(dict.fromkeys(phrases))


def entities(text: str, limit: int = 6) -> list[str]:
    """Names first, then noun phrases, without repeats, at most ``limit``."""
    out: dict[str, str] = {}
    for name in [*names(text), *noun_phrases(text)]:
        out.setdefault(normal(name), name)
    return [name for key, name in out.items() if len(key) > 2][:limit]


def question_entities(question: str, limit: int = 5) -> list[str]:
    """Entities of a question; falls back on its content words where no pattern fits."""
    named = entities(question, limit)
    rest = [word for word in words(question) if not is_stop(word.lower())]
    known = {part for name in named for part in normal(name).split()}
    return [*named, *(word for word in rest if word.lower().removesuffix("'s") not in known)][:limit]

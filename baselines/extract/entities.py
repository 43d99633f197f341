"""Entities by patterns: names (runs of capitalised words) and noun phrases after determiners and possessives."""

from __future__ import annotations

import re

from baselines.extract.lexicon import (
    ADVERBS,
    AUXILIARIES,
    CONJUNCTIONS,
    DETERMINERS,
    INTERJECTIONS,
    IRREGULAR_PAST,
    PREPOSITIONS,
    STOPWORDS,
    words,
)

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9'&\-]*|[.,;:!?()\"…–—]")
_CALENDAR = frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday today yesterday tomorrow""".split()
)
_QUESTION = frozenset("what when where which who whom whose why how did does do is are was were has have had would".split())


def tokens(text: str) -> list[str]:
    """Words and punctuation marks in order."""
    return _TOKEN.findall(text)


def normal(name: str) -> str:
    """The form under which two mentions of an entity meet: lower case, single spaces, no possessive."""
    return re.sub(r"\s+", " ", name.lower()).strip().removesuffix("'s").strip(" '-")


def names(text: str) -> list[str]:
    """Runs of capitalised words that do not merely open a sentence."""
    found: list[str] = []
    run: list[str] = []
    opening = True
    listed = [*tokens(text), "."]
    for index, token in enumerate(listed):
        capital = token[0].isupper() and token[0].isalpha()
        plain = token.lower().removesuffix("'s")
        ordinary = plain in STOPWORDS or plain in _CALENDAR or plain in INTERJECTIONS or plain in _QUESTION
        if capital and not ordinary and not (opening and _ordinary_opener(token, listed[index + 1])):
            run.append(token)
            if token.endswith("'s"):
                found.append(" ".join(run).removesuffix("'s"))
                run = []
        elif run:
            found.append(" ".join(run))
            run = []
        opening = token in ".!?…"
    return list(dict.fromkeys(name for name in found if len(name) > 1))


def _ordinary_opener(token: str, following: str) -> bool:
    """Whether a capitalised sentence opener is probably an ordinary word: no possessive, and no capital behind it."""
    return not token.endswith("'s") and not following[0].isupper()


def noun_phrase(after: list[str], longest: int = 4) -> str:
    """The noun phrase at the start of a token list: determiners skipped, cut at function words and punctuation."""
    out: list[str] = []
    for token in after:
        low = token.lower()
        if not out and (low in DETERMINERS or low in ADVERBS or low.endswith("'s") or low.isdigit()):
            continue
        if not token[0].isalnum() or low in STOPWORDS or low in PREPOSITIONS or low in CONJUNCTIONS or low in AUXILIARIES:
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
    found = []
    listed = tokens(text)
    for index, token in enumerate(listed[:-1]):
        low = token.lower()
        if low in DETERMINERS or low.endswith("'s") or low.isdigit():
            following = listed[index + 1].lower()
            if following in DETERMINERS or following.endswith("'s"):
                continue
            if phrase := noun_phrase(listed[index + 1 :], longest=3):
                found.append(phrase)
    return list(dict.fromkeys(found))


def entities(text: str, limit: int = 6) -> list[str]:
    """Names first, then noun phrases, without repeats, at most ``limit``."""
    out: dict[str, str] = {}
    for name in [*names(text), *noun_phrases(text)]:
        out.setdefault(normal(name), name)
    return [name for key, name in out.items() if len(key) > 2][:limit]


def question_entities(question: str, limit: int = 5) -> list[str]:
    """Entities of a question; falls back on its content words where no pattern fits."""
    found = entities(question, limit)
    rest = [word for word in words(question) if word.lower() not in STOPWORDS and word.lower() not in _QUESTION]
    known = {part for name in found for part in normal(name).split()}
    return [*found, *(word for word in rest if word.lower().removesuffix("'s") not in known)][:limit]

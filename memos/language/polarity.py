"""Whether a statement denies: ``not``, ``n't``, ``never``, ``stopped`` and their like, read together, so that two of
them cancel."""

from __future__ import annotations

import re
from functools import lru_cache

from memos.language.lexicon import NEGATIONS

_NOT = NEGATIONS | frozenset("without hardly scarcely barely unable".split())
_BARE = frozenset(
    "dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt wouldnt couldnt shouldnt cant wont aint".split()
)
_QUITTING = frozenset(
    """stop stops stopped stopping quit quits quitting cease ceased cancel cancels cancelled canceled refuse
    refused refuses""".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ´`][^\W\d_]+)?")
_GAVE_UP = re.compile(r"\b(?:gave|give|gives|given|giving)\s+(?:it\s+|that\s+)?up\b", re.IGNORECASE)
_IDLE = re.compile(
    r"\bnot (?:only|just)\b|\bno (?:doubt|wonder|matter|problem|worries|kidding)\b|\bwhy not\b|\b(?:if|or) not\b|"
    r"\bwhether or not\b|"
    r"\b(?:can['’]?t|cannot|couldn['’]?t) (?:wait|help|agree more|be happier|be prouder|believe)\b|\bnothing but\b|"
    r"\b(?:can['’]?t|cannot|couldn['’]?t) (?:get|have) enough\b",
    re.IGNORECASE,
)
"""Wordings that deny nothing."""
_REACH = 3
"""Words between a negation and the verb of stopping that it takes back."""


def is_negative(word: str) -> bool:
    """Whether a word alone denies."""
    low = word.lower().replace("’", "'")
    return low in _NOT or low.endswith("n't") or low in _BARE or low in _QUITTING


@lru_cache(maxsize=65_536)
def negated(text: str) -> bool:
    """Whether a statement denies what it speaks of; ``won't quit`` and ``never stopped`` affirm."""
    text = _GAVE_UP.sub("quit", _IDLE.sub(" ", text))
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    places = [place for place, word in enumerate(words) if is_negative(word)]
    open_places: list[int] = []
    for place in places:
        stops = words[place] in _QUITTING or words[place] == "without"
        if stops and open_places and place - open_places[-1] <= _REACH:
            open_places.pop()
        else:
            open_places.append(place)
    return bool(open_places)


def without_negation(stems: frozenset[str]) -> frozenset[str]:
    """Stems of a statement without those that only deny, so that a statement and its denial can be compared."""
    return stems - _stems()


@lru_cache(maxsize=1)
def _stems() -> frozenset[str]:
    from memos.language.words import stem

    return frozenset(map(stem, (*_NOT, *_QUITTING, *"longer gave give up anymore any more".split())))

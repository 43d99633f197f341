"""When a new fact makes an old one untrue: one-valued attributes with another value, or the same statement negated."""

from __future__ import annotations

import re
from functools import lru_cache

from memos.language.polarity import negated, without_negation
from memos.language.words import stems, terms

_SLOTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "favorite",
        re.compile(r"\bfavou?rite (?P<what>\w+(?: \w+)?) (?:is|are) (?:the |a |an )?(?P<value>[^.,;!]{2,40})", re.I),
    ),
    (
        "home",
        re.compile(
            r"\b(?:lives in|now lives in|moved to|has moved to) (?P<value>[A-Z][\w' ]{1,30}?)"
            r"(?=[.,;!]| (?:and|with|in|on|for|last)\b|$)"
        ),
    ),
    (
        "work",
        re.compile(
            r"\b(?:works as|works at|works for|started working as|got a job as|got a job at) "
            r"(?:a |an |the )?(?P<value>[^.,;!]{2,40})"
        ),
    ),
    ("relationship", re.compile(r"\b(?:is|got) (?:now )?(?P<value>single|married|engaged|divorced|dating)\b")),
    ("age", re.compile(r"\bis (?P<value>\d{1,3}) years old\b|\bturned (?P<other>\d{1,3})\b")),
)


@lru_cache(maxsize=65536)
def slots(text: str) -> tuple[tuple[str, str], ...]:
    """One-valued attributes a fact states, as (attribute, value)."""
    stated = []
    for name, pattern in _SLOTS:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            value = groups.get("value") or groups.get("other") or ""
            what = f"{name} {groups['what'].lower()}" if groups.get("what") else name
            stated.append((what, " ".join(terms(value)) or value.lower()))
    return tuple(stated)


@lru_cache(maxsize=65536)
def _profile(text: str) -> tuple[bool, frozenset[str]]:
    return negated(text), without_negation(stems(text))


def contradicts(new: str, old: str, overlap: float = 0.6) -> bool:
    """Whether ``new`` makes ``old`` untrue. Both speak of the same person.

    Args:
        new: the later fact.
        old: the earlier fact.
        overlap: least Jaccard overlap of content stems at which opposite polarity counts as a contradiction.
    """
    values = dict(slots(old))
    if any(name in values and values[name] != value for name, value in slots(new)):
        return True
    (denies, said), (denied, old_said) = _profile(new), _profile(old)
    if denies == denied or not said or not old_said:
        return False
    return len(said & old_said) >= max(2, overlap * len(said | old_said))

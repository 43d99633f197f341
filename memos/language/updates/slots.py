"""One-valued attributes that a statement gives a value: ``my phone number is …``, ``is 30 years old``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from memos.language.calendar import DAYS, MONTHS
from memos.language.numerals import WORDS, numbers
from memos.language.updates.words_of import KIN, SYNONYMS
from memos.language.words import stem, surface


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """An attribute with its value."""

    name: frozenset[str]
    """Stems that say which attribute; those of one attribute may be fewer in one statement than in the other."""
    value: frozenset[str]
    kind: str
    """Kind of value (number, day, name, word): ``in 1950`` and ``in Lyon`` are no two values of one attribute."""
    sure: bool
    """Whether the attribute can have one value only, whatever is said."""


_IDENTIFYING = frozenset(
    map(
        stem,
        """number phone email e-mail address code password pin username birthday name favourite colour-of capital age
        password account passport""".split(),
    )
)
_IS = re.compile(
    r"\b(?P<what>(?:(?:my|our|the|his|her|their|[A-Z][\w-]*'s|\w+'s)\s+)?(?:new |old |"
    r"current )?(?:[\w-]+(?:'s)?\s+){0,3}?[\w-]+)"
    r"(?:,)?\s+(?:has changed, it's|has changed to|was changed to|is now|are now|is actually|is|are|'s|was moved to|"
    r"has been moved to|has been pushed back to|got rescheduled, it|was extended to|was brought forward to|"
    r"is scheduled for|"
    r"is planned for|starts at|starts|closes at|closes|opens at|leaves at|takes|takes place|costs?|switched to|"
    r"moved to|"
    r"was changed to)\s+(?P<value>.+)",
    re.IGNORECASE,
)
_AGE = re.compile(
    rf"(?:\bI|\b[A-Z][a-z]+|\bwe|\b(?:{'|'.join(sorted(KIN))})|^)(?: have| has| just| finally| already| recently)?"
    r"(?: |(?='m))(?:is|am|'m|turned|turns|turning)\s+(?:now |already )?(?P<value>\d{1,3})(?:\s+years? old)?"
    r"(?:\s+(?:yesterday|today|now|last \w+))?[.!]?$",
)
_BORN = re.compile(r"\bborn (?:in|on) (?P<value>.+)", re.I)
_NAMED = re.compile(r"\b(?:is|are) (?:called|named) (?P<value>[A-Z][\w-]*)")
_FROM = re.compile(r"\b(?:is|am|'m|comes?) (?:actually )?from (?P<value>[A-Z][\w-]*(?: [A-Z][\w-]*)?)")
_HOME = re.compile(
    r"\b(?:lives?|living|moved|relocated|settled|based) (?:now )?(?:back )?(?:in|into|to|"
    r"from [A-Z]\w+ to) (?P<value>[A-Z][\w-]*)"
)
_AS = re.compile(r"\b(?:works?|working) (?:now )?as (?P<value>.+)")
_AT = re.compile(
    r"\b(?:works?|working) (?:now )?(?:at|for) (?!night|home|times|the moment|weekends|free|fun)(?P<value>.+)"
)
_COUNT = re.compile(
    rf"\b(?:has|have|'ve|owns?|keeps?) (?:now )?(?P<value>\d+|{WORDS}) (?P<what>[a-z-]+(?: [a-z-]+)?)(?=[.,!?]|"
    rf"\s+(?:now|and|at|in)\b|$)",
    re.I,
)
_STATUS = re.compile(
    r"\b(?:is|am|'m|are|'re|got|get) (?:now |happily |newly |finally )?(?P<value>single|married|engaged|"
    r"divorced|widowed)\b",
    re.I,
)
_MAIL = re.compile(r"\be-?mail(?: address)? is (?:now )?(?P<value>[\w.+-]+@[\w.-]+\w)", re.I)
_PATTERNS = {
    "age": _AGE,
    "named": _NAMED,
    "birth": _BORN,
    "origin": _FROM,
    "home": _HOME,
    "work as": _AS,
    "work at": _AT,
    "status": _STATUS,
    "mail": _MAIL,
}
"""Attributes that have one value at a time."""
_CUT = re.compile(r"[,;.!?](?:\s|$)|\b(?:instead|and|but|since|because|not|so|after|now|from now|when|with)\b")
_TIME = re.compile(r"\b(?:\d{1,2}(?::\d{2})?\s*(?:am|pm)?|noon|midnight|morning|evening|half past \w+)\b", re.I)


@lru_cache(maxsize=16_384)
def slots(text: str) -> tuple[AttributeValue, ...]:
    """The attributes of a statement with their values."""
    text = text.replace("’", "'")
    stated: list[AttributeValue] = []
    for name, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            value = match["value"] if pattern is _MAIL else _CUT.split(match["value"])[0]
            if pattern is _HOME and match["value"].lower() in DAYS | MONTHS.keys():
                continue
            stated.append(AttributeValue(frozenset((f"={name}",)), _stems(value), _kind(value), True))
    for match in _COUNT.finditer(text):
        stated.append(
            AttributeValue(frozenset(("=count", *_stems(match["what"]))), numbers(match["value"]), "number", True)
        )
    match = _IS.search(text)
    if match and not any("=age" in slot.name or "=named" in slot.name for slot in stated):
        what, value = match["what"], _CUT.split(match["value"])[0]
        name = frozenset(s for s in _stems(what) if s not in ("new", "old", "current"))
        person = [word for word in surface(what) if word in KIN]
        heads = surface(what)[-1:] if surface(what) else []
        if name and heads and not (person and heads[0] in KIN) and _stems(value) and not what.lower().startswith("i "):
            stated.append(AttributeValue(name, _stems(value), _kind(value), bool(name & _IDENTIFYING)))
    return tuple(stated)


def _stems(text: str) -> frozenset[str]:
    if "@" in text:
        return frozenset((text.strip().lower(),))
    return frozenset(stem(SYNONYMS.get(word, word)) for word in surface(re.sub(r"'s\b", "", text)))


def _kind(value: str) -> str:
    low = [word.lower() for word in re.findall(r"[^\W_]+", value)]
    if "@" in value:
        return "email"
    if any(word in DAYS or word.rstrip("s") in DAYS or word in MONTHS for word in low):
        return "day"
    if re.search(r"\b(?:19|20)\d\d\b", value):
        return "year"
    if _TIME.search(value) and re.match(r"(?:at |around )?(?:\d|noon|half)", value.strip(), re.I):
        return "number"
    if numbers(value):
        return "number"
    return "name" if re.search(r"\b[A-Z]", value) else "word"

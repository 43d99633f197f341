"""Numbers in words and digits: ``seventy two``, ``a hundred and five``, ``1,200``, ``2.5``, ``1½``, ordinals, the
Roman I."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
CARDINALS = (
    {word: value for value, word in enumerate(_SMALL)}
    | {word: 10 * value for value, word in enumerate(_TENS, 2)}
    | {"fourty": 40, "hundred": 100, "thousand": 1000, "million": 1_000_000}
)
ADVERBIAL = {"once": 1, "twice": 2, "thrice": 3}
_ORDINAL_SMALL = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth"
).split()
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_SMALL, 1)} | {"twentieth": 20, "thirtieth": 30}
FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}

_JOIN = r"[\s\-‐‑–]+"
_ONES = "|".join(sorted(_SMALL[1:10], key=len, reverse=True))
_LOW = "|".join(sorted((*_SMALL,), key=len, reverse=True))
_TEN = "|".join((*_TENS, "fourty"))
_UNDER_100 = rf"(?:(?:{_TEN})(?:{_JOIN}(?:{_ONES})\b)?|{_LOW})"
_UNDER_1000 = rf"(?:(?:{_UNDER_100}|an?){_JOIN}hundred(?:{_JOIN}(?:and\s+)?{_UNDER_100}\b)?|{_UNDER_100})"
WORDS = rf"(?:(?:{_UNDER_1000}|an?){_JOIN}(?:thousand|million)(?:{_JOIN}(?:and\s+)?{_UNDER_1000}\b)?|{_UNDER_1000})"
"""Pattern of a cardinal in words, as long as it goes."""
DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+(?:[.,]\d+)?[½¼¾]?|\d+\s\d/\d|[½¼¾])"
"""Pattern of a number in digits, with its decimals; to be kept from beginning inside another number."""
ORDINAL_WORDS = (
    r"(?:(?:twenty|thirty)"
    + _JOIN
    + r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|"
    + "|".join(sorted(ORDINALS, key=len, reverse=True))
    + ")"
)
"""Pattern of an ordinal in words, first to thirty-ninth."""

_SPLIT = re.compile(r"[\s\-‐‑–]+")
_FRACTION = re.compile(r"(\d+)\s(\d)/(\d)")
_NUMBER = re.compile(rf"(?<![\w.,])(?:{DIGITS}(?!\w)|(?:{WORDS})\b)", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def value(text: str) -> float | None:
    """What a number says, in digits or in words; None for anything else.

    ``1,200`` is 1200 and ``1,5`` is 1.5: a comma before exactly three digits parts thousands.
    """
    text = text.strip().lower()
    if text[:1].isdigit() or text[:1] in FRACTIONS:
        return _digits(text)
    total, part, seen = 0, 0, False
    for word in _SPLIT.split(text):
        if word in ("a", "an"):
            part += 1
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in ("thousand", "million"):
            total, part = total + max(part, 1) * CARDINALS[word], 0
        elif word in CARDINALS:
            part += CARDINALS[word]
        elif word != "and":
            return None
        seen = seen or word in CARDINALS
    return float(total + part) if seen else None


def _digits(text: str) -> float | None:
    mixed = _FRACTION.fullmatch(text)
    if mixed:
        whole, above, below = map(int, mixed.groups())
        return whole + above / below if below else None
    extra = FRACTIONS.get(text[-1], 0.0)
    text = text[:-1] if extra else text
    if not text:
        return extra
    text = text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text) else text.replace(",", ".")
    try:
        return float(text) + extra
    except ValueError:
        return None


def number_of(word: str) -> int | None:
    """The integer a numeral or a number in words says, ``once`` and ``twice`` too; None for anything else."""
    word = word.lower()
    if word in ADVERBIAL:
        return ADVERBIAL[word]
    number = None if word.isdigit() and not word.isdecimal() else value(word)
    return int(number) if number is not None and number == int(number) else None


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text in one form, so that ``two`` and ``2``, ``1,200`` and ``1200`` are the same."""
    spoken = (value(match.group()) for match in _NUMBER.finditer(text))
    counted = {f"{number:g}" for number in spoken if number is not None}
    return frozenset(counted | {str(ADVERBIAL[word]) for word in _SPLIT.split(text.lower()) if word in ADVERBIAL})


def ordinal_of(text: str) -> int | Any:
    """``11th``, ``21st``, ``eleventh`` or ``twenty-first`` as an integer; None for anything else.

    Typed as ``re.Match.group`` is: most callers give what a pattern has found to be an ordinal.
    """
    text = text.strip().lower()
    digits = re.fullmatch(r"(\d{1,3})(?:st|nd|rd|th)?", text)
    if digits:
        return int(digits[1])
    *tens, last = _SPLIT.split(text)
    if last not in ORDINALS or len(tens) > 1 or (tens and tens[0] not in CARDINALS):
        return None
    return ORDINALS[last] + (CARDINALS[tens[0]] if tens else 0)

"""Surface traits of an utterance, as bits: cheap signs of what kind of question it can answer."""

from __future__ import annotations

import re

from memos.language.calendar import DAY_NAMES, MONTH_NAMES
from memos.language.names import names
from memos.language.numerals import CARDINALS

ENDS_AS_QUESTION, HAS_QUESTION, FIRST_PERSON, TIME, NUMBER, NAME = 1, 2, 4, 8, 16, 32

_TOKEN = re.compile(r"\w+")
_FIRST = frozenset(("I", "My", "my", "Me", "me", "Mine", "mine", "We", "we", "Our", "our", "Us", "us"))
_MONTHS_AND_VERBS = frozenset(("May", "March"))
_TIME = frozenset(name.lower() for name in {*MONTH_NAMES, *DAY_NAMES} - _MONTHS_AND_VERBS) | frozenset(
    "yesterday today tonight tomorrow last next ago week weekend month year years morning recently soon since "
    "just".split()
)
_NUMBER = frozenset(CARDINALS) | frozenset("dozen couple once twice several first second third".split())


def traits(text: str) -> int:
    """The traits of a text as a sum of bits."""
    bits = 0
    if "?" in text:
        bits |= HAS_QUESTION
        if text.rstrip().endswith("?"):
            bits |= ENDS_AS_QUESTION
    spoken = set(_TOKEN.findall(text))
    if not spoken.isdisjoint(_FIRST):
        bits |= FIRST_PERSON
    tokens = set(map(str.lower, spoken))
    numbers = [token for token in tokens if token.isdecimal()]
    if (
        not tokens.isdisjoint(_TIME)
        or not spoken.isdisjoint(_MONTHS_AND_VERBS)
        or any(len(number) == 4 for number in numbers)
    ):
        bits |= TIME
    if numbers or not tokens.isdisjoint(_NUMBER):
        bits |= NUMBER
    if names(text):
        bits |= NAME
    return bits

"""Surface traits of an utterance, as bits: cheap signs of what kind of question it can answer."""

from __future__ import annotations

import re

from memos.operation.words import names

ENDS_AS_QUESTION, HAS_QUESTION, FIRST_PERSON, TIME, NUMBER, NAME = 1, 2, 4, 8, 16, 32

_TOKEN = re.compile(r"\w+")
_FIRST = frozenset(("I", "My", "my", "Me", "me", "Mine", "mine", "We", "we", "Our", "our", "Us", "us"))
_TIME = frozenset(
    """yesterday today tonight tomorrow last next ago week weekend month year years monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november december morning recently
    soon since just""".split()
)
_NUMBER = frozenset(
    """one two three four five six seven eight nine ten dozen couple once twice several first second third""".split()
)


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
    if not tokens.isdisjoint(_TIME) or any(len(number) == 4 for number in numbers):
        bits |= TIME
    if numbers or not tokens.isdisjoint(_NUMBER):
        bits |= NUMBER
    if names(text):
        bits |= NAME
    return bits

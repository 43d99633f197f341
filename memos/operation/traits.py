"""Surface traits of an utterance, as bits: cheap signs of what kind of question it can answer."""

from __future__ import annotations

import re

from memos.operation.words import names

ENDS_AS_QUESTION, HAS_QUESTION, FIRST_PERSON, TIME, NUMBER, NAME = 1, 2, 4, 8, 16, 32

_FIRST = re.compile(r"\b(I|[Mm]y|[Mm]e|[Mm]ine|[Ww]e|[Oo]ur|[Uu]s)\b")
_TIME = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|last|next|ago|week|weekend|month|years?|monday|tuesday|wednesday|thursday|"
    r"friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|"
    r"morning|recently|soon|\d{4}|since|just)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|dozen|couple|once|twice|several|first|second|third)\b",
    re.IGNORECASE,
)


def traits(text: str) -> int:
    """The traits of a text as a sum of bits."""
    bits = 0
    if "?" in text:
        bits |= HAS_QUESTION
        if text.rstrip().endswith("?"):
            bits |= ENDS_AS_QUESTION
    if _FIRST.search(text):
        bits |= FIRST_PERSON
    if _TIME.search(text):
        bits |= TIME
    if _NUMBER.search(text):
        bits |= NUMBER
    if names(text):
        bits |= NAME
    return bits

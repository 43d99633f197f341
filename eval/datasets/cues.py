"""An item of LoCoMo-Plus: what is said early (the cue), what is said later (the trigger), and how long between them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from eval.datasets.reading import JsonPlace

DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
"""Days of a unit, as the official code counts them."""
NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
} | {"a": 1, "an": 1}
VAGUE = {"a couple of": 2, "a few": 3, "several": 5}
"""What is meant by amounts that the official code cannot read, and takes as 0."""
_GAP = re.compile(
    rf"(?:(?:about|around|roughly|over|nearly|almost)\s+)?(?P<amount>{'|'.join([*VAGUE, *NUMBERS])}|\d+)\s+"
    rf"(?P<unit>{'|'.join(DAYS)})s?\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"([AB]):\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class Cue:
    """One item."""

    relation: str
    lines: tuple[tuple[int, str], ...]
    """The cue: number of the speaker (0: A, 1: B) and what is said."""
    trigger: tuple[int, str]
    days: int
    """Between cue and trigger, as meant."""
    official_days: int
    """The same as the official code reads it."""


def read_cue(place: JsonPlace, raw: Any, relations: Collection[str]) -> Cue:
    """Check one item.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    if not isinstance(raw, dict):
        raise place.error(f"expected an object, found {raw!r:.60}")
    relation = place.get(raw, "relation_type", str, "a relation")
    if relation not in relations:
        raise (place / "relation_type").error(f"expected one of {', '.join(relations)}, found {relation!r}")
    lines = _lines(place / "cue_dialogue", place.get(raw, "cue_dialogue", str, "lines of A and B"))
    trigger = _lines(place / "trigger_query", place.get(raw, "trigger_query", str, "a line of A"))
    if len(trigger) != 1 or trigger[0][0]:
        raise (place / "trigger_query").error(f"expected one line of A, found {raw['trigger_query']!r:.60}")
    days, official_days = gap(place / "time_gap", place.get(raw, "time_gap", str, "a time such as 'two weeks later'"))
    return Cue(relation, lines, trigger[0], days, official_days)


def _lines(place: JsonPlace, text: str) -> tuple[tuple[int, str], ...]:
    out = []
    for line in text.strip().split("\n"):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise place.error(f"expected lines that start with A: or B:, found {line!r:.60}")
        out.append(("AB".index(match[1]), match[2]))
    return tuple(out)


def gap(place: JsonPlace, text: str) -> tuple[int, int]:
    """The days of a gap as meant, and as the official code reads it.

    Raises:
        DataError: it is no time.
    """
    match = _GAP.search(text)
    if match is None:
        raise place.error(f"expected a time such as 'two weeks later', found {text!r:.60}")
    amount, unit = match["amount"].lower(), DAYS[match["unit"].lower()]
    if amount in VAGUE:
        return VAGUE[amount] * unit, 0
    days = (int(amount) if amount.isdigit() else NUMBERS[amount]) * unit
    return days, days

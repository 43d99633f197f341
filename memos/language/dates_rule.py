"""What a rule of the date reader is: a pattern, the signs that it may match at all, and the interval it makes of a match."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from memos.language.calendar import Grain


@dataclass(frozen=True, slots=True)
class Outcome:
    """The interval of a match and how it was said; see ``memos.language.dates.Mention``."""

    start: datetime
    end: datetime
    grain: Grain
    relative: bool = False
    vague: bool = False
    form: str = "date"
    unit: str = ""
    step: int = 0
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One wording of a time."""

    sign: re.Pattern[str] | None
    """What a lower-case text must hold for the rule to match; None: a digit."""
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], datetime | None], Outcome | None]
    """Raises ValueError or OverflowError for what lies outside the calendar."""


def rule(
    signs: tuple[str, ...] | None, pattern: str, read: Callable[[re.Match[str], datetime | None], Outcome | None]
) -> Rule:
    """A rule whose pattern does not care about case and takes any white space for a blank.

    Args:
        signs: strings one of which a lower-case text must hold; None: a digit.
        pattern: of the words of time.
        read: see ``Rule.read``.
    """
    sign = None if signs is None else re.compile("|".join(map(re.escape, signs)))
    return Rule(sign, re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), read)

"""What a rule of the date reader is: a pattern, the signs that it may match at all, the interval it makes of a
match."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from memos.language.calendar import DAYS, MONTHS, SEASONS, Grain, day_of
from memos.language.tense import tense_at

MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DAY = "|".join(sorted(DAYS, key=len, reverse=True))
SEASON = "|".join(SEASONS)
ORDINAL = r"(?:st|nd|rd|th)"
YEAR = r"\d{4}"


@dataclass(frozen=True, slots=True)
class ReadInterval:
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
    read: Callable[[re.Match[str], datetime | None], ReadInterval | None]
    """Raises ValueError or OverflowError for what lies outside the calendar."""


def rule(
    signs: tuple[str, ...] | None, pattern: str, read: Callable[[re.Match[str], datetime | None], ReadInterval | None]
) -> Rule:
    """A rule whose pattern does not care about case and takes any white space for a blank.

    Args:
        signs: strings one of which a lower-case text must hold; None: a digit.
        pattern: of the words of time.
        read: see ``Rule.read``.
    """
    sign = None if signs is None else re.compile("|".join(map(re.escape, signs)))
    return Rule(sign, re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), read)


def full_year(said: str) -> int:
    """``23`` is 2023 and ``99`` 1999."""
    year = int(said)
    return year if len(said) > 2 else year + (2000 if year < 70 else 1900)


def year_near(now: datetime | None, month: int, day: int, match: re.Match[str]) -> int | None:
    """The year that puts a date without one nearest to now, on the side that the tense tells; None where there is no
    now."""
    if now is None:
        return None
    today, tense = day_of(now), tense_at(match.string, match.start(), match.end())
    dates = []
    for year in range(max(now.year - 8, 1), min(now.year + 9, 9999)):
        try:
            dates.append(datetime(year, month, day))
        except ValueError:
            continue
    if tense == "past":
        dates = [date for date in dates if date <= today]
    elif tense == "future":
        dates = [date for date in dates if date >= today]
    return min(dates, key=lambda date: (abs(date - today), date)).year


def month_year_near(now: datetime, month: int, match: re.Match[str]) -> int:
    """The year of the month nearest to now, on the side that the tense tells; the present month is on both sides."""
    since = (match.groupdict().get("lead") or "").lower().startswith("since")
    tense, gap = "past" if since else tense_at(match.string, match.start(), match.end()), month - now.month
    if tense == "past":
        return now.year - (gap > 0)
    if tense == "future":
        return now.year + (gap < 0)
    return now.year - 1 if gap > 6 else now.year + 1 if gap < -6 else now.year

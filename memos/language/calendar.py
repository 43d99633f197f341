"""The calendar: names of months, weekdays and seasons, and the day, week, month, quarter, season or year around a
moment.

Intervals are half open, [start, end), in the wall clock of the speaker, without a time zone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

Grain = Literal["day", "weekend", "week", "month", "quarter", "season", "year", "decade", "span"]
Interval = tuple[datetime, datetime]

MONTH_NAMES = tuple("January February March April May June July August September October November December".split())
DAY_NAMES = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
MONTHS = {name.lower(): number for number, name in enumerate(MONTH_NAMES, 1)} | {
    short: number
    for number, shorts in enumerate(
        (
            ("jan",),
            ("feb",),
            ("mar",),
            ("apr",),
            (),
            ("jun",),
            ("jul",),
            ("aug",),
            ("sept", "sep"),
            ("oct",),
            ("nov",),
            ("dec",),
        ),
        1,
    )
    for short in shorts
}
"""Lower-case name or abbreviation to 1 to 12."""
DAYS = {name.lower(): number for number, name in enumerate(DAY_NAMES)} | {
    short: number
    for number, shorts in enumerate(
        (("mon",), ("tues", "tue"), ("wed",), ("thurs", "thur", "thu"), ("fri",), ("sat",), ("sun",))
    )
    for short in shorts
}
"""Lower-case name or abbreviation to 0 (Monday) to 6."""
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""First month of each season of the northern year."""
AMBIGUOUS_MONTHS = frozenset(("may", "march", "mar", "august"))
"""Words that in lower case are mostly not months."""
GIVEN_NAMES = frozenset(("april", "may", "june", "august", "jan"))
"""Months that are people's names as well."""


def wall(moment: datetime) -> datetime:
    """The same wall clock without a time zone."""
    return moment.replace(tzinfo=None)


def day_of(moment: datetime) -> datetime:
    """Midnight at the start of a day."""
    return datetime(moment.year, moment.month, moment.day)


def day_span(moment: datetime, count: int = 0) -> Interval:
    """The day ``count`` days after a moment's."""
    start = day_of(moment) + timedelta(days=count)
    return start, start + timedelta(days=1)


def week_span(moment: datetime, count: int = 0) -> Interval:
    """The week (from Monday) ``count`` weeks after a moment's."""
    monday = day_of(moment) + timedelta(days=7 * count - moment.weekday())
    return monday, monday + timedelta(days=7)


def weekend_span(moment: datetime, count: int = 0) -> Interval:
    """Saturday and Sunday of the week ``count`` weeks after a moment's."""
    monday, end = week_span(moment, count)
    return monday + timedelta(days=5), end


def month_span(year: int, month: int, length: int = 1) -> Interval:
    """``length`` months from a month on; months below 1 and above 12 lie in other years."""
    first, last = year * 12 + month - 1, year * 12 + month - 1 + length
    return datetime(first // 12, first % 12 + 1, 1), datetime(last // 12, last % 12 + 1, 1)


def year_span(year: int, length: int = 1) -> Interval:
    return datetime(year, 1, 1), datetime(year + length, 1, 1)


def quarter_span(year: int, quarter: int) -> Interval:
    """A quarter of a year; quarters below 1 and above 4 lie in other years."""
    return month_span(year, 3 * quarter - 2, 3)


def shift(now: datetime, unit: str, count: int) -> tuple[datetime, datetime, Grain]:
    """The day, week, weekend, month, quarter, year or decade ``count`` units away from now (negative: before).

    Raises:
        ValueError, OverflowError: outside the calendar's years 1 to 9999.
    """
    if unit in ("day", "night"):
        return *day_span(now, count), "day"
    if unit == "week":
        return *week_span(now, count), "week"
    if unit == "fortnight":
        return *week_span(now, 2 * count), "week"
    if unit == "weekend":
        return *weekend_span(now, count), "weekend"
    if unit == "month":
        return *month_span(now.year, now.month + count), "month"
    if unit == "quarter":
        return *quarter_span(now.year, (now.month + 2) // 3 + count), "quarter"
    return *year_span(now.year + count * {"decade": 10, "century": 100}.get(unit, 1)), "year"


def back(now: datetime, unit: str, count: float) -> datetime:
    """The moment ``count`` units before now (after it where negative); the 31st becomes the last day of a shorter
    month."""
    days = {"day": 1, "night": 1, "week": 7, "weekend": 7, "fortnight": 14}.get(unit)
    if days is not None:
        return now - timedelta(days=days * count)
    months = count * {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}[unit]
    whole = int(months) if months >= 0 else -int(-months)
    index = now.year * 12 + now.month - 1 - whole
    first, after = month_span(index // 12, index % 12 + 1)
    moment = now.replace(year=first.year, month=first.month, day=min(now.day, (after - first).days))
    return moment - timedelta(days=30.44 * (months - whole))


def season_span(now: datetime, name: str, step: int) -> Interval:
    """The last completed (-1), the present or this year's (0) or the next (1) season; winter ends in the year after."""
    spans = [month_span(year, SEASONS[name], 3) for year in range(max(now.year - 2, 1), min(now.year + 3, 9998))]
    if step < 0:
        return next(span for span in reversed(spans) if span[1] <= now)
    if step > 0:
        return next(span for span in spans if span[0] > now)
    return next((s for s in spans if s[0] <= now < s[1]), next(s for s in spans if s[0].year == now.year))


def day_words(moment: datetime) -> str:
    """``7 May 2023``."""
    return f"{moment.day} {MONTH_NAMES[moment.month - 1]} {moment.year}"


def month_words(moment: datetime) -> str:
    """``May 2023``."""
    return f"{MONTH_NAMES[moment.month - 1]} {moment.year}"

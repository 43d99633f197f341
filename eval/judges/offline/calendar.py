"""Intervals of days: what a date phrase such as "the Friday before 23 January 2022" denotes.

All intervals are closed and given as proleptic ordinals of days (``date.toordinal``). A phrase that people use loosely
("the week before 9 June") becomes the widest interval they usually mean by it.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNIT_DAYS = {
    "hour": 1 / 24,
    "day": 1,
    "night": 1,
    "week": 7,
    "weekend": 7,
    "month": 30.4,
    "year": 365.25,
    "decade": 3652,
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of days."""

    start: int
    end: int
    yearless: bool = False
    """Whether the phrase named no year, so that the year was supplied by the caller."""
    open: bool = False
    """Whether the phrase gives only a bound ("by", "since", "before")."""

    @property
    def days(self) -> int:
        return self.end - self.start + 1


def day(year: int, month: int, number: int) -> Interval | None:
    """One day; None where the calendar has no such day."""
    if not (1 <= month <= 12 and 1 <= number <= calendar.monthrange(year, month)[1]):
        return None
    ordinal = date(year, month, number).toordinal()
    return Interval(ordinal, ordinal)


def month(year: int, number: int) -> Interval:
    last = calendar.monthrange(year, number)[1]
    return Interval(date(year, number, 1).toordinal(), date(year, number, last).toordinal())


def year(number: int) -> Interval:
    return Interval(date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal())


def season(name: str, number: int) -> Interval:
    first, last = SEASONS[name]
    start = month(number, first).start
    return Interval(start, month(number + (last < first), last).end)


def part(name: str, whole: Interval) -> Interval:
    """``early``, ``mid`` or ``late`` part of an interval."""
    days = whole.days
    bounds = {"early": (0.0, 0.4), "mid": (0.27, 0.73), "late": (0.6, 1.0)}[name]
    return Interval(whole.start + round(bounds[0] * days), whole.start + max(round(bounds[1] * days) - 1, 0))


def nth(order: int, unit: str, whole: Interval) -> Interval | None:
    """The ``order``-th (1 to 4, -1 for the last) week, weekend, weekday, half or handful of days of an interval."""
    if unit in ("week", "day"):
        span = 7
        start = whole.end - span + 1 if order < 0 else whole.start + span * (order - 1)
        return Interval(start, start + span - 1)
    if unit == "half":
        middle = whole.start + whole.days // 2
        return Interval(whole.start, middle) if order == 1 else Interval(middle, whole.end)
    if unit == "weekend" or unit in WEEKDAYS:
        wanted = 5 if unit == "weekend" else WEEKDAYS.index(unit)
        first = whole.start + (wanted - (whole.start - 1) % 7) % 7
        starts = list(range(first, whole.end + 1, 7))
        if not starts or order > len(starts):
            return None
        start = starts[-1] if order < 0 else starts[order - 1]
        return Interval(start, start + (unit == "weekend"))
    return None


def around(unit: str, anchor: Interval) -> Interval:
    """The week, weekend or month that an anchor names ("the week of 23 August")."""
    if unit == "week":
        monday = anchor.start - (anchor.start - 1) % 7
        return Interval(min(monday, anchor.start), max(monday + 6, anchor.start + 6))
    if unit == "weekend":
        saturday = anchor.start - (anchor.start - 1) % 7 + 5
        return Interval(min(saturday - 1, anchor.start), saturday + 1)
    middle = date.fromordinal(anchor.start)
    return month(middle.year, middle.month) if unit == "month" else anchor


def beside(unit: str, count: float, before: bool, anchor: Interval) -> Interval | None:
    """The stretch ``count`` units before or after an anchor; count 0 means "a few"."""
    sign = -1 if before else 1
    edge = anchor.start if before else anchor.end
    if unit in WEEKDAYS or unit == "weekend":
        return _weekday_beside(unit, max(int(count), 1), before, edge)
    if unit in ("day", "night"):
        if count == 0:
            return _ordered(edge + sign * 6, edge + sign)
        middle = edge + sign * round(count)
        return Interval(middle, middle)
    if unit == "week":
        if count == 0:
            return _ordered(edge + sign * 32, edge + sign * 14)
        if count == 1:
            monday = edge - (edge - 1) % 7
            return Interval(monday - 7, edge - 1) if before else Interval(edge + 1, monday + 13)
        middle = edge + sign * round(7 * count)
        return Interval(middle - 4, middle + 4)
    here = date.fromordinal(edge)
    if unit == "month":
        index = here.year * 12 + here.month - 1 + sign * round(count or 3)
        whole = month(index // 12, index % 12 + 1)
        return whole if count else Interval(whole.start - 31, whole.end + 31)
    if unit == "year":
        whole = year(here.year + sign * round(count or 3))
        return whole if count else Interval(whole.start - 366, whole.end + 366)
    return None


def _weekday_beside(unit: str, count: int, before: bool, edge: int) -> Interval:
    wanted = 5 if unit == "weekend" else WEEKDAYS.index(unit)
    weekday = (edge - 1) % 7
    if before:
        back = (weekday - wanted) % 7 or 7
        if unit == "weekend" and weekday == 6:
            back += 7
        start = edge - back - 7 * (count - 1)
    else:
        start = edge + ((wanted - weekday) % 7 or 7) + 7 * (count - 1)
    return Interval(start, start + (unit == "weekend"))


def _ordered(first: int, last: int) -> Interval:
    return Interval(min(first, last), max(first, last))

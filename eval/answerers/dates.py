"""Time expressions in a dialogue, resolved against the time of the line they stand in.

A reader words a resolved expression the way people note it: a day as ``7 May 2023``, ``last week`` said on 9 June as
``the week before 9 June 2023``, ``last month`` as the month. See protocol.md section 6: answers give absolute dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from eval.answerers.text import number_of

MONTHS = ("January February March April May June July August September October November December").split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_SEASON = r"(?:spring|summer|fall|autumn|winter)"
_NUMBER = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)"
_VAGUE = r"(?:a few|few|several|some|a couple(?: of)?|couple(?: of)?|many)"
_UNIT = r"(?:day|night|week|weekend|month|year|decade)"

_ISO = re.compile(
    r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}| UTC)?)?"
)
_DAY_MONTH = re.compile(
    rf"\b(?:(\d{{1,2}}):(\d{{2}})\s*([ap])\.?m\.?\s+on\s+)?(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+({_MONTH})\b\.?,?(?:\s*(\d{{4}})\b)?",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:%|percent))(?:,?\s+(\d{{4}})\b)?"
    rf"(?:,?\s+(?:at\s+)?(\d{{1,2}}):(\d{{2}})\s*([ap])\.?m\.?)?",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"\b({_MONTH})\.?,?\s+(\d{{4}})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TimeMention:
    """A time expression in a text: offsets, how a reader would note it, and its grain."""

    start: int
    end: int
    phrase: str
    grain: str
    """``day``, ``week``, ``weekend``, ``month``, ``season``, ``year``, ``vague`` or ``duration``."""
    when: datetime | None = None
    """A day inside the period, where it is known."""


def month_number(name: str) -> int:
    """1 to 12 for a month's English name or abbreviation."""
    return next(i for i, month in enumerate(MONTHS, 1) if month.lower().startswith(name.lower()[:3]))


def day(when: datetime) -> str:
    """``7 May 2023``."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def month(when: datetime) -> str:
    """``May 2023``."""
    return f"{MONTHS[when.month - 1]} {when.year}"


def _moment(year: int, mon: int, dom: int, hour: int = 0, minute: int = 0) -> datetime | None:
    try:
        return datetime(year, mon, dom, hour, minute)
    except ValueError:
        return None


def _clock(hour: str | None, minute: str | None, half: str | None) -> tuple[int, int]:
    if hour is None:
        return 0, 0
    value = int(hour)
    if half:
        value = value % 12 + (12 if half.lower() == "p" else 0)
    return value, int(minute or 0)


def explicit_dates(text: str) -> list[tuple[int, int, datetime]]:
    """Full dates (day, month and year) in a text as (start, end, moment), in order."""
    found = []
    for m in _ISO.finditer(text):
        found.append((m.start(), m.end(), _moment(*map(int, m.group(1, 2, 3)), *_clock(m[4], m[5], None))))
    for m in _DAY_MONTH.finditer(text):
        if m[6]:
            found.append(
                (m.start(), m.end(), _moment(int(m[6]), month_number(m[5]), int(m[4]), *_clock(m[1], m[2], m[3])))
            )
    for m in _MONTH_DAY.finditer(text):
        if m[3]:
            found.append(
                (m.start(), m.end(), _moment(int(m[3]), month_number(m[1]), int(m[2]), *_clock(m[4], m[5], m[6])))
            )
    return sorted((item for item in found if item[2] is not None), key=lambda item: item[0])


def _shift_months(when: datetime, months: int) -> datetime:
    index = when.year * 12 + when.month - 1 + months
    return datetime(index // 12, index % 12 + 1, min(when.day, 28))


def _weekday_index(name: str) -> int:
    return next(i for i, full in enumerate(WEEKDAYS) if full.lower().startswith(name.lower()[:3]))


# --- relative expressions: (pattern, resolver(match, anchor) -> (phrase, grain, moment)) -------------------------------


def _offset_day(days: int):
    def resolve(_: re.Match, anchor: datetime):
        moment = anchor + timedelta(days=days)
        return day(moment), "day", moment

    return resolve


def _weekday(match: re.Match, anchor: datetime):
    index = _weekday_index(match["weekday"])
    name = WEEKDAYS[index]
    if (match["which"] or "").lower() in ("next", "this coming", "coming", "upcoming"):
        ahead = (index - anchor.weekday() - 1) % 7 + 1
        return f"The {name} after {day(anchor)}", "day", anchor + timedelta(days=ahead)
    back = (anchor.weekday() - index - 1) % 7 + 1
    return f"The {name} before {day(anchor)}", "day", anchor - timedelta(days=back)


def _period(match: re.Match, anchor: datetime):
    """``last week``, ``this month``, ``next year``, ``last summer``, ``last June``."""
    which = match["which"].lower()
    unit = match["unit"].lower()
    step = (
        1
        if which in ("next", "coming", "upcoming", "this coming", "the following")
        else 0
        if which in ("this", "the current")
        else -1
    )
    if which == "this past":
        step = -1
    if unit in ("week", "weekend"):
        word = {1: "after", 0: "of", -1: "before"}[step]
        return f"The {unit} {word} {day(anchor)}", unit, anchor + timedelta(days=7 * step)
    if unit == "month":
        moment = _shift_months(anchor, step)
        return month(moment), "month", moment
    if unit == "year":
        return str(anchor.year + step), "year", datetime(anchor.year + step, 1, 1)
    if unit in ("spring", "summer", "fall", "autumn", "winter"):
        peak = {"spring": 5, "summer": 8, "fall": 11, "autumn": 11, "winter": 2}[unit]
        year = anchor.year + step + (1 if step == -1 and anchor.month > peak else 0)
        return f"{unit} {year}", "season", datetime(year, peak, 1)
    number = month_number(unit)
    year = anchor.year - (number >= anchor.month) if step < 0 else anchor.year + (number < anchor.month)
    moment = datetime(year, number, 1)
    return month(moment), "month", moment


def _ago(match: re.Match, anchor: datetime):
    unit, text = match["unit"].lower(), match["count"].lower()
    count = 1 if text in ("a", "an") else number_of(text)
    if count is None:
        plain = re.sub(r"^(an?\s+)?couple(\s+of)?", "couple of", text)
        if unit in ("day", "night", "week", "weekend"):
            return f"{plain} {unit}s before {day(anchor)}", "vague", anchor - timedelta(days=3 if unit == "day" else 20)
        return match.group().strip(), "vague", None
    if unit in ("day", "night"):
        moment = anchor - timedelta(days=count)
        return day(moment), "day", moment
    if unit in ("week", "weekend"):
        words = f"The {unit}" if count == 1 else f"{text} {unit}s"
        return f"{words} before {day(anchor)}", unit, anchor - timedelta(days=7 * count)
    if unit == "month":
        moment = _shift_months(anchor, -count)
        return month(moment), "month", moment
    moment = datetime(max(1, anchor.year - count * (10 if unit == "decade" else 1)), 1, 1)
    return str(moment.year), "year", moment


def _in_future(match: re.Match, anchor: datetime):
    count, unit = number_of(match["count"]) or 1, match["unit"].lower()
    if unit in ("day", "night"):
        moment = anchor + timedelta(days=count)
        return day(moment), "day", moment
    if unit in ("week", "weekend"):
        moment = anchor + timedelta(days=7 * count)
        return day(moment), "week", moment
    moment = _shift_months(anchor, count * (12 if unit == "year" else 1))
    return (month(moment), "month", moment) if unit == "month" else (str(moment.year), "year", moment)


def _few_days(_: re.Match, anchor: datetime):
    return f"A few days before {day(anchor)}", "vague", anchor - timedelta(days=3)


def _month_only(match: re.Match, anchor: datetime):
    number = month_number(match["month"])
    year = anchor.year + (1 if number - anchor.month < -6 else -1 if number - anchor.month > 6 else 0)
    moment = datetime(year, number, 1)
    return month(moment), "month", moment


def _year_only(match: re.Match, _: datetime):
    return match["year"], "year", datetime(int(match["year"]), 1, 1)


_RULES = [
    (r"\b(?:the day before yesterday)\b", _offset_day(-2)),
    (r"\b(?:yesterday|last night|the other night)\b", _offset_day(-1)),
    (r"\b(?:today|tonight|this (?:morning|afternoon|evening)|right now)\b", _offset_day(0)),
    (r"\btomorrow\b", _offset_day(1)),
    (r"\bthe other day\b", _few_days),
    (rf"\b(?P<count>{_NUMBER}|{_VAGUE})\s+(?P<unit>{_UNIT})s?\s+(?:ago|back|earlier)\b", _ago),
    (rf"\bin\s+(?P<count>{_NUMBER})\s+(?P<unit>{_UNIT})s?\b(?!\s+ago)", _in_future),
    (
        rf"\b(?P<which>this past|last|past|previous|this coming|coming|upcoming|next|this|the following)\s+"
        rf"(?P<unit>weekend|week|month|year|{_SEASON}|{_MONTH})\b",
        _period,
    ),
    (
        rf"\b(?P<which>this past|last|past|previous|this coming|coming|upcoming|next|this|on)\s+(?P<weekday>{_WEEKDAY})\b",
        _weekday,
    ),
    (rf"\b(?:in|during|since|until|around|early|late|of|by)\s+(?P<month>{_MONTH})\b(?!\s+\d)", _month_only),
    (r"\b(?P<year>(?:19|20)\d{2})\b", _year_only),
]
_COMPILED = [(re.compile(pattern, re.IGNORECASE), resolver) for pattern, resolver in _RULES]
_DURATION = re.compile(
    rf"\b(?P<count>\d+(?:\.\d+)?|{_NUMBER}|{_VAGUE}|half an?)\s+(?P<unit>minute|hour|day|week|month|year|decade)s?\b(?!\s*-?\s*old)",
    re.IGNORECASE,
)


@lru_cache(maxsize=60_000)
def mentions(text: str, anchor: datetime | None) -> tuple[TimeMention, ...]:
    """Time expressions of a text, in order, without overlaps.

    Args:
        text: one sentence or line.
        anchor: when it was said; None leaves relative expressions out.
    """
    taken: list[TimeMention] = []

    def put(start: int, end: int, phrase: str, grain: str, when: datetime | None) -> None:
        if all(end <= item.start or start >= item.end for item in taken):
            taken.append(TimeMention(start, end, phrase, grain, when))

    for start, end, when in explicit_dates(text):
        put(start, end, day(when), "day", when)
    for m in _MONTH_YEAR.finditer(text):
        moment = datetime(int(m[2]), month_number(m[1]), 1)
        put(m.start(), m.end(), month(moment), "month", moment)
    for pattern, group_day, group_month in ((_DAY_MONTH, 4, 5), (_MONTH_DAY, 2, 1)):
        for m in pattern.finditer(text):
            year = anchor.year if anchor else 2000
            moment = _moment(year, month_number(m[group_month]), int(m[group_day]))
            if moment is not None:
                phrase = day(moment) if anchor else f"{moment.day} {MONTHS[moment.month - 1]}"
                put(m.start(), m.end(), phrase, "day", moment if anchor else None)
    if anchor is not None:
        for pattern, resolve in _COMPILED:
            for m in pattern.finditer(text):
                put(m.start(), m.end(), *resolve(m, anchor))
    return tuple(sorted(taken, key=lambda item: item.start))


def durations(text: str) -> list[TimeMention]:
    """Lengths of time named in a text, as they stand."""
    return [TimeMention(m.start(), m.end(), m.group(), "duration") for m in _DURATION.finditer(text)]

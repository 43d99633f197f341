"""Times mentioned in a text, as intervals: absolute dates, and relative ones resolved against the time of speaking.

Event time (what a sentence tells of) is not record time (when it was said): "I ran it last May", said in 2023, has an
event in May 2022. Intervals are half open, [start, end), in the wall clock of the speaker.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Grain = Literal["day", "weekend", "week", "month", "season", "year", "span"]

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
            ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"), ("october", "oct"),
            ("november", "nov"), ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
DAYS = {name: number for number, name in enumerate(
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))}  # fmt: skip
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "a couple": 2, "a couple of": 2, "three": 3, "few": 3, "a few": 3,
    "several": 4, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
}  # fmt: skip
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}

_M = "|".join(sorted(MONTHS, key=len, reverse=True))
_D = "|".join(DAYS)
_N = r"\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
_ORD = r"(?:st|nd|rd|th)?"


@dataclass(frozen=True, slots=True)
class Mention:
    """A time named in a text."""

    text: str
    at: int
    """Index of its first character."""
    start: datetime
    end: datetime
    """Not part of the interval."""
    grain: Grain
    relative: bool
    """Whether it needed the time of speaking."""
    vague: bool = False
    """Whether the words leave the exact interval open ("a few days ago")."""

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether the interval shares a moment with [start, end)."""
        return self.start < end and start < self.end


def _day(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day)


def _month(year: int, month: int) -> tuple[datetime, datetime]:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return datetime(year, month, 1), datetime(*after, 1)


def _year(year: int) -> tuple[datetime, datetime]:
    return datetime(year, 1, 1), datetime(year + 1, 1, 1)


def _week(moment: datetime) -> tuple[datetime, datetime]:
    monday = _day(moment) - timedelta(days=moment.weekday())
    return monday, monday + timedelta(days=7)


def _weekend(moment: datetime) -> tuple[datetime, datetime]:
    monday, end = _week(moment)
    return monday + timedelta(days=5), end


def _number(word: str) -> int:
    word = " ".join(word.lower().split())
    return int(word) if word.isdigit() else NUMBERS[word]


def shift(now: datetime, unit: str, count: int) -> tuple[datetime, datetime, Grain]:
    """The day, week, weekend, month or year ``count`` units away from now (negative: before)."""
    if unit == "day":
        start = _day(now) + timedelta(days=count)
        return start, start + timedelta(days=1), "day"
    if unit == "week":
        return *_week(now + timedelta(weeks=count)), "week"
    if unit == "weekend":
        return *_weekend(now + timedelta(weeks=count)), "weekend"
    if unit == "month":
        return *_month(now.year, now.month + count), "month"
    if unit == "decade":
        return *_year(now.year + 10 * count), "year"
    return *_year(now.year + count), "year"


Rule = Callable[[re.Match[str], datetime | None], "tuple[datetime, datetime, Grain] | None"]


def _absolute(match: re.Match[str], now: datetime | None) -> tuple[datetime, datetime, Grain] | None:
    parts = match.groupdict()
    day, month, year = parts.get("day"), parts.get("month"), parts.get("year")
    number = MONTHS[month.lower()] if month and month.lower() in MONTHS else int(month) if month else None
    if year is None:
        if now is None or number is None:
            return None
        year = _nearest_year(now, number, int(day) if day else 1)
    if number is None:
        return *_year(int(year)), "year"
    if day is None:
        return *_month(int(year), number), "month"
    try:
        start = datetime(int(year), number, int(day))
    except ValueError:
        return None
    return start, start + timedelta(days=1), "day"


def _nearest_year(now: datetime, month: int, day: int) -> int:
    """The year that puts a date without one nearest to now; ties go to the past."""
    distance = (month - now.month) + (day - now.day) / 31
    return now.year - 1 if distance > 6 else now.year + 1 if distance < -6 else now.year


def _named_day(match: re.Match[str], now: datetime | None) -> tuple[datetime, datetime, Grain] | None:
    if now is None:
        return None
    back = {"yesterday": -1, "last night": -1, "the other day": -3, "tomorrow": 1}
    word = " ".join(match.group().lower().split())
    if word.startswith("the day"):
        return shift(now, "day", -2 if "before" in word else 2)
    return shift(now, "day", back.get(word, 0))


def _ago(match: re.Match[str], now: datetime | None) -> tuple[datetime, datetime, Grain] | None:
    if now is None:
        return None
    count = _number(match["count"])
    sign = 1 if match["where"].lower() in ("from now", "later") or match.group().lower().startswith("in ") else -1
    unit = match["unit"].lower().rstrip("s")
    if unit == "weekend" and now.weekday() >= 5:
        count += 0
    return shift(now, unit, sign * count)


def _last(match: re.Match[str], now: datetime | None) -> tuple[datetime, datetime, Grain] | None:
    if now is None:
        return None
    which, unit = match["which"].lower(), match["unit"].lower()
    step = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1, "this": 0}[which.split()[-1]]
    if unit in DAYS:
        ahead = (DAYS[unit] - now.weekday()) % 7
        if step > 0 or (step == 0 and which.split()[-1] == "this" and "past" not in which):
            return shift(now, "day", ahead or 7 if step else ahead)
        return shift(now, "day", ahead - 7)
    if unit in MONTHS:
        month = MONTHS[unit]
        if step < 0:
            return *_month(now.year - (month >= now.month), month), "month"
        return *_month(now.year + (month < now.month if step == 0 else month <= now.month), month), "month"
    if unit in SEASONS:
        return _season(now, unit, step)
    if unit == "weekend":
        # Within the weekend itself, "last weekend" is the one before; "this past weekend" on a weekday is the last one.
        return shift(now, "weekend", step if step or "past" not in which else -1)
    return shift(now, unit, step)


def _season(now: datetime, name: str, step: int) -> tuple[datetime, datetime, Grain]:
    year = now.year
    first = SEASONS[name]
    start, _ = _month(year, first)
    _, end = _month(year, first + 2)
    if step < 0 and end > now:
        start, end = _month(year - 1, first)[0], _month(year - 1, first + 2)[1]
    if step > 0 and start <= now:
        start, end = _month(year + 1, first)[0], _month(year + 1, first + 2)[1]
    return start, end, "season"


def _weekday(match: re.Match[str], now: datetime | None) -> tuple[datetime, datetime, Grain] | None:
    if now is None:
        return None
    behind = (now.weekday() - DAYS[match["unit"].lower()]) % 7
    return shift(now, "day", -behind)


_DIGIT = re.compile(r"\d")
_STEPS = ("last", "past", "previous", "next", "coming", "this")
_NAMED = ("yesterday", "today", "tonight", "tomorrow", "this ", "last night", "other day")
_SHORT_MONTHS = tuple(name for name in MONTHS if len(name) == 3)
_AGO = (" ago", " back", " earlier", " before now", " from now", " later")
_RULES: tuple[tuple[tuple[str, ...] | None, re.Pattern[str], Rule, bool], ...] = tuple(
    (signs, re.compile(pattern, re.IGNORECASE), rule, relative)
    for signs, pattern, rule, relative in (
        (None, r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b", _absolute, False),
        (None, rf"\b(?P<day>\d{{1,2}}){_ORD}(?: of)? (?P<month>{_M})\b\.?,?(?: (?P<year>\d{{4}})\b)?", _absolute, False),
        (None, rf"\b(?P<month>{_M})\.? (?P<day>\d{{1,2}}){_ORD}\b(?!\d)(?:,? (?P<year>\d{{4}})\b)?", _absolute, False),
        (None, rf"\b(?P<month>{_M})\b\.?,?(?: of)? (?P<year>\d{{4}})\b", _absolute, False),
        (("the day",), r"\bthe day (?:before yesterday|after tomorrow)\b", _named_day, True),
        (_NAMED, r"\b(?:yesterday|today|tonight|tomorrow|this (?:morning|afternoon|evening)|last night|the other day)\b",
         _named_day, True),
        (_AGO, rf"\b(?P<count>{_N}) (?P<unit>days?|weeks?|weekends?|months?|years?|decades?) (?P<where>ago|back|earlier|before now|from now|later)\b",
         _ago, True),
        (("in ",), rf"\bin (?P<count>{_N}) (?P<unit>days?|weeks?|months?|years?)(?P<where>)\b(?! of)", _ago, True),
        (_STEPS, rf"\b(?P<which>this past|this coming|last|past|previous|next|coming|this) (?P<unit>week|weekend|month|year|{_D}|spring|summer|autumn|fall|winter|{_M})\b",
         _last, True),
        (("day",), rf"\b(?:on|since|by|until|till) (?P<unit>{_D})\b", _weekday, True),
        (_SHORT_MONTHS, rf"\b(?:in|since|during|by|until|around|early|late|mid|back in) (?P<month>{_M})\b", _absolute, True),
        (None, r"\b(?:in|since|during|by|until|around|from|of|year|before|after|back in) (?P<year>(?:19|20)\d{2})\b", _absolute, False),
    )
)  # fmt: skip
"""Strings one of which a lower-case text must hold for the rule to match (None: a digit), the rule, and whether it is relative."""
_VAGUE = re.compile(r"\b(few|several|couple|other day|around|about|early|late)\b", re.IGNORECASE)


def find(text: str, now: datetime | None = None) -> list[Mention]:
    """Every time mentioned in a text, in order, none overlapping another.

    Args:
        text: the sentence.
        now: wall-clock time of speaking; without it relative times and dates without a year are left out.
    """
    found: list[Mention] = []
    low, digit = text.lower(), bool(_DIGIT.search(text))
    for signs, pattern, rule, relative in _RULES:
        if not (digit if signs is None else any(sign in low for sign in signs)):
            continue
        for match in pattern.finditer(text):
            if any(match.start() < m.at + len(m.text) and m.at < match.end() for m in found):
                continue
            outcome = _safe(rule, match, now)
            if outcome is not None:
                start, end, grain = outcome
                vague = bool(_VAGUE.search(match.group()))
                found.append(Mention(match.group(), match.start(), start, end, grain, relative, vague))
    return sorted(found, key=lambda mention: mention.at)


def _safe(rule: Rule, match: re.Match[str], now: datetime | None) -> tuple[datetime, datetime, Grain] | None:
    """The rule's interval, or None where it leaves the calendar ("900 years ago")."""
    try:
        return rule(match, now)
    except (ValueError, OverflowError):
        return None


def say(mention: Mention) -> str:
    """The interval in words: "8 May 2023", "week of 1 May 2023", "May 2023", "2023"."""
    start = mention.start
    day = f"{start.day} {start:%B %Y}"
    if mention.grain == "day":
        return day
    if mention.grain in ("week", "weekend"):
        return f"{mention.grain} of {day}"
    if mention.grain == "month":
        return f"{start:%B %Y}"
    return str(start.year) if mention.grain == "year" else f"{day} to {mention.end - timedelta(days=1):%-d %B %Y}"

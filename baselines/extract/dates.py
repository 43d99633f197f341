"""Relative dates to absolute ones, against the time of the session (protocol.md 6: always convert relative to absolute)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from baselines.extract.lexicon import NUMBER_WORDS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SEASONS = {"spring": 3, "summer": 6, "fall": 9, "autumn": 9, "winter": 12}
_PREPOSITION = r"(?:\b(?P<prep>since|until|till|by|from|in|on|of|during|for|over|at|before|after)\s+)?"
_NUMBER = r"(?P<n>\d{1,3}|" + "|".join(NUMBER_WORDS) + r"|a\s+couple(?:\s+of)?|couple(?:\s+of)?|a\s+few|few|several)"

Resolved = tuple[str, str, datetime]
"""Preposition, absolute phrase and start of the period."""


def day(time: datetime) -> str:
    """A date as ``8 May 2023``."""
    return f"{time.day} {MONTHS[time.month - 1]} {time.year}"


def month(time: datetime) -> str:
    return f"{MONTHS[time.month - 1]} {time.year}"


def add_months(time: datetime, count: int) -> datetime:
    """The first day of the month ``count`` months later."""
    index = time.year * 12 + time.month - 1 + count
    return time.replace(year=index // 12, month=index % 12 + 1, day=1)


def _named_day(match: re.Match[str], now: datetime) -> Resolved:
    phrase = re.sub(r"\s+", " ", match["phrase"].lower())
    shift = {"yesterday": -1, "last night": -1, "tomorrow": 1, "the day before yesterday": -2,
             "the day after tomorrow": 2}.get(phrase, 0)  # fmt: skip
    date = now + timedelta(days=shift)
    return ("on the night of" if "night" in phrase else "on", day(date), date)


def _ago(match: re.Match[str], now: datetime) -> Resolved:
    text, unit = re.sub(r"\s+", " ", match["n"].lower()), match["unit"].lower()
    count = int(text) if text.isdigit() else NUMBER_WORDS.get(text, 2 if "couple" in text else None)
    if count is None:
        days = {"day": 3, "week": 21, "month": 90, "year": 1095}[unit]
        return ("", f"{text} {unit}s before {day(now)}", now - timedelta(days=days))
    if unit == "day":
        date = now - timedelta(days=count)
        return ("on", day(date), date)
    if unit == "week":
        plural = "" if count == 1 else "s"
        return ("", f"{text} week{plural} before {day(now)}", now - timedelta(weeks=count))
    if unit == "month":
        date = add_months(now, -count)
        return ("in", month(date), date)
    if count >= now.year:
        return ("", match.group(0), now)
    return ("in", str(now.year - count), now.replace(year=now.year - count, month=1, day=1))


def _weekday(match: re.Match[str], now: datetime) -> Resolved:
    wanted, which = WEEKDAYS.index(match["weekday"].lower()), match["which"].lower()
    if which in ("last", "past", "this past"):
        date = now - timedelta(days=(now.weekday() - wanted - 1) % 7 + 1)
    else:
        date = now + timedelta(days=(wanted - now.weekday() - 1) % 7 + 1)
    return ("on", f"{match['weekday'].capitalize()} {day(date)}", date)


def _period(match: re.Match[str], now: datetime) -> Resolved:
    which, unit = match["which"].lower(), match["unit"].lower()
    step = -1 if which in ("last", "past", "this past") else 1 if which in ("next", "this coming") else 0
    if unit == "week":
        date = now + timedelta(weeks=step)
        return ("in", f"the week {('of', 'after', 'before')[step]} {day(now)}", date)
    if unit == "weekend":
        saturday = now + timedelta(days=(5 - now.weekday()) % 7)
        saturday += timedelta(weeks=-1 if step < 0 else int(step > 0 and now.weekday() < 5))
        return ("on", f"the weekend of {day(saturday)}", saturday)
    if unit == "month":
        date = add_months(now, step)
        return ("in", month(date), date)
    if unit == "year":
        return ("in", str(now.year + step), now.replace(year=now.year + step, month=1, day=1))
    if unit in _SEASONS:
        start, year = _SEASONS[unit], now.year
        if step < 0 and start + 2 >= now.month:
            year -= 1
        elif step > 0 and start <= now.month:
            year += 1
        return ("in", f"the {unit} of {year}", datetime(year, start, 1))
    number = [name.lower() for name in MONTHS].index(unit) + 1
    year = now.year - int(step < 0 and number >= now.month) + int(step > 0 and number <= now.month)
    return ("in", f"{unit.capitalize()} {year}", datetime(year, number, 1))


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Resolved]], ...] = (
    (re.compile(_PREPOSITION + r"\b(?P<phrase>the\s+day\s+before\s+yesterday|the\s+day\s+after\s+tomorrow|yesterday"
                r"|tomorrow|last\s+night|tonight|today|this\s+(?:morning|afternoon|evening))\b", re.I), _named_day),
    (re.compile(_PREPOSITION + r"\b" + _NUMBER + r"\s+(?P<unit>day|week|month|year)s?\s+(?:ago|back)\b", re.I), _ago),
    (re.compile(_PREPOSITION + r"\b(?P<which>this\s+past|last|past|next|this)\s+(?P<weekday>"
                + "|".join(WEEKDAYS) + r")\b", re.I), _weekday),
    (re.compile(_PREPOSITION + r"\b(?:the\s+)?(?P<which>this\s+past|this\s+coming|last|past|next|this)\s+(?P<unit>weekend|week|month"
                r"|year|spring|summer|fall|autumn|winter|" + "|".join(MONTHS) + r")\b", re.I), _period),
)  # fmt: skip


def resolve(text: str, now: datetime | None) -> tuple[str, datetime | None]:
    """Replace relative dates by absolute ones.

    Args:
        text: a sentence.
        now: time of the session; None leaves the text as it is.

    Returns:
        The text, and the start of the first period it names (None where it names none).
    """
    if now is None:
        return text, None
    first: list[tuple[int, datetime]] = []

    def put(rule: Callable[[re.Match[str], datetime], Resolved]) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            preposition, phrase, start = rule(match, now)
            first.append((match.start(), start))
            given = match["prep"]
            if given and given.lower() in ("in", "on", "at", "over", "during", "for"):
                given = preposition
            lead = given or preposition
            return f"{lead} {phrase}" if lead else phrase

        return replace

    for pattern, rule in _RULES:
        text = pattern.sub(put(rule), text)
    return text, min(first)[1] if first else None

"""Times a step away: last week, this Friday, next spring, on Sunday, and spans that touch now (the last three "
"years)."""

from __future__ import annotations

import re
from datetime import datetime

from memos.language.calendar import (
    DAYS,
    MONTHS,
    SEASONS,
    back,
    day_of,
    day_span,
    month_span,
    season_span,
    shift,
    week_span,
)
from memos.language.dates_guards import no_month
from memos.language.dates_relative import COUNT, UNIT, count_of, unit_of
from memos.language.dates_rule import DAY, MONTH, SEASON, ReadInterval, month_year_near, rule
from memos.language.tense import tense_at

_AMBIGUOUS_DAYS = frozenset(("sat", "sun", "mon", "wed", "fri", "thu"))
_BACK = frozenset(("last", "past", "previous"))
_AHEAD = frozenset(("next", "coming", "upcoming"))
_ORDINAL_OF = re.compile(r"\d(?:st|nd|rd|th)(?:\s+day)?\s+of\s+$", re.I)
"""In front of ``last month``: a day that the month does not have."""


def _span(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``the last three years``, ``over the past week``, ``the next few days``: from then until now, or from now on."""
    if now is None:
        return None
    groups = match.groupdict()
    unit = unit_of(groups["unit"])
    count, vague = count_of(groups["count"]) if groups.get("count") else (1.0, False)
    ahead = groups["which"].lower() in _AHEAD
    moment = back(now, unit, -count if ahead else count)
    start, end = (day_of(now), day_span(moment)[1]) if ahead else (day_of(moment), day_span(now)[1])
    return ReadInterval(start, end, "span", relative=True, vague=vague, form="span", unit=unit, step=1 if ahead else -1)


def _before_last(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    if now is None:
        return None
    unit, step = unit_of(match["unit"]), -2 if "last" in match.group().lower() else 2
    if unit in DAYS:
        return ReadInterval(
            *day_span(_weekday(now, unit, step // 2)[0], 7 * (step // 2)),
            "day",
            relative=True,
            form="weekday",
            unit=unit,
            step=step,
        )
    return ReadInterval(*shift(now, unit, step), relative=True, form="step", unit=unit, step=step)


def _weekday(now: datetime, unit: str, step: int) -> tuple[datetime, datetime]:
    """The nearest such day strictly before (-1), strictly after (1), or today or after (0)."""
    ahead = (DAYS[unit] - now.weekday()) % 7
    return day_span(now, ahead - 7 if step < 0 else ahead if step == 0 else ahead or 7)


def _day_of_week(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``Friday last week``, ``next week on Friday``."""
    if now is None:
        return None
    unit = match["unit"].lower()
    step = {"last": -1, "past": -1, "next": 1, "coming": 1}.get(match["which"].lower().split()[-1], 0)
    monday = week_span(now, step)[0]
    return ReadInterval(*day_span(monday, DAYS[unit]), "day", relative=True, form="weekday", unit=unit, step=step)


def _step(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``last``, ``this`` or ``next`` with a period, a weekday, a month or a season."""
    if now is None:
        return None
    which, word = " ".join(match["which"].lower().split()), match["unit"]
    if word.lower() == "month" and _ORDINAL_OF.search(match.string[: match.start()]):
        return None
    unit, side = word.lower(), which.split()[-1]
    step = -1 if side in _BACK else 1 if side in _AHEAD else 0
    tense = tense_at(match.string, match.start(), match.end()) if step == 0 else ""
    if unit in DAYS:
        if unit in _AMBIGUOUS_DAYS and word.islower():
            return None
        step = -1 if step == 0 and tense == "past" and DAYS[unit] != now.weekday() else step
        return ReadInterval(*_weekday(now, unit, step), "day", relative=True, form="weekday", unit=unit, step=step)
    if unit in MONTHS:
        if no_month(match.string, match.start(), match.end(), which, word):
            return None
        return _month_step(match, now, unit, step)
    if unit in SEASONS:
        if step == 0 and tense == "past" and season_span(now, unit, 0)[0] > now:
            step = -1
        return ReadInterval(*season_span(now, unit, step), "season", relative=True, form="step", unit=unit, step=step)
    if unit == "weekend" and step == 0 and tense == "past" and now.weekday() < 5:
        step = -1
    return ReadInterval(*shift(now, unit, step), relative=True, form="step", unit=unit, step=step)


def _month_step(match: re.Match[str], now: datetime, unit: str, step: int) -> ReadInterval:
    month = MONTHS[unit]
    if step == 0:
        year = now.year - (month > now.month and month_year_near(now, month, match) < now.year)
    else:
        year = now.year - (month >= now.month) if step < 0 else now.year + (month <= now.month)
    return ReadInterval(*month_span(year, month), "month", relative=True, form="step", unit=unit, step=step)


def _on(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``on Friday``: before or after, as the tense tells; ``since`` looks back, ``by`` and ``until`` ahead."""
    if now is None:
        return None
    unit, lead = match["unit"].lower(), match["lead"].lower().strip()
    if unit in _AMBIGUOUS_DAYS and match["unit"].islower():
        return None
    tense = tense_at(match.string, match.start(), match.end())
    if lead == "since":
        step = -1
    elif lead in ("by", "until", "till"):
        step = -1 if tense == "past" else 1
    else:
        step = 1 if tense in ("future", "present", "able") else -1
    return ReadInterval(*_weekday(now, unit, step), "day", relative=True, form="weekday", unit=unit, step=step)


_THIS = r"this past|this coming|last|past|previous|next|coming|upcoming|this"
_STEP_SIGNS = ("last", "past", "previous", "next", "coming", "this")
RULES = (
    rule(
        ("last", "past", "previous", "next", "coming"),
        rf"\b(?P<lead>(?:in|for|over|during|within|throughout) )?(?:the |these |this )?(?P<which>last|past|"
        rf"previous|next|coming) (?P<count>{COUNT}) (?P<unit>{UNIT})\b",
        _span,
    ),
    rule(
        ("last", "past", "next", "coming"),
        r"\b(?P<lead>(?:in|for|over|during|within|throughout|all) )the (?P<which>last|past|next|coming) "
        r"(?P<unit>week|month|year|decade)\b(?! of)",
        _span,
    ),
    rule(("the past", "the last"), r"\bthe (?P<which>past) (?P<unit>week|month|year|decade)\b", _span),
    rule(
        ("before last", "after next"),
        rf"\bthe (?P<unit>week|weekend|month|year|{DAY}) (?:before last|after next)\b",
        _before_last,
    ),
    rule(
        _STEP_SIGNS,
        rf"\b(?P<lead>on )?(?P<unit>{DAY}),? (?:of )?(?P<which>last|this past|this|next|this coming) week\b",
        _day_of_week,
    ),
    rule(_STEP_SIGNS, rf"\b(?P<which>last|this past|this|next|this coming) week,? on (?P<unit>{DAY})\b", _day_of_week),
    rule(
        _STEP_SIGNS,
        rf"\b(?P<which>{_THIS}) (?P<unit>weekend|week|month|quarter|year|decade|{SEASON}|{DAY}|{MONTH})\b(?!-| "
        rf"of\b| (?:mile|pound|hour|back|note)s?\b)",
        _step,
    ),
    rule(
        tuple(f"{lead} " for lead in ("on", "since", "by", "until", "till")),
        rf"\b(?P<lead>(?:on|since|by|until|till) )(?P<unit>{DAY})\b(?! (?:mornings|afternoons|evenings|nights)\b)",
        _on,
    ),
)

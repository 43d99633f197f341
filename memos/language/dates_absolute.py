"""Dates of the calendar in full: with a year, or day and month."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from memos.language.calendar import MONTHS, SEASONS, day_span, month_span, year_span
from memos.language.dates_guards import month_year_verb, verb_or_count
from memos.language.dates_rule import (
    MONTH,
    ORDINAL,
    SEASON,
    YEAR,
    ReadInterval,
    full_year,
    month_year_near,
    rule,
    year_near,
)
from memos.language.numerals import ORDINAL_WORDS, ordinal_of

_D = rf"(?:\d{{1,2}}(?:{ORDINAL})?|{ORDINAL_WORDS})"
_DAY_BEFORE = re.compile(r"(?<![\w.])\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?$", re.I)
"""In front of month and year: a day that the month does not have."""


def _iso(match: re.Match[str], now: datetime | None) -> ReadInterval:
    return _day(int(match["year"]), int(match["month"]), int(match["day"]))


def _numeric(match: re.Match[str], now: datetime | None) -> ReadInterval:
    """``5/8/2023``: month first, as Americans write it, unless that is no month; with points the day comes first."""
    first, second, year = int(match["one"]), int(match["two"]), full_year(match["year"])
    day_first = match["mark"] == "." or first > 12
    month, day = (second, first) if day_first else (first, second)
    return _day(year, month, day)


def _day(year: int, month: int, day: int, **how: Any) -> ReadInterval:
    return ReadInterval(*day_span(datetime(year, month, day)), "day", **how)


def _named_month(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """Day and month, with or without a year; a range of days is one span."""
    groups, text = match.groupdict(), match.string
    month_word, year = groups["month"], groups.get("year")
    if match.start("day") < match.start("month"):
        ordinal = not groups["day"][-1].isdigit()
        refused = verb_or_count(
            text,
            match.start("day"),
            match.end("month"),
            month_word,
            number_first=True,
            ordinal=ordinal,
            year=bool(year),
        )
    else:
        ordinal = not groups["day"][-1].isdigit()
        refused = verb_or_count(
            text, match.start(), match.end("day"), month_word, number_first=False, ordinal=ordinal, year=bool(year)
        )
        refused = refused or (ordinal and not groups["day"][0].isdigit() and month_word.islower())
    if refused:
        return None
    month, first = MONTHS[month_word.lower()], ordinal_of(groups["day"])
    last = ordinal_of(groups["last"]) if groups.get("last") else first
    if not 0 < first <= last <= 31:
        return None
    number = int(year) if year else year_near(now, month, first, match)
    if number is None:
        return None
    start, end = datetime(number, month, first), day_span(datetime(number, month, last))[1]
    return ReadInterval(start, end, "day" if first == last else "span", relative=year is None)


def _months(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``from May to July``, ``between May and July 2022``: the months from the one to the other."""
    first, last = MONTHS[match["month"].lower()], MONTHS[match["last"].lower()]
    if match["month"].islower() and match["month"] in ("may", "march", "mar") and match["last"].islower():
        return None
    length = (last - first) % 12 + 1
    if match["year"]:
        return ReadInterval(*month_span(int(match["year"]) - (first > last), first, length), "span")
    if now is None:
        return None
    return ReadInterval(*month_span(month_year_near(now, first, match), first, length), "span", relative=True)


def _month_year(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    if month_year_verb(match.string, match.start(), match.end(), match["month"]) or _DAY_BEFORE.search(
        match.string[: match.start()]
    ):
        return None
    return ReadInterval(*month_span(full_year(match["year"]), MONTHS[match["month"].lower()]), "month")


def _season_year(match: re.Match[str], now: datetime | None) -> ReadInterval:
    return ReadInterval(
        *month_span(int(match["year"]), SEASONS[match["season"].lower()], 3), "season", unit=match["season"].lower()
    )


def _decade(match: re.Match[str], now: datetime | None) -> ReadInterval:
    year = int(match["year"])
    part = (match["part"] or "").lower().rstrip("-")
    first, last = {"early": (0, 4), "mid": (3, 7), "late": (6, 10)}.get(part, (0, 10))
    return ReadInterval(year_span(year + first)[0], year_span(year + last)[0], "decade", vague=bool(part))


def _short_decade(match: re.Match[str], now: datetime | None) -> ReadInterval:
    year = int(match["year"])
    return ReadInterval(*year_span(year + (1900 if year >= 30 else 2000), 10), "decade")


_ORDINAL_SIGNS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "eventh",
    "eighth",
    "ninth",
    "tenth",
    "twelfth",
    "teenth",
    "tieth",
)
_NO_NUMBER = r"(?<![\w.,/:\-])"
_TAIL = rf"(?:\.?(?:,? (?:of |in )?|,|-|/)(?P<year>{YEAR})\b)?"
_NOT_A_DAY = r"(?!\s*(?:%|percent|o'clock)|[:.,]\d|/\d| ?(?:am|pm)\b)"
FULL = (
    rule(
        None,
        r"(?<![\w.\-/])(?P<year>\d{4})(?P<mark>[\-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\d\-/]|\.\d)",
        _iso,
    ),
    rule(
        None,
        r"(?<![\w.\-/])(?P<one>\d{1,2})(?P<mark>[\-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})(?![\d\-/]|\.\d)",
        _numeric,
    ),
    rule(("/",), r"(?<![\w.\-/])(?P<one>\d{1,2})(?P<mark>/)(?P<two>\d{1,2})/(?P<year>\d{2})(?![\d\-/]|\.\d)", _numeric),
    rule(
        None,
        rf"{_NO_NUMBER}(?P<day>\d{{1,2}}{ORDINAL}?)(?:\s*[-–—]\s*| to | and | through )"
        rf"(?P<last>\d{{1,2}}{ORDINAL}?)(?: of)? (?P<month>{MONTH})\b{_TAIL}",
        _named_month,
    ),
    rule(None, rf"{_NO_NUMBER}(?P<day>{_D})(?: day)?(?: of | |[-/])(?P<month>{MONTH})\b{_TAIL}", _named_month),
    rule(_ORDINAL_SIGNS, rf"\b(?P<day>{ORDINAL_WORDS})(?: of)? (?P<month>{MONTH})\b{_TAIL}", _named_month),
    rule(
        None,
        rf"\b(?P<month>{MONTH})\.? (?P<day>\d{{1,2}}{ORDINAL}?)(?:\s*[-–—]\s*| to | through )"
        rf"(?P<last>\d{{1,2}}{ORDINAL}?)\b{_NOT_A_DAY}{_TAIL}",
        _named_month,
    ),
    rule(None, rf"\b(?P<month>{MONTH})\.? (?:the )?(?P<day>\d{{1,2}}{ORDINAL}?)\b{_NOT_A_DAY}{_TAIL}", _named_month),
    rule(_ORDINAL_SIGNS, rf"\b(?P<month>{MONTH}) (?:the )?(?P<day>{ORDINAL_WORDS})\b{_TAIL}", _named_month),
    rule(
        ("from", "between"),
        rf"\b(?P<lead>(?:from|between) )(?P<month>{MONTH}) (?:to|until|till|through|and) (?P<last>{MONTH})\b(?:,? "
        rf"(?P<year>{YEAR})\b)?",
        _months,
    ),
    rule(None, rf"{_NO_NUMBER}(?P<day>\d{{1,2}})\. (?P<month>{MONTH})\.? (?P<year>{YEAR})\b", _named_month),
    rule(None, rf"\b(?P<month>{MONTH})\b\.?,?(?: of | |-)(?P<year>{YEAR})\b", _month_year),
    rule(("'", "’"), rf"\b(?P<month>{MONTH})\b\.?,? ?['’](?P<year>\d{{2}})\b", _month_year),
    rule(None, rf"\b(?P<season>{SEASON})(?: of|,)? (?P<year>{YEAR})\b", _season_year),
    rule(
        ("0s", "0's"),
        r"\b(?P<lead>in |during |since |from |of )?the (?P<part>early |mid-?|late )?(?P<year>(?:18|19|20)\d0)['’]?s\b",
        _decade,
    ),
    rule(("0s",), r"\b(?P<lead>in |during |since |from |of )?the ['’](?P<year>\d0)s\b", _short_decade),
)
"""Rules for dates with a year, or day and month."""

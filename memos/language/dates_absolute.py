"""Dates of the calendar: with a year, or with the year that the time of speaking and the tense give them."""

from __future__ import annotations

import re
from datetime import datetime

from memos.language.calendar import (
    MONTHS,
    SEASONS,
    Grain,
    day_of,
    day_span,
    month_span,
    quarter_span,
    year_span,
)
from memos.language.dates_guards import month_year_verb, no_month, verb_or_count
from memos.language.dates_rule import Outcome, rule
from memos.language.numerals import ORDINAL_WORDS, ordinal_of
from memos.language.tense import tense_at

_M = "|".join(sorted(MONTHS, key=len, reverse=True))
_SEASON = "|".join(SEASONS)
_ORD = r"(?:st|nd|rd|th)"
_D = rf"(?:\d{{1,2}}(?:{_ORD})?|{ORDINAL_WORDS})"
_YEAR = r"\d{4}"
_DAY_PART = r"(?: (?:morning|afternoon|evening|night))?"
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_LEADS = r"in|since|during|by|until|till|around|before|after|from|early|late|mid|early in|late in|back in|end of|start of|beginning of|middle of|month of"
_FLOOR = re.compile(
    r"\s+(?!(?:and|or|at|in|with|for|was|is|were|but|so|because|when|we|i|you|he|she|they|it|this|that|to|after|before|if|as|"
    r"by|until|since|from|on|about|around|instead|though|please|too|though|has|had|will|would|of\s+(?:the|this|that)\s+month)\b)[^\W\d_]",
    re.IGNORECASE,
)  # fmt: skip
"""Behind ``the 11th``: a noun that it counts, so that it is no day of the month."""
_DAY_BEFORE = re.compile(r"(?<![\w.])\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?$", re.I)
"""In front of month and year: a day that the month does not have."""
_ON = re.compile(r"\b(?:on|by|until|till|since|before|after|from|for|through|around|is|was|to|and)\s+$", re.I)


def _iso(match: re.Match[str], now: datetime | None) -> Outcome:
    return _day(int(match["year"]), int(match["month"]), int(match["day"]))


def _numeric(match: re.Match[str], now: datetime | None) -> Outcome:
    """``5/8/2023``: month first, as Americans write it, unless that is no month; with points the day comes first."""
    first, second, year = int(match["one"]), int(match["two"]), _full_year(match["year"])
    day_first = match["mark"] == "." or first > 12
    month, day = (second, first) if day_first else (first, second)
    return _day(year, month, day)


def _full_year(said: str) -> int:
    """``23`` is 2023 and ``99`` 1999."""
    year = int(said)
    return year if len(said) > 2 else year + (2000 if year < 70 else 1900)


def _day(year: int, month: int, day: int, **how: bool) -> Outcome:
    return Outcome(*day_span(datetime(year, month, day)), "day", **how)


def _named_month(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """Day and month, with or without a year; a range of days is one span."""
    groups, text = match.groupdict(), match.string
    month_word, year = groups["month"], groups.get("year")
    if match.start("day") < match.start("month"):
        ordinal = not groups["day"][-1].isdigit()
        refused = verb_or_count(text, match.start("day"), match.end("month"), month_word, number_first=True, ordinal=ordinal, year=bool(year))
    else:
        ordinal = not groups["day"][-1].isdigit()
        refused = verb_or_count(text, match.start(), match.end("day"), month_word, number_first=False, ordinal=ordinal, year=bool(year))
        refused = refused or (ordinal and not groups["day"][0].isdigit() and month_word.islower())
    if refused:
        return None
    month, first = MONTHS[month_word.lower()], ordinal_of(groups["day"])
    last = ordinal_of(groups["last"]) if groups.get("last") else first
    if not 0 < first <= last <= 31:
        return None
    number = int(year) if year else _year_near(now, month, first, match)
    if number is None:
        return None
    start, end = datetime(number, month, first), day_span(datetime(number, month, last))[1]
    return Outcome(start, end, "day" if first == last else "span", relative=year is None)


def _year_near(now: datetime | None, month: int, day: int, match: re.Match[str]) -> int | None:
    """The year that puts a date without one nearest to now, on the side that the tense tells; None where there is no now."""
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


def _month_year(match: re.Match[str], now: datetime | None) -> Outcome | None:
    if month_year_verb(match.string, match.start(), match.end(), match["month"]) or _DAY_BEFORE.search(match.string[: match.start()]):
        return None
    return Outcome(*month_span(_full_year(match["year"]), MONTHS[match["month"].lower()]), "month")


def _month(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """A month behind a preposition, without a year."""
    word = match["month"]
    if now is None or no_month(match.string, match.start(), match.end("month"), " ".join(match["lead"].lower().rstrip("-").split()), word):
        return None
    month = MONTHS[word.lower()]
    return Outcome(*month_span(month_year_near(now, month, match), month), "month", relative=True, unit=word.lower())


def _months(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """``from May to July``, ``between May and July 2022``: the months from the one to the other."""
    first, last = MONTHS[match["month"].lower()], MONTHS[match["last"].lower()]
    if match["month"].islower() and match["month"] in ("may", "march", "mar") and match["last"].islower():
        return None
    length = (last - first) % 12 + 1
    if match["year"]:
        return Outcome(*month_span(int(match["year"]) - (first > last), first, length), "span")
    if now is None:
        return None
    return Outcome(*month_span(month_year_near(now, first, match), first, length), "span", relative=True)


def month_year_near(now: datetime, month: int, match: re.Match[str]) -> int:
    """The year of the month nearest to now, on the side that the tense tells; the present month is on both sides."""
    since = (match.groupdict().get("lead") or "").lower().startswith("since")
    tense, gap = "past" if since else tense_at(match.string, match.start(), match.end()), month - now.month
    if tense == "past":
        return now.year - (gap > 0)
    if tense == "future":
        return now.year + (gap < 0)
    return now.year - 1 if gap > 6 else now.year + 1 if gap < -6 else now.year


def _quarter(match: re.Match[str], now: datetime | None) -> Outcome | None:
    groups = match.groupdict()
    number = int(groups["digit"]) if groups.get("digit") else _QUARTERS[groups["word"].lower()]
    if groups.get("year"):
        return Outcome(*quarter_span(int(groups["year"]), number), "quarter")
    if now is None:
        return None
    spans = [quarter_span(year, number) for year in (now.year - 1, now.year, now.year + 1)]
    tense = tense_at(match.string, match.start(), match.end())
    if tense == "past":
        spans = [span for span in spans if span[0] <= now]
    elif tense == "future":
        spans = [span for span in spans if span[1] > now]
    nearest = min(spans, key=lambda span: abs(span[0] - now))
    return Outcome(*nearest, "quarter", relative=True)


def _season_year(match: re.Match[str], now: datetime | None) -> Outcome:
    return Outcome(*month_span(int(match["year"]), SEASONS[match["season"].lower()], 3), "season", unit=match["season"].lower())


def _decade(match: re.Match[str], now: datetime | None) -> Outcome:
    year = int(match["year"])
    part = (match["part"] or "").lower().rstrip("-")
    first, last = {"early": (0, 4), "mid": (3, 7), "late": (6, 10)}.get(part, (0, 10))
    return Outcome(year_span(year + first)[0], year_span(year + last)[0], "decade", vague=bool(part))


def _short_decade(match: re.Match[str], now: datetime | None) -> Outcome:
    year = int(match["year"])
    return Outcome(*year_span(year + (1900 if year >= 30 else 2000), 10), "decade")


def _year(match: re.Match[str], now: datetime | None) -> Outcome:
    return Outcome(*year_span(_full_year(match["year"])), "year")


def _month_day(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """``on the 11th``: of this month or a neighbour, on the side that the tense tells; ``the 11th of last month``."""
    text = match.string
    if now is None or _FLOOR.match(text, match.end()):
        return None
    day, of = ordinal_of(match["day"]), (match["of"] or "").lower()
    if not 0 < day <= 31:
        return None
    if of:
        steps = [{"last": -1, "next": 1}.get(of, 0)]
    else:
        if not (match["lead"] or _ON.search(text[: match.start()])):
            return None
        steps = [-2, -1, 0, 1, 2]
    days = []
    for step in steps:
        first, after = month_span(now.year, now.month + step)
        if day <= (after - first).days:
            days.append(first.replace(day=day))
    today, tense = day_of(now), tense_at(text, match.start(), match.end())
    if (match["lead"] or "").lower().strip() in ("by", "until", "till") and tense != "past":
        tense = "future"
    if len(steps) > 1 and tense == "past":
        days = [date for date in days if date <= today]
    elif len(steps) > 1 and tense in ("future", "present"):
        days = [date for date in days if date >= today]
    if not days:
        return None
    date = min(days, key=lambda date: abs(date - today))
    last = ordinal_of(match["last"]) if match.groupdict().get("last") else day
    if last <= day:
        return Outcome(*day_span(date), "day", relative=True)
    return Outcome(date, day_span(date.replace(day=last))[1], "span", relative=True)


_ORDINAL_SIGNS = ("first", "second", "third", "fourth", "fifth", "sixth", "eventh", "eighth", "ninth", "tenth", "twelfth", "teenth", "tieth")
_NO_NUMBER = r"(?<![\w.,/:\-])"
_TAIL = rf"(?:\.?(?:,? (?:of |in )?|,|-|/)(?P<year>{_YEAR})\b)?"
_NOT_A_DAY = r"(?!\s*(?:%|percent|o'clock)|[:.,]\d|/\d| ?(?:am|pm)\b)"
FULL = (
    rule(None, r"(?<![\w.\-/])(?P<year>\d{4})(?P<mark>[\-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\d\-/]|\.\d)", _iso),
    rule(None, r"(?<![\w.\-/])(?P<one>\d{1,2})(?P<mark>[\-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})(?![\d\-/]|\.\d)", _numeric),
    rule(("/",), r"(?<![\w.\-/])(?P<one>\d{1,2})(?P<mark>/)(?P<two>\d{1,2})/(?P<year>\d{2})(?![\d\-/]|\.\d)", _numeric),
    rule(None, rf"{_NO_NUMBER}(?P<day>\d{{1,2}}{_ORD}?)(?:\s*[-–—]\s*| to | and | through )(?P<last>\d{{1,2}}{_ORD}?)(?: of)? (?P<month>{_M})\b{_TAIL}",
         _named_month),
    rule(None, rf"{_NO_NUMBER}(?P<day>{_D})(?: day)?(?: of | |[-/])(?P<month>{_M})\b{_TAIL}", _named_month),
    rule(_ORDINAL_SIGNS, rf"\b(?P<day>{ORDINAL_WORDS})(?: of)? (?P<month>{_M})\b{_TAIL}", _named_month),
    rule(None, rf"\b(?P<month>{_M})\.? (?P<day>\d{{1,2}}{_ORD}?)(?:\s*[-–—]\s*| to | through )(?P<last>\d{{1,2}}{_ORD}?)\b{_NOT_A_DAY}{_TAIL}",
         _named_month),
    rule(None, rf"\b(?P<month>{_M})\.? (?:the )?(?P<day>\d{{1,2}}{_ORD}?)\b{_NOT_A_DAY}{_TAIL}", _named_month),
    rule(_ORDINAL_SIGNS, rf"\b(?P<month>{_M}) (?:the )?(?P<day>{ORDINAL_WORDS})\b{_TAIL}", _named_month),
    rule(("from", "between"), rf"\b(?P<lead>(?:from|between) )(?P<month>{_M}) (?:to|until|till|through|and) (?P<last>{_M})\b(?:,? (?P<year>{_YEAR})\b)?", _months),
    rule(None, rf"{_NO_NUMBER}(?P<day>\d{{1,2}})\. (?P<month>{_M})\.? (?P<year>{_YEAR})\b", _named_month),
    rule(None, rf"\b(?P<month>{_M})\b\.?,?(?: of | |-)(?P<year>{_YEAR})\b", _month_year),
    rule(("'", "’"), rf"\b(?P<month>{_M})\b\.?,? ?['’](?P<year>\d{{2}})\b", _month_year),
    rule(None, rf"\bq(?P<digit>[1-4])(?: of | |[-/,])?\s*(?P<year>{_YEAR})\b", _quarter),
    rule(("quarter",), rf"\b(?:the )?(?P<word>first|second|third|fourth|last|1st|2nd|3rd|4th) quarter(?: of|,)? (?P<year>{_YEAR})\b", _quarter),
    rule(None, rf"\b(?P<season>{_SEASON})(?: of|,)? (?P<year>{_YEAR})\b", _season_year),
    rule(("0s", "0's"), r"\b(?P<lead>in |during |since |from |of )?the (?P<part>early |mid-?|late )?(?P<year>(?:18|19|20)\d0)['’]?s\b", _decade),
    rule(("0s",), r"\b(?P<lead>in |during |since |from |of )?the ['’](?P<year>\d0)s\b", _short_decade),
    rule(("th of ", "st of ", "nd of ", "rd of ", "h day of "), rf"\b(?P<lead>on )?the (?P<day>\d{{1,2}}{_ORD}|{ORDINAL_WORDS})(?: day)? of (?P<of>last|next|this|the) month\b", _month_day),
)  # fmt: skip
"""Dates with a year, or day and month."""
BARE = (
    rule(("from ",), rf"\b(?P<lead>from )the (?P<day>\d{{1,2}}{_ORD}) (?:to|until|till|through) the (?P<last>\d{{1,2}}{_ORD})(?P<of>)\b", _month_day),
    rule(None, rf"\b(?P<lead>on |by |until |till |since |before |after |from )?(?:the )(?P<day>\d{{1,2}}{_ORD})(?P<of>)\b", _month_day),
    rule(("quarter", "q1", "q2", "q3", "q4"), r"\b(?P<lead>in |during |since |by )(?:q(?P<digit>[1-4])|the (?P<word>first|second|third|fourth) quarter)\b(?! of| mile)", _quarter),
    rule(("in ", "since", "during", "by ", "until", "till", "around", "before", "after", "from", "early", "late", "mid", " of "),
         rf"\b(?P<lead>(?:{_LEADS}) |(?:early|late|mid)-)(?P<month>{_M})\b(?!\s+\d)", _month),
    rule(None, r"\b(?P<lead>(?:in|since|during|by|until|till|around|from|of|year|before|after|back in|early|late|mid|to|summer|or|and|between) )(?P<year>(?:19|20)\d{2})\b(?!\s*(?:people|miles|km|dollars|%|\$)|[.,]\d|-\d{2}\b)", _year),
    rule(("'", "’"), r"\b(?P<lead>(?:in|since|of|from|until|back in) )['’](?P<year>\d{2})\b(?!s)", _year),
    rule(None, r"(?<=\()(?P<year>(?:19|20)\d{2})(?=\))", _year),
)  # fmt: skip
"""Months, quarters and years without more, and days of an unnamed month."""
__all__ = ["BARE", "FULL", "Grain", "month_year_near"]

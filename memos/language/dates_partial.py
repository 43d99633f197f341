"""Dates of the calendar in part: a month, a quarter or a year alone, a day of an unnamed month."""

from __future__ import annotations

import re
from datetime import datetime

from memos.language.calendar import MONTHS, day_of, day_span, month_span, quarter_span, year_span
from memos.language.dates_guards import no_month
from memos.language.dates_rule import MONTH, ORDINAL, YEAR, ReadInterval, full_year, month_year_near, rule
from memos.language.numerals import ORDINAL_WORDS, ordinal_of
from memos.language.tense import tense_at

_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_LEADS = (
    r"in|since|during|by|until|till|around|before|after|from|early|late|mid|early in|late in|back in|end of|start "
    r"of|beginning of|middle of|month of"
)
_FLOOR = re.compile(
    r"\s+(?!(?:and|or|at|in|with|for|was|is|were|but|so|because|when|we|i|you|he|she|they|it|this|that|to|after|"
    r"before|if|as|"
    r"by|until|since|from|on|about|around|instead|though|please|too|though|has|had|will|would|of\s+(?:the|this|"
    r"that)\s+month)\b)[^\W\d_]",
    re.IGNORECASE,
)
"""Behind ``the 11th``: a noun that it counts, so that it is no day of the month."""
_ON = re.compile(r"\b(?:on|by|until|till|since|before|after|from|for|through|around|is|was|to|and)\s+$", re.I)


def _month(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """A month behind a preposition, without a year."""
    word = match["month"]
    if now is None or no_month(
        match.string, match.start(), match.end("month"), " ".join(match["lead"].lower().rstrip("-").split()), word
    ):
        return None
    month = MONTHS[word.lower()]
    return ReadInterval(
        *month_span(month_year_near(now, month, match), month), "month", relative=True, unit=word.lower()
    )


def _quarter(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    groups = match.groupdict()
    number = int(groups["digit"]) if groups.get("digit") else _QUARTERS[groups["word"].lower()]
    if groups.get("year"):
        return ReadInterval(*quarter_span(int(groups["year"]), number), "quarter")
    if now is None:
        return None
    spans = [quarter_span(year, number) for year in (now.year - 1, now.year, now.year + 1)]
    tense = tense_at(match.string, match.start(), match.end())
    if tense == "past":
        spans = [span for span in spans if span[0] <= now]
    elif tense == "future":
        spans = [span for span in spans if span[1] > now]
    nearest = min(spans, key=lambda span: abs(span[0] - now))
    return ReadInterval(*nearest, "quarter", relative=True)


def _year(match: re.Match[str], now: datetime | None) -> ReadInterval:
    return ReadInterval(*year_span(full_year(match["year"])), "year")


def _month_day(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
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
        return ReadInterval(*day_span(date), "day", relative=True)
    return ReadInterval(date, day_span(date.replace(day=last))[1], "span", relative=True)


FIRST = (
    rule(None, rf"\bq(?P<digit>[1-4])(?: of | |[-/,])?\s*(?P<year>{YEAR})\b", _quarter),
    rule(
        ("quarter",),
        rf"\b(?:the )?(?P<word>first|second|third|fourth|last|1st|2nd|3rd|4th) quarter(?: of|,)? (?P<year>{YEAR})\b",
        _quarter,
    ),
    rule(
        ("th of ", "st of ", "nd of ", "rd of ", "h day of "),
        rf"\b(?P<lead>on )?the (?P<day>\d{{1,2}}{ORDINAL}|{ORDINAL_WORDS})(?: day)? of (?P<of>last|next|this|the) "
        rf"month\b",
        _month_day,
    ),
)
"""Rules that go before the relative ones: quarters with a year, ``the 5th of last month``."""
BARE = (
    rule(
        ("from ",),
        rf"\b(?P<lead>from )the (?P<day>\d{{1,2}}{ORDINAL}) (?:to|until|till|through) the "
        rf"(?P<last>\d{{1,2}}{ORDINAL})(?P<of>)\b",
        _month_day,
    ),
    rule(
        None,
        rf"\b(?P<lead>on |by |until |till |since |before |after |from )?(?:the )(?P<day>\d{{1,2}}{ORDINAL})(?P<of>)\b",
        _month_day,
    ),
    rule(
        ("quarter", "q1", "q2", "q3", "q4"),
        r"\b(?P<lead>in |during |since |by )(?:q(?P<digit>[1-4])|the (?P<word>first|second|third|fourth) quarter)"
        r"\b(?! of| mile)",
        _quarter,
    ),
    rule(
        (
            "in ",
            "since",
            "during",
            "by ",
            "until",
            "till",
            "around",
            "before",
            "after",
            "from",
            "early",
            "late",
            "mid",
            " of ",
        ),
        rf"\b(?P<lead>(?:{_LEADS}) |(?:early|late|mid)-)(?P<month>{MONTH})\b(?!\s+\d)",
        _month,
    ),
    rule(
        None,
        r"\b(?P<lead>(?:in|since|during|by|until|till|around|from|of|year|before|after|back in|early|late|mid|to|"
        r"summer|or|and|between) )(?P<year>(?:19|20)\d{2})\b(?!\s*(?:people|miles|km|dollars|%|\$)|[.,]\d|-\d{2}\b)",
        _year,
    ),
    rule(("'", "’"), r"\b(?P<lead>(?:in|since|of|from|until|back in) )['’](?P<year>\d{2})\b(?!s)", _year),
    rule(None, r"(?<=\()(?P<year>(?:19|20)\d{2})(?=\))", _year),
)
"""Rules for months, quarters and years without more, and for days of an unnamed month."""

"""Date phrases in free English text, resolved to intervals of days.

``find`` reads "7 May 2023", "May 7th, 2023", "2023-05-07", "5-6 November 2022", "between 26 March and 20 April 2023",
"early August", "first week of May 2023", "summer of 2022", "2022", "the Friday before 23January, 2022", "two weekends
before 17 July 2023", "few days before ...", "week of ...", and tolerates misspelt months. A phrase without an anchor
("last week", "ten years ago") is found by ``relative`` as an offset in days.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from eval.judges.offline import calendar as cal
from eval.judges.offline.calendar import SEASONS, WEEKDAYS, Interval
from eval.judges.offline.text import NUMBER_WORDS, close

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DEFAULT_YEAR = 2023
"""Year of a phrase that names none, where the caller supplies none; only its comparisons with itself matter."""

_Y = r"(?P<y>(?:19|20)\d\d)"
_YY = r"(?: (?:of |in )?" + _Y + r"\b)?"
_TO = r" ?(?:to|-|and|or|through|thru|until|till) ?(?:the )?"
_BASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\b",
        r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>(?:20|19)\d\d)\b",
        r"\b(?P<d>\d{1,2}) (?:of )?mo(?P<m>\d\d)(?: (?P<y1>(?:19|20)\d\d))?"
        + _TO
        + r"(?P<e>\d{1,2}) (?:of )?mo(?P<n>\d\d)"
        + _YY,
        r"\bmo(?P<m>\d\d) (?P<d>\d{1,2})(?: (?P<y1>(?:19|20)\d\d))?" + _TO + r"mo(?P<n>\d\d) (?P<e>\d{1,2})\b" + _YY,
        r"\b(?P<d>\d{1,2})" + _TO + r"(?P<e>\d{1,2}) (?:of )?mo(?P<m>\d\d)" + _YY,
        r"\bmo(?P<m>\d\d) (?P<d>\d{1,2})" + _TO + r"(?P<e>\d{1,2})\b" + _YY,
        r"\b(?P<d>\d{1,2}) (?:of )?mo(?P<m>\d\d)" + _YY,
        r"\bmo(?P<m>\d\d) (?:the )?(?P<d>\d{1,2})\b(?! ?(?:day|week|month|year|hour|minute|time|people|percent)s?\b)"
        + _YY,
        r"\bmo(?P<m>\d\d)(?: (?P<y1>(?:19|20)\d\d))?" + _TO + r"(?:early |mid |late )?mo(?P<n>\d\d)" + _YY,
        r"\bmo(?P<m>\d\d)" + _YY,
        r"\b(?P<s>spring|summer|autumn|fall|winter)(?: (?:season )?(?:of |in )?(?:the year )?)" + _Y + r"\b",
        r"\b(?P<y1>(?:19|20)\d\d)" + _TO + _Y + r"\b",
        r"\b" + _Y + r"(?P<decade>s)?\b",
    )
)
_COUNT = r"(?:(?P<count>\d+|few|couple|several|half) (?:of )?)?"
_UNIT = r"(?P<unit>day|night|week|weekend|month|year|" + "|".join(WEEKDAYS) + r")s?"
_BESIDE = re.compile(
    _COUNT + _UNIT + r" (?:or so |right |just |immediately |directly )?"
    r"(?P<dir>before|prior to|preceding|earlier than|previous to|leading up to|after|following|from|later than)"
    r"(?: (?:the|date|day|of|on))* ?$"
)
_LAST = re.compile(
    r"(?P<which>last|previous|past|next|following) "
    + _UNIT
    + r" ?\(?(?: ?(?:on|as of|from|said on|in|relative to))? ?$"
)
_PART = re.compile(
    r"(?P<part>early|mid|late|beginning of|start of|end of|middle of"
    r"|latter part of|latter half of)(?: in|-to-late)? ?-? ?(?:the )?$"
)
_NTH = re.compile(
    r"(?P<nth>first|second|third|fourth|last|final|1|2|3|4) (?:full )?(?:few )?(?P<unit>week|weekend|half|day|"
    + "|".join(WEEKDAYS)
    + r")s? (?:of |in )?(?:the )?$"
)
_AROUND = re.compile(r"(?P<unit>week|weekend|month) (?:of|containing|around|beginning|starting|commencing)(?: on)? ?$")
_OPEN = re.compile(
    r"\b(?P<open>on or before|no later than|up to|prior to|before|by|until|since|after|from|starting)(?: the)? $"
)
_APPROX = re.compile(
    r"(?:\b(?:around|about|approximately|circa|roughly|near|sometime in|in|on|or) "
    r"|(?:the night|the evening|the day) of )$"
)
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "final": -1, "1": 1, "2": 2, "3": 3, "4": 4}
_PARTS = {
    "early": "early",
    "mid": "mid",
    "late": "late",
    "beginning of": "early",
    "start of": "early",
    "end of": "late",
    "middle of": "mid",
    "latter part of": "late",
    "latter half of": "late",
}

_MONTH_LIKE = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b\.?", re.IGNORECASE)
_TIME = re.compile(
    r"\b\d{1,2}:\d{2}(?::\d\d)?(?: ?[ap]\.?m\b\.?)?(?: on\b)?|\b\d{1,2} ?[ap]\.?m\b\.?(?: on\b)?", re.IGNORECASE
)
_MONTH_LEAD = {
    "in",
    "of",
    "early",
    "mid",
    "late",
    "last",
    "next",
    "this",
    "since",
    "during",
    "by",
    "until",
    "before",
    "after",
    "around",
    "from",
    "to",
    "and",
    "through",
    "between",
    "or",
    "is",
    "was",
    "mid-",
    "-",
}
_RELATIVE = re.compile(
    r"\b(?:(?P<ago>\d+|few|couple|several|many|a|an) (?:of )?(?P<unit>day"
    r"|week|month|year|decade)s? (?:ago|before|earlier|prior|back)"
    r"|(?P<which>last|next|this|previous) (?P<unit2>week|weekend|month|year|summer|winter|spring|fall|night|"
    + "|".join(WEEKDAYS)
    + r")\b(?! (?:of|before|in|prior))"
    r"|(?P<word>yesterday|today|tomorrow|recently))\b"
)


def normalise(text: str) -> str:
    """Lower case; months as ``mo01``..``mo12``; ordinals, times, commas and glued tokens cleaned."""
    text = text.replace("’", "'").replace("–", "-").replace("—", " - ").replace("`", "")
    text = _TIME.sub(" ", text)
    text = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"(\d)([A-Za-z])", r"\1 \2", text)
    text = re.sub(r"([A-Za-z]{3,})[.,](\d)", r"\1 \2", text)
    text = re.sub(r"(\d)([A-Za-z])", r"\1 \2", text)
    text = _MONTH_LIKE.sub(lambda match: _month_token(match, text), text)
    text = re.sub(r"\b(mid|early|late)-(?=\w)", r"\1 ", text.lower())
    text = re.sub(r"[.;!?](?:\s|$)", " | ", text)
    text = re.sub(r"[,()\[\]\"*]", " ", text)
    text = re.sub(r"\b(?:" + "|".join(WEEKDAYS) + r")s? (?=(?:mo\d\d|\d{1,2}) )", "", text)
    words = [str(NUMBER_WORDS[w]) if w in NUMBER_WORDS and w not in ("a", "an") else w for w in text.split()]
    return " ".join(words)


def _month_token(match: re.Match[str], text: str) -> str:
    word = match.group().rstrip(".")
    lower = word.lower()
    number = _month_number(lower)
    if number is None:
        return match.group()
    if lower in ("may", "march", "mar", "dec", "sep"):
        before = text[: match.start()].split()
        after = text[match.end() :].lstrip(" ,.")
        lead = before[-1].lower().strip(",.(\"'") if before else ""
        near = (
            after[:1].isdigit()
            or lead.isdigit()
            or (word[0].isupper() and (lead in _MONTH_LEAD or not (before or after)))
        )
        if not near:
            return match.group()
    return f" mo{number:02d} "


@lru_cache(maxsize=4096)
def _month_number(word: str) -> int | None:
    for number, name in enumerate(MONTHS, 1):
        if word in (name, name[:3]) or (number == 9 and word == "sept"):
            return number
    if len(word) >= 5:
        for number, name in enumerate(MONTHS, 1):
            if close(word, name, 0.85):
                return number
    return None


@lru_cache(maxsize=16384)
def find(text: str, default_year: int | None = None) -> tuple[Interval, ...]:
    """Every date phrase of a text as an interval, in order of appearance.

    Args:
        text: English text.
        default_year: year of phrases that name none; such intervals are flagged ``yearless``.
    """
    line = normalise(text)
    taken: list[tuple[int, int, Interval]] = []
    for pattern in _BASES:
        for match in pattern.finditer(line):
            if any(match.start() < end and start < match.end() for start, end, _ in taken):
                continue
            interval = _base(match, default_year)
            if interval is not None:
                taken.append((match.start(), match.end(), interval))
    out: list[Interval] = []
    for start, _, interval in sorted(taken, key=lambda item: item[0]):
        out += _modified(line[:start], interval)
    return tuple(out)


def _base(match: re.Match[str], default_year: int | None) -> Interval | None:
    fields = match.groupdict()
    known = fields.get("y") or fields.get("y1")
    year = int(known) if known else (default_year or DEFAULT_YEAR)
    first_year = int(fields["y1"]) if fields.get("y1") else year
    yearless = known is None
    if fields.get("decade"):
        return Interval(cal.year(year).start, cal.year(year + 9).end)
    if fields.get("s"):
        return cal.season(fields["s"], year)
    if not fields.get("m"):
        return Interval(cal.year(first_year).start, cal.year(year).end)
    if not 1 <= int(fields["m"]) <= 12:
        return None
    first = _day_or_month(first_year, fields["m"], fields.get("d"))
    if first is None or not (fields.get("n") or fields.get("e")):
        return first and replace(first, yearless=yearless)
    last = _day_or_month(year, fields.get("n") or fields["m"], fields.get("e"))
    if last is None:
        return replace(first, yearless=yearless)
    if last.end < first.start:
        first = _day_or_month(first_year - 1, fields["m"], fields.get("d")) or first
    return Interval(first.start, max(last.end, first.start), yearless)


def _day_or_month(year: int, month: str, number: str | None) -> Interval | None:
    if not 1 <= int(month) <= 12:
        return None
    return cal.day(year, int(month), int(number)) if number else cal.month(year, int(month))


def _modified(left: str, base: Interval) -> list[Interval]:
    """Apply the words to the left of a base date; two readings where "last week (on 6 July)" allows two."""
    left = left + " " if left and not left.endswith(" ") else left
    for _ in range(2):
        left = _APPROX.sub("", left) if not _NTH.search(left) else left
    if match := _BESIDE.search(left):
        count = _count(match["count"])
        before = match["dir"] not in ("after", "following", "from", "later than")
        moved = cal.beside(match["unit"], count, before, base)
        return [replace(moved, yearless=base.yearless)] if moved else [base]
    if match := _NTH.search(left):
        moved = cal.nth(_ORDER[match["nth"]], match["unit"], base)
        return [replace(moved, yearless=base.yearless)] if moved else [base]
    if (match := _PART.search(left)) and base.days > 20:
        return [replace(cal.part(_PARTS[match["part"]], base), yearless=base.yearless)]
    if match := _AROUND.search(left):
        return [replace(cal.around(match["unit"], base), yearless=base.yearless)]
    if match := _LAST.search(left):
        moved = cal.beside(match["unit"], 1, match["which"] not in ("next", "following"), base)
        return [base, replace(moved, yearless=base.yearless)] if moved else [base]
    if match := _OPEN.search(left):
        if match["open"] in ("before", "prior to"):
            return [Interval(base.start - 7, base.start - 1, base.yearless, True)]
        if match["open"] == "after":
            return [Interval(base.end + 1, base.end + 7, base.yearless, True)]
        return [replace(base, open=True)]
    return [base]


def _count(word: str | None) -> float:
    if word in ("few", "several"):
        return 0
    if word == "couple":
        return 2
    return float(word) if word and word.isdigit() else 1


@lru_cache(maxsize=16384)
def relative(text: str) -> tuple[float, ...]:
    """Offsets in days of phrases without an anchor: "ten years ago" is -3652.5, "next week" 7, "yesterday" -1."""
    out = []
    for match in _RELATIVE.finditer(normalise(text)):
        if match["word"]:
            out.append({"yesterday": -1.0, "today": 0.0, "tomorrow": 1.0, "recently": -7.0}[match["word"]])
        elif match["ago"]:
            count = {"few": 3, "couple": 2, "several": 4, "many": 8, "a": 1, "an": 1}.get(match["ago"])
            out.append(-cal.UNIT_DAYS[match["unit"]] * (count if count is not None else float(match["ago"])))
        else:
            unit = match["unit2"]
            days = 365.25 if unit in SEASONS else 7 if unit in WEEKDAYS else cal.UNIT_DAYS[unit]
            out.append({"last": -1, "previous": -1, "this": 0, "next": 1}[match["which"]] * days)
    return tuple(out)

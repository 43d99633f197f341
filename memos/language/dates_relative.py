"""Times counted from the time of speaking: yesterday, three weeks ago, two years and a month ago, in two days."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from memos.language.calendar import Grain, back, day_span, shift
from memos.language.dates_rule import ReadInterval, rule
from memos.language.numerals import DIGITS, WORDS, value
from memos.language.tense import tense_at

UNIT = r"days?|nights?|weeks?|wks?|fortnights?|weekends?|months?|mos|quarters?|years?|yrs?|decades?|centuries|century"
_SHORT = {"wk": "week", "mo": "month", "yr": "year", "centurie": "century"}
_ONE = r"half an?|an?"
_VAGUE = {"couple": 2.0, "few": 3.0, "several": 4.0, "dozen": 12.0}
COUNT = (
    rf"(?:{DIGITS}|(?:an? )?(?:couple(?: of)?|few)|(?:half )?a dozen|several|(?:{WORDS})"
    rf"(?:[\s-]+and[\s-]+a[\s-]+half)?|{_ONE})"
)
_START = r"(?<![\w.,/:½¼¾])(?<!\d[-–])(?<!\w[-–])"
_HALF = re.compile(r"[\s-]+and[\s-]+a[\s-]+half$")
_BEST = re.compile(
    r"\b(?:(?P<est>\w{3,}est)|first|best|worst|only|most|once|twice|times?|third|longest)(?:\s+(?!is\b|are\b|"
    r"starts?\b|begins?\b|will\b|leaves?\b)[\w'’]+){0,5}\s*$",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"(?:\d|\b(?:much|many|two|three|four|five|six|seven|eight|nine|ten|twenty|hundred))\b[^.!?;]*$", re.I
)
"""In front of ``in a week``: how much is done in one, as in ``I run 20 miles in a week``."""
_NO_BEST = frozenset(
    "guest test rest forest west interest request contest harvest chest quest nest latest honest".split()
)


def _named_day(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    if now is None:
        return None
    word = " ".join(match["day"].lower().split())
    step = {
        "the day before yesterday": -2,
        "the day after tomorrow": 2,
        "yesterday": -1,
        "last night": -1,
        "the other night": -3,
        "the other day": -3,
        "tomorrow": 1,
    }.get(word, 0)
    return ReadInterval(
        *day_span(now, step), "day", relative=True, vague="other" in word, form="named", unit=word, step=step
    )


def count_of(said: str) -> tuple[float, bool]:
    """What a number before a unit says, and whether it is vague."""
    low = " ".join(said.lower().split())
    for word, count in _VAGUE.items():
        if word in low.split():
            return (6.0 if low.startswith("half") else count), True
    if low.startswith("half"):
        return 0.5, False
    if low in ("a", "an"):
        return 1.0, False
    whole = _HALF.sub("", low)
    half = 0.5 if whole != low else 0.0
    count = value(whole)
    if count is None:
        raise ValueError(said)
    return count + half, False


def _counted(match: re.Match[str]) -> tuple[float, float, bool]:
    """The least and the most that a match counts, and whether it is vague."""
    count, vague = count_of(match["count"])
    most = match.groupdict().get("most")
    if match.groupdict().get("half"):
        return count + 0.5, count + 0.5, vague
    if most:
        other = 2.0 if most.lower() == "two" else count if most.lower() == "so" else count_of(most)[0]
        return count, max(other, count), True
    return count, count, vague


def unit_of(said: str) -> str:
    unit = said.lower().removesuffix("s")
    return _SHORT.get(unit, unit)


def _away(now: datetime, unit: str, count: float, sign: int) -> tuple[datetime, datetime, Grain]:
    """The period ``count`` units away; a count with a fraction is met to the day, the month or the year that it still
    tells."""
    if count == int(count):
        return shift(now, unit, sign * int(count))
    moment = back(now, unit, -sign * count)
    finer = {"year": "month", "decade": "year", "century": "year", "quarter": "month", "month": "week"}.get(unit, "day")
    return shift(moment, finer, 0)


def _ago(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    if now is None:
        return None
    unit, where = unit_of(match["unit"]), " ".join(match["where"].lower().split())
    least, most, vague = _counted(match)
    sign = 1 if "from" in where else -1
    if where.endswith(("today", "yesterday", "tomorrow")):
        return _to_the_day(now, unit, least, sign, where, match["count"])
    start, end, grain = _away(now, unit, least, sign)
    if most != least:
        other = _away(now, unit, most, sign)
        start, end, grain = min(start, other[0]), max(end, other[1]), "span"
    said = match.group()[: match.start("unit") - match.start()].strip() if most != least else match["count"]
    return ReadInterval(
        start, end, grain, relative=True, vague=vague, form="ago" if sign < 0 else "ahead", unit=unit, amount=said
    )


def _ago_in_two(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``two years and three months ago``: to the month, the week or the day that the smaller unit tells."""
    if now is None:
        return None
    larger, smaller = unit_of(match["larger"]), unit_of(match["unit"])
    many, vague = count_of(match["many"])
    count, unsure = count_of(match["count"])
    start, end, grain = shift(back(back(now, larger, many), smaller, count), smaller, 0)
    said = match.group()[: match.start("where") - match.start()].strip()
    return ReadInterval(start, end, grain, relative=True, vague=vague or unsure, form="ago", unit=smaller, amount=said)


def _to_the_day(now: datetime, unit: str, count: float, sign: int, where: str, said: str) -> ReadInterval:
    """``a year ago today``, ``a week from tomorrow``: the very day."""
    moment = back(now, unit, -sign * count)
    moment += timedelta(days={"tomorrow": 1, "yesterday": -1}.get(where.split()[-1], 0))
    return ReadInterval(*day_span(moment), "day", relative=True, form="named", unit=unit, amount=said)


def _ahead(match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """``in two weeks``, where it is a time to come and not how long something took."""
    if now is None:
        return None
    head = match.string[: match.start()]
    best = _BEST.search(head)
    if best and (best["est"] or "").lower() not in _NO_BEST:
        return None
    tense = "" if match["time"] else tense_at(match.string, match.start(), match.end())
    if tense in ("past", "able"):
        return None
    if tense == "present" and match["count"].lower() in ("a", "an", "one") and _MEASURED.search(head):
        return None
    unit = unit_of(match["unit"])
    least, most, vague = _counted(match)
    start, end, grain = _away(now, unit, least, 1)
    if most != least:
        start, end, grain = start, _away(now, unit, most, 1)[1], "span"
    return ReadInterval(start, end, grain, relative=True, vague=vague, form="ahead", unit=unit, amount=match["count"])


_COUNT = rf"(?P<count>{COUNT})(?:(?:\s*[-–—]\s*| to | or )(?P<most>{COUNT}))?"
_OR_TWO = rf"(?P<count>an?|one) (?P<unit>{UNIT}) or (?P<most>two|so)"
_AND_A_HALF = rf"(?P<count>an?|one) (?P<unit>{UNIT}) and (?P<half>a half)"
_WHERE = (
    r"(?P<where>ago(?: today)?|back(?! (?:then|home|to|in|at|from|for|up|and|on|pain)\b)|before now|from (?:now|"
    r"today|tomorrow)|before (?:yesterday|today))"
)
_AGO_SIGNS = (
    " ago",
    " back",
    "before now",
    "before yesterday",
    "before today",
    "from now",
    "from today",
    "from tomorrow",
)
RULES = (
    rule(("the day",), r"\b(?P<day>the day before yesterday|the day after tomorrow)\b", _named_day),
    rule(
        _AGO_SIGNS,
        rf"{_START}(?P<many>{COUNT}) (?P<larger>{UNIT})(?:,? and|,) (?P<count>{COUNT}) (?P<unit>{UNIT}) "
        rf"(?P<where>ago|before now)\b",
        _ago_in_two,
    ),
    rule(_AGO_SIGNS, rf"{_START}{_OR_TWO} {_WHERE}\b", _ago),
    rule(_AGO_SIGNS, rf"{_START}{_AND_A_HALF} {_WHERE}\b", _ago),
    rule(_AGO_SIGNS, rf"{_START}{_COUNT}\s*(?P<unit>{UNIT}) {_WHERE}\b", _ago),
    rule(
        ("yesterday", "today", "tonight", "tomorrow", "this ", "last night", "the other"),
        r"\b(?P<day>yesterday|today|tonight|tomorrow|this (?:morning|afternoon|evening)|last night|the other "
        r"(?:day|night))\b",
        _named_day,
    ),
    rule(("in ",), rf"\bin {_COUNT} (?P<unit>{UNIT})(?P<time>['’]? time)?\b(?! of| ago|-| in a row|['’])", _ahead),
)

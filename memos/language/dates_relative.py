"""Times counted from the time of speaking: yesterday, three weeks ago, in two days, last Friday, the last three years."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

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
from memos.language.dates_absolute import month_year_near
from memos.language.dates_guards import no_month
from memos.language.dates_rule import Outcome, rule
from memos.language.numerals import DIGITS, WORDS, value
from memos.language.tense import tense_at

_M = "|".join(sorted(MONTHS, key=len, reverse=True))
_D = "|".join(sorted(DAYS, key=len, reverse=True))
_SEASON = "|".join(SEASONS)
_UNIT = r"days?|nights?|weeks?|wks?|fortnights?|weekends?|months?|mos|quarters?|years?|yrs?|decades?|centuries|century"
_SHORT = {"wk": "week", "mo": "month", "yr": "year", "centurie": "century"}
_ONE = r"half an?|an?"
_VAGUE = {"couple": 2.0, "few": 3.0, "several": 4.0, "dozen": 12.0}
_N = rf"(?:{DIGITS}|(?:an? )?(?:couple(?: of)?|few)|(?:half )?a dozen|several|(?:{WORDS})(?:[\s-]+and[\s-]+a[\s-]+half)?|{_ONE})"
_START = r"(?<![\w.,/:½¼¾])(?<!\d[-–])(?<!\w[-–])"
_AMBIGUOUS_DAYS = frozenset(("sat", "sun", "mon", "wed", "fri", "thu"))
_BACK = frozenset(("last", "past", "previous"))
_AHEAD = frozenset(("next", "coming", "upcoming"))
_HALF = re.compile(r"[\s-]+and[\s-]+a[\s-]+half$")
_BEST = re.compile(
    r"\b(?:(?P<est>\w{3,}est)|first|best|worst|only|most|once|twice|times?|third|longest)(?:\s+(?!is\b|are\b|starts?\b|begins?\b|will\b|leaves?\b)[\w'’]+){0,5}\s*$",
    re.IGNORECASE,
)  # fmt: skip
_ORDINAL_OF = re.compile(r"\d(?:st|nd|rd|th)(?:\s+day)?\s+of\s+$", re.I)
"""In front of ``last month``: a day that the month does not have."""
_MEASURED = re.compile(r"(?:\d|\b(?:much|many|two|three|four|five|six|seven|eight|nine|ten|twenty|hundred))\b[^.!?;]*$", re.I)
"""In front of ``in a week``: how much is done in one, as in ``I run 20 miles in a week``."""
_NO_BEST = frozenset("guest test rest forest west interest request contest harvest chest quest nest latest honest".split())
_WHOLE = re.compile(r"\b(?:all|whole|entire)\s+(?:of\s+)?(?:the\s+)?$", re.I)


def _named_day(match: re.Match[str], now: datetime | None) -> Outcome | None:
    if now is None:
        return None
    word = " ".join(match["day"].lower().split())
    step = {
        "the day before yesterday": -2, "the day after tomorrow": 2, "yesterday": -1, "last night": -1, "the other night": -3,
        "the other day": -3, "tomorrow": 1,
    }.get(word, 0)  # fmt: skip
    return Outcome(*day_span(now, step), "day", relative=True, vague="other" in word, form="named", unit=word, step=step)


def _count(said: str) -> tuple[float, bool]:
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
    count, vague = _count(match["count"])
    most = match.groupdict().get("most")
    if match.groupdict().get("half"):
        return count + 0.5, count + 0.5, vague
    if most:
        other = 2.0 if most.lower() == "two" else count if most.lower() == "so" else _count(most)[0]
        return count, max(other, count), True
    return count, count, vague


def _unit(said: str) -> str:
    unit = said.lower().removesuffix("s")
    return _SHORT.get(unit, unit)


def _away(now: datetime, unit: str, count: float, sign: int) -> tuple[datetime, datetime, str]:
    """The period ``count`` units away; a count with a fraction is met to the day, the month or the year that it still tells."""
    if count == int(count):
        return shift(now, unit, sign * int(count))
    moment = back(now, unit, -sign * count)
    finer = {"year": "month", "decade": "year", "century": "year", "quarter": "month", "month": "week"}.get(unit, "day")
    return shift(moment, finer, 0)


def _ago(match: re.Match[str], now: datetime | None) -> Outcome | None:
    if now is None:
        return None
    unit, where = _unit(match["unit"]), " ".join(match["where"].lower().split())
    least, most, vague = _counted(match)
    sign = 1 if "from" in where else -1
    if where.endswith(("today", "yesterday", "tomorrow")):
        return _to_the_day(now, unit, least, sign, where, match["count"])
    start, end, grain = _away(now, unit, least, sign)
    if most != least:
        other = _away(now, unit, most, sign)
        start, end, grain = min(start, other[0]), max(end, other[1]), "span"
    said = match.group()[: match.start("unit") - match.start()].strip() if most != least else match["count"]
    return Outcome(start, end, grain, relative=True, vague=vague, form="ago" if sign < 0 else "ahead", unit=unit, amount=said)


def _ago_in_two(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """``two years and three months ago``: to the month, the week or the day that the smaller unit tells."""
    if now is None:
        return None
    larger, smaller = _unit(match["larger"]), _unit(match["unit"])
    many, vague = _count(match["many"])
    count, unsure = _count(match["count"])
    start, end, grain = shift(back(back(now, larger, many), smaller, count), smaller, 0)
    said = match.group()[: match.start("where") - match.start()].strip()
    return Outcome(start, end, grain, relative=True, vague=vague or unsure, form="ago", unit=smaller, amount=said)


def _to_the_day(now: datetime, unit: str, count: float, sign: int, where: str, said: str) -> Outcome:
    """``a year ago today``, ``a week from tomorrow``: the very day."""
    moment = back(now, unit, -sign * count)
    moment += timedelta(days={"tomorrow": 1, "yesterday": -1}.get(where.split()[-1], 0))
    return Outcome(*day_span(moment), "day", relative=True, form="named", unit=unit, amount=said)


def _ahead(match: re.Match[str], now: datetime | None) -> Outcome | None:
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
    unit = _unit(match["unit"])
    least, most, vague = _counted(match)
    start, end, grain = _away(now, unit, least, 1)
    if most != least:
        start, end, grain = start, _away(now, unit, most, 1)[1], "span"
    return Outcome(start, end, grain, relative=True, vague=vague, form="ahead", unit=unit, amount=match["count"])


def _span(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """``the last three years``, ``over the past week``, ``the next few days``: from then until now, or from now on."""
    if now is None:
        return None
    groups = match.groupdict()
    unit = _unit(groups["unit"])
    count, vague = _count(groups["count"]) if groups.get("count") else (1.0, False)
    ahead = groups["which"].lower() in _AHEAD
    moment = back(now, unit, -count if ahead else count)
    start, end = (day_of(now), day_span(moment)[1]) if ahead else (day_of(moment), day_span(now)[1])
    return Outcome(start, end, "span", relative=True, vague=vague, form="span", unit=unit, step=1 if ahead else -1)


def _before_last(match: re.Match[str], now: datetime | None) -> Outcome | None:
    if now is None:
        return None
    unit, step = _unit(match["unit"]), -2 if "last" in match.group().lower() else 2
    if unit in DAYS:
        return Outcome(*day_span(_weekday(now, unit, step // 2)[0], 7 * (step // 2)), "day", relative=True, form="weekday", unit=unit, step=step)
    return Outcome(*shift(now, unit, step), relative=True, form="step", unit=unit, step=step)


def _weekday(now: datetime, unit: str, step: int) -> tuple[datetime, datetime]:
    """The nearest such day strictly before (-1), strictly after (1), or today or after (0)."""
    ahead = (DAYS[unit] - now.weekday()) % 7
    return day_span(now, ahead - 7 if step < 0 else ahead if step == 0 else ahead or 7)


def _day_of_week(match: re.Match[str], now: datetime | None) -> Outcome | None:
    """``Friday last week``, ``next week on Friday``."""
    if now is None:
        return None
    unit = match["unit"].lower()
    step = {"last": -1, "past": -1, "next": 1, "coming": 1}.get(match["which"].lower().split()[-1], 0)
    monday = week_span(now, step)[0]
    return Outcome(*day_span(monday, DAYS[unit]), "day", relative=True, form="weekday", unit=unit, step=step)


def _step(match: re.Match[str], now: datetime | None) -> Outcome | None:
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
        return Outcome(*_weekday(now, unit, step), "day", relative=True, form="weekday", unit=unit, step=step or 0)
    if unit in MONTHS:
        if no_month(match.string, match.start(), match.end(), which, word):
            return None
        return _month_step(match, now, unit, step)
    if unit in SEASONS:
        if step == 0 and tense == "past" and season_span(now, unit, 0)[0] > now:
            step = -1
        return Outcome(*season_span(now, unit, step), "season", relative=True, form="step", unit=unit, step=step)
    if unit == "weekend" and step == 0 and tense == "past" and now.weekday() < 5:
        step = -1
    return Outcome(*shift(now, unit, step), relative=True, form="step", unit=unit, step=step)


def _month_step(match: re.Match[str], now: datetime, unit: str, step: int) -> Outcome:
    month = MONTHS[unit]
    if step == 0:
        year = now.year - (month > now.month and month_year_near(now, month, match) < now.year)
    else:
        year = now.year - (month >= now.month) if step < 0 else now.year + (month <= now.month)
    return Outcome(*month_span(year, month), "month", relative=True, form="step", unit=unit, step=step)


def _on(match: re.Match[str], now: datetime | None) -> Outcome | None:
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
    return Outcome(*_weekday(now, unit, step), "day", relative=True, form="weekday", unit=unit, step=step)


_COUNT = rf"(?P<count>{_N})(?:(?:\s*[-–—]\s*| to | or )(?P<most>{_N}))?"
_OR_TWO = rf"(?P<count>an?|one) (?P<unit>{_UNIT}) or (?P<most>two|so)"
_AND_A_HALF = rf"(?P<count>an?|one) (?P<unit>{_UNIT}) and (?P<half>a half)"
_WHERE = r"(?P<where>ago(?: today)?|back(?! (?:then|home|to|in|at|from|for|up|and|on|pain)\b)|before now|from (?:now|today|tomorrow)|before (?:yesterday|today))"
_AGO_SIGNS = (" ago", " back", "before now", "before yesterday", "before today", "from now", "from today", "from tomorrow")
_THIS = r"this past|this coming|last|past|previous|next|coming|upcoming|this"
_STEP_SIGNS = ("last", "past", "previous", "next", "coming", "this")
RULES = (
    rule(("the day",), r"\b(?P<day>the day before yesterday|the day after tomorrow)\b", _named_day),
    rule(_AGO_SIGNS, rf"{_START}(?P<many>{_N}) (?P<larger>{_UNIT})(?:,? and|,) (?P<count>{_N}) (?P<unit>{_UNIT}) (?P<where>ago|before now)\b", _ago_in_two),
    rule(_AGO_SIGNS, rf"{_START}{_OR_TWO} {_WHERE}\b", _ago),
    rule(_AGO_SIGNS, rf"{_START}{_AND_A_HALF} {_WHERE}\b", _ago),
    rule(_AGO_SIGNS, rf"{_START}{_COUNT}\s*(?P<unit>{_UNIT}) {_WHERE}\b", _ago),
    rule(("yesterday", "today", "tonight", "tomorrow", "this ", "last night", "the other"),
         r"\b(?P<day>yesterday|today|tonight|tomorrow|this (?:morning|afternoon|evening)|last night|the other (?:day|night))\b",
         _named_day),
    rule(("in ",), rf"\bin {_COUNT} (?P<unit>{_UNIT})(?P<time>['’]? time)?\b(?! of| ago|-| in a row|['’])", _ahead),
    rule(("last", "past", "previous", "next", "coming"),
         rf"\b(?P<lead>(?:in|for|over|during|within|throughout) )?(?:the |these |this )?(?P<which>last|past|previous|next|coming) (?P<count>{_N}) (?P<unit>{_UNIT})\b", _span),
    rule(("last", "past", "next", "coming"),
         r"\b(?P<lead>(?:in|for|over|during|within|throughout|all) )the (?P<which>last|past|next|coming) (?P<unit>week|month|year|decade)\b(?! of)", _span),
    rule(("the past", "the last"), r"\bthe (?P<which>past) (?P<unit>week|month|year|decade)\b", _span),
    rule(("before last", "after next"), rf"\bthe (?P<unit>week|weekend|month|year|{_D}) (?:before last|after next)\b", _before_last),
    rule(_STEP_SIGNS, rf"\b(?P<lead>on )?(?P<unit>{_D}),? (?:of )?(?P<which>last|this past|this|next|this coming) week\b", _day_of_week),
    rule(_STEP_SIGNS, rf"\b(?P<which>last|this past|this|next|this coming) week,? on (?P<unit>{_D})\b", _day_of_week),
    rule(_STEP_SIGNS, rf"\b(?P<which>{_THIS}) (?P<unit>weekend|week|month|quarter|year|decade|{_SEASON}|{_D}|{_M})\b(?!-| of\b| (?:mile|pound|hour|back|note)s?\b)", _step),
    rule(tuple(f"{lead} " for lead in ("on", "since", "by", "until", "till")),
         rf"\b(?P<lead>(?:on|since|by|until|till) )(?P<unit>{_D})\b(?! (?:mornings|afternoons|evenings|nights)\b)", _on),
)  # fmt: skip

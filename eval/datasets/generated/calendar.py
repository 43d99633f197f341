"""Dates in words: when sessions take place, how people date events, the forms in which a date may be answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from eval.datasets.generated.draw import Draw

MONTHS = tuple("January;February;March;April;May;June;July;August;September;October;November;December".split(";"))
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth".split()


def number_words(number: int) -> str:
    """An integer from 0 to 999,999 in words."""
    if number >= 1000:
        rest = number % 1000
        joint = "" if not rest else " and " if rest < 100 else " "
        return f"{number_words(number // 1000)} thousand{joint}{number_words(rest) if rest else ''}"
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    rest = f" and {number_words(number % 100)}" if number % 100 else ""
    return f"{_ONES[number // 100]} hundred{rest}"


def ordinal_word(number: int) -> str:
    """``first`` to ``tenth``."""
    return _ORDINALS[number]


def ordinal(number: int) -> str:
    """``1st``, ``22nd``, ``13th``."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def month_name(day: date) -> str:
    """``March 2023``."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def day_name(day: date) -> str:
    """``14 March 2023``."""
    return f"{day.day} {month_name(day)}"


def date_forms(day: date, month_only: bool = False) -> tuple[str, ...]:
    """The accepted forms of a day, or of a month where the conversation says no more."""
    month = MONTHS[day.month - 1]
    if month_only:
        return (f"{month} {day.year}", f"{month}, {day.year}", f"{day.year}-{day.month:02d}", f"in {month} {day.year}")
    return (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month}, {day.year}",
        f"{ordinal(day.day)} of {month} {day.year}",
        f"{month} {ordinal(day.day)}, {day.year}",
        day.isoformat(),
    )


def number_forms(number: int, unit: str = "") -> tuple[str, ...]:
    """Digits and words, with and without the unit (given in the plural)."""
    noun = unit[:-1] if number == 1 and unit.endswith("s") else unit
    bare = (str(number), number_words(number))
    return bare if not unit else tuple(f"{form} {noun}" for form in bare) + bare


def session_times(draw: Draw, count: int) -> list[datetime]:
    """Rising times of ``count`` sessions: about one a week up to a year, then ever closer, ten years at most.

    The last one lies in 2023 or 2024, whatever the count. Integers only: the sum of floats differs between Pythons.
    """
    day = 24 * 60
    span = min(9 * day * count, 420 * day + count * day // 2, 3650 * day)
    gaps = [350 + draw.below(1000) for _ in range(count)]
    last = datetime(2023, 3, 1, 12) + timedelta(days=draw.below(600))
    times: list[datetime] = []
    passed, whole = 0, sum(gaps)
    for gap in gaps:
        passed += gap
        at = last - timedelta(minutes=span - span * passed // whole)
        if span > 2 * day * count:
            at = at.replace(hour=draw.between(8, 21), minute=draw.below(60))
        if times and at <= times[-1]:
            at = times[-1] + timedelta(minutes=7)
        times.append(at)
    return times


def past_phrase(draw: Draw, day: date, today: date) -> str:
    """How somebody who talks on ``today`` dates ``day`` to the day; every phrase has one reading only."""
    lag = (today - day).days
    weekday = DAYS[day.weekday()]
    exact = [_absolute(draw, day, today)]
    if lag == 0:
        return draw.pick(("today", "this morning", "earlier today"))
    if lag == 1:
        return draw.pick(("yesterday", "yesterday", "just yesterday", "only yesterday"))
    if lag == 2:
        return draw.pick(("two days ago", "the day before yesterday"))
    if lag < 7:
        exact += [f"{number_words(lag)} days ago"] * 2
        if day.weekday() < today.weekday():
            exact += [f"on {weekday}", f"this {weekday}"]
        else:
            exact += [f"last {weekday}"] * 2
    elif lag == 7:
        exact += ["exactly a week ago", "a week ago today", "seven days ago"]
    elif lag == 14:
        exact += ["exactly two weeks ago", "two weeks ago today"]
    elif lag < 13:
        exact += [f"{number_words(lag)} days ago"]
    return draw.pick(exact)


def month_phrase(draw: Draw, day: date, today: date) -> str:
    """How somebody dates to the month something that happened in an earlier month."""
    month = MONTHS[day.month - 1]
    if (today.year - day.year) * 12 + today.month - day.month == 1:
        return draw.pick((f"in {month}", "last month", f"some time in {month}"))
    if day.year == today.year:
        return draw.pick((f"in {month}", f"back in {month}", f"some time in {month}"))
    return draw.pick((f"in {month} {day.year}", f"back in {month} {day.year}"))


def _absolute(draw: Draw, day: date, today: date) -> str:
    month = MONTHS[day.month - 1]
    year = "" if day.year == today.year else f" {day.year}"
    comma = "" if day.year == today.year else f", {day.year}"
    if day.month == today.month and not year and draw.chance(0.5):
        return draw.pick((f"on the {ordinal(day.day)}", f"on the {ordinal(day.day)} of this month"))
    return draw.pick(
        (
            f"on {day.day} {month}{year}",
            f"on {month} {ordinal(day.day)}{comma}",
            f"on the {ordinal(day.day)} of {month}{year}",
        )
    )


def days_apart(days: int) -> str:
    """``the day``, ``two days``: what stands before "after" in "two days after"."""
    return "the day" if days == 1 else f"{number_words(days)} days"

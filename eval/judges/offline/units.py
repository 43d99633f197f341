"""What is counted: quantities with their units, times of day, numbered names; and whether an answer's clash with a
gold's.

A clash is the same number of something else ("5 miles" for "5 km", "7 am" for "7 pm", "World War II" for "World War
I"). Another number is none, since other features see it; nor is a number without its unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from eval.judges.offline import date_phrases
from eval.judges.offline.text import NUMBER_WORDS, plain_numbers

_UNITS: dict[str, tuple[str, float, str]] = {
    "kilometre": ("length", 1000.0, r"km|kms|kilomet(?:er|re)s?"),
    "mile": ("length", 1609.344, r"mi|miles?"),
    "metre": ("length", 1.0, r"m|met(?:er|re)s?"),
    "centimetre": ("length", 0.01, r"cm|centimet(?:er|re)s?"),
    "foot": ("length", 0.3048, r"ft|foot|feet"),
    "inch": ("length", 0.0254, r"inch(?:es)?"),
    "yard": ("length", 0.9144, r"yards?"),
    "kilogram": ("weight", 1000.0, r"kg|kgs|kilos?|kilogram(?:me)?s?"),
    "gram": ("weight", 1.0, r"g|gram(?:me)?s?"),
    "pound": ("weight", 453.592, r"lbs?|pounds?"),
    "ounce": ("weight", 28.3495, r"oz|ounces?"),
    "litre": ("volume", 1.0, r"lit(?:er|re)s?"),
    "gallon": ("volume", 3.78541, r"gallons?"),
    "celsius": ("celsius", 1.0, r"°c|(?:degrees )?(?:celsius|centigrade)"),
    "fahrenheit": ("fahrenheit", 1.0, r"°f|(?:degrees )?fahrenheit"),
    "percent": ("percent", 1.0, r"%|percent|per cent"),
    "dollar": ("dollar", 1.0, r"usd|dollars?|bucks"),
    "euro": ("euro", 1.0, r"eur|€|euros?"),
    "sterling": ("sterling", 1.0, r"gbp|pounds? sterling"),
    "yen": ("yen", 1.0, r"jpy|yen"),
    "second": ("time", 1.0, r"seconds?|secs?"),
    "minute": ("time", 60.0, r"minutes?|mins?"),
    "hour": ("time", 3600.0, r"hours?|hrs?"),
    "day": ("time", 86400.0, r"days?"),
    "week": ("time", 604800.0, r"weeks?"),
    "month": ("time", 2629800.0, r"months?"),
    "year": ("time", 31557600.0, r"years?|yrs?"),
}
"""Unit to what it measures, its size in a common unit of that, and how it is written."""
_SIGNS = {"$": "dollar", "€": "euro", "£": "sterling", "¥": "yen"}
_ALL = "|".join(pattern for _, _, pattern in sorted(_UNITS.values(), key=lambda one: -len(one[2])))
_COUNT = r"\d+(?:\.\d+)?|" + "|".join(sorted((w for w in NUMBER_WORDS if NUMBER_WORDS[w] > 1), key=len, reverse=True))
_MEASURED = re.compile(rf"(?<![\w.])(?P<count>{_COUNT})[ -]?(?P<unit>{_ALL})(?![\w°])", re.IGNORECASE)
_MONEY = re.compile(r"(?P<sign>[$€£¥]) ?(?P<count>\d+(?:\.\d+)?)")
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?"
    r"|(?<![\d:.])(?P<hour24>[01]?\d|2[0-3]):(?P<minute24>[0-5]\d)(?![\d:])",
    re.IGNORECASE,
)
_ROMAN = {name: value for value, name in enumerate("I II III IV V VI VII VIII IX X".split(), 1)}
_NUMBERED = re.compile(
    r"\b(?P<name>[A-Z][a-z]+) (?:the )?(?P<number>VIII|VII|III|VI|IV|IX|II|I|V|X|\d{1,2}|"
    + "|".join(word.capitalize() for word, value in NUMBER_WORDS.items() if 1 <= value <= 10 and len(word) > 2)
    + r")\b(?!['’:,.]?\d)"
)
CLOSE = 0.03
"""Two quantities that differ by less than this share are one, so that a converted one is met."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of something."""

    count: float
    unit: str
    kind: str
    """What the unit measures; of one kind are units that convert into one another."""
    size: float
    """The quantity in the common unit of its kind."""

    def same(self, other: Quantity) -> bool:
        """Whether both are as much of the same."""
        return self.kind == other.kind and abs(self.size - other.size) <= CLOSE * max(self.size, other.size)


@lru_cache(maxsize=16384)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers of a text that name what they count, in digits or words."""
    line = plain_numbers(text)
    out = [_quantity(match["count"], _unit_of(match["unit"])) for match in _MEASURED.finditer(line)]
    return (*out, *(_quantity(match["count"], _SIGNS[match["sign"]]) for match in _MONEY.finditer(line)))


def _quantity(count: str, unit: str) -> Quantity:
    amount = float(NUMBER_WORDS[count.lower()]) if count.lower() in NUMBER_WORDS else float(count)
    kind, factor, _ = _UNITS[unit]
    return Quantity(amount, unit, kind, amount * factor)


def near_count(gold: str, answer: str) -> bool:
    """Whether an answer's first count of days, weeks, months or years is the gold's, give or take one."""
    wanted = next((one for one in quantities(gold) if one.kind == "time"), None)
    given = next((one for one in quantities(answer) if one.kind == "time"), None)
    if wanted is None or given is None:
        return False
    return wanted.unit == given.unit and abs(wanted.count - given.count) <= 1


@lru_cache(maxsize=1024)
def _unit_of(written: str) -> str:
    return next(unit for unit, (_, _, pattern) in _UNITS.items() if re.fullmatch(pattern, written.lower()))


@lru_cache(maxsize=16384)
def clock_times(text: str) -> frozenset[int]:
    """Times of day in minutes after midnight."""
    out = set()
    for match in _CLOCK.finditer(text):
        if match["half"] and int(match["hour"]) <= 12:
            hour = int(match["hour"]) % 12 + (12 if match["half"].lower() == "p" else 0)
            out.add(60 * hour + int(match["minute"] or 0))
        elif match["hour24"]:
            out.add(60 * int(match["hour24"]) + int(match["minute24"]))
    return frozenset(out)


@lru_cache(maxsize=16384)
def numbered_names(text: str) -> frozenset[tuple[str, int]]:
    """Names that carry a number ("World War II", "Charles I"), without dates."""
    out = set()
    for match in _NUMBERED.finditer(text):
        written = match["number"]
        if match["name"].lower() in date_phrases.MONTHS:
            continue
        number = _ROMAN.get(written) or NUMBER_WORDS.get(written.lower()) or int(written)
        out.add((match["name"].lower(), number))
    return frozenset(out)


def clash(gold: str, answer: str) -> str:
    """What an answer counts, where it gives a number of the gold as a number of something else; empty where it does
    not.
    """
    wanted, given = quantities(gold), quantities(answer)
    for one in wanted:
        if not any(one.same(other) for other in given):
            other = next((other for other in given if other.count == one.count and other.unit != one.unit), None)
            if other is not None:
                return f"{other.count:g} {other.unit}, not {one.unit}"
    hours, said = clock_times(gold), clock_times(answer)
    if hours and not hours & said and {hour % 720 for hour in hours} & {hour % 720 for hour in said}:
        return "the other half of the day"
    numbers, given_names = numbered_names(gold), numbered_names(answer)
    for name, number in numbers:
        others = {other for known, other in given_names if known == name}
        if others and number not in others:
            return f"{name} {min(others)}, not {number}"
    return ""

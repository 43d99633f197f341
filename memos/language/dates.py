"""Times mentioned in a text, as intervals: absolute dates, and relative ones resolved against the time of speaking.

Event time (what a sentence tells of) is not record time (when it was said): "I ran it last May", said in 2023, has an
event in May 2022. Intervals are half open, [start, end), in the wall clock of the speaker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from memos.language import dates_absolute, dates_partial, dates_relative, dates_steps
from memos.language.calendar import MONTHS, Grain, wall
from memos.language.dates_guards import quoted_alone
from memos.language.dates_rule import ReadInterval, Rule
from memos.language.numerals import DIGITS, WORDS

_RULES: tuple[Rule, ...] = (
    *dates_absolute.FULL,
    *dates_partial.FIRST,
    *dates_relative.RULES,
    *dates_steps.RULES,
    *dates_partial.BARE,
)
_ANY_DAY = datetime(2023, 7, 1)
_DIGIT = re.compile(r"\d")
_VAGUE = re.compile(
    r"\b(?:few|several|couple|other day|around|about|early|late|mid|roughly|almost|nearly|over|more than|less "
    r"than|or so)\b",
    re.I,
)
_LEADING_VAGUE = re.compile(r"\b(?:around|about|roughly|almost|nearly|over|more than|less than|maybe)\s+$", re.I)
_CLOCK_BEFORE = re.compile(r"\b(\d{1,2}):(\d{2})\s*([ap])\.?m\.?\s+on\s+$", re.I)
_CLOCK_AFTER = re.compile(
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}| UTC)?(?!\s*[ap]\.?m)|"
    r",?\s+(?:at\s+)?(\d{1,2}):(\d{2})\s*([ap])\.?m\.?)",
    re.I,
)
_DURATION = re.compile(
    rf"(?<![\w.,])(?:{DIGITS}|(?:{WORDS}|half\s+an?|an?\s+(?:few|couple(?:\s+of)?)|couple(?:\s+of)?|few|several|"
    rf"some|many|an?)\b)"
    r"\s*(?P<unit>minute|hour|day|week|month|year|decade)s?\b(?!\s*-?\s*old)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A time named in a text."""

    text: str
    at: int
    """Index of its first character."""
    start: datetime
    end: datetime
    """Not part of the interval."""
    grain: Grain
    relative: bool
    """Whether it needed the time of speaking."""
    vague: bool = False
    """Whether the words leave the exact interval open ("a few days ago")."""
    form: str = "date"
    """How it is said: ``date`` (of the calendar), ``named`` (yesterday), ``ago``, ``ahead`` (in two days), ``step``
    (last week), ``weekday`` or ``span`` (the last three years)."""
    unit: str = ""
    """Of relative forms: day, week, weekend, month, year …, or the lower-case name of a weekday, season or month."""
    step: int = 0
    """-1 for last, 0 for this, 1 for next; of ``named``, days from the day of speaking."""
    amount: str = ""
    """Of ``ago`` and ``ahead``: the number as it is said."""
    lead: int = 0
    """Length of the preposition, with its blank, that ``text`` begins with."""

    @property
    def until(self) -> int:
        """Index behind its last character."""
        return self.at + len(self.text)

    @property
    def words(self) -> str:
        """The text without its preposition."""
        return self.text[self.lead :]

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether the interval shares a moment with [start, end)."""
        return self.start < end and start < self.end


def find(text: str, now: datetime | None = None) -> list[Mention]:
    """Every time mentioned in a text, in order, none overlapping another.

    Args:
        text: the sentence.
        now: time of speaking (of an aware one the wall clock counts); without it relative times and dates without a
        year are
            left out.
    """
    return list(_find(text, wall(now) if now is not None else None))


@lru_cache(maxsize=20_000)
def _find(text: str, now: datetime | None) -> tuple[Mention, ...]:
    taken: list[Mention] = []
    low, digit = " ".join(text.lower().split()), bool(_DIGIT.search(text))
    for rule in _RULES:
        if not (digit if rule.sign is None else rule.sign.search(low)):
            continue
        for match in rule.pattern.finditer(text):
            if any(match.start() < other.until and other.at < match.end() for other in taken):
                continue
            outcome = _outcome(rule, match, now)
            if outcome is not None and not quoted_alone(text, match.start(), match.end()):
                taken.append(_mention(match, outcome))
    return tuple(sorted(taken, key=lambda mention: mention.at))


def _outcome(rule: Rule, match: re.Match[str], now: datetime | None) -> ReadInterval | None:
    """What the rule makes of a match; None where it refuses it or leaves the calendar ("900 years ago")."""
    try:
        return rule.read(match, now)
    except (ValueError, OverflowError, StopIteration):
        return None


def _mention(match: re.Match[str], outcome: ReadInterval) -> Mention:
    said, at = match.group(), match.start()
    vague = (
        outcome.vague or bool(_VAGUE.search(said)) or bool(_LEADING_VAGUE.search(match.string[max(at - 14, 0) : at]))
    )
    lead = match.groupdict().get("lead")
    return Mention(
        said,
        at,
        outcome.start,
        outcome.end,
        outcome.grain,
        outcome.relative,
        vague,
        outcome.form,
        outcome.unit,
        outcome.step,
        outcome.amount,
        len(lead) if lead else 0,
    )


def explicit(text: str) -> list[tuple[int, int, datetime]]:
    """Full dates (day, month and year) in a text as (start, end, moment), in order, with the clock that stands beside
    them."""
    out = []
    for mention in find(text):
        if mention.grain != "day" or mention.form != "date":
            continue
        at, until, moment = mention.at, mention.until, mention.start
        before, after = _CLOCK_BEFORE.search(text[:at]), _CLOCK_AFTER.match(text, until)
        if before:
            at, moment = before.start(), _clock(moment, before[1], before[2], before[3])
        elif after:
            until, moment = after.end(), _clock(moment, after[1] or after[3], after[2] or after[4], after[5])
        if moment is not None:
            out.append((at, until, moment))
    return out


def _clock(day: datetime, hour: str, minute: str, half: str | None) -> datetime | None:
    hours = int(hour) % 12 + (12 if half.lower() == "p" else 0) if half else int(hour)
    return day.replace(hour=hours, minute=int(minute)) if hours < 24 and int(minute) < 60 else None


def durations(text: str) -> list[tuple[int, int]]:
    """Lengths of time named in a text, as (start, end), in order."""
    return [match.span() for match in _DURATION.finditer(text)]


def named_months(text: str) -> tuple[tuple[int, int | None], ...]:
    """Months that a text names without a day, with their year where it says one: ``in May``, ``June 2023``, ``last
    March``."""
    out = [
        (mention.at, (mention.start.month, mention.start.year)) for mention in find(text) if mention.grain == "month"
    ]
    spoken = (
        mention
        for mention in find(text, _ANY_DAY)
        if mention.grain == "month" and mention.relative and mention.unit in MONTHS
    )
    return tuple(month for _, month in sorted(out + [(mention.at, (mention.start.month, None)) for mention in spoken]))

"""Times of a dialogue, worded the way people note them in an answer.

A day is ``7 May 2023``; ``last week``, said on 9 June, is ``the week before 9 June 2023``; ``last month`` is the
month. What is a time, and which one, is read by ``memos.language.dates``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from memos.language.calendar import DAY_NAMES, DAYS, day_words, month_words, wall
from memos.language.dates import Mention, find

_COUPLE = re.compile(r"^(an?\s+)?couple(\s+of)?", re.IGNORECASE)
_SIDES = {-1: "before", 0: "of", 1: "after"}


@dataclass(frozen=True, slots=True)
class TimeMention:
    """A time expression in a text: offsets, how a reader would note it, and its grain."""

    start: int
    end: int
    phrase: str
    grain: str
    """``day``, ``week``, ``weekend``, ``month``, ``quarter``, ``season``, ``year``, ``decade`` or ``vague``."""
    when: datetime | None = None
    """A day inside the period, where it is known."""


@lru_cache(maxsize=60_000)
def mentions(text: str, anchor: datetime | None) -> tuple[TimeMention, ...]:
    """Time expressions of a text, in order, without overlaps. What lasts until now (``for the last two years``) is
    none.

    Args:
        text: one sentence or line.
        anchor: when it was said; None leaves relative expressions out.
    """
    read = (mention for mention in find(text, anchor) if mention.form != "span")
    return tuple(_noted(mention, wall(anchor) if anchor is not None else None) for mention in read)


def _noted(mention: Mention, said: datetime | None) -> TimeMention:
    phrase, grain, when = _phrase(mention, said)
    return TimeMention(mention.at + mention.lead, mention.until, phrase, grain, when)


def _phrase(mention: Mention, said: datetime | None) -> tuple[str, str, datetime | None]:
    start, today = mention.start, day_words(said) if said is not None else ""
    if mention.form == "named" and mention.vague:
        return f"A few days before {today}", "vague", start
    if mention.form in ("ago", "ahead"):
        return _counted(mention, today)
    if mention.form == "weekday":
        side = "before" if said is not None and start.date() < said.date() else "after"
        return f"The {DAY_NAMES[DAYS[mention.unit]]} {side} {today}", "day", start
    if mention.form == "step" and mention.unit in ("week", "weekend") and abs(mention.step) < 2:
        return f"The {mention.unit} {_SIDES[mention.step]} {today}", mention.unit, start
    return _absolute(mention), mention.grain, start


def _counted(mention: Mention, today: str) -> tuple[str, str, datetime | None]:
    """``ago`` and ``in``: exact days, months and years as such, the rest counted from the day of speaking."""
    unit, amount = mention.unit, mention.amount.lower()
    if mention.form == "ahead":
        return (
            (day_words(mention.start) if mention.grain in ("week", "weekend") else _absolute(mention)),
            mention.grain,
            mention.start,
        )
    if mention.vague or mention.grain == "span":
        if unit in ("month", "year", "decade"):
            return mention.words, "vague", None
        return f"{_COUPLE.sub('couple of', amount)} {unit}s before {today}", "vague", mention.start
    if mention.grain in ("week", "weekend"):
        counted = f"The {unit}" if amount in ("a", "an", "one", "1") else f"{mention.amount} {unit}s"
        return f"{counted} before {today}", mention.grain, mention.start
    return _absolute(mention), mention.grain, mention.start


def _absolute(mention: Mention) -> str:
    start = mention.start
    if mention.grain in ("month", "year"):
        return month_words(start) if mention.grain == "month" else str(start.year)
    if mention.grain == "season":
        return f"{mention.unit} {start.year}"
    if mention.grain == "quarter":
        return f"Q{(start.month + 2) // 3} {start.year}"
    return mention.words if mention.grain in ("span", "decade") else day_words(start)

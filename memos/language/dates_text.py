"""Times put into words: an interval as it is noted, and a text whose relative times have become dates."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from memos.language.calendar import DAY_NAMES, DAYS, day_words, month_words
from memos.language.dates import Mention, find

_LEAD = re.compile(
    r"\b(since|until|till|by|from|in|on|of|during|for|over|at|before|after)\s+(?:the\s+)?$", re.IGNORECASE
)
_WHERE = re.compile(r"^in\s+|\s+(?:ago|back|before now|from now|['’]? time)$", re.IGNORECASE)
_FREE = frozenset(("in", "on", "at", "over", "during", "for", ""))
"""Prepositions that the one of the date takes the place of."""
_KEPT = ("span",)
"""Forms that stay as they are said: ``for the last three years`` is no date."""


def say(mention: Mention) -> str:
    """The interval in words: "8 May 2023", "week of 1 May 2023", "May 2023", "2023", "1 June 2022 to 31 August
    2022"."""
    start = mention.start
    if mention.grain == "day":
        return day_words(start)
    if mention.grain in ("week", "weekend"):
        return f"{mention.grain} of {day_words(start)}"
    if mention.grain == "month":
        return month_words(start)
    if mention.grain == "year":
        return str(start.year)
    return f"{day_words(start)} to {day_words(mention.end - timedelta(days=1))}"


def resolve(text: str, now: datetime | None) -> tuple[str, datetime | None]:
    """Replace relative times by absolute ones: "I ran last Friday" becomes "I ran on Friday 5 May 2023".

    Args:
        text: a sentence.
        now: time of the session; None leaves the text as it is.

    Returns:
        The text, and the start of the first relative period it names (None where it names none).
    """
    if now is None:
        return text, None
    mentions = [mention for mention in find(text, now) if mention.relative]
    for mention in reversed(mentions):
        phrase = _dated(mention, now)
        if phrase is not None:
            text = _replaced(text, mention, *phrase)
    return text, _start(mentions[0], now) if mentions else None


def _start(mention: Mention, now: datetime) -> datetime:
    """The start of a period; a day counted from now keeps now's time of day."""
    if mention.grain == "day" and mention.form in ("named", "ago", "weekday", "ahead"):
        return datetime.combine(mention.start.date(), now.time())
    return mention.start


def _replaced(text: str, mention: Mention, preposition: str, phrase: str) -> str:
    head, tail = text[: mention.at], text[mention.until :]
    own = mention.text[: mention.lead].strip()
    lead = None if own else _LEAD.search(head)
    if lead:
        own, head = lead[1], head[: lead.start()]
    elif not own and head.lower().endswith("the "):
        head = head[:-4]
    given = own.split()[-1].lower() if own else ""
    chosen = preposition if given in _FREE else own
    return f"{head}{chosen} {phrase}{tail}" if chosen else f"{head}{phrase}{tail}"


def _dated(mention: Mention, now: datetime) -> tuple[str, str] | None:
    """Preposition and absolute phrase of a relative time; None where it stays as it is."""
    start, unit, today = mention.start, mention.unit, day_words(now)
    if mention.form in _KEPT or (mention.vague and mention.form == "named"):
        return None
    if mention.form == "named":
        return "on the night of" if unit in ("last night", "the other night") else "on", day_words(start)
    if mention.form == "weekday":
        return "on", f"{DAY_NAMES[DAYS[unit]]} {day_words(start)}"
    if mention.form in ("ago", "ahead"):
        return _counted(mention, today)
    if mention.form == "step" and unit == "week":
        if abs(mention.step) > 1:
            return "in", f"the week of {day_words(start)}"
        return "in", f"the week {('of', 'after', 'before')[mention.step]} {today}"
    if mention.grain == "weekend":
        return "on", f"the weekend of {day_words(start)}"
    return _calendar(mention)


def _counted(mention: Mention, today: str) -> tuple[str, str] | None:
    """``ago`` and ``in``: a day, a month or a year where it is exact, else the words counted from the day of
    speaking."""
    side = "before" if mention.form == "ago" else "after"
    if mention.vague or mention.grain in ("week", "weekend", "span"):
        counted = _WHERE.sub("", mention.words)
        return "", f"{counted[0].lower()}{counted[1:]} {side} {today}"
    return _calendar(mention)


def _calendar(mention: Mention) -> tuple[str, str]:
    start = mention.start
    if mention.grain == "day":
        return "on", day_words(start)
    if mention.grain == "month":
        return "in", month_words(start)
    if mention.grain == "season":
        return "in", f"the {mention.unit} of {start.year}"
    if mention.grain == "quarter":
        return "in", f"Q{(start.month + 2) // 3} {start.year}"
    if mention.grain == "year":
        return "in", str(start.year)
    return "from", say(mention)

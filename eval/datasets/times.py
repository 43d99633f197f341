"""Times as LOCOMO prints them, for data sets that give a moment and no text."""

from __future__ import annotations

from datetime import datetime

_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # not the calendar module's, which follow the machine's language


def time_text(moment: datetime | None) -> str:
    """``1:56 pm on 8 May, 2023``; empty where there is none."""
    if moment is None:
        return ""
    clock = f"{moment.hour % 12 or 12}:{moment.minute:02} {'am' if moment.hour < 12 else 'pm'}"
    return f"{clock} on {moment.day} {_MONTHS[moment.month - 1]}, {moment.year}"

"""Dates in the words of data sets, whatever the machine's locale."""

from __future__ import annotations

from datetime import datetime

MONTHS = tuple("January February March April May June July August September October November December".split())


def time_text(at: datetime) -> str:
    """A time as LOCOMO prints it: ``1:56 pm on 8 May, 2023``."""
    half = "am" if at.hour < 12 else "pm"
    return f"{at.hour % 12 or 12}:{at.minute:02d} {half} on {day_text(at)}"


def day_text(at: datetime) -> str:
    """The day of such a time: ``8 May, 2023``."""
    return f"{at.day} {MONTHS[at.month - 1]}, {at.year}"

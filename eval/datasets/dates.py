"""Dates in the words of data sets, whatever the machine's locale."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from eval.datasets.reading import JsonPlace

_WEEKDAY_DATE = re.compile(r"(\d{4})/(\d\d)/(\d\d) \(\w+\) (\d\d):(\d\d)")
MONTHS = tuple("January February March April May June July August September October November December".split())


def time_text(at: datetime) -> str:
    """A time as LOCOMO prints it: ``1:56 pm on 8 May, 2023``."""
    half = "am" if at.hour < 12 else "pm"
    return f"{at.hour % 12 or 12}:{at.minute:02d} {half} on {day_text(at)}"


def day_text(at: datetime) -> str:
    """The day of such a time: ``8 May, 2023``."""
    return f"{at.day} {MONTHS[at.month - 1]}, {at.year}"


def longmemeval_time(place: JsonPlace, text: Any) -> datetime:
    """A time as LongMemEval writes it: ``2023/05/30 (Tue) 23:40``; the day of the week is not read.

    Raises:
        DataError: it is no such text, or no such day is in the calendar; it names the place.
    """
    match = _WEEKDAY_DATE.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        if match:
            year, month, day, hour, minute = map(int, match.groups())
            return datetime(year, month, day, hour, minute)
    except ValueError:
        pass  # such as a 31st of June: as wrong as no date
    raise place.error(f"expected a date such as '2023/05/30 (Tue) 23:40', found {text!r:.60}")

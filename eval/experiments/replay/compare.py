"""Whether a run that was made again is the one it was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

TIMES = frozenset({"latency_ms", "score_fingerprint"})
"""Of a summary: what a clock and a machine make of it."""
PAID = frozenset({"spent"})
"""What was really paid: nothing by a replay."""
TIMED = "latency"
"""The journal and the phase of the latency pass."""
TOLERANCE = 1e-9


def differences(before: Mapping[str, Any], now: Mapping[str, Any], *, times: bool = True) -> list[str]:
    """The fields of two summaries that differ, one text each; numbers within 1e-9 are equal.

    Args:
        times: whether times, and what the latency pass asked, are compared, too.
    """
    left, right = (
        {name: _compared(name, value, times) for name, value in summary.items() if name not in PAID}
        for summary in (before, now)
    )
    return list(_unequal(left, right, ""))


def _compared(name: str, value: Any, times: bool) -> Any:
    """The part of a field that is to be equal."""
    if times:
        return value
    if name in ("journals", "ledger"):
        return {key: entry for key, entry in value.items() if key != TIMED}
    if name == "ledger_rows":
        return [row for row in value if row["phase"] != TIMED]
    return None if name in TIMES else value


def _unequal(before: Any, now: Any, where: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted({*before, *now}, key=str):
            yield from _unequal(before.get(key), now.get(key), f"{where}.{key}" if where else str(key))
    elif isinstance(before, list | tuple) and isinstance(now, list | tuple) and len(before) == len(now):
        for number, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _unequal(old, new, f"{where}[{number}]")
    elif not _equal(before, now):
        yield f"{where}: {_short(before)} then, {_short(now)} now"


def _equal(before: Any, now: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (before, now))
    return math.isclose(before, now, rel_tol=TOLERANCE, abs_tol=TOLERANCE) if numbers else before == now


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"

"""Whether a run that was made again is the one it was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

TIMES = frozenset({"latency_ms", "score_fingerprint"})
"""Of a summary: what a clock and a machine make of it."""
TOLERANCE = 1e-9


def differences(before: Mapping[str, Any], now: Mapping[str, Any], *, times: bool = True) -> list[str]:
    """The fields of two summaries that differ, one text each; numbers within 1e-9 are equal.

    Args:
        times: whether times are compared, too.
    """
    left, right = ({k: v for k, v in summary.items() if times or k not in TIMES} for summary in (before, now))
    if not times:
        left, right = ({**side, "journals": _untimed(side.get("journals"))} for side in (left, right))
    return list(_unequal(left, right, ""))


def _untimed(journals: Any) -> Any:
    return {k: v for k, v in journals.items() if k != "latency"} if isinstance(journals, Mapping) else journals


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

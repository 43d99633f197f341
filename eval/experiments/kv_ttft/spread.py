"""Medians of few repeats with distribution-free intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any


def summary(seconds: Sequence[float]) -> dict[str, Any]:
    """p50 with its 95 % interval by order statistics, p90, p99, mean, sd and n.

    Below six values no such interval reaches 95 %; then it is the whole range, with its true ``level``.
    """
    ordered, n = sorted(seconds), len(seconds)
    tail = [sum(math.comb(n, i) for i in range(k)) / 2**n for k in range(n // 2 + 1)]
    k = max((k for k in range(1, n // 2 + 1) if tail[k] <= 0.025), default=1)
    level = 1 - 2 * tail[k] if n > 1 else 0.0
    return {
        "p50": statistics.median(ordered),
        "low": ordered[k - 1],
        "high": ordered[n - k],
        "level": round(level, 4),
        "p90": quantile(ordered, 0.9),
        "p99": quantile(ordered, 0.99),
        "mean": statistics.fmean(ordered),
        "sd": statistics.stdev(ordered) if n > 1 else 0.0,
        "n": n,
    }


def quantile(ordered: Sequence[float], q: float) -> float:
    """Linear interpolation between order statistics."""
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])

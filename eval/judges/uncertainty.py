"""A judge's own error beside the sampling error: intervals widened by it, and gaps it cannot resolve.

The error of a system's score is measured by cross-validation over foreign projects and stands in ``weights.json``
(``score_se``, points of percent). Two systems share the part of it that comes from the questions, not the part that
comes from their style; the difference therefore has the error times the square root of two, which is careful.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from eval.core.protocols import Judge

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Widened:
    """An interval with the judge's own error in it; fractions."""

    mean: float
    low: float
    high: float
    judge_se: float


def widen(mean: float, low: float | None, high: float | None, judge_se: float, level: float = LEVEL) -> Widened:
    """Add the judge's standard error to an interval in quadrature.

    Args:
        mean, low, high: a system's mean and its sampling interval as fractions; no interval (None) counts as exact.
        judge_se: standard error that the judge brings, as a fraction.
        level: of the interval.
    """
    if judge_se < 0:
        raise ValueError(f"judge_se must not be negative, found {judge_se}")
    own = _quantile(level) * judge_se
    below = math.hypot(mean - low if low is not None else 0.0, own)
    above = math.hypot(high - mean if high is not None else 0.0, own)
    return Widened(mean, max(mean - below, 0.0), min(mean + above, 1.0), judge_se)


def resolvable(gap: float, judge_se: float, sampling_se: float = 0.0, level: float = LEVEL) -> bool:
    """Whether a gap of two systems' scores (fractions) exceeds what judge and sampling can produce by chance."""
    error = math.hypot(math.sqrt(2) * judge_se, sampling_se)
    return bool(abs(gap) > _quantile(level) * error) if error > 0 else gap != 0


def smallest_gap(judge_se: float, sampling_se: float = 0.0, level: float = LEVEL) -> float:
    """The smallest gap of two scores that counts as one, as a fraction."""
    return float(_quantile(level) * math.hypot(math.sqrt(2) * judge_se, sampling_se))


def own_error(judge: Judge, data: str) -> float | None:
    """Standard error of a system's score that the judge itself brings on a data set, as a fraction.

    0 of a judge that states none; None where a judge that estimates another's verdicts was not measured under this
    rubric on this data (``measured_on``), so that its error is unknown here.
    """
    state = getattr(judge, "score_se", None)
    if state is None:
        return None if getattr(type(judge), "comparable", True) is False else 0.0
    return float(state) if data in getattr(judge, "measured_on", (data,)) else None


def _quantile(level: float) -> float:
    """How many standard errors of a normal distribution hold this share, half of them on each side."""
    from scipy.stats import norm

    return float(norm.ppf((1 + level) / 2))

"""Intervals of one mean: clustered t, cluster bootstrap, Wilson; and percentiles of durations."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
FEWEST_CLUSTERS = 3
"""With one or two conversations the spread between conversations cannot be estimated, so no interval is given."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval, in the unit of the values (fractions for scores)."""

    mean: float
    low: float | None
    """None where no interval can be given; ``note`` says why."""
    high: float | None
    n: int
    clusters: int
    se: float | None = None
    """Standard error the interval was made from (sampling and, where given, the judge's own)."""
    method: str = ""
    note: str = ""

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def interval(
    values: Sequence[float] | np.ndarray,
    clusters: Sequence[Hashable],
    *,
    level: float = LEVEL,
    extra_se: float = 0.0,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Mean of all values with a t interval clustered by conversation.

    The variance of the mean is ``C/(C-1) * sum over clusters of (sum of deviations in the cluster)^2 / n^2`` and the
    interval uses t with ``C-1`` degrees of freedom.

    Args:
        values: one finite number a question.
        clusters: the conversation of each question, same length.
        level: confidence level.
        extra_se: standard error to add in quadrature, such as the judge's own uncertainty about a system's score.
        bounds: smallest and largest possible mean; the interval is cut there. Where every value equals a bound, so
            that no spread is visible, the Wilson interval over questions is given in its place.

    Raises:
        ValueError: when the lengths differ or a value is not finite. Missing values are the caller's to leave out.
    """
    x, codes = _check(values, clusters)
    n, count = len(x), int(codes.max()) + 1 if len(codes) else 0
    if n == 0:
        return Estimate(float("nan"), None, None, 0, 0, note="no values")
    mean = float(x.mean())
    if count < FEWEST_CLUSTERS:
        return Estimate(mean, None, None, n, count, note=f"{count} conversation(s): the spread cannot be estimated")
    if np.ptp(x) == 0 and extra_se == 0:
        return _constant(mean, n, count, level, bounds)
    sampling = cluster_se(x, codes)
    if sampling < 1e-12 * max(1.0, abs(mean)) and extra_se == 0:
        return Estimate(mean, None, None, n, count, note="the conversations agree exactly: no spread between them")
    se = float(np.hypot(sampling, extra_se))
    reach = _t(level, count - 1) * se
    low, high = mean - reach, mean + reach
    if bounds:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Estimate(mean, low, high, n, count, se, f"t, {count - 1} degrees of freedom, clustered by conversation")


def _constant(mean: float, n: int, count: int, level: float, bounds: tuple[float, float] | None) -> Estimate:
    if bounds == (0, 1) and mean in (0, 1):
        low, high = wilson(round(mean * n), n, level=level)
        return Estimate(mean, low, high, n, count, method="Wilson", note="every value is equal")
    return Estimate(mean, None, None, n, count, note="every value is equal: no spread to estimate an interval from")


def cluster_se(x: np.ndarray, codes: np.ndarray) -> float:
    """Clustered standard error of the mean of ``x`` (n), with integer cluster ``codes`` (n)."""
    sums = np.bincount(codes, weights=x - x.mean())
    count = len(sums)
    return float(np.sqrt(count / (count - 1) * np.square(sums).sum()) / len(x))


def cluster_bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    level: float = LEVEL,
    resamples: int = 9999,
    seed: int = 0,
) -> Estimate:
    """Percentile interval from resampling whole conversations with replacement. Seeded.

    With ten clusters it is coarse and tends to be too narrow; it is printed beside the t interval, not in its place.
    """
    x, codes = _check(values, clusters)
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < FEWEST_CLUSTERS:
        return interval(values, clusters, level=level)
    sums, sizes = np.bincount(codes, weights=x), np.bincount(codes)
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    means = (draws @ sums) / (draws @ sizes)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        float(x.mean()),
        float(low),
        float(high),
        len(x),
        count,
        float(means.std(ddof=1)),
        f"bootstrap, {resamples} draws",
    )


def wilson(successes: int, n: int, *, level: float = LEVEL) -> tuple[float | None, float | None]:
    """Wilson interval of a share of independent trials; ``(None, None)`` when there are none."""
    from scipy.stats import binomtest

    if n == 0:
        return None, None
    ends = binomtest(successes, n).proportion_ci(level, method="wilson")
    return float(ends.low), float(ends.high)


def percentiles(values: Sequence[float], at: Sequence[float] = (50, 95)) -> dict[str, float]:
    """Percentiles by linear interpolation, as ``{"p50": …, "p95": …}``; empty when there are no values.

    Source: docs/protocol.md#latency.
    """
    if len(values) == 0:
        return {}
    cuts = np.percentile(np.asarray(values, dtype=float), list(at))
    return {f"p{q:g}": float(v) for q, v in zip(at, cuts, strict=True)}


def _t(level: float, degrees: float) -> float:
    """Quantile of Student's t; ``scipy.stats`` gives the same and takes a second longer to load."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


def _check(values: Sequence[float] | np.ndarray, clusters: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(values, dtype=float)
    if len(x) != len(clusters):
        raise ValueError(f"{len(x)} values but {len(clusters)} clusters")
    if not np.isfinite(x).all():
        raise ValueError(f"value {int(np.flatnonzero(~np.isfinite(x))[0])} is not a finite number")
    order: dict[Hashable, int] = {}
    codes = np.array([order.setdefault(c, len(order)) for c in clusters], dtype=int)
    return x, codes

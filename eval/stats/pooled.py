"""Systems compared over several data sets at once: each data set a stratum, its conversations the clusters.

The pooled score is the mean of the data sets' means, so every data set counts the same however many questions it has.
Method and its error rates by simulation: docs/protocol.md#pooling, ``scripts/bench_pooling.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.stats.intervals import FEWEST_CLUSTERS, LEVEL, _t
from eval.stats.paired import EXACT_UP_TO

FLIPS = 99_999
"""Random sign flips beyond 16 conversations; the smallest p is one in 100,000, enough for Holm over 45 pairs."""
MOST = 1000
"""Times the present conversations beyond which no need is stated."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One data set: what each system scored in each conversation."""

    name: str
    sums: np.ndarray
    """Conversations by systems: sum of a system's scores over the questions of a conversation."""
    sizes: np.ndarray
    """Questions of each conversation."""

    @property
    def clusters(self) -> int:
        return len(self.sizes)

    @property
    def means(self) -> np.ndarray:
        """Mean score of each system over all questions."""
        return self.sums.sum(axis=0) / self.sizes.sum()

    def variances(self) -> np.ndarray:
        """Squared clustered standard error of each system's mean, as ``eval.stats.interval`` has it."""
        deviations = self.sums - self.sizes[:, None] * self.means
        c = self.clusters
        return c / (c - 1) * np.square(deviations).sum(axis=0) / float(self.sizes.sum()) ** 2


@dataclass(frozen=True, slots=True)
class Pooled:
    """A mean over data sets, in the unit of the scores."""

    mean: float
    low: float | None
    """None where nothing varies, as where every conversation shows the same."""
    high: float | None
    se: float
    """Clustered standard error."""
    degrees: float
    """Degrees of freedom of the t interval, by Satterthwaite's rule."""


def stratum(name: str, scores: Sequence[Sequence[float]], clusters: Sequence[str]) -> Stratum:
    """Gather the scores of a data set by conversation.

    Args:
        name: the data set's.
        scores: one list a system, one finite number a question.
        clusters: the conversation of each question.

    Raises:
        ValueError: lengths differ, a score is not finite, or there are fewer than three conversations, between which
            no spread can be estimated.
    """
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or table.shape[1] != len(clusters):
        raise ValueError(f"{name}: scores of shape {table.shape} but {len(clusters)} questions")
    if not np.isfinite(table).all():
        raise ValueError(f"{name}: a score is not a finite number")
    order = {cluster: i for i, cluster in enumerate(dict.fromkeys(clusters))}
    if len(order) < FEWEST_CLUSTERS:
        raise ValueError(f"{name}: {len(order)} conversation(s), at least {FEWEST_CLUSTERS} are needed")
    codes = np.array([order[cluster] for cluster in clusters])
    sums = np.stack([np.bincount(codes, weights=row) for row in table], axis=1)
    return Stratum(name, sums, np.bincount(codes).astype(float))


def differences(one: Stratum, pairs: Sequence[tuple[int, int]]) -> Stratum:
    """The same data set with the differences of pairs of systems, first minus second, in the systems' place."""
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    return Stratum(one.name, one.sums[:, first] - one.sums[:, second], one.sizes)


def pooled(strata: Sequence[Stratum], *, level: float = LEVEL) -> list[Pooled]:
    """The mean over data sets of each column, with a t interval.

    The variance of the mean of S data sets is the sum of their clustered variances over S squared. Its degrees of
    freedom follow Satterthwaite's rule: those of one data set where its conversations make all the spread, their sum
    where all data sets make as much.
    """
    variances = np.stack([one.variances() for one in strata]) / len(strata) ** 2
    degrees = _satterthwaite(variances, np.array([one.clusters - 1 for one in strata]))
    means = np.stack([one.means for one in strata]).mean(axis=0)
    return [_pooled(*row, level) for row in zip(means, variances.sum(axis=0), degrees, strict=True)]


def _pooled(mean: float, variance: float, degrees: float, level: float) -> Pooled:
    se = float(np.sqrt(variance))
    if se < 1e-12:
        return Pooled(float(mean), None, None, 0.0, float(degrees))
    reach = _t(level, degrees) * se
    return Pooled(float(mean), float(mean - reach), float(mean + reach), se, float(degrees))


def _satterthwaite(variances: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Degrees of freedom of sums over the first axis; the least there are where a column does not vary."""
    spread = (np.square(variances) / degrees[:, None]).sum(axis=0)
    whole = np.square(variances.sum(axis=0))
    return np.divide(whole, spread, out=np.full(len(whole), float(degrees.min())), where=spread > 0)


def sign_flips(strata: Sequence[Stratum], *, flips: int = FLIPS, seed: int = 0) -> list[float]:
    """Two-sided p of each column of ``differences``: how often flipping the sign of whole conversations, in each data
    set, gives a pooled difference as far from 0.

    Exact up to 16 conversations in all, seeded Monte Carlo with the add-one rule beyond.
    """
    own = np.concatenate([one.sums / (one.sizes.sum() * len(strata)) for one in strata])
    clusters, reached = len(own), np.abs(own.sum(axis=0)) - np.abs(own).sum(axis=0) * 1e-12
    if clusters <= EXACT_UP_TO:
        signs = 1 - 2 * ((np.arange(2**clusters)[:, None] >> np.arange(clusters)) & 1)
        return [float(p) for p in (np.abs(signs @ own) >= reached).mean(axis=0)]
    hits, draws = np.zeros(own.shape[1]), np.random.default_rng(seed)
    for start in range(0, flips, 10_000):
        signs = 2.0 * draws.integers(0, 2, size=(min(10_000, flips - start), clusters)) - 1
        hits += (np.abs(signs @ own) >= reached).sum(axis=0)
    return [float(p) for p in (hits + 1) / (flips + 1)]


def conversations_needed(
    difference: float, se: float, clusters: int, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many further conversations a two-sided test at ``alpha`` needs to find a true ``difference`` with ``power``.

    With k times the conversations, in the same shares of the data sets, the standard error ``se`` is ``se / sqrt(k)``.
    The smallest k is sought at which ``|difference|`` is the sum of the normal quantiles of ``1 - alpha/2`` and of
    ``power`` times it, and at which so many signs can be flipped that the smallest p reaches ``alpha``. Simulated,
    ``sign_flips`` then find 76 to 80 % for a power of .8 (docs/protocol.md#pooling).

    Returns:
        0 where there are enough already; None where the difference is 0 or more than a thousand times as many would be
        needed.
    """
    from scipy.special import ndtri

    reach = (ndtri(1 - alpha / 2) + ndtri(power)) * se
    if not difference or reach > abs(difference) * MOST**0.5:
        return None
    fewest = 1 + int(np.ceil(np.log2(1 / alpha)))
    return max(0, fewest - clusters, int(np.ceil(clusters * ((reach / difference) ** 2 - 1))))

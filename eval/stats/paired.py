"""Two systems on the same questions: difference with interval, exact tests, Holm, smallest resolvable difference."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.stats.intervals import FEWEST_CLUSTERS, LEVEL, _check, _t, cluster_se, interval

EXACT_UP_TO = 16
"""Conversations up to which all 2^C sign flips are enumerated."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Outcome of ``compare``: how far A lies above B on the same questions."""

    difference: float
    """Mean of A minus mean of B."""
    low: float | None
    high: float | None
    n: int
    clusters: int
    p_sign_flip: float | None
    """Two-sided p of flipping the sign of whole conversations; None with fewer than three conversations."""
    exact: bool
    """Whether all flips were enumerated."""
    p_mcnemar: float | None
    """Exact McNemar over questions, secondary because it takes questions as independent; None unless both are 0/1."""
    a_better: int
    """Questions where A scores higher."""
    b_better: int
    ties: int
    smallest: float | None
    """Smallest difference that would be found with 80 % power at this spread; None where no interval can be given."""
    se: float | None = None
    note: str = ""

    def tie(self, alpha: float = 0.05) -> bool:
        """Whether the data cannot tell A from B: the test is not significant or impossible, or the interval holds 0.

        Where every conversation shows the same difference there is no interval, and the test alone decides.
        """
        if self.p_sign_flip is None or self.p_sign_flip > alpha:
            return True
        return self.low is not None and self.high is not None and self.low <= 0 <= self.high


def compare(
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    clusters: Sequence[Hashable],
    *,
    level: float = LEVEL,
    extra_se: float = 0.0,
    seed: int = 0,
) -> Comparison:
    """Paired comparison of two systems.

    Args:
        a: one value a question.
        b: the other system's value for the same question, same order.
        clusters: the conversation of each question.
        level: confidence level of the difference's interval.
        extra_se: standard error of the difference that the judge itself adds, in quadrature.
        seed: for the Monte Carlo flips beyond 16 conversations.

    Raises:
        ValueError: when lengths differ or a value is not finite.
    """
    xa, codes = _check(a, clusters)
    xb, _ = _check(b, clusters)
    d = xa - xb
    mean_difference = interval(d, clusters, level=level, extra_se=extra_se)
    p, exact = sign_flip(d, clusters, seed=seed)
    binary = bool(np.isin(xa, (0, 1)).all() and np.isin(xb, (0, 1)).all())
    better, worse = int((d > 0).sum()), int((d < 0).sum())
    return Comparison(
        difference=mean_difference.mean,
        low=mean_difference.low,
        high=mean_difference.high,
        n=mean_difference.n,
        clusters=mean_difference.clusters,
        p_sign_flip=p,
        exact=exact,
        p_mcnemar=mcnemar(better, worse) if binary else None,
        a_better=better,
        b_better=worse,
        ties=len(d) - better - worse,
        smallest=smallest_difference(d, clusters, extra_se=extra_se),
        se=mean_difference.se,
        note=mean_difference.note,
    )


def sign_flip(
    differences: Sequence[float] | np.ndarray, clusters: Sequence[Hashable], *, resamples: int = 99_999, seed: int = 0
) -> tuple[float | None, bool]:
    """Two-sided sign-flip permutation test over conversations.

    Under no difference the sum of a conversation's differences is as likely negative as positive. Up to 16
    conversations all ``2^C`` flips are enumerated (1,024 for LOCOMO, smallest p 2/1,024); beyond, seeded Monte Carlo
    with the add-one rule.

    Returns:
        p, and whether it is exact. p is None with fewer than three conversations.
    """
    d, codes = _check(differences, clusters)
    sums = np.bincount(codes, weights=d) if len(d) else np.zeros(0)
    count = len(sums)
    exact = count <= EXACT_UP_TO
    if count < FEWEST_CLUSTERS:
        return None, exact
    if exact:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    else:
        signs = np.random.default_rng(seed).choice((-1, 1), size=(resamples, count))
    reached = np.abs(sums).sum() * 1e-12
    hits = int((np.abs(signs @ sums) >= abs(sums.sum()) - reached).sum())
    return (hits / len(signs), True) if exact else ((hits + 1) / (resamples + 1), False)


def mcnemar(a_only: int, b_only: int) -> float:
    """Exact two-sided McNemar p from the counts of questions that only A and only B got right."""
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(a_only, b_only), a_only + b_only, 0.5)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment over one family of tests (a table); a missing p stays missing and is not counted."""
    present = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    out: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, i) in enumerate(present):
        highest = max(highest, min(1.0, p * (len(present) - rank)))
        out[i] = highest
    return out


def smallest_difference(
    differences: Sequence[float] | np.ndarray,
    clusters: Sequence[Hashable],
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    extra_se: float = 0.0,
) -> float | None:
    """Smallest true difference that a two-sided test at ``alpha`` would find with ``power``, given this spread.

    ``(t(1 - alpha/2) + t(power)) * clustered standard error`` with ``C-1`` degrees of freedom; None with fewer than
    three conversations or when nothing varies.
    """
    d, codes = _check(differences, clusters)
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < FEWEST_CLUSTERS:
        return None
    se = float(np.hypot(cluster_se(d, codes), extra_se))
    return None if se == 0 else (_t(1 - alpha, count - 1) + _t(2 * power - 1, count - 1)) * se

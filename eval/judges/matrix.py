"""Several judges on the same answers: how far each two agree, and how far they spread every system's score.

Labels are 1 for correct, 0 for wrong and NaN where a verdict does not stand. Agreement is over the answers on which
both verdicts stand; a score is over all answers, and there a verdict that does not stand counts as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from eval.stats.intervals import FEWEST_CLUSTERS

DRAWS = 1000
"""Resamples of whole conversations behind an interval of kappa."""


@dataclass(frozen=True)
class Labelled:
    """Verdicts of several judges on the same answers; arrays of one length, one entry an answer."""

    system: np.ndarray
    conversation: np.ndarray
    label: Mapping[str, np.ndarray]
    """Judge to its labels: 1, 0 or NaN."""
    value: Mapping[str, np.ndarray]
    """Judge to what each verdict counts in a mean (the share of its runs that said correct)."""


@dataclass(frozen=True, slots=True)
class JudgePair:
    """Two judges beside one another."""

    first: str
    second: str
    n: int
    """Answers on which the verdicts of both stand."""
    agreement: float | None
    """Share of them with the same label; None where there are none."""
    kappa: float | None
    """Cohen's kappa; None where both judges give one and the same label to all."""
    low: float | None
    """95 % interval of kappa by resampling whole conversations; None with fewer than three."""
    high: float | None
    shift: float
    """Mean over the systems of the second judge's score less the first's (fraction)."""
    tau: float | None
    """Kendall's tau of the systems' scores; None where there are fewer than two, or all are equal."""


@dataclass(frozen=True, slots=True)
class JudgedSystem:
    """One system under every judge."""

    system: str
    n: int
    scores: Mapping[str, float]
    """Judge to the system's score (fraction)."""

    @property
    def lowest(self) -> float:
        return min(self.scores.values())

    @property
    def highest(self) -> float:
        return max(self.scores.values())

    @property
    def width(self) -> float:
        """How far the judges lie apart on this system (fraction)."""
        return self.highest - self.lowest


def pairs(verdicts: Labelled, seed: int = 0) -> list[JudgePair]:
    """Every two judges, in the order of the judges."""
    by_system = {spread.system: spread for spread in spreads(verdicts)}
    return [_pair(verdicts, first, second, by_system, seed) for first, second in combinations(verdicts.label, 2)]


def spreads(verdicts: Labelled) -> list[JudgedSystem]:
    """Every system under every judge, in the order of the answers."""
    out = []
    for system in dict.fromkeys(verdicts.system.tolist()):
        own = verdicts.system == system
        scores = {judge: float(values[own].mean()) for judge, values in verdicts.value.items()}
        out.append(JudgedSystem(str(system), int(own.sum()), scores))
    return out


def _pair(verdicts: Labelled, first: str, second: str, by_system: Mapping[str, JudgedSystem], seed: int) -> JudgePair:
    one, other = verdicts.label[first], verdicts.label[second]
    both = ~np.isnan(one) & ~np.isnan(other)
    counts = _counts(one[both].astype(int), other[both].astype(int), verdicts.conversation[both])
    total = counts.sum(axis=0)
    n = int(total.sum())
    low, high = _interval(counts, seed) if n else (None, None)
    ours = [(spread.scores[first], spread.scores[second]) for spread in by_system.values()]
    return JudgePair(
        first,
        second,
        n,
        float((total[0, 0] + total[1, 1]) / n) if n else None,
        kappa(total) if n else None,
        low,
        high,
        float(np.mean([b - a for a, b in ours])),
        _tau(ours),
    )


def kappa(counts: np.ndarray) -> float | None:
    """Cohen's kappa of a 2x2 table of counts; None where chance alone agrees on everything."""
    shares = counts / counts.sum()
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return None if expected >= 1 - 1e-12 else float((np.trace(shares) - expected) / (1 - expected))


def _counts(one: np.ndarray, other: np.ndarray, conversation: np.ndarray) -> np.ndarray:
    """Labels of two judges, shape (conversations, 2, 2)."""
    names, codes = np.unique(conversation, return_inverse=True)
    table = np.zeros((len(names), 2, 2))
    np.add.at(table, (codes, one, other), 1)
    return table


def _interval(counts: np.ndarray, seed: int) -> tuple[float | None, float | None]:
    """Percentile interval of kappa over resampled conversations; draws without a kappa are left out."""
    clusters = len(counts)
    if clusters < FEWEST_CLUSTERS:
        return None, None
    weights = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=DRAWS)
    drawn = [kappa(table) for table in np.tensordot(weights, counts, axes=1)]
    known = [value for value in drawn if value is not None]
    if not known:
        return None, None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _tau(scores: Sequence[tuple[float, float]]) -> float | None:
    if len(scores) < 2:
        return None
    value: Any = stats.kendalltau([a for a, _ in scores], [b for _, b in scores])[0]
    return None if np.isnan(value) else float(value)

"""Whether two data sets put the same systems in the same order, with an interval over conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.stats.intervals import LEVEL

Key = tuple[str, int]
"""Conversation and number of a question."""


@dataclass(frozen=True, slots=True)
class SystemScores:
    """What some systems scored on one data set, by conversation."""

    names: tuple[str, ...]
    sums: np.ndarray
    """Shape (systems, conversations): what a conversation's questions add up to."""
    sizes: np.ndarray
    """Shape (conversations,): questions of each."""

    @property
    def means(self) -> np.ndarray:
        """Shape (systems,): mean over all questions."""
        return self.sums.sum(axis=1) / self.sizes.sum()

    def only(self, names: tuple[str, ...]) -> SystemScores:
        """The same of some systems, in that order.

        Raises:
            KeyError: one has no scores here.
        """
        places = {name: place for place, name in enumerate(self.names)}
        return SystemScores(names, self.sums[[places[name] for name in names]], self.sizes)

    def resampled(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Shape (count, systems): means of whole conversations drawn with replacement."""
        conversations = len(self.sizes)
        draws = random.multinomial(conversations, np.full(conversations, 1 / conversations), size=count)
        return (draws @ self.sums.T) / (draws @ self.sizes)[:, None]


def by_conversation(columns: Mapping[str, Mapping[Key, float]]) -> SystemScores:
    """SystemScores from the values of every question, the same questions of every system.

    Raises:
        ValueError: systems differ in their questions, or there are none.
    """
    names = tuple(columns)
    keys = set(columns[names[0]]) if names else set()
    if not keys or any(set(columns[name]) != keys for name in names):
        raise ValueError("every system needs a value for the same questions")
    talks = sorted({sample_id for sample_id, _ in keys})
    place = {sample_id: at for at, sample_id in enumerate(talks)}
    sums, sizes = np.zeros((len(names), len(talks))), np.zeros(len(talks))
    for key in keys:
        sizes[place[key[0]]] += 1
    for row, name in enumerate(names):
        for (sample_id, _), value in columns[name].items():
            sums[row, place[sample_id]] += value
    return SystemScores(names, sums, sizes)


def fixed(means: Mapping[str, float]) -> SystemScores:
    """SystemScores of which only the means are known; resampling leaves them as they are."""
    return SystemScores(tuple(means), np.array([[mean] for mean in means.values()], dtype=float), np.ones(1))


@dataclass(frozen=True, slots=True)
class OrderAgreement:
    """Rank correlation of two sets of scores of the same systems; each with its bootstrap interval."""

    tau: float
    """Kendall's tau-b."""
    tau_interval: tuple[float, float]
    rho: float
    """Spearman's rho."""
    rho_interval: tuple[float, float]
    systems: int
    conversations: tuple[int, int]
    """That were resampled in the first and the second data set; 1 where only means were known."""


def order_agreement(
    first: SystemScores, second: SystemScores, *, level: float = LEVEL, resamples: int = 2000, seed: int = 0
) -> OrderAgreement:
    """Kendall's and Spearman's correlation of the means, with percentile intervals from resampling the conversations of
    both. Seeded.

    Raises:
        ValueError: the systems differ, or there are fewer than three.
    """
    if first.names != second.names or len(first.names) < 3:
        raise ValueError(f"needs the same three systems or more, found {first.names} and {second.names}")
    random = np.random.default_rng(seed)
    drawn = list(zip(first.resampled(resamples, random), second.resampled(resamples, random), strict=True))
    taus, rhos = (np.array([of(ours, theirs) for ours, theirs in drawn]) for of in (kendall, spearman))
    return OrderAgreement(
        kendall(first.means, second.means),
        _middle(taus, level),
        spearman(first.means, second.means),
        _middle(rhos, level),
        len(first.names),
        (len(first.sizes), len(second.sizes)),
    )


def kendall(first: np.ndarray, second: np.ndarray) -> float:
    """Kendall's tau-b of two rows of scores."""
    from scipy.stats import kendalltau

    result: Any = kendalltau(first, second)
    return float(result.statistic)


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rho of two rows of scores."""
    from scipy.stats import spearmanr

    result: Any = spearmanr(first, second)
    return float(result.statistic)


def _middle(drawn: np.ndarray, level: float) -> tuple[float, float]:
    """The ends between which ``level`` of the draws lie."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

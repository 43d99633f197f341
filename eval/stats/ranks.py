"""Ranks of several systems over conversations: Friedman's test and Nemenyi's critical difference
(Demšar, JMLR 2006)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Ranking:
    """Average ranks (1 is best) of systems over conversations."""

    names: tuple[str, ...]
    """Best average rank first."""
    ranks: tuple[float, ...]
    conversations: int
    critical_difference: float
    """Two systems whose average ranks are closer than this cannot be told apart at 5 % (Nemenyi)."""
    p_friedman: float | None
    """p of no difference at all; None with fewer than three systems."""

    def groups(self) -> list[tuple[int, int]]:
        """Longest runs of systems that cannot be told apart, as (first, last) positions in ``names``."""
        alike: list[tuple[int, int]] = []
        for first in range(len(self.ranks)):
            last = max(j for j, r in enumerate(self.ranks) if r - self.ranks[first] <= self.critical_difference)
            if last > first and not any(a <= first and last <= b for a, b in alike):
                alike.append((first, last))
        return alike


def ranking(scores: Mapping[str, Sequence[float]], *, alpha: float = 0.05) -> Ranking:
    """Rank systems by their mean scores in each conversation.

    Args:
        scores: for each system its score in each conversation (higher is better), in the same order.
        alpha: level of the critical difference.

    Raises:
        ValueError: fewer than two systems or conversations, or lists of different lengths.
    """
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    names = list(scores)
    table = np.array([list(scores[name]) for name in names], dtype=float)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"ranking needs two systems and two conversations, found {table.shape}")
    mean_ranks = rankdata(-table, axis=0).mean(axis=1)
    k, blocks = table.shape
    reach = studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * blocks))
    varies = k > 2 and bool(np.ptp(table, axis=0).any())
    order = sorted(range(k), key=lambda i: (mean_ranks[i], names[i]))
    return Ranking(
        names=tuple(names[i] for i in order),
        ranks=tuple(float(mean_ranks[i]) for i in order),
        conversations=blocks,
        critical_difference=float(reach),
        p_friedman=float(friedmanchisquare(*table).pvalue) if varies else None,
    )

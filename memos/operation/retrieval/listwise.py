"""Listwise fitting of linear weights: each gold turn above all that is not gold (softmax over the conversation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class RankedList:
    """One question's rows."""

    table: np.ndarray
    """Features, float32 (rows, features)."""
    gold: np.ndarray
    """Number of the gold turn that a row belongs to, -1 for rows that are not gold. int64 (rows,)."""
    stands_for: np.ndarray
    """How many rows of the conversation each row stands for, 1 or more. float64 (rows,)."""
    weight: float = 1.0


def fit(
    lists: Sequence[RankedList],
    ridge: float,
    least: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    start: np.ndarray | None = None,
    iterations: int = 80,
) -> np.ndarray:
    """Weights of the features, float64 (features,).

    A gold turn of several passages counts as told by any of them. A question's gold turns share its weight.

    Args:
        lists: the questions.
        ridge: penalty on squared weights of standardised features.
        least: lower bound of each weight, -inf for none.
        mask: 1 for features that take part, 0 for the others.
        start: weights to begin with.
        iterations: of L-BFGS at most.
    """
    from scipy.optimize import minimize

    table = np.concatenate([one.table for one in lists])
    mean, spread = table.mean(axis=0, dtype=np.float64), table.std(axis=0, dtype=np.float64)
    live = (spread > 1e-9) if mask is None else (spread > 1e-9) & (mask > 0)
    scale = np.where(live, spread, 1.0)
    table -= mean.astype(np.float32)
    table *= (live / scale).astype(np.float32)
    loss = _Loss(lists, table, ridge)
    floors = np.full(len(scale), -np.inf) if least is None else least
    fitted = minimize(
        loss,
        np.zeros(len(scale)) if start is None else start * scale,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None if low == -np.inf else low, None) for low in floors],
        options={"maxiter": iterations},
    )
    return fitted.x / scale * live


class _Loss:
    """The mean negative logarithm of each gold turn's share, and its slope."""

    def __init__(self, lists: Sequence[RankedList], table: np.ndarray, ridge: float) -> None:
        self.table, self.ridge, self.count = table, ridge, len(lists)
        sizes = [len(one.gold) for one in lists]
        self.starts = np.cumsum([0, *sizes[:-1]])
        self.question = np.repeat(np.arange(len(lists)), sizes)
        gold = np.concatenate([one.gold for one in lists])
        self.rows = np.flatnonzero(gold >= 0)
        self.other = np.concatenate([one.stands_for for one in lists]) * (gold < 0)
        keys = self.question[self.rows] * (int(gold.max(initial=0)) + 1) + gold[self.rows]
        known, self.turn = np.unique(keys, return_inverse=True)
        self.asks = known // (int(gold.max(initial=0)) + 1)
        weight = np.array([one.weight for one in lists])
        turns = np.bincount(self.asks, minlength=self.count)
        self.weight = (weight / weight.sum() / np.maximum(turns, 1))[self.asks]

    def __call__(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = (self.table @ weights.astype(np.float32)).astype(np.float64)
        mass = np.exp(scores - np.maximum.reduceat(scores, self.starts)[self.question])
        other = np.add.reduceat(mass * self.other, self.starts)[self.asks]
        gold = np.maximum(np.bincount(self.turn, weights=mass[self.rows]), 1e-300)
        value = float((self.weight * (np.log(other + gold) - np.log(gold))).sum())
        pull = np.bincount(self.asks, weights=self.weight / (other + gold), minlength=self.count)
        slope = mass * self.other * pull[self.question]
        slope[self.rows] = mass[self.rows] * (self.weight * (1 / (other + gold) - 1 / gold))[self.turn]
        step = (self.table.T @ slope.astype(np.float32)).astype(np.float64)
        return value + self.ridge * float(weights @ weights), step + 2 * self.ridge * weights

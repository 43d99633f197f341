"""From ranked units to hits: each hit is a compact passage of neighbouring units around a high-ranked one.

A reply is half a memory without the question before it. So a hit starts at the best unit not yet taken and grows along
the follows-edges to neighbours that rank high themselves, while it stays within its words and units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memos.operation.index import MemoryIndex


@dataclass(frozen=True, slots=True)
class Passage:
    """Rows in the order of the dialogue, and the score of the best of them."""

    rows: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Shape:
    """How far a passage may grow."""

    units: int = 4
    words: int = 110
    rank: int = 100
    """A neighbour joins only if it ranks within this depth (or, deeper in the list, within 1.5 times the seed's rank)."""


def assemble(index: MemoryIndex, scores: np.ndarray, shape: Shape, depth: int) -> list[Passage]:
    """Passages by falling score of their seed; no row is in two of them.

    Args:
        index: the units.
        scores: float (n,); -inf rows are never returned.
        shape: limits.
        depth: how many passages at most.
    """
    finite = np.flatnonzero(np.isfinite(scores))
    order = finite[np.argsort(-scores[finite], kind="stable")]
    rank = np.full(len(scores), len(scores), dtype=np.int64)
    rank[order] = np.arange(len(order))
    taken = np.zeros(len(scores), dtype=bool)
    out: list[Passage] = []
    for seed in order.tolist():
        if len(out) >= depth:
            break
        if not taken[seed]:
            rows = _grow(index, scores, rank, taken, seed, shape)
            taken[list(rows)] = True
            out.append(Passage(rows, float(scores[seed])))
    return out


def _grow(index: MemoryIndex, scores, rank, taken, seed: int, shape: Shape) -> tuple[int, ...]:
    rows = [seed]
    words = int(index.words[seed])
    limit = shape.rank if rank[seed] < shape.rank else 1.5 * rank[seed]
    while len(rows) < shape.units:
        ends = (int(index.before[rows[0]]), int(index.after[rows[-1]]))
        free = [
            (int(rank[row]), side, row)
            for side, row in enumerate(ends)
            if row >= 0 and not taken[row] and scores[row] > -np.inf and rank[row] < limit
            and words + index.words[row] <= shape.words
        ]  # fmt: skip
        if not free:
            break
        _, side, row = min(free)
        rows.insert(0 if side == 0 else len(rows), row)
        words += int(index.words[row])
    return tuple(rows)


def singles(scores: np.ndarray, depth: int) -> list[Passage]:
    """One unit a passage, for use with passages switched off."""
    finite = np.flatnonzero(np.isfinite(scores))
    order = finite[np.argsort(-scores[finite], kind="stable")][:depth]
    return [Passage((row,), float(scores[row])) for row in order.tolist()]

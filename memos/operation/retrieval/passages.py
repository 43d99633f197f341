"""From ranked units to hits: each hit is a compact passage of neighbouring units around a high-ranked one.

A reply is half a memory without the question before it. So a hit starts at the best unit not yet taken and grows along
the follows-edges to neighbours that rank high themselves, while it stays within its words and units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.ranker import best


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
    rank: int = 60
    """A neighbour joins only if it ranks within this depth (or, deeper in the list, within 1.5 times the seed's rank).
    """


def looked_at(shape: Shape, depth: int) -> int:
    """How many of the best rows may become part of ``depth`` passages."""
    reach = max(shape.rank, depth * shape.units)
    return reach + reach // 2 + 1


def assemble(index: MemoryIndex, scores: np.ndarray, shape: Shape, depth: int) -> Iterator[Passage]:
    """Passages by falling score of their seed, made as they are asked for; no row is in two of them.

    Args:
        index: the units.
        scores: float (n,); -inf rows are never returned.
        shape: limits.
        depth: how many passages at most.
    """
    order = best(scores, looked_at(shape, depth)).tolist()
    rank = dict(zip(order, range(len(order)), strict=True))
    chain = _Chain(index.before, index.after, index.words)
    for seed in order:
        if depth <= 0:
            break
        if seed in rank:
            rows = _grow(chain, rank, seed, shape)
            for row in rows:
                del rank[row]
            depth -= 1
            yield Passage(rows, float(scores[seed]))


class _Chain(NamedTuple):
    """The index's columns that passages read, fetched once."""

    before: np.ndarray
    after: np.ndarray
    words: np.ndarray


def _grow(chain: _Chain, rank: dict[int, int], seed: int, shape: Shape) -> tuple[int, ...]:
    """The passage around a seed; ``rank`` holds the rows that are not taken yet."""
    rows, size = [seed], chain.words.item
    words = size(seed)
    limit = shape.rank if rank[seed] < shape.rank else 1.5 * rank[seed]
    while len(rows) < shape.units:
        free = []
        for side, row in enumerate((chain.before.item(rows[0]), chain.after.item(rows[-1]))):
            place = rank.get(row, limit)
            if place < limit and words + size(row) <= shape.words:
                free.append((place, side, row))
        if not free:
            break
        _, side, row = min(free)
        rows.insert(0 if side == 0 else len(rows), row)
        words += size(row)
    return tuple(rows)


def singles(scores: np.ndarray, depth: int) -> Iterator[Passage]:
    """One unit a passage, for use with passages switched off."""
    return (Passage((row,), float(scores[row])) for row in best(scores, depth)[:depth].tolist())

"""The vectors of one namespace in memory: exact inner-product search, and undo for transactions that fail.

The vault's file holds the truth; this index is rebuilt from it. FAISS searches where it is installed (one thread for
one query), numpy's einsum otherwise: BLAS threads cost more than they bring at these sizes (spec/performance.md).
"""

from __future__ import annotations

import numpy as np

try:
    import faiss
except ModuleNotFoundError:
    faiss = None

_EXACT = 6
"""Decimals to which scores of equal vectors agree, whatever their place in the matrix."""


class VectorIndex:
    """Rows of float32 vectors by integer id."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.size = 0
        self._matrix = np.empty((64, dim), dtype=np.float32)
        self._ids = np.empty(64, dtype=np.int64)
        self._row_of: dict[int, int] = {}
        self._journal: list[tuple[int, np.ndarray | None]] = []

    def load(self, ids: np.ndarray, matrix: np.ndarray) -> None:
        """Fill from arrays of shapes (n,) and (n, dim)."""
        self.size, self._ids, self._matrix = len(ids), ids.copy(), np.ascontiguousarray(matrix, dtype=np.float32)
        self._row_of = {int(row_id): row for row, row_id in enumerate(ids)}

    def put(self, row_id: int, vector: np.ndarray) -> None:
        """Add or replace a vector."""
        self._journal.append((row_id, self.get(row_id)))
        self._put(row_id, vector)

    def drop(self, row_id: int) -> None:
        """Remove a vector; nothing happens where there is none."""
        old = self.get(row_id)
        if old is not None:
            self._journal.append((row_id, old))
            self._drop(row_id)

    def get(self, row_id: int) -> np.ndarray | None:
        row = self._row_of.get(row_id)
        return None if row is None else self._matrix[row].copy()

    def mark(self) -> int:
        """A point to go back to with ``undo``."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        """Take back every change since ``mark``."""
        while len(self._journal) > mark:
            row_id, old = self._journal.pop()
            if old is None:
                self._drop(row_id)
            else:
                self._put(row_id, old)

    def forget(self) -> None:
        """The changes so far are final."""
        self._journal.clear()

    def top(self, query: np.ndarray, n: int) -> list[tuple[int, float]]:
        """The ``n`` nearest rows as (id, score), best first."""
        n = min(n, self.size)
        if not n:
            return []
        matrix = self._matrix[: self.size]
        if faiss is not None:
            scores, rows = faiss.knn(query[None], matrix, n, metric=faiss.METRIC_INNER_PRODUCT)
            scores, rows = scores[0], rows[0]
        else:
            scores = np.einsum("ij,j->i", matrix, query)
            rows = np.argpartition(-scores, n - 1)[:n] if n < self.size else np.arange(self.size)
            scores = scores[rows]
        return self._ranked(rows, scores)

    def among(self, query: np.ndarray, ids: list[int]) -> list[tuple[int, float]]:
        """Scores of the given ids (those that have a vector), best first."""
        rows = np.array([row for row in map(self._row_of.get, ids) if row is not None], dtype=np.int64)
        return self._ranked(rows, np.einsum("ij,j->i", self._matrix[rows], query)) if len(rows) else []

    def _ranked(self, rows: np.ndarray, scores: np.ndarray) -> list[tuple[int, float]]:
        ids, scores = self._ids[rows], np.round(scores.astype(np.float64), _EXACT)
        order = np.lexsort((ids, -scores))
        return list(zip(ids[order].tolist(), scores[order].tolist(), strict=True))

    def _put(self, row_id: int, vector: np.ndarray) -> None:
        row = self._row_of.get(row_id)
        if row is None:
            if self.size == len(self._ids):
                room = max(64, len(self._ids))
                self._matrix = np.concatenate([self._matrix, np.empty((room, self.dim), dtype=np.float32)])
                self._ids = np.concatenate([self._ids, np.empty(room, dtype=np.int64)])
            row, self.size = self.size, self.size + 1
            self._row_of[row_id], self._ids[row] = row, row_id
        self._matrix[row] = vector

    def _drop(self, row_id: int) -> None:
        row, last = self._row_of.pop(row_id), self.size - 1
        if row != last:
            self._matrix[row], self._ids[row] = self._matrix[last], self._ids[last]
            self._row_of[int(self._ids[row])] = row
        self.size = last

"""The vectors of one namespace in memory: exact inner-product search, and undo for transactions that fail.

The vault's file holds the truth; this index is rebuilt from it. Places in the matrix are only ever appended, so that
undoing is forgetting; places left behind are skipped and dropped now and then. How the nearest are found, and why they
are the nearest on every machine, is told in ``memos.infrastructure.vault.nearest``.
"""

from __future__ import annotations

import numpy as np

from memos.infrastructure.vault import nearest

SCREENED = nearest.SCREENED
"""Vectors from which whole-number codes choose candidates."""
_STALE = 1024
"""Places left behind that are tolerated before the matrix is rewritten (or a quarter of it, where that is more)."""


class VectorIndex:
    """Float32 vectors by integer id."""

    def __init__(self, ids: np.ndarray, matrix: np.ndarray) -> None:
        """Fill from arrays of shapes (n,) and (n, dim)."""
        self.dim = matrix.shape[1]
        self._fill(np.asarray(ids, dtype=np.int64), np.ascontiguousarray(matrix, dtype=np.float32))
        self._journal: list[tuple[int, int | None]] = []

    def __len__(self) -> int:
        return len(self._place_of)

    def put(self, row_id: int, vector: np.ndarray) -> None:
        """Add or replace a vector."""
        self._journal.append((row_id, self._place_of.get(row_id)))
        if self._places == len(self._ids):
            room = max(64, self._places)
            matrix, ids = (
                np.empty((len(self._ids) + room, self.dim), np.float32),
                np.empty(len(self._ids) + room, np.int64),
            )
            matrix[: self._places], ids[: self._places] = self._matrix, self._ids
            self._matrix, self._ids = matrix, ids
        self._matrix[self._places], self._ids[self._places] = vector, row_id
        self._place_of[row_id] = self._places
        self._places += 1

    def drop(self, row_id: int) -> None:
        """Remove a vector; nothing happens where there is none."""
        place = self._place_of.pop(row_id, None)
        if place is not None:
            self._journal.append((row_id, place))

    def mark(self) -> int:
        """A point to go back to with ``undo``."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        """Take back every change since ``mark``."""
        while len(self._journal) > mark:
            row_id, place = self._journal.pop()
            if place is None:
                del self._place_of[row_id]
            else:
                self._place_of[row_id] = place

    def forget(self) -> None:
        """The changes so far are final."""
        self._journal.clear()
        if self._places - len(self) > max(_STALE, self._places // 4):
            places = np.sort(np.fromiter(self._place_of.values(), dtype=np.int64, count=len(self)))
            self._fill(self._ids[places], self._matrix[places])

    def top(self, query: np.ndarray, n: int) -> list[tuple[int, float]]:
        """The ``n`` nearest as (id, score), best first, equal scores by id. Exact on every machine.

        Raises:
            DataError: the query is not ``dim`` finite numbers.
        """
        stale = self._places - len(self)
        asked = min(n + min(stale, n), self._places)
        while asked > 0:
            ranked = self._ranked(*self._near.rows(self._matrix[: self._places], query, asked, screened=SCREENED))
            if len(ranked) >= min(n, len(self)):
                return ranked[:n]
            asked = min(asked * 4, self._places)
        return []

    def among(self, query: np.ndarray, ids: list[int]) -> list[tuple[int, float]]:
        """Scores of the given ids (those that have a vector), best first."""
        places = sorted({place for place in map(self._place_of.get, ids) if place is not None})
        rows = np.array(places, dtype=np.int64)
        return self._ranked(*self._near.rows(self._matrix[: self._places], query, len(rows), rows))

    def _fill(self, ids: np.ndarray, matrix: np.ndarray) -> None:
        self._ids, self._matrix, self._places = ids, matrix, len(ids)
        self._place_of = {row_id: place for place, row_id in enumerate(ids.tolist())}
        self._near = nearest.Nearest()

    def _ranked(self, places: np.ndarray, scores: np.ndarray) -> list[tuple[int, float]]:
        ids = self._ids[places]
        order = np.lexsort((ids, -scores))
        place_of = self._place_of
        scored = zip(ids[order].tolist(), places[order].tolist(), scores[order].tolist(), strict=True)
        return [(row_id, score) for row_id, place, score in scored if place_of.get(row_id) == place]

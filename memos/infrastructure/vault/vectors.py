"""The vectors of one namespace in memory: exact inner-product search, and undo for transactions that fail.

The vault's file holds the truth; this index is rebuilt from it. Places in the matrix are only ever appended, so that
undoing is forgetting; places left behind are skipped and dropped now and then. Small sets are searched by FAISS's flat
search in one thread. Larger ones are screened in 8 bits a value (a quarter of the memory traffic, which is what a flat
search costs) and rescored in float32; each vector's rounding error bounds what the screen can miss, so the result is
exact. Without FAISS, numpy's einsum searches everything: BLAS threads cost more than they bring here
(spec/performance.md).
"""

from __future__ import annotations

import numpy as np

try:
    import faiss
except ModuleNotFoundError:
    faiss = None

SCREENED = 4096
"""Vectors from which the 8-bit screen is used."""
_EXACT = 6
"""Decimals to which scores of equal vectors agree, whatever their place in the matrix."""
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
            matrix, ids = np.empty((len(self._ids) + room, self.dim), np.float32), np.empty(len(self._ids) + room, np.int64)
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
            kept = np.sort(np.fromiter(self._place_of.values(), dtype=np.int64, count=len(self)))
            self._fill(self._ids[kept], self._matrix[kept])

    def top(self, query: np.ndarray, n: int) -> list[tuple[int, float]]:
        """The ``n`` nearest as (id, score), best first, equal scores by id."""
        stale = self._places - len(self)
        asked = min(n + min(stale, n), self._places)
        while asked:
            places, scores = self._nearest(query, asked)
            ranked = self._ranked(places, scores)
            if len(ranked) >= min(n, len(self)):
                return ranked[:n]
            asked = min(asked * 4, self._places)
        return []

    def among(self, query: np.ndarray, ids: list[int]) -> list[tuple[int, float]]:
        """Scores of the given ids (those that have a vector), best first."""
        places = np.array([place for place in map(self._place_of.get, ids) if place is not None], dtype=np.int64)
        return self._ranked(places, self._scores(query, places)) if len(places) else []

    def _fill(self, ids: np.ndarray, matrix: np.ndarray) -> None:
        self._ids, self._matrix, self._places = ids, matrix, len(ids)
        self._place_of = {row_id: place for place, row_id in enumerate(ids.tolist())}
        self._screen: Screen | None = None

    def _scores(self, query: np.ndarray, places: np.ndarray) -> np.ndarray:
        return np.einsum("ij,j->i", self._matrix[places], query)

    def _nearest(self, query: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The ``n`` nearest places, stale ones included, in no order."""
        matrix = self._matrix[: self._places]
        if faiss is None:
            scores = np.einsum("ij,j->i", matrix, query)
            best = np.argpartition(-scores, n - 1)[:n]
            return best, scores[best]
        if self._places < SCREENED or n * 8 > self._places:
            scores, best = faiss.knn(query[None], matrix, n, metric=faiss.METRIC_INNER_PRODUCT)
            return best[0], scores[0]
        if self._screen is None:
            self._screen = Screen(matrix)
        return self._screen.nearest(matrix, query, n, self._scores)

    def _ranked(self, places: np.ndarray, scores: np.ndarray) -> list[tuple[int, float]]:
        ids = self._ids[places]
        rounded = np.round(scores.astype(np.float64), _EXACT)
        order = np.lexsort((ids, -rounded))
        place_of = self._place_of
        found = zip(ids[order].tolist(), places[order].tolist(), rounded[order].tolist(), strict=True)
        return [(row_id, score) for row_id, place, score in found if place_of.get(row_id) == place]


def products(matrix: np.ndarray, rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Inner products of some rows of a float32 matrix (C order) with a vector, without copying the rows. float32 (len(rows),)."""
    if faiss is None:
        return matrix[rows] @ vector
    rows, vector = np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(vector, np.float32)
    out = np.empty(len(rows), np.float32)
    pointers = map(faiss.swig_ptr, (out, vector, matrix, rows))
    faiss.fvec_inner_products_by_idx(*pointers, matrix.shape[1], 1, len(rows))
    return out


class Screen:
    """The same matrix in 8 bits a value, with the largest error of any row."""

    def __init__(self, matrix: np.ndarray) -> None:
        self._codes = faiss.IndexScalarQuantizer(
            matrix.shape[1], faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
        )
        self._step = float(np.abs(matrix).max()) / 127 or 1.0
        self._error = 0.0

    def nearest(self, matrix: np.ndarray, query: np.ndarray, n: int, rescore) -> tuple[np.ndarray, np.ndarray]:
        """Exactly the ``n`` nearest places, in falling order."""
        self._append(matrix)
        slack = self._error * float(np.linalg.norm(query)) + 1e-5
        screened = 3 * n + 64
        while True:
            screened = min(screened, len(matrix))
            coarse, places = self._codes.search(query[None], screened)
            scores = rescore(query, places[0])
            best = np.argsort(-scores, kind="stable")[:n]
            if screened == len(matrix) or scores[best[-1]] >= coarse[0, -1] * self._step + slack:
                return places[0][best], scores[best]
            screened *= 4

    def _append(self, matrix: np.ndarray) -> None:
        for start in range(self._codes.ntotal, len(matrix), 16_384):
            part = matrix[start : start + 16_384]
            codes = np.clip(np.round(part / self._step), -127, 127)
            self._error = max(self._error, float(np.linalg.norm(part - codes * self._step, axis=1).max()))
            self._codes.add(codes)

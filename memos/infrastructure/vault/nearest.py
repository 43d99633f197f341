"""Exact inner-product search over the rows of a growing float32 matrix: the one door to every kernel.

Results are those of exact arithmetic on the float32 values, whatever processor, BLAS or version of FAISS computes:
kernels only choose candidates, by proven bounds, and float64 decides. Up to a number of rows all are scored in
float32; from there on whole-number codes choose candidates (``screen``), which reads a quarter of the memory. A kernel
that is caught computing something else is left out, with one note.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from memos.errors import DataError
from memos.infrastructure.vault import kernels
from memos.infrastructure.vault.screen import Candidates, Products, Screen, WrongProducts, distrusted, library

SCREENED = 4096
"""Rows from which candidates are chosen by whole-number codes."""
_SAMPLE = 64
"""Rows whose float32 scores are held against float64 at first."""


class Nearest:
    """What a search keeps of a matrix beside it: lengths of rows, and codes where there are many. Rows may only be
    appended.
    """

    def __init__(self) -> None:
        self._lengths = np.empty(0)
        self._measured = 0
        self._longest = 0.0
        self._screen: Screen | None = None
        self._plain = False
        """Whether codes are of no use: no kernel gives right products."""
        self._products: Products | Any = None
        """The quickest float32 products that keep their bound; None where none do."""
        self._looked = 0
        """Rows there were when that was last looked at."""

    def rows(
        self, matrix: np.ndarray, query: np.ndarray, n: int, among: np.ndarray | None = None, screened: int = SCREENED
    ) -> tuple[np.ndarray, np.ndarray]:
        """The ``n`` nearest rows, and those that tie with the last, by falling score and then by row; their scores.

        Args:
            matrix: float32 (rows, dim), C order; its earlier rows are those of the call before.
            query: finite float32 (dim,).
            n: how many; all, where there are fewer.
            among: only these rows, ascending.
            screened: rows from which codes are used.

        Returns:
            int64 rows, and float64 inner products off by less than 1e-13 of the product of the lengths.

        Raises:
            DataError: the query or a row has a value that is not finite, or the query has another shape.
        """
        query = self._taken(matrix, query)
        n = min(n, len(matrix) if among is None else len(among))
        if n <= 0:
            return np.empty(0, np.int64), np.empty(0)
        rows, scores = self._exact(matrix, query, self._candidates(matrix, query, n, among, screened).rows, n)
        end = np.searchsorted(-scores, -scores[n - 1], side="right")
        return rows[:end], scores[:end]

    def best(
        self,
        matrix: np.ndarray,
        query: np.ndarray,
        n: int,
        alive: np.ndarray,
        among: np.ndarray | None = None,
        screened: int = SCREENED,
    ) -> np.ndarray:
        """The ``n`` nearest rows in no order, of equals the earlier ones; for less than ``rows``, as few need float64.

        Args:
            alive: which rows count, boolean (rows,); all of ``among`` must.
        """
        query = self._taken(matrix, query)
        live = int(np.count_nonzero(alive)) if among is None else len(among)
        n, hidden = min(n, live), len(matrix) - live if among is None else 0
        if n <= 0:
            return np.empty(0, np.int64)
        chosen = self._candidates(matrix, query, n + hidden, among, screened)
        if hidden:
            chosen = chosen.where(alive[chosen.rows])
        if len(chosen.rows) <= n:
            return chosen.rows
        sure = chosen.low > np.partition(chosen.high, -n - 1)[-n - 1]
        missing = n - int(np.count_nonzero(sure))
        if not missing:
            return chosen.rows[sure]
        rest, _ = self._exact(matrix, query, chosen.rows[~sure], missing)
        return np.concatenate([chosen.rows[sure], rest[:missing]])

    def products(self, matrix: np.ndarray, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Inner products of some rows with a vector, within ``kernels.bounds``. float32 (len(rows),)."""
        vector = self._taken(matrix, vector)
        if self._products is None:
            return kernels.exact(matrix, vector, rows).astype(np.float32)
        return self._products(matrix, vector, rows)

    def _taken(self, matrix: np.ndarray, query: np.ndarray) -> np.ndarray:
        self._measure(matrix)
        if len(matrix) >= max(1, 2 * self._looked):
            self._looked = len(matrix)
            self._products = trusted(matrix, self._lengths[: len(matrix)])
        return checked(query, matrix.shape[1])

    def _exact(self, matrix: np.ndarray, query: np.ndarray, rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The ``n`` nearest of some rows, and all as good as the last, in order; their scores."""
        scores = kernels.exact(matrix, query, rows)
        near = 2 * kernels.rounding(self._longest, kernels.length(query), len(query))
        near_enough = scores >= np.partition(scores, -n)[-n] - near
        return kernels.in_order(matrix, query, rows[near_enough], scores[near_enough], near)

    def _candidates(
        self, matrix: np.ndarray, query: np.ndarray, n: int, among: np.ndarray | None, screened: int
    ) -> Candidates:
        length = kernels.length(query)
        if self._products is None or not kernels.safe(self._longest * length):
            every = np.arange(len(matrix)) if among is None else among
            return Candidates(every, np.full(len(every), -np.inf), np.full(len(every), np.inf))
        if among is None and len(matrix) >= screened and (3 * n + 64) * 4 <= len(matrix):
            chosen = self._screened(matrix, query, n)
            if chosen is not None:
                return chosen
        every = np.arange(len(matrix)) if among is None else among
        doubt = kernels.bounds(self._lengths[every], length, len(query))
        scores = kernels.products(matrix, query) if among is None else self._products(matrix, query, among)
        low, high = scores - doubt, scores + doubt
        return Candidates(every, low, high).where(high >= np.partition(low, -n)[-n])

    def _screened(self, matrix: np.ndarray, query: np.ndarray, n: int) -> Candidates | None:
        if self._plain:
            return None
        if self._screen is None:
            self._screen = Screen.open(matrix)
            self._plain = self._screen is None
        if self._screen is None:
            return None
        try:
            return self._screen.nearest(matrix, self._longest, query, n, self._products)
        except WrongProducts:
            distrusted(self._screen.kind)
            self._screen, self._plain = None, True
            return None

    def _measure(self, matrix: np.ndarray) -> None:
        if self._measured == len(matrix):
            return
        if len(matrix) > len(self._lengths):
            grown = np.empty(max(len(matrix), 2 * self._measured))
            grown[: self._measured] = self._lengths[: self._measured]
            self._lengths = grown
        fresh = kernels.lengths(matrix[self._measured :])
        if not np.isfinite(fresh).all():
            raise DataError(f"vector {self._measured + int(np.argmin(np.isfinite(fresh)))}: a value is not finite")
        self._lengths[self._measured : len(matrix)] = fresh
        self._measured, self._longest = len(matrix), max(self._longest, float(fresh.max()))


def checked(query: np.ndarray, dim: int) -> np.ndarray:
    """A query as float32 (dim,).

    Raises:
        DataError: it has another shape or a value that is not finite.
    """
    given = np.ascontiguousarray(query, dtype=np.float32)
    if given.shape != (dim,):
        raise DataError(f"query of shape {given.shape} where {dim} dimensions are expected")
    if not np.isfinite(given).all():
        raise DataError("query with a value that is not finite")
    return given


def trusted(matrix: np.ndarray, lengths: np.ndarray) -> Products | None:
    """The quickest float32 products that keep their bound against float64 on a sample of rows; None, with a note,
    where none do.
    """
    sample = np.unique(np.linspace(0, len(matrix) - 1, _SAMPLE).astype(np.int64))
    wide = matrix[sample[len(sample) // 2]].astype(np.float64)
    query = (wide / (np.linalg.norm(wide) or 1.0)).astype(np.float32)
    doubt = np.where(
        kernels.safe(lengths[sample]), kernels.bounds(lengths[sample], kernels.length(query), len(query)), np.inf
    )
    true = kernels.exact(matrix, query, sample)

    def holds(products: Products) -> bool:
        off = np.abs(products(matrix, query, sample) - true)
        return bool(((off <= doubt) | np.isinf(doubt)).all())

    if not holds(kernels.products):
        kernels.note(
            "numpy",
            f"numpy {np.__version__}: wrong float32 inner products on this machine; vectors are searched in float64, "
            "with the same results but more slowly",
        )
        return None
    faiss = library() if len(matrix) >= SCREENED else None
    if faiss is None:
        return kernels.products
    quick = partial(kernels.indexed, faiss)
    if holds(quick):
        return quick
    distrusted("fvec_inner_products_by_idx")
    return kernels.products

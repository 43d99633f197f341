"""Inner products of float32 vectors, and how far each of them may be from the truth.

``products`` is quick, in float32, and so is FAISS's ``indexed``, which copies no rows; ``bounds`` proves how far both
may be off, in whatever order a processor adds. ``exact`` decides: products of float32 values have at most 48 bits and
are held by float64 without rounding, and their sum is off by less than ``rounding``, which ``in_order`` clears up
where two scores lie closer than that. Everything here runs in one thread: BLAS threads cost more than they bring for
one query, and einsum's result hangs on no BLAS.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

SINGLE, DOUBLE = 2.0**-24, 2.0**-53
"""Half a unit in the last place of 1: the largest relative error of one rounding."""
_TINY = 2.0**-126
"""Smallest normal float32: smaller values and products may be flushed to zero."""
_LARGEST = 1e37
"""Up to this product of lengths no float32 sum overflows."""
_BLOCK = 4096
"""Rows taken to float64 at once."""
_TOLD: set[str] = set()
"""Libraries of which something was told already."""


def products(matrix: np.ndarray, query: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Inner products of a float32 matrix (or some of its rows) with a vector. float32 (rows,)."""
    return np.einsum("ij,j->i", matrix if rows is None else matrix.take(rows, axis=0), query)


def indexed(faiss, matrix: np.ndarray, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Inner products of some rows of a float32 matrix (C order) with a vector, both float32, by FAISS."""
    rows, out = np.ascontiguousarray(rows, np.int64), np.empty(len(rows), np.float32)
    pointers = map(faiss.swig_ptr, (out, query, matrix, rows))
    with one_thread(faiss):
        faiss.fvec_inner_products_by_idx(*pointers, matrix.shape[1], 1, len(rows))
    return out


@contextmanager
def one_thread(faiss) -> Iterator[None]:
    """FAISS in the calling thread alone: it starts its threads even for one query, which one of them answers while the
    others spin. Other threads of the program keep their setting, and this one has its own back afterwards.
    """
    threads = faiss.omp_get_max_threads()
    if threads == 1:
        yield
        return
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def bounds(length, query_length: float, dim: int):
    """How far ``products`` may be from the truth, whatever the order of its sums and whether denormals are kept.

    A sum of ``dim`` products is off by at most ``dim * u / (1 - dim * u)`` of the sum of their sizes, which is at most
    the product of the lengths (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). Holds where that
    product is ``safe``.

    Args:
        length: of a row, or of rows as float64.
    """
    flushed = _TINY * (dim + math.sqrt(dim) * (length + query_length))
    return _gamma(dim + 2, SINGLE) * (length * query_length) + flushed


def safe(most):
    """Whether no float32 sum of products can overflow, by the product of the lengths."""
    return most < _LARGEST


def rounding(longest: float, query_length: float, dim: int) -> float:
    """How far ``exact`` may be from the truth, for rows up to a length."""
    return _gamma(dim + 2, DOUBLE) * longest * query_length


def summed(most: float, dim: int) -> float:
    """How far a float32 sum of integers may be off whose sizes add up to at most ``most``: exact below 2**24."""
    return 0.0 if most < 2**24 else _gamma(dim + 2, SINGLE) * most


def length(vector: np.ndarray) -> float:
    """Euclidean length of a vector."""
    wide = vector.astype(np.float64)
    return math.sqrt(float(wide @ wide))


def lengths(matrix: np.ndarray) -> np.ndarray:
    """Euclidean lengths of rows. float64 (rows,)."""
    out = np.empty(len(matrix))
    for start in range(0, len(matrix), _BLOCK):
        block = matrix[start : start + _BLOCK].astype(np.float64)
        out[start : start + _BLOCK] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return out


def exact(matrix: np.ndarray, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Inner products of some rows in float64, each summed in the same order wherever the row stands. float64
    (len(rows),).
    """
    wide, out = query.astype(np.float64), np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        block = matrix.take(rows[start : start + _BLOCK], axis=0).astype(np.float64)
        block *= wide
        out[start : start + _BLOCK] = block.sum(axis=1)
    return out


def in_order(
    matrix: np.ndarray, query: np.ndarray, rows: np.ndarray, scores: np.ndarray, near: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and scores by falling score, equal scores by row.

    Scores closer than ``near`` and yet unequal are summed again without any rounding but the last, so that the order is
    that of the true inner products, and rows whose true products are equal are equal.
    """
    order = np.lexsort((rows, -scores))
    rows, scores = rows[order], scores[order]
    gaps = scores[:-1] - scores[1:]
    if ((gaps > 0) & (gaps <= near)).any():
        group = np.concatenate([[0], np.cumsum(gaps > near)])
        doubtful = np.isin(group, group[1:][(gaps > 0) & (gaps <= near)])
        wide = query.astype(np.float64)
        scores[doubtful] = [math.fsum((matrix[row].astype(np.float64) * wide).tolist()) for row in rows[doubtful]]
        order = np.lexsort((rows, -scores))
        rows, scores = rows[order], scores[order]
    return rows, scores


def note(library: str, message: str) -> None:
    """Tell something of a library, once a process and library."""
    if library not in _TOLD:
        _TOLD.add(library)
        logging.getLogger("memos").warning(message)


def _gamma(terms: int, unit: float) -> float:
    return terms * unit / (1 - terms * unit)

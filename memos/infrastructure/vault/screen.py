"""A copy of a matrix in whole numbers from -127 to 127, and what it can miss.

A row x is s·x' + e and a query q is t·q' + f, with whole x' and q'. FAISS ranks the rows by x'·q', a sum of whole
numbers that float32 and integers hold exactly below 2**24: whether a kernel casts the query to integers, and in which
order it adds, changes nothing. The true score differs from s·t·(x'·q') by x·f + e·(t·q'), at most |x|·|f| + |e|·|t·q'|;
both lengths of error are measured, so what a screen has left out is known to lie below a line. ``Screen.open`` tries
FAISS's kernel on rows of the matrix before it is used, and every search holds its scores against those of float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from memos.infrastructure.vault import kernels

KINDS = ("QT_8bit_direct_signed", "QT_fp16")
"""FAISS's stores of whole numbers, the quickest first; FAISS 1.8 has only the second."""
_TOP = 127
_BLOCK = 4096
"""Rows coded at once."""
_SAMPLE = 64
"""Rows whose coarse scores are computed again when a screen is opened."""
_MEASURED = 1e-12
"""Bound of the rounding in what is measured in float64 here, as a share of the product of the lengths."""
_LEAST = 64
"""Candidates that are asked for however few rows are wanted."""
_ROOM = 1.25
"""Room for larger values when a larger one has made it necessary to code everything again."""


Products = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Inner products of some rows of a matrix with a vector: ``products(matrix, vector, rows)``, float32."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows that may be among the nearest."""

    rows: np.ndarray
    low: np.ndarray
    """What each one's score is at least, float64."""
    high: np.ndarray
    """What it is at most."""

    def where(self, mask: np.ndarray) -> Candidates:
        """Those that a mask keeps."""
        return Candidates(self.rows[mask], self.low[mask], self.high[mask])


class WrongProducts(Exception):
    """A kernel's products are not those of the numbers it was given."""


@cache
def library() -> Any:
    """FAISS, or None where it is absent or cannot be loaded (then with a note)."""
    try:
        import faiss
    except ModuleNotFoundError:
        return None
    except ImportError as error:
        why = str(error).splitlines()[0]
        kernels.note("faiss", f"faiss-cpu cannot be loaded ({why}); vectors are searched by numpy, more slowly")
        return None
    return faiss


class Screen:
    """Whole-number codes of a growing float32 matrix."""

    def __init__(self, kind: str, matrix: np.ndarray) -> None:
        self.kind = kind
        self._share = 3.0
        """Candidates that are asked for, a row wanted, beside ``_LEAST``; follows what earlier searches needed."""
        self._start(matrix, 1.0)
        self._append(matrix)

    @classmethod
    def open(cls, matrix: np.ndarray) -> Screen | None:
        """A screen whose kernel gives the right products of this matrix; None, with a note, where no kernel does."""
        faiss, chosen, wrong = library(), None, []
        for kind in KINDS if faiss is not None else ():
            if chosen is None and hasattr(faiss.ScalarQuantizer, kind):  # pyright: ignore[reportOptionalMemberAccess]  # FAISS is there
                screen = cls(kind, matrix)
                try:
                    screen.check(matrix)
                    chosen = screen
                except WrongProducts:
                    wrong.append(kind)
        if wrong:
            distrusted(" and ".join(wrong))
        return chosen

    def nearest(
        self, matrix: np.ndarray, longest: float, query: np.ndarray, n: int, products: Products
    ) -> Candidates | None:
        """Rows among which all of the ``n`` nearest are, and all that tie with the last; None where too many would do.

        Args:
            longest: length of the longest row; ``kernels.safe`` with that of the query.
            products: float32 products that keep ``kernels.bounds``.

        Raises:
            WrongProducts: a coarse score is further from that of float32 than it can be.
        """
        self._append(matrix)
        codes, step = coded(query)
        if not step:
            return None
        length, coarse_length = kernels.length(query), kernels.length(codes)
        unit = step * self._step
        slack = longest * kernels.length(query - step * codes.astype(np.float64)) + self._error * step * coarse_length
        slack += unit * kernels.summed(self._longest * coarse_length, len(query)) + _MEASURED * longest * length
        doubt = kernels.bounds(longest, length, len(query))
        asked = int(self._share * n) + _LEAST
        while asked * 4 <= len(matrix):
            coarse, rows = self._search(codes, asked)
            coarse *= unit
            scores = products(matrix, query, rows[:n]).astype(np.float64)
            least = scores.min() - doubt
            if least > coarse.min() + slack:
                end = n + np.count_nonzero(coarse[n:] + slack >= least)
                self._share = max(0.9 * self._share, (1.2 * end - _LEAST) / n)
                scores = np.concatenate([scores, products(matrix, query, rows[n:end])])
                if np.abs(scores - coarse[:end]).max() > slack + doubt:
                    raise WrongProducts
                return Candidates(rows[:end], scores - doubt, scores + doubt).where(scores + doubt >= least)
            asked *= 2
        return None

    def check(self, matrix: np.ndarray) -> None:
        """Hold the kernel against sums in float64: on rows and extreme values alone, then on rows within the whole.

        Raises:
            WrongProducts: they differ.
        """
        dim = matrix.shape[1]
        extreme = np.full((3, dim), _TOP, np.float32)
        extreme[1] *= -1
        extreme[2, ::2] *= -1
        sample = np.unique(np.linspace(0, len(matrix) - 1, _SAMPLE).astype(np.int64))
        rows = np.concatenate([self._coded(matrix[sample]), extreme])
        small = self._made(dim)
        small.add(rows)
        for query in (rows[0], rows[len(sample) // 2], rows[-1], -rows[-2]):
            want = rows.astype(np.float64) @ query.astype(np.float64)
            close = kernels.summed(float(np.linalg.norm(query)) * _TOP * dim**0.5, dim)
            got, places = small.search(query[None], len(rows))
            whole, top = self._codes.search(query[None], min(len(matrix), _SAMPLE))
            unseen = ~np.isin(sample, top[0])
            right = (
                np.array_equal(np.sort(places[0]), np.arange(len(rows)))
                and (np.abs(got[0] - want[places[0]]) <= close).all()
                and (want[: len(sample)][unseen] <= whole[0, -1] + close).all()
            )
            if not right:
                raise WrongProducts

    def _search(self, codes: np.ndarray, asked: int) -> tuple[np.ndarray, np.ndarray]:
        with kernels.one_thread(library()):
            coarse, rows = self._codes.search(codes[None], asked)
        if rows.min() < 0:
            raise WrongProducts
        return coarse[0].astype(np.float64), rows[0]

    def _start(self, matrix: np.ndarray, room: float) -> None:
        self._codes = self._made(matrix.shape[1])
        self._step = room * float(np.abs(matrix).max()) / _TOP or 1.0
        self._error = self._longest = 0.0

    def _made(self, dim: int):
        faiss = library()
        return faiss.IndexScalarQuantizer(dim, getattr(faiss.ScalarQuantizer, self.kind), faiss.METRIC_INNER_PRODUCT)

    def _coded(self, rows: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(rows / self._step), -_TOP, _TOP).astype(np.float32)

    def _append(self, matrix: np.ndarray) -> None:
        fresh = matrix[self._codes.ntotal :]
        if len(fresh) and float(np.abs(fresh).max()) > (_TOP + 0.5) * self._step:
            self._start(matrix, _ROOM)
        for start in range(self._codes.ntotal, len(matrix), _BLOCK):
            rows = matrix[start : start + _BLOCK].astype(np.float64)
            codes = self._coded(rows)
            self._error = max(self._error, float(np.linalg.norm(rows - codes * self._step, axis=1).max()))
            self._longest = max(self._longest, float(np.linalg.norm(codes.astype(np.float64), axis=1).max()))
            self._codes.add(codes)


def coded(query: np.ndarray) -> tuple[np.ndarray, float]:
    """A query in whole numbers, float32, and the size of one; of a query of zeros the size is 0."""
    wide = query.astype(np.float64)
    step = float(np.abs(wide).max()) / _TOP
    return (np.rint(wide / step) if step else wide).astype(np.float32), step


def distrusted(kind: str) -> None:
    """Tell once that a kernel is not used."""
    version = getattr(library(), "__version__", "")
    kernels.note(
        "faiss",
        f"faiss-cpu {version}: wrong inner products of {kind} on this machine; vectors are searched without it, with "
        "the same results but more slowly",
    )

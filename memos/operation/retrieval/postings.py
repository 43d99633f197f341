"""Postings of the keyword channel: for each term the rows that hold it, in arrays that grow in place.

A new memory appends to the arrays of its own terms, so that the next search reads them without building anything again.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np


class Posting:
    """Rows (ascending) that hold a term, and how often each does."""

    __slots__ = ("_counts", "_new", "_new_counts", "_rows", "_size")

    def __init__(self) -> None:
        self._rows, self._counts, self._size = np.empty(0, np.int64), np.empty(0, np.float64), 0
        self._new, self._new_counts = array("q"), array("d")

    def append(self, row: int, count: int) -> None:
        """Add a row above all rows so far."""
        self._new.append(row)
        self._new_counts.append(count)

    def remove(self, row: int) -> None:
        """Take a row out; it must be there. Arrays given out before stay as they are."""
        rows, counts = self.arrays()
        place = int(np.searchsorted(rows, row))
        self._rows, self._counts = np.delete(rows, place), np.delete(counts, place)
        self._size = len(self._rows)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows int64 and counts float64, as views that later appends leave alone."""
        if self._new:
            self._settle()
        return self._rows[: self._size], self._counts[: self._size]

    def __len__(self) -> int:
        return self._size + len(self._new)

    def _settle(self) -> None:
        size = self._size + len(self._new)
        if size > len(self._rows):
            room = max(size, len(self._rows) * 3 // 2)
            rows, counts = np.empty(room, np.int64), np.empty(room, np.float64)
            rows[: self._size], counts[: self._size] = self._rows[: self._size], self._counts[: self._size]
            self._rows, self._counts = rows, counts
        self._rows[self._size : size], self._counts[self._size : size] = self._new, self._new_counts
        self._size = size
        del self._new[:], self._new_counts[:]


class Postings:
    """All terms' postings."""

    def __init__(self) -> None:
        self._terms: dict[str, Posting] = {}

    def add(self, row: int, words: Iterable[str]) -> None:
        """Append a row under each of its words, repeats counted; rows come in ascending order."""
        counts: dict[str, int] = {}
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        for term, count in counts.items():
            posting = self._terms.get(term)
            if posting is None:
                posting = self._terms[term] = Posting()
            posting.append(row, count)

    def remove(self, row: int, words: Iterable[str]) -> None:
        """Take a row out of the postings of its words."""
        for term in set(words):
            self._terms[term].remove(row)

    def count(self, term: str) -> int:
        """In how many rows a term is."""
        posting = self._terms.get(term)
        return 0 if posting is None else len(posting)

    def of(self, term: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Rows with a term and its counts there; None where no row has it."""
        posting = self._terms.get(term)
        if posting is None:
            return None
        rows, counts = posting.arrays()
        return (rows, counts) if len(rows) else None

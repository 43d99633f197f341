"""Small exact indexes that the baselines share: cosine over unit vectors, BM25, and rank fusion.

Ties are broken by insertion order, so equal stores rank equally before and after a save.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from memos.infrastructure.vault.kernels import products

_TERM = re.compile(r"[a-z0-9]+")


def terms(text: str) -> list[str]:
    """Lower-case alphanumeric terms."""
    return _TERM.findall(text.lower())


class KeyedVectors:
    """Unit vectors by key, searched exactly by cosine."""

    def __init__(self, dim: int) -> None:
        self.keys: list[str] = []
        self._rows: dict[str, int] = {}
        self._matrix = np.zeros((64, dim), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def matrix(self) -> np.ndarray:
        """float32, shape (number of keys, dim), rows in insertion order."""
        return self._matrix[: len(self.keys)]

    def put(self, key: str, vector: np.ndarray) -> None:
        """Insert, or replace the vector of a known key in place."""
        row = self._rows.get(key)
        if row is None:
            row = len(self.keys)
            if row == len(self._matrix):
                self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
            self.keys.append(key)
            self._rows[key] = row
        self._matrix[row] = vector

    def remove(self, key: str) -> None:
        """Forget a key; the order of the others stays."""
        row = self._rows.pop(key)
        self._matrix[row : len(self.keys) - 1] = self._matrix[row + 1 : len(self.keys)].copy()
        del self.keys[row]
        for later in self.keys[row:]:
            self._rows[later] -= 1

    def vector(self, key: str) -> np.ndarray:
        return self._matrix[self._rows[key]]

    def search(self, vector: np.ndarray, limit: int, least: float = -1.0) -> list[tuple[str, float]]:
        """The nearest keys with cosine at least ``least``, best first."""
        if not self.keys or limit <= 0:
            return []
        scores = products(self.matrix, np.asarray(vector, dtype=np.float32))
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(self.keys[i], float(scores[i])) for i in order if scores[i] >= least]

    def load(self, keys: Sequence[str], matrix: np.ndarray) -> None:
        """Replace the whole content."""
        rows = max(64, 1 << max(0, len(keys) - 1).bit_length())
        self._matrix = np.zeros((rows, self._matrix.shape[1]), dtype=np.float32)
        self._matrix[: len(keys)] = matrix
        self.keys = list(keys)
        self._rows = {key: row for row, key in enumerate(self.keys)}


class BM25:
    """Okapi BM25 (k1 1.5, b 0.75; idf with +1 inside the logarithm so that it is never negative) with live updates."""

    def __init__(self, k1: float = 1.5, b: float = 0.75) -> None:
        self.k1, self.b = k1, b
        self._keys: list[str] = []
        self._rows: dict[str, int] = {}
        self._terms: list[Counter[str]] = []
        self._lengths = np.zeros(64)
        self._postings: dict[str, dict[int, int]] = {}
        self._arrays: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def put(self, key: str, document: Sequence[str]) -> None:
        """Insert a document given as terms, or replace the one of a known key in place."""
        row = self._rows.get(key)
        counts = Counter(document)
        if row is None:
            row = self._rows[key] = len(self._keys)
            self._keys.append(key)
            self._terms.append(counts)
            if row == len(self._lengths):
                self._lengths = np.concatenate([self._lengths, np.zeros_like(self._lengths)])
        else:
            for term in self._terms[row].keys() - counts.keys():
                del self._postings[term][row]
                self._arrays.pop(term, None)
            self._terms[row] = counts
        self._lengths[row] = len(document)
        for term, count in counts.items():
            self._postings.setdefault(term, {})[row] = count
            self._arrays.pop(term, None)

    def _posting(self, term: str) -> tuple[np.ndarray, np.ndarray] | None:
        if term not in self._arrays:
            counts = self._postings.get(term)
            if not counts:
                return None
            rows = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
            self._arrays[term] = (rows, np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        return self._arrays[term]

    def search(self, query: Iterable[str], limit: int) -> list[tuple[str, float]]:
        """Documents that share a term with the query, best first."""
        number = len(self._keys)
        if not number or limit <= 0:
            return []
        lengths = self._lengths[:number]
        norms = self.k1 * (1 - self.b + self.b * lengths / (lengths.sum() / number or 1.0))
        scores = np.zeros(number)
        for term in dict.fromkeys(query):
            posting = self._posting(term)
            if posting is not None:
                rows, counts = posting
                idf = math.log(1 + (number - len(rows) + 0.5) / (len(rows) + 0.5))
                scores[rows] += idf * counts * (self.k1 + 1) / (counts + norms[rows])
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(self._keys[row], float(scores[row])) for row in order if scores[row] > 0]


def reciprocal_rank_fusion(rankings: Iterable[Sequence[Hashable]], rank_const: int = 1) -> list[tuple[Hashable, float]]:
    """Fuse rankings: the score of a key is the sum of 1 / (rank + ``rank_const``), ranks from 0.

    See docs/systems.md#zep.
    """
    scores: dict[Hashable, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking):
            scores[key] = scores.get(key, 0.0) + 1.0 / (rank + rank_const)
    return sorted(scores.items(), key=lambda item: -item[1])


def maximal_marginal_relevance(
    query: np.ndarray, candidates: Sequence[tuple[str, np.ndarray]], weight: float, limit: int
) -> list[tuple[str, float]]:
    """Order candidates by ``weight`` x relevance - (1 - ``weight``) x likeness to the nearest other candidate.

    This is the one-pass form graphiti uses: likeness is to all other candidates, not only to those already taken.
    """
    if not candidates:
        return []
    matrix = np.stack([vector for _, vector in candidates])
    likeness = matrix @ matrix.T
    np.fill_diagonal(likeness, -1.0)
    nearest = likeness.max(axis=1) if len(candidates) > 1 else np.zeros(1)
    scores = weight * (matrix @ query) - (1 - weight) * nearest
    order = np.argsort(-scores, kind="stable")[:limit]
    return [(candidates[i][0], float(scores[i])) for i in order]

"""The keyword channel: BM25 over unit bodies, and over the window and session around each unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from memos.operation.retrieval.index import MemoryIndex

K1, B = 1.2, 0.75


def idf(index: MemoryIndex, term: str) -> float:
    """Inverse document frequency of a term over units; 0 where no unit has it."""
    known = index.rarity.get(term)
    if known is None:
        holders = index.holding(term)
        known = math.log(1 + (max(len(index), holders) - holders + 0.5) / (holders + 0.5)) if holders else 0.0
        index.rarity[term] = known
    return known


def scores(index: MemoryIndex, query: Mapping[str, float]) -> np.ndarray:
    """BM25 of every unit alone for weighted terms. float64 (n,)."""
    out = np.zeros(index.n)
    lengths, mean = index.window_lengths(0)
    for term, weight in query.items():
        posting = index.posting(term)
        if posting is not None:
            here, counts = posting
            out[here] += weight * idf(index, term) * _saturated(counts, lengths[here], mean)
    return out


def scores_of(index: MemoryIndex, query: Mapping[str, float], rows: np.ndarray) -> np.ndarray:
    """The same for a few rows. float64 (len(rows),)."""
    counted = np.zeros((len(query), len(rows)))
    for column, term in zip(counted, query, strict=True):
        posting = index.posting(term)
        if posting is not None:
            here, counts = posting
            places = here.searchsorted(rows)
            places[places == len(here)] = 0
            np.multiply(counts[places], here[places] == rows, out=column)
    lengths, mean = index.window_lengths(0)
    out = np.zeros(len(rows))
    for (term, weight), column in zip(query.items(), _saturated(counted, lengths[rows], mean), strict=True):
        out += weight * idf(index, term) * column
    return out


def _saturated(counts: np.ndarray, lengths: np.ndarray, mean: float) -> np.ndarray:
    return (K1 + 1) * counts / (counts + K1 * (1 - B + B * lengths / max(mean, 1.0)))


def window_scores(index: MemoryIndex, query: Mapping[str, float], rows: np.ndarray) -> np.ndarray:
    """BM25 of the near and of the wide window around each of the rows, then the share of the question's rarity that
    the row's own words hold, and that the near window's do. float64 (4, len(rows)).
    """
    places, shares = _window(index, rows), index.shares()[:, rows]
    dense = np.zeros(index.n + 1)
    norms = []
    for reach in (1, 2):
        lengths, mean = index.window_lengths(reach)
        norms.append(K1 * (1 - B + B * lengths[rows] / max(mean, 1.0)))
    out = np.zeros((4, len(rows)))
    total = 0.0
    for term, weight in query.items():
        posting = index.posting(term)
        rarity = weight * (idf(index, term) if posting is not None else unknown(index))
        total += rarity
        if posting is None:
            continue
        dense[posting[0]] = posting[1]
        around = dense[places]
        dense[posting[0]] = 0.0
        own = around[0]
        counts = own + shares[0] * around[1] + shares[1] * around[2]
        out[0] += rarity * (K1 + 1) * counts / (counts + norms[0])
        out[2] += rarity * (own > 0)
        out[3] += rarity * np.minimum(counts, 1.0)
        counts = own + np.einsum("ij,ij->j", shares[2:], around[1:])
        out[1] += rarity * (K1 + 1) * counts / (counts + norms[1])
    out[2:] /= max(total, 1e-9)
    return out


def unknown(index: MemoryIndex) -> float:
    """Inverse document frequency of a term that no unit has."""
    return math.log(1 + (len(index) + 0.5) / 0.5)


def _window(index: MemoryIndex, rows: np.ndarray) -> np.ndarray:
    """The rows, then those one step before and after, then two steps; -1, the empty last place, where there is none."""
    before, after = index.before, index.after
    left, right = before[rows], after[rows]
    return np.stack([rows, left, right, np.where(left >= 0, before[left], -1), np.where(right >= 0, after[right], -1)])


def session_scores(index: MemoryIndex, query: Mapping[str, float]) -> np.ndarray:
    """BM25 of each session (group). float64 (len(index.groups),)."""
    groups = len(index.groups)
    out = np.zeros(groups)
    if index.n == 0:
        return out
    lengths = index.session_lengths()
    count = max(int(np.count_nonzero(lengths)), 1)
    norm = K1 * (0.5 + 0.5 * lengths / max(lengths.sum() / count, 1.0))
    for term, weight in query.items():
        posting = index.posting(term)
        if posting is None:
            continue
        total = np.bincount(index.group[posting[0]], weights=posting[1], minlength=groups)
        holders = int(np.count_nonzero(total))
        rarity = weight * np.log(1 + (max(count, holders) - holders + 0.5) / (holders + 0.5))
        out += rarity * total * (K1 + 1) / (total + norm)
    return out

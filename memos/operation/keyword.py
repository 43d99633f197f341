"""The keyword channel: BM25 over unit bodies, and over the window and session around each unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from memos.operation.index import MemoryIndex

K1, B = 1.2, 0.75


def idf(index: MemoryIndex, term: str) -> float:
    """Inverse document frequency of a term over units; 0 where no unit has it."""
    posting = index.posting(term)
    if posting is None:
        return 0.0
    found = len(posting[0])
    return float(np.log(1 + (max(len(index), found) - found + 0.5) / (found + 0.5)))


def _steps(index: MemoryIndex, rows: np.ndarray, reach: int) -> list[np.ndarray]:
    """The rows themselves and their neighbours up to ``reach`` steps away; -1 where there is none."""
    out = [rows]
    for link in (index.before, index.after):
        here = rows
        for _ in range(reach):
            here = np.where(here >= 0, link[here], -1)
            out.append(here)
    return out


def scores(index: MemoryIndex, query: Mapping[str, float], reach: int = 0) -> np.ndarray:
    """BM25 of every row for weighted terms.

    Args:
        index: the units.
        query: term to weight.
        reach: 0 scores the unit alone, 1 or 2 the window of that many neighbours on each side.

    Returns:
        float64 (n,).
    """
    n = index.n
    out = np.zeros(n)
    if n == 0:
        return out
    lengths = window_lengths(index, reach)
    mean = lengths[index.alive].mean() if len(index) else 1.0
    norm = K1 * (1 - B + B * lengths / max(mean, 1.0))
    for term, weight in query.items():
        posting = index.posting(term)
        if posting is None:
            continue
        rows, counts = posting
        rarity = weight * idf(index, term)
        if reach == 0:
            out[rows] += rarity * counts * (K1 + 1) / (counts + norm[rows])
            continue
        total = np.zeros(n)
        for targets in _steps(index, rows, reach):
            here = targets >= 0
            total[targets[here]] += counts[here]
        touched = np.flatnonzero(total)
        out[touched] += rarity * total[touched] * (K1 + 1) / (total[touched] + norm[touched])
    return out


def window_lengths(index: MemoryIndex, reach: int) -> np.ndarray:
    """Content words in the window of each row."""
    lengths = index.lengths.astype(np.float64)
    total = lengths.copy()
    for link in (index.before, index.after):
        here = np.arange(index.n)
        for _ in range(reach):
            here = np.where(here >= 0, link[here], -1)
            total += np.where(here >= 0, lengths[here], 0.0)
    return total


def session_scores(index: MemoryIndex, query: Mapping[str, float]) -> np.ndarray:
    """BM25 of each row's whole session (group), the same for all its rows. float64 (n,)."""
    n, groups = index.n, len(index.groups)
    out = np.zeros(groups)
    if n == 0:
        return out
    lengths = np.bincount(index.group, weights=np.where(index.alive, index.lengths, 0), minlength=groups)
    count = max(int((lengths > 0).sum()), 1)
    norm = K1 * (0.5 + 0.5 * lengths / max(lengths.sum() / count, 1.0))
    for term, weight in query.items():
        posting = index.posting(term)
        if posting is None:
            continue
        total = np.bincount(index.group[posting[0]], weights=posting[1], minlength=groups)
        found = int((total > 0).sum())
        rarity = weight * np.log(1 + (max(count, found) - found + 0.5) / (found + 0.5))
        out += rarity * total * (K1 + 1) / (total + norm)
    return out[index.group]

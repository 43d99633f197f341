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


def scores(index: MemoryIndex, query: Mapping[str, float], reach: int = 0, rows: np.ndarray | None = None) -> np.ndarray:
    """BM25 for weighted terms.

    Args:
        index: the units.
        query: term to weight.
        reach: 0 scores the unit alone, 1 or 2 the window of that many neighbours on each side.
        rows: which rows to score; None for all.

    Returns:
        float64 (n,) or (len(rows),).
    """
    lengths, mean = index.window_lengths(reach)
    if rows is not None:
        lengths = lengths[rows]
    norm = K1 * (1 - B + B * lengths / max(mean, 1.0))
    out = np.zeros(len(norm))
    places = [] if reach == 0 else _window(index, reach, rows)
    for term, weight in query.items():
        posting = index.posting(term)
        if posting is None:
            continue
        rarity = weight * idf(index, term) * (K1 + 1)
        if reach == 0 and rows is None:
            here, counts = posting
            out[here] += rarity * counts / (counts + norm[here])
            continue
        dense = np.zeros(index.n + 1)
        dense[posting[0]] = posting[1]
        counts = dense[rows] if reach == 0 else sum(dense[place] for place in places)
        out += rarity * counts / (counts + norm)
    return out


def _window(index: MemoryIndex, reach: int, rows: np.ndarray | None) -> list[np.ndarray]:
    """The rows and their neighbours up to ``reach`` steps away; -1, the empty last place, where there is none."""
    here = np.arange(index.n) if rows is None else rows
    out = [here]
    for link in (index.before, index.after):
        step = here
        for _ in range(reach):
            step = np.where(step >= 0, link[step], -1)
            out.append(step)
    return out


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
        found = int(np.count_nonzero(total))
        rarity = weight * np.log(1 + (max(count, found) - found + 0.5) / (found + 0.5))
        out += rarity * total * (K1 + 1) / (total + norm)
    return out

"""Passages of one turn beside those of others: what a turn has already told comes later.

A long reply repeats the question's words in every paragraph and would fill a list with itself. The best passage of a
turn keeps its score; each further one counts for less, so that other turns are heard first.
"""

from __future__ import annotations

import numpy as np

from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.ranker import best

AGAIN = 0.5
"""What a further passage of a turn loses, in standard deviations of the scores; the third loses it twice."""
LOOKED_AT = 200
"""Best rows that are looked at."""


def spread_turns(index: MemoryIndex, scores: np.ndarray, again: float = AGAIN) -> np.ndarray:
    """Scores after the further passages of a turn have fallen behind. float64 (n,)."""
    if not index.split:
        return scores
    order = best(scores, LOOKED_AT)[:LOOKED_AT]
    turns = index.turn[order]
    _, place, counts = np.unique(turns, return_inverse=True, return_counts=True)
    if len(counts) == len(order):
        return scores
    by_turn = np.argsort(place, kind="stable")
    earlier = np.empty(len(order))
    earlier[by_turn] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    deviation = float(scores[np.isfinite(scores)].std()) or 1.0
    out = scores.copy()
    out[order] -= again * deviation * earlier
    return out

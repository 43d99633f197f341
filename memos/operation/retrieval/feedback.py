"""A second look: the best memories found first say what else to look for (pseudo-relevance feedback).

A question for a list, or one whose answer is spread over sessions, names few of the words of its evidence; the first
good hits name more of them. What the first look ranks highest is scored again by its likeness to the best of itself, in
meaning and in words. The very best stay where they are. Fitted by ``scripts/train_retrieval.py`` with the ranker.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from memos.language.words import terms
from memos.operation.retrieval import keyword
from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.question import ReadQuestion
from memos.operation.retrieval.ranker import SECOND, best, feedback_weights

CORES = (3, 8, 20)
"""Sizes of the groups of best rows whose mean vector is compared with."""
NEAR = 10
"""Best rows that each row is compared with one by one."""
TELLING = 5
"""Best rows whose words are searched for."""
WORDS = 14
"""Their most telling words, of which those of the question are left out."""
LOOKED_AT = 150
"""Rows that are scored again."""
KEPT = 3
"""Best rows that keep their places."""


def features(
    index: MemoryIndex, question: ReadQuestion, scores: np.ndarray, order: np.ndarray, off: frozenset[str] = frozenset()
) -> np.ndarray:
    """What the second look knows of rows.

    Args:
        index: the units.
        question: the question as read.
        scores: of every row by the first look, float64 (n,).
        order: the rows to describe, by falling score.
        off: switched-off channels; their columns stay 0.

    Returns:
        float64 (len(order), len(SECOND)).
    """
    out = np.zeros((len(order), len(SECOND)))
    out[:, 0] = scores[order]
    if "vector" not in off:
        out[:, 1:6] = _likeness(index, scores, order)
    if "keyword" not in off:
        out[:, 6] = _new_words(index, question, order)
    out[:, 7] = -np.log1p(np.arange(len(order)))
    return out


def _likeness(index: MemoryIndex, scores: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Cosines with the means of the best, with the best one by one (weighted by score),
    and with the nearest of them."""
    vectors, first = index.vectors[order], scores[order]
    out = np.empty((len(order), len(CORES) + 2))
    for column, size in enumerate(CORES):
        mean = vectors[:size].mean(axis=0)
        out[:, column] = vectors @ (mean / max(float(np.linalg.norm(mean)), 1e-9))
    likeness = vectors @ vectors[:NEAR].T
    deviation = float(scores[np.isfinite(scores)].std()) or 1.0
    weight = np.exp((first[:NEAR] - first[0]) / deviation)
    out[:, -2] = likeness @ weight / weight.sum()
    np.fill_diagonal(likeness, -1.0)
    out[:, -1] = likeness.max(axis=1)
    return out


def _new_words(index: MemoryIndex, question: ReadQuestion, order: np.ndarray) -> np.ndarray:
    """BM25, scaled to at most 1, for the most telling words of the best rows that the question does not have."""
    telling: dict[str, float] = defaultdict(float)
    known = index.rarity
    for row in order[:TELLING].tolist():
        for term in dict.fromkeys(index.terms[row]):
            telling[term] += known[term] if term in known else keyword.idf(index, term)
    asked = frozenset(terms(question.text))
    ranked = sorted(telling, key=lambda term: (-telling[term], term))[:WORDS]
    body = keyword.scores_of(index, {term: 1.0 for term in ranked if term not in asked}, order)
    return body / max(float(body.max(initial=0.0)), 1e-9)


def second_look(
    index: MemoryIndex,
    question: ReadQuestion,
    scores: np.ndarray,
    off: frozenset[str] = frozenset(),
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Scores after the best rows have been looked at again; no other row comes above them.

    Args:
        index: the units.
        question: the question as read.
        scores: of every row by the first look, float64 (n,); -inf where a row is out.
        off: feature groups the first look did without.
        weights: of the features; None: those that ship.
    """
    order = best(scores, LOOKED_AT)[:LOOKED_AT]
    if len(order) <= KEPT:
        return scores
    weights = feedback_weights(off, index.fold) if weights is None else weights
    again = features(index, question, scores, order, off) @ weights
    out = scores - (scores[order[0]] - float(again.min())) - 1.0
    again[:KEPT] = float(again.max()) + np.arange(KEPT, 0, -1)
    out[order] = again
    return out

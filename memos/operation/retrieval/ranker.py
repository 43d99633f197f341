"""Fusion of the channels into one order: a linear ranker over interpretable features, or reciprocal rank fusion.

The weights in ``ranker.json`` were fitted by ``scripts/train_retrieval.py`` (listwise softmax, ridge) on conversations
26 to 44 of LOCOMO; 47 to 50 were kept apart for reporting. Each feature is a property of any dialogue; no word of the
data is in the weights. There is one set of weights a combination of switched-off groups, so that an ablation is fair.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np

from memos.errors import DataError
from memos.operation.retrieval.features import FEATURES

RRF_K = 60
SECOND = ("first", "like_3", "like_8", "like_20", "like_near", "like_nearest", "new_words", "place")
"""Features of the second look."""


@lru_cache(maxsize=1)
def _fitted() -> dict[str, dict[str, dict[str, float]]]:
    try:
        table = json.loads(files("memos.operation.retrieval").joinpath("ranker.json").read_text(encoding="utf-8"))
        return {part: table[part] for part in ("weights", "feedback")}
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise DataError(f"memos/operation/retrieval/ranker.json: {error}; reinstall the package") from error


def digest() -> str:
    """Digest (16 hex digits) of the fitted weights."""
    text = json.dumps(_fitted(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def key(off: frozenset[str]) -> str:
    """Name of a combination of switched-off groups in ``ranker.json``."""
    return "-".join(sorted(off)) or "all"


def weights(off: frozenset[str] = frozenset()) -> np.ndarray:
    """Weight of each feature, float64 (len(FEATURES),); of the full ranker where the combination was not fitted."""
    return _chosen("weights", off, FEATURES)


def feedback_weights(off: frozenset[str] = frozenset()) -> np.ndarray:
    """Weight of each feature of the second look (``memos.operation.retrieval.feedback``), in its order."""
    return _chosen("feedback", off, SECOND)


def _chosen(part: str, off: frozenset[str], names: Sequence[str]) -> np.ndarray:
    table = _fitted()[part]
    chosen = table.get(key(off), table["all"])
    return np.array([chosen.get(name, 0.0) for name in names])


def linear(table: np.ndarray, off: frozenset[str] = frozenset()) -> np.ndarray:
    """Score of each row, float64 (n,)."""
    return table @ weights(off)


def rrf(rankings: Sequence[np.ndarray], k: int = RRF_K) -> np.ndarray:
    """Reciprocal rank fusion of several score columns over the same rows. Ties keep the order of rows."""
    total = np.zeros(len(rankings[0]) if rankings else 0)
    for column in rankings:
        ranks = np.empty(len(column))
        ranks[np.argsort(-column, kind="stable")] = np.arange(len(column))
        total += 1.0 / (k + 1 + ranks)
    return total


def best(scores: np.ndarray, count: int | None = None) -> np.ndarray:
    """Rows with a finite score by falling score, equal scores by row; at least the first ``count`` of them
    (None: all)."""
    rows = np.flatnonzero(np.isfinite(scores))
    finite = scores[rows]
    if count is not None and count < len(rows):
        among_first = finite >= np.partition(finite, len(rows) - count)[len(rows) - count]
        rows, finite = rows[among_first], finite[among_first]
    return rows[np.argsort(-finite, kind="stable")]


def fused(table: np.ndarray, columns: Sequence[str]) -> np.ndarray:
    """RRF over named features that are present (not all zero), for use without the fitted ranker."""
    chosen = [table[:, FEATURES.index(name)] for name in columns]
    chosen = [column for column in chosen if np.any(column)]
    return rrf(chosen) if chosen else np.zeros(len(table))

"""Fusion of the channels into one order: a linear ranker over interpretable features, or reciprocal rank fusion.

The weights in ``ranker.json`` were fitted by ``scripts/train_retrieval.py`` (listwise softmax, ridge) by folds: a
conversation that was fitted on is searched with the weights of the fit that left it out. The card of the weights is
docs/ranker.md. Each feature is a bounded property of any dialogue; no word of the data is in the weights. Weights for
switched-off groups of features may be fitted beside them, so that an ablation is fair.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from memos.errors import DataError
from memos.operation.retrieval.features import FEATURES
from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.rank_fusion import rrf

SECOND = ("first", "like_3", "like_8", "like_20", "like_near", "like_nearest", "new_words", "place")
"""Features of the second look."""
MARGIN = 6.0
"""How far beyond the conversations of the fit the ranker is trusted: passages of 80 words are within, turns of hundreds
of words, as stores of earlier versions hold them, are not. Set with chats 1 and 2 of BEAM in view (docs/ranker.md).
"""
ALL = "all"
"""Name of the full set of features, and of the fit on all conversations."""


@lru_cache(maxsize=1)
def _fitted() -> dict[str, Any]:
    try:
        table = json.loads(files("memos.operation.retrieval").joinpath("ranker.json").read_text(encoding="utf-8"))
        return {part: table[part] for part in ("features", "weights", "second_features", "feedback", "seen")}
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise DataError(f"memos/operation/retrieval/ranker.json: {error}; reinstall the package") from error


def digest() -> str:
    """Digest (16 hex digits) of the fitted weights."""
    text = json.dumps(_fitted(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def key(off: frozenset[str]) -> str:
    """Name of a combination of switched-off groups in ``ranker.json``."""
    return "-".join(sorted(off)) or ALL


def weights(off: frozenset[str] = frozenset(), fold: str = "") -> np.ndarray:
    """Weight of each feature, float64 (len(FEATURES),); of the full ranker where the combination was not fitted.

    Args:
        off: switched-off groups.
        fold: the fold that left the searched conversation out (``MemoryIndex.fold``); empty: the fit on all data.
    """
    return _chosen("weights", "features", off, fold, FEATURES)


def feedback_weights(off: frozenset[str] = frozenset(), fold: str = "") -> np.ndarray:
    """Weight of each feature of the second look (``memos.operation.retrieval.feedback``), in its order."""
    return _chosen("feedback", "second_features", off, fold, SECOND)


@lru_cache(maxsize=64)
def _chosen(part: str, named: str, off: frozenset[str], fold: str, names: tuple[str, ...]) -> np.ndarray:
    fitted = _fitted()
    of_combination = fitted[part].get(key(off), fitted[part][ALL])
    chosen = dict(zip(fitted[named], of_combination.get(fold or ALL, of_combination[ALL]), strict=True))
    out = np.array([chosen.get(name, 0.0) for name in names])
    out.flags.writeable = False
    return out


def familiar(index: MemoryIndex) -> bool:
    """Whether a store's units are about as long as those of the fit: their mean content words are within ``MARGIN``
    times the shortest and the longest of its conversations. Elsewhere rank fusion is safer (docs/ranker.md).
    """
    low, high = _fitted()["seen"]["content_words"]
    return low / MARGIN <= index.window_lengths(0)[1] <= high * MARGIN


def linear(table: np.ndarray, off: frozenset[str] = frozenset(), fold: str = "") -> np.ndarray:
    """Score of each row, float64 (n,)."""
    return table @ weights(off, fold)


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


def as_text(table: dict[str, Any]) -> str:
    """Weights as their file holds them: a line for each list of numbers."""
    text = json.dumps(table, indent=1)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text) + "\n"

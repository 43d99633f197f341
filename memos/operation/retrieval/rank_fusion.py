"""Reciprocal rank fusion (Cormack et al. 2009)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RRF_K = 60


def rrf(rankings: Sequence[np.ndarray], k: int = RRF_K) -> np.ndarray:
    """Reciprocal rank fusion of several score columns over the same rows. Ties keep the order of rows."""
    total = np.zeros(len(rankings[0]) if rankings else 0)
    for column in rankings:
        ranks = np.empty(len(column))
        ranks[np.argsort(-column, kind="stable")] = np.arange(len(column))
        total += 1.0 / (k + 1 + ranks)
    return total

"""The structure that paths lead through: which fact belongs to which concept, and which concept to which topic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tree:
    """The structure over the live rows of an index."""

    concept_of: np.ndarray
    """Concept of each row, -1 for none. int64 (n,)."""
    topic_of: np.ndarray
    """Topic of each concept, -1 for none. int64 (concepts,)."""
    concepts: np.ndarray
    """Unit mean vectors. float32 (concepts, dim)."""
    topics: np.ndarray
    """float32 (topics, dim)."""

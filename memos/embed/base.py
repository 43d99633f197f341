"""The embedder protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np


@runtime_checkable
class Embedder(Protocol):
    """Texts to unit vectors."""

    name: str
    """Model id; part of every fingerprint."""
    dim: int
    max_tokens: int
    """Window of the model in its own tokens. Longer texts are split into windows whose mean is taken, never cut."""
    pooled: int
    """How many texts so far were longer than the window and were pooled."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return a float32 array of shape (len(texts), dim) with unit rows; equal texts give equal rows."""
        ...

"""The embedder protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Embedder(Protocol):
    """Texts to unit vectors."""

    name: str
    """Model id; part of every fingerprint."""

    @property
    def dim(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Window of the model in its own tokens. Longer texts are split into windows whose mean is taken, never cut."""
        ...

    @property
    def pooled(self) -> int:
        """How many texts so far were longer than the window and were pooled."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return a float32 array of shape (len(texts), dim) with unit rows; equal texts give equal rows."""
        ...


def identity_of(embedder: Embedder) -> dict[str, Any]:
    """What an embedder says of itself (server, weights, dtype); its name and dimensions where it says nothing."""
    own = getattr(embedder, "identity", None)
    return dict(own()) if own else {"model": embedder.name, "dim": embedder.dim}


@dataclass(frozen=True, slots=True, eq=False)
class TokenStates:
    """The contextual token vectors of one text, as BERTScore needs them."""

    tokens: np.ndarray
    """Unit rows, float32, shape (tokens, dim), special tokens included."""
    content: np.ndarray
    """Bool, shape (tokens,): False on special tokens, which can be matched but carry no weight."""
    sentence: np.ndarray | None
    """Unit sentence vector, shape (dim,); None where the model is no sentence encoder."""
    pieces: tuple[str, ...] = ()
    """The word piece of each row, special tokens included; empty where the model does not tell."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows (or one vector) scaled to length one, float32; zero rows stay zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norms, 1e-12)).astype(np.float32, copy=False)

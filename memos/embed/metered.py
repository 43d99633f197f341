"""What an embedder's server was asked, told to the meter of a run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from memos.embed.base import Embedder
from memos.llm.metered import Meter
from memos.types import Usage


class MeteredEmbedder:
    """Tells a meter of what an embedder's server was asked; one that runs here asks nobody.

    Args:
        inner: the embedder, with its cache or without.
        meter: what adds up.
        role: on whose behalf it is asked.
    """

    def __init__(self, inner: Embedder, meter: Meter, role: str = "embedder") -> None:
        self.inner, self.meter, self.role = inner, meter, role
        self.name = inner.name
        self._lock = threading.Lock()

    @property
    def dim(self) -> int:
        return self.inner.dim

    @property
    def max_tokens(self) -> int:
        return self.inner.max_tokens

    @property
    def pooled(self) -> int:
        return self.inner.pooled

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        source = _server_of(self.inner)
        if source is None:
            return self.inner.encode(texts)
        with self._lock:
            before = source.usage
            try:
                return self.inner.encode(texts)
            finally:
                spent = source.usage - before
                if spent.calls:
                    self.meter.add(self.role, self.name, spent)


def _server_of(embedder: Any) -> Any:
    """The embedder below all layers, where it counts what its server was asked; else None."""
    while "inner" in vars(embedder):
        embedder = embedder.inner
    return embedder if isinstance(getattr(embedder, "usage", None), Usage) else None

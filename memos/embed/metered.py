"""What an embedder's server was asked, told to the meter of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from memos.embed.base import Embedder
from memos.llm.metered import Meter
from memos.types import Usage

LISTENER: ContextVar[Callable[[Usage], None] | None] = ContextVar("listener", default=None)
"""Who is told of each request that an embedder's client makes on behalf of the calling thread."""


class MeteredEmbedder:
    """Tells a meter of what an embedder's server was asked; one that runs here asks nobody.

    Several runs and threads may share the embedder below: each request is told to the one that made it.

    Args:
        inner: the embedder, with its cache or without.
        meter: what adds up.
        role: on whose behalf it is asked.
    """

    def __init__(self, inner: Embedder, meter: Meter, role: str = "embedder") -> None:
        self.inner, self.meter, self.role = inner, meter, role
        self.name = inner.name

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
        if name == "inner":  # asked before it is set, by whoever copies
            raise AttributeError(name)
        return getattr(self.inner, name)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        listening = LISTENER.set(lambda usage: self.meter.add(self.role, self.name, usage))
        try:
            return self.inner.encode(texts)
        finally:
            LISTENER.reset(listening)

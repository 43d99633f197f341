"""A server's embeddings, charged to the budget of the command."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from memos.embed.base import Embedder
from memos.llm.budget import Budget, no_price
from memos.llm.prices import Price
from memos.tokens import count_tokens
from memos.types import Usage


class BudgetedEmbedder:
    """Reserves each call at its tokens and settles it with what the server says; it belongs below a cache.

    Args:
        inner: an embedder that counts its ``usage``.
        price: dollars a million tokens; else what its configuration or the table of prices says.

    Raises:
        ConfigError: at construction, when money is capped and the embedder has no price.
    """

    def __init__(self, inner: Embedder, budget: Budget, price: Price | None = None) -> None:
        self.inner, self.budget = inner, budget
        self.name, self.dim, self.max_tokens = inner.name, inner.dim, inner.max_tokens
        self.price = price or budget.price_for(inner)
        self._charged, self._lock = self._usage(), threading.Lock()
        if budget.max_usd is not None and self.price is None:
            raise no_price(inner.name, "embedder")

    @property
    def pooled(self) -> int:
        return self.inner.pooled

    def identity(self) -> dict[str, Any]:
        """The inner embedder's identity; its name and dimensions where it has none."""
        own = getattr(self.inner, "identity", None)
        return dict(own()) if own else {"model": self.name, "dim": self.dim}

    def earlier_name(self) -> str | None:
        """The inner embedder's earlier name."""
        return getattr(self.inner, "earlier_name", lambda: None)()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            BudgetExceeded: a cap is reached.
        """
        if not self.budget.capped:
            try:
                return self.inner.encode(texts)
            finally:
                spent = self._since()
                self.budget.charge(self.name, spent, self._usd(spent))
        expected = Usage(1, sum(count_tokens(text) for text in texts))
        ticket = self.budget.reserve(expected, self._usd(expected))
        try:
            return self.inner.encode(texts)
        finally:
            spent = self._since()
            self.budget.settle(ticket, self.name, spent, self._usd(spent))

    def _since(self) -> Usage:
        """Usage that was not charged yet."""
        with self._lock:
            now = self._usage()
            spent, self._charged = now - self._charged, now
        return spent

    def _usage(self) -> Usage:
        return getattr(self.inner, "usage", Usage())

    def _usd(self, usage: Usage) -> float:
        return self.price.cost(usage) if self.price else 0.0

"""A server's embeddings, charged to the budget of the command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from memos.embed.base import Embedder, identity_of
from memos.embed.metered import LISTENER
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
        if budget.max_usd is not None and self.price is None:
            raise no_price(inner.name, "embedder")

    @property
    def pooled(self) -> int:
        return self.inner.pooled

    def identity(self) -> dict[str, Any]:
        """The inner embedder's identity; its name and dimensions where it has none."""
        return identity_of(self.inner)

    def earlier_name(self) -> str | None:
        """The inner embedder's earlier name."""
        return getattr(self.inner, "earlier_name", lambda: None)()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            BudgetExceeded: a cap is reached.
        """
        ticket = None
        if self.budget.capped:
            expected = Usage(1, sum(count_tokens(text) for text in texts))
            ticket = self.budget.reserve(expected, self._usd(expected))
        stated: list[Usage] = []
        try:
            with _listening(stated):
                return self.inner.encode(texts)
        finally:
            spent = sum(stated, Usage())
            if ticket is None:
                self.budget.charge(self.name, spent, self._usd(spent))
            else:
                self.budget.settle(ticket, self.name, spent, self._usd(spent))

    def _usd(self, usage: Usage) -> float:
        return self.price.cost(usage) if self.price else 0.0


@contextmanager
def _listening(stated: list[Usage]) -> Iterator[None]:
    """Collect what the server says that each request of this thread took; whoever listened before is told too."""
    outer = LISTENER.get()

    def heard(usage: Usage) -> None:
        stated.append(usage)
        if outer is not None:
            outer(usage)

    token = LISTENER.set(heard)
    try:
        yield
    finally:
        LISTENER.reset(token)

"""Prices of hosted models, for budgets and cost columns. They change: pass your own table where it matters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from memos.types import Usage

AS_OF = "2025-07-01"
"""Day for which the table was written down (the paper's time), list prices without discounts."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens."""

    prompt: float
    completion: float
    cached: float | None = None
    """Prompt tokens served from the provider's prefix cache; None: as ``prompt``."""

    def cost(self, usage: Usage) -> float:
        """US dollars for a usage."""
        cached_price = self.prompt if self.cached is None else self.cached
        fresh = usage.prompt_tokens - usage.cached_tokens
        return (
            fresh * self.prompt + usage.cached_tokens * cached_price + usage.completion_tokens * self.completion
        ) / 1e6


PRICES: Mapping[str, Price] = {
    "gpt-4o-mini": Price(0.15, 0.60, 0.075),
    "gpt-4o": Price(2.50, 10.00, 1.25),
    "gpt-4.1": Price(2.00, 8.00, 0.50),
    "gpt-4.1-mini": Price(0.40, 1.60, 0.10),
    "gpt-4.1-nano": Price(0.10, 0.40, 0.025),
}
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def price_of(model: str, table: Mapping[str, Price] = PRICES) -> Price | None:
    """Price of a model, dated snapshots included (``gpt-4o-mini-2024-07-18``); None where the table lacks it."""
    return table.get(model) or table.get(_DATED.sub("", model))

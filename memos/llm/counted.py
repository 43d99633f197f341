"""Usage ledger and budget caps around a model."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import Any

from memos.errors import BudgetExceeded, ConfigError, LLMError
from memos.llm.base import LLM, Completion, Request
from memos.llm.prices import PRICES, Price, price_of
from memos.types import Usage


class CountedLLM:
    """Adds up the usage of every reply that passes, failed attempts of a provider's own retries excluded.

    Below a cache it counts what was really asked of the provider, above one what the run would have cost fresh.
    """

    def __init__(self, inner: LLM) -> None:
        self.inner = inner
        self.name = inner.name
        self._usage = Usage()
        self._lock = threading.Lock()

    @property
    def context_window(self) -> int | None:
        return self.inner.context_window

    def identity(self) -> dict[str, Any]:
        return dict(self.inner.identity())

    @property
    def usage(self) -> Usage:
        """Usage so far. Take the difference of two readings for one phase."""
        with self._lock:
            return self._usage

    def _count(self, completion: Completion) -> Completion:
        with self._lock:
            self._usage += completion.usage
        return completion

    def complete(self, request: Request) -> Completion:
        return self._count(self.inner.complete(request))

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        for index, outcome in self.inner.complete_many(requests):
            yield index, self._count(outcome) if isinstance(outcome, Completion) else outcome

    def close(self) -> None:
        self.inner.close()


class Budget:
    """A cap on tokens and money that several models and threads may share.

    Args:
        max_tokens: prompt plus completion tokens; None: no cap.
        max_usd: US dollars by the table of prices; None: no cap.

    ``charge`` adds a usage; ``check`` raises once a cap is reached. Calls in flight at that moment still finish, so
    a cap may be passed by at most one reply for each concurrent call.
    """

    def __init__(self, max_tokens: int | None = None, max_usd: float | None = None) -> None:
        for name, value in (("max_tokens", max_tokens), ("max_usd", max_usd)):
            if value is not None and value < 0:
                raise ConfigError(f"budget.{name}={value} must not be negative")
        self.max_tokens, self.max_usd = max_tokens, max_usd
        self.tokens, self.usd = 0, 0.0
        self._lock = threading.Lock()

    def charge(self, usage: Usage, price: Price | None) -> None:
        with self._lock:
            self.tokens += usage.prompt_tokens + usage.completion_tokens
            self.usd += price.cost(usage) if price else 0.0

    def check(self) -> None:
        """Raise when a cap is reached.

        Raises:
            BudgetExceeded: naming the cap, what was spent and how to go on.
        """
        if self.max_tokens is not None and self.tokens >= self.max_tokens:
            raise BudgetExceeded(
                f"budget.max_tokens={self.max_tokens} is used up ({self.tokens} tokens spent); finished records are "
                f"kept: run again with a larger budget.max_tokens to go on"
            )
        if self.max_usd is not None and self.usd >= self.max_usd:
            raise BudgetExceeded(
                f"budget.max_usd={self.max_usd:g} is used up ({self.usd:.4f} USD spent); finished records are kept: "
                f"run again with a larger budget.max_usd to go on"
            )


class BudgetedLLM:
    """Refuses further calls once the shared budget is used up. It belongs below a cache: cached replies are free.

    Raises:
        ConfigError: at construction, when money is capped and the model has no price.
    """

    def __init__(self, inner: LLM, budget: Budget, price: Price | None = None) -> None:
        self.inner, self.budget = inner, budget
        self.name = inner.name
        self.price = price or price_of(inner.name)
        if budget.max_usd is not None and self.price is None:
            raise ConfigError(
                f"budget.max_usd is set but no price is known for {inner.name!r} (known: {', '.join(sorted(PRICES))}); "
                f"set llm.price_prompt and llm.price_completion, or use budget.max_tokens"
            )

    @property
    def context_window(self) -> int | None:
        return self.inner.context_window

    def identity(self) -> dict[str, Any]:
        return dict(self.inner.identity())

    def _charge(self, completion: Completion) -> None:
        if not completion.from_cache:
            self.budget.charge(completion.usage, self.price)

    def complete(self, request: Request) -> Completion:
        self.budget.check()
        completion = self.inner.complete(request)
        self._charge(completion)
        return completion

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Yields as the inner model does; raises BudgetExceeded, cancelling what is under way, when a cap is reached
        and replies are still outstanding."""
        if not requests:
            return
        self.budget.check()
        outstanding = len(requests)
        replies = self.inner.complete_many(requests)
        try:
            for index, outcome in replies:
                outstanding -= 1
                if isinstance(outcome, Completion):
                    self._charge(outcome)
                yield index, outcome
                if outstanding:
                    self.budget.check()
        finally:
            replies.close()

    def close(self) -> None:
        self.inner.close()

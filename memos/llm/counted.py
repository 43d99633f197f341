"""Usage ledger around a model."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence

from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request
from memos.llm.layer import Layer
from memos.types import Usage


class CountedLLM(Layer):
    """Adds up the usage of every reply that passes, failed attempts of a provider's own retries excluded.

    Below a cache it counts what was really asked of the provider, above one what the run would have cost fresh.
    """

    def __init__(self, inner: LLM) -> None:
        super().__init__(inner)
        self._usage = Usage()
        self._lock = threading.Lock()

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

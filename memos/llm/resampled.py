"""Other samples of the same requests, so that a repeated run is told apart from the first one."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request
from memos.llm.layer import Layer

STRIDE = 1000
"""Samples between two repeats: more than any part asks for of its own."""


class Resampled(Layer):
    """Asks a model with the ``sample_index`` of every request moved on: another seed, and another entry of the cache.

    It belongs above a cache. The identity is the model's: what is asked does not change, only how often.

    Args:
        repeat: number of the repeat, from 0, which changes nothing.
    """

    def __init__(self, inner: LLM, repeat: int) -> None:
        super().__init__(inner)
        self._offset = repeat * STRIDE

    def _moved(self, request: Request) -> Request:
        return replace(request, sample_index=request.sample_index + self._offset)

    def complete(self, request: Request) -> Completion:
        return self.inner.complete(self._moved(request))

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        return self.inner.complete_many([self._moved(request) for request in requests])

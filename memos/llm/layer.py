"""A layer around a model: the model itself, but for what a subclass does otherwise."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request


class Layer:
    """Wraps a model and hands everything on to it."""

    def __init__(self, inner: LLM) -> None:
        self.inner = inner
        self.name = inner.name

    @property
    def context_window(self) -> int | None:
        return self.inner.context_window

    def identity(self) -> dict[str, Any]:
        return dict(self.inner.identity())

    def complete(self, request: Request) -> Completion:
        return self.inner.complete(request)

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        return self.inner.complete_many(requests)

    def close(self) -> None:
        self.inner.close()


class OpenLayer(Layer):
    """A layer that has whatever else the model offers, such as asking again or key-value caches."""

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # asked before it is set, by whoever copies
            raise AttributeError(name)
        return getattr(self.inner, name)

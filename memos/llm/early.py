"""Calls begun before their reply is needed, so that calls which wait for nothing wait for a server at once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any

from memos.at_once import Pool
from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request
from memos.llm.wire import request_key

THREADS = 4
"""Calls that one system makes ahead at once: enough to stay ahead of the decisions that are made in order, and few
enough that those decisions do not stand in line behind them."""
SOON = 8
"""Calls whose reply is needed next that one system makes beside others, at once."""


def waits_for_a_server(model: Any) -> bool:
    """Whether calls of a model or an embedder wait for a server, below all layers around it; then several at once take
    the time of one.
    """
    while hasattr(model, "inner"):
        model = model.inner
    return bool(getattr(type(model), "remote", False))


def early(model: LLM | None) -> LLM | None:
    """The model as one that can be asked early, where its calls wait for a server; else the model itself."""
    if model is None or isinstance(model, EarlyLLM) or not waits_for_a_server(model):
        return model
    return EarlyLLM(model)


def begin(model: Any, request: Request, *, soon: bool = False) -> None:
    """Start a call where the model can be asked early, below the layers around it; otherwise nothing happens."""
    asked_early = _early_one(model)
    if asked_early is not None:
        asked_early.begin(request, soon=soon)


def drop(model: Any) -> None:
    """Begin nothing more of what was asked for early and not taken."""
    asked_early = _early_one(model)
    if asked_early is not None:
        asked_early.drop()


def _early_one(model: Any) -> EarlyLLM | None:
    while model is not None and not isinstance(model, EarlyLLM):
        model = getattr(model, "inner", None)
    return model


class EarlyLLM:
    """A model that can be asked before the reply is needed.

    ``begin`` starts a call; the equal call that comes later takes its reply, and whoever counts usage counts it then.
    A reply that is never taken is in the response cache below, where there is one. Whatever else the inner model can
    do, this one can.
    """

    def __init__(self, inner: LLM, threads: int = THREADS) -> None:
        self.inner = inner
        self.name = inner.name
        self._pool, self._soon = Pool(threads, f"early-{inner.name}"), Pool(SOON, f"soon-{inner.name}")
        self._begun: dict[str, Future[Completion]] = {}
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # asked before it is set, by whoever copies
            raise AttributeError(name)
        return getattr(self.inner, name)

    @property
    def context_window(self) -> int | None:
        return self.inner.context_window

    def identity(self) -> dict[str, Any]:
        return dict(self.inner.identity())

    def begin(self, request: Request, *, soon: bool = False) -> None:
        """Start a call, behind those begun before it; ``soon``: beside them, as its reply is needed next."""
        key = request_key({}, request)
        with self._lock:
            if key not in self._begun:
                pool = self._soon if soon else self._pool
                self._begun[key] = pool.submit(lambda: self.inner.complete(request))

    def complete(self, request: Request) -> Completion:
        with self._lock:
            begun = self._begun.pop(request_key({}, request), None) if self._begun else None
        if begun is None or begun.cancel():  # what has not begun yet is asked at once
            return self.inner.complete(request)
        return begun.result()

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """As the inner model does; nothing that was begun is taken."""
        yield from self.inner.complete_many(requests)

    def drop(self) -> None:
        """Begin nothing more of what was asked for and not taken."""
        self._pool.drop()
        self._soon.drop()
        with self._lock:
            self._begun.clear()

    def close(self) -> None:
        self.drop()
        self.inner.close()

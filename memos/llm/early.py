"""Calls begun before their reply is needed, so that calls which wait for nothing wait for a server at once."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock
from typing import Any

from memos.at_once import Pool
from memos.layers import layers, waits_for_a_server
from memos.llm.base import LLM, Completion, Request
from memos.llm.layer import OpenLayer
from memos.llm.wire import request_text

THREADS = 4
"""Calls that one system makes ahead at once: enough to stay ahead of the decisions that are made in order, and few
enough that those decisions do not stand in line behind them."""
LINGER_S = 5.0
"""How long a thread waits for the next call to be begun."""
SOON = 8
"""Calls whose reply is needed next that one system makes beside others, at once."""


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
    return next((layer for layer in layers(model) if isinstance(layer, EarlyLLM)), None)


class EarlyLLM(OpenLayer):
    """A model that can be asked before the reply is needed.

    ``begin`` starts a call; the equal call that comes later takes its reply, and whoever counts usage counts it then.
    A reply that is never taken is in the response cache below, where there is one. Whatever else the inner model can
    do, this one can.
    """

    def __init__(self, inner: LLM, threads: int = THREADS) -> None:
        super().__init__(inner)
        self._pool, self._soon = (
            Pool(threads, f"early-{inner.name}", LINGER_S),
            Pool(SOON, f"soon-{inner.name}", LINGER_S),
        )
        self._begun: dict[str, Future[Completion]] = {}
        """By the request's text."""
        self._lock = Lock()

    def begin(self, request: Request, *, soon: bool = False) -> None:
        """Start a call, behind those begun before it; ``soon``: beside them, as its reply is needed next."""
        key = request_text(request)
        with self._lock:
            if key not in self._begun:
                pool = self._soon if soon else self._pool
                self._begun[key] = pool.submit(lambda: self.inner.complete(request))

    def complete(self, request: Request) -> Completion:
        with self._lock:
            begun = self._begun.pop(request_text(request), None) if self._begun else None
        if begun is None or begun.cancel():  # what has not begun yet is asked at once
            return self.inner.complete(request)
        return begun.result()

    def drop(self) -> None:
        """Begin nothing more of what was asked for and not taken."""
        self._pool.drop()
        self._soon.drop()
        with self._lock:
            self._begun.clear()

    def close(self) -> None:
        self.drop()
        self.inner.close()

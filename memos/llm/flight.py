"""Equal requests of threads that ask at the same time: one asks, the others take its reply."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request, in_turn
from memos.llm.layer import OpenLayer
from memos.llm.wire import request_key

LANDED_S = 5.0
"""How long a reply is still given on: the cache above may have been looked at just before it was kept."""

Outcome = Completion | LLMError


class _Air:
    """Requests under way to what one cache file keeps, by key."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[str, Future[Outcome | None]] = {}
        self._landed: OrderedDict[str, tuple[float, Completion]] = OrderedDict()

    def enter(self, key: str) -> Completion | Future[Outcome | None] | None:
        """None where the caller is to ask; else a reply that has just come, or one that is on its way."""
        with self._lock:
            while self._landed and next(iter(self._landed.values()))[0] < time.monotonic() - LANDED_S:
                self._landed.popitem(last=False)
            if key in self._landed:
                return self._landed[key][1]
            if key in self._under_way:
                return self._under_way[key]
            self._under_way[key] = Future()
            return None

    def land(self, key: str, outcome: Outcome | None) -> None:
        """The caller's request has ended; None where it was given up, so that another asks."""
        with self._lock:
            if isinstance(outcome, Completion):
                self._landed[key] = (time.monotonic(), outcome)
            self._under_way.pop(key).set_result(outcome)


_AIRS: dict[Path, _Air] = {}
_OPENING = Lock()


class SingleFlightLLM(OpenLayer):
    """A model below a response cache that is not asked the same twice while the first reply is on its way.

    In one process after the other the second would find the first's reply in the cache; so does it here, and it is paid
    for once. A request that failed for the first is asked again by those that wait for it.

    Args:
        path: the cache file above; all clients of the process that write it share what is under way.
    """

    def __init__(self, inner: LLM, path: Path) -> None:
        super().__init__(inner)
        self._identity = dict(inner.identity())
        with _OPENING:
            self._air = _AIRS.setdefault(path.resolve(), _Air())

    def identity(self) -> dict[str, Any]:
        return dict(self._identity)

    def complete(self, request: Request) -> Completion:
        key = request_key(self._identity, request)
        while (entered := self._air.enter(key)) is not None:
            reply = entered.result() if isinstance(entered, Future) else entered
            if isinstance(reply, Completion):
                return replace(reply, from_cache=True)
        outcome: Completion | None = None
        try:
            outcome = self.inner.complete(request)
            return outcome
        finally:
            self._air.land(key, outcome)

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Outcome], None, None]:
        """Those that nobody else asks first; then those that others have asked."""
        keys = [request_key(self._identity, request) for request in requests]
        own, others = [], []
        for index, key in enumerate(keys):
            (own if self._air.enter(key) is None else others).append(index)
        left = dict.fromkeys(own)
        try:
            for position, outcome in self.inner.complete_many([requests[index] for index in own]):
                del left[own[position]]
                self._air.land(keys[own[position]], outcome)
                yield own[position], outcome
        finally:
            for index in left:
                self._air.land(keys[index], None)
        for position, outcome in in_turn(self.complete, [requests[index] for index in others]):
            yield others[position], outcome

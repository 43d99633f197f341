"""What the models of a run were asked, by role and model: paid, and read from the response cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request
from memos.llm.layer import OpenLayer
from memos.types import Usage


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, by whom, and whether it cost anything."""

    role: str
    """``memory``, ``answerer``, ``judge NAME`` or ``embedder``; ``latency: …`` in the latency pass."""
    model: str
    cached: bool
    """Whether the reply came from the response cache."""


class Meter:
    """Adds up usage by role and model. Threads may share it.

    Args:
        note: called with every addition, under the meter's lock, to keep it on disk.
    """

    def __init__(self, note: Callable[[Asked, Usage], None] | None = None) -> None:
        self.totals: dict[Asked, Usage] = {}
        self.note = note
        self._lock = threading.Lock()

    def add(self, role: str, model: str, usage: Usage, *, cached: bool = False) -> None:
        """Count a reply."""
        asked = Asked(role, model, cached)
        with self._lock:
            self.totals[asked] = self.totals.get(asked, Usage()) + usage
            if self.note is not None:
                self.note(asked, usage)


class MeteredLLM(OpenLayer):
    """Tells a meter of every reply, as the outermost layer: it sees which ones the response cache gave.

    Args:
        inner: the model.
        meter: what adds up.
        role: on whose behalf it is asked.
    """

    def __init__(self, inner: LLM, meter: Meter, role: str) -> None:
        super().__init__(inner)
        self.meter, self.role = meter, role

    def _count(self, completion: Completion) -> Completion:
        self.meter.add(self.role, completion.model or self.name, completion.usage, cached=completion.from_cache)
        return completion

    def complete(self, request: Request) -> Completion:
        return self._count(self.inner.complete(request))

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        for index, outcome in self.inner.complete_many(requests):
            yield index, self._count(outcome) if isinstance(outcome, Completion) else outcome

"""Requests of a forecast that a probe puts to the real model for one token: the shortest early one of each form."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from eval.stages.forecast.tally import Purpose
from memos.llm.base import Completion, Request

EARLY = 20
"""How many requests of a form are looked at."""
Form = tuple[str, str, str]
"""Role, model and form."""


@dataclass
class Samples:
    """An observer that keeps one request of each form, with the tokens its prompt was counted as."""

    kept: dict[Form, tuple[Request, int]] = field(default_factory=dict)
    _seen: dict[Form, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, purpose: Purpose, request: Request, completion: Completion) -> None:
        form = (purpose.role, purpose.model, purpose.form)
        with self._lock:
            self._seen[form] = self._seen.get(form, 0) + 1
            tokens = completion.usage.prompt_tokens
            if self._seen[form] <= EARLY and (form not in self.kept or tokens < self.kept[form][1]):
                self.kept[form] = (request, tokens)

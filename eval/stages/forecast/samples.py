"""Requests of a forecast that a probe puts to the real model: a few early ones of each form."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from eval.stages.forecast.tally import Form, Purpose
from memos.llm.base import Completion, Request

EARLY, TRIED, LONG = 24, 3, 4000
"""Requests of a form that are looked at, those of them that are tried, and prompt tokens from which one is enough."""


@dataclass
class Samples:
    """An observer that keeps the first requests of each form."""

    early: dict[Form, list[tuple[Request, int]]] = field(default_factory=dict)
    """Each with the tokens of its prompt."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, purpose: Purpose, request: Request, completion: Completion) -> None:
        form = purpose.of_form
        with self._lock:
            early = self.early.setdefault(form, [])
            if len(early) < EARLY:
                early.append((request, completion.usage.prompt_tokens))

    def of(self, model: str) -> dict[Form, list[Request]]:
        """What to try on a model: requests evenly spread over the early ones."""
        return {form: _spread(early) for form, early in self.early.items() if form.model == model}


def _spread(early: Sequence[tuple[Request, int]]) -> list[Request]:
    shortest, tokens = min(early, key=lambda pair: pair[1])
    if tokens > LONG:
        return [shortest]
    count = min(TRIED, len(early))
    return [early[(2 * number + 1) * len(early) // (2 * count)][0] for number in range(count)]

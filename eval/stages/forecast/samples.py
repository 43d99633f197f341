"""Requests of a forecast that a probe puts to the real model: a few early ones of each form."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from eval.stages.forecast.tally import Form, Purpose
from memos.llm.base import Completion, Request

EARLY, TRIED, LONG = 48, 5, 4000
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
        """What to try on a model: short, middling and long ones of the early requests."""
        return {form: _spread(early) for form, early in self.early.items() if form.model == model}


def _spread(early: Sequence[tuple[Request, int]]) -> list[Request]:
    ordered = sorted(early, key=lambda pair: (pair[1], [message.content for message in pair[0].messages]))
    if ordered[0][1] > LONG:
        return [ordered[0][0]]
    count = min(TRIED, len(ordered))
    return [ordered[(2 * number + 1) * len(ordered) // (2 * count)][0] for number in range(count)]

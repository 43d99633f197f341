"""What real replies teach a forecast: how the server counts tokens, how long replies are, how long they take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from eval.stages.forecast.hours import Timed
from eval.stages.forecast.model import prompt_tokens, tokenizer_of
from eval.stages.forecast.replies import reply_to
from eval.stages.forecast.shapes import MeasuredReplies, ReplyShape, shape_of
from eval.stages.forecast.tally import Form, Purpose
from memos.llm.base import Completion, Request
from memos.types import Usage


@dataclass
class _OfForm:
    """Sums over the real replies to one form of request."""

    real: MeasuredReplies = field(default_factory=MeasuredReplies)
    stated: MeasuredReplies = field(default_factory=MeasuredReplies)
    prompt: list[int] = field(default_factory=lambda: [0, 0])
    """Tokens by the server's count and by ours."""
    reply: list[int] = field(default_factory=lambda: [0, 0])


class Learned:
    """An observer of real calls; each is compared with what the stand-in says to the same request."""

    def __init__(self) -> None:
        self._forms: dict[Form, _OfForm] = {}
        self._timed: dict[str, list[Timed]] = {}
        self._lock = threading.Lock()

    def __call__(self, purpose: Purpose, request: Request, completion: Completion) -> None:
        self.take(purpose.of_form, request, completion)

    def take(self, form: Form, request: Request, completion: Completion) -> None:
        """Learn from one reply."""
        tokens = tokenizer_of(form.model)
        usage, said = completion.usage, completion.text + "".join(call.arguments for call in completion.tool_calls)
        with self._lock:
            seen = self._forms.setdefault(form, _OfForm())
            seen.real.add(completion.text, completion.tool_calls)
            seen.stated.add(*reply_to(request))
            _add(seen.prompt, usage.prompt_tokens, prompt_tokens(request.messages, request, tokens))
            _add(seen.reply, usage.completion_tokens, tokens(said))
            call = Timed(usage.prompt_tokens, usage.completion_tokens, completion.latency_ms / 1000)
            self._timed.setdefault(form.model, []).append(call)

    def count(self, form: Form, server: int, ours: int) -> None:
        """Learn how the server counts the tokens of a prompt."""
        with self._lock:
            _add(self._forms.setdefault(form, _OfForm()).prompt, server, ours)

    def shape(self, form: Form) -> ReplyShape:
        """How real replies of a form compare with the stated ones."""
        seen = self._forms.get(form)
        return shape_of(seen.real, seen.stated) if seen else ReplyShape()

    def tokens(self, form: Form, usage: Usage) -> Usage:
        """A usage by our count in the server's tokens; a form that never came up takes the mean of its model's."""
        prompt = self._factor(form, lambda seen: seen.prompt)
        reply = self._factor(form, lambda seen: seen.reply)
        return Usage(usage.calls, round(usage.prompt_tokens * prompt), round(usage.completion_tokens * reply))

    def _factor(self, form: Form, sums: Callable[[_OfForm], Sequence[int]]) -> float:
        own = (
            [self._forms[form]] if form in self._forms else [s for f, s in self._forms.items() if f.model == form.model]
        )
        counted = [sums(seen) for seen in own]
        server, ours = sum(pair[0] for pair in counted), sum(pair[1] for pair in counted)
        return server / ours if server and ours else 1.0

    def timed(self, model: str) -> list[Timed]:
        """The calls of a model."""
        return self._timed.get(model, [])


def _add(sums: list[int], server: int, ours: int) -> None:
    """A reply whose tokens the server does not state teaches nothing about its count."""
    if server:
        sums[0] += server
        sums[1] += ours

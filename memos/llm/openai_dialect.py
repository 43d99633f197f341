"""What a server accepts: negotiated with it, and learnt from what it refuses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMS = ("json_schema", "grammar", "json_object", "plain")
"""Ways to ask for structured output, strongest first. ``grammar`` is llama.cpp's: ``json_object`` with the schema
beside it, from which the server makes a grammar that the reply cannot leave.
"""
LIMITS = ("max_tokens", "max_completion_tokens")
"""Names of the reply's token limit, older one first."""
OPTIONAL = ("seed", "temperature", "stop")
"""Fields that a request can do without where a server refuses them; ``stop`` is then held by the client."""
_O_SERIES, _REASONING = re.compile(r"o\d(-|$)"), re.compile(r"o\d(-|$)|gpt-5(?!.*chat)")
_FORM_WORDS = ("response_format", "json_schema", "json_object", "schema", "structured output", "json mode", "grammar")
_TOOL_WORDS = ("tool", "function")
_UNNAMED = (400, 415, 422, 501)
"""Statuses with which a server may refuse a form without a word on it."""
_STRIKES = 2
"""How many requests must have come through in a weaker form after status 500 before all are sent in it."""


def form_of(body: Mapping[str, Any]) -> str | None:
    """The form in which a body asks for structured output; None where it asks for none."""
    asked = body.get("response_format") or {}
    return "grammar" if asked.get("type") == "json_object" and "schema" in asked else asked.get("type")


@dataclass
class Trial:
    """How one request is sent while it is not yet known what its server takes; None: as the dialect has it."""

    form: str | None = None
    tools: str | None = None
    broken: int = 0
    """Replies of status 500 to this request so far."""
    sure: bool = True
    """Whether the server's refusal was one of the form; status 500 may also come from something else."""


@dataclass
class Dialect:
    """What this server accepts; learnt from its refusals and kept for the client's life."""

    form: str = "json_schema"
    limit_field: str = "max_tokens"
    usage_in_stream: bool = True
    tools: str = "native"
    """``native``, or ``json``: the same call as JSON text (``memos.llm.tool_text``)."""
    reasons: bool = False
    """Whether the model thinks before it replies, which a reply limit of ours would cut short."""
    dropped: set[str] = field(default_factory=set)
    proven: set[str] = field(default_factory=set)
    """Forms, and ``native`` for tools, that this server took at least once."""
    _strikes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of_model(cls, model: str, form: str) -> Dialect:
        """What a model takes by its name: OpenAI's reasoning models name the limit otherwise and fix temperature."""
        base = model.rsplit("/", 1)[-1]
        if not _REASONING.match(base):
            return cls(form)
        limit_field = LIMITS[1] if _O_SERIES.match(base) else LIMITS[0]  # gpt-5 behind a gateway may take either
        return cls(form, limit_field, dropped={"temperature", "stop"}, reasons=True)

    def adapt(self, body: Mapping[str, Any], status: int, words: str, trial: Trial) -> bool:
        """Give up what a refusal complains of, if the request had it and can do without.

        Only what leaves the meaning of the reply alone is given up: the way a schema or a call is asked for, the name
        of the token limit, usage in streams, and sampling fields that the model has fixed.

        Args:
            status: HTTP status of the refusal.
            words: its text and the parameter it names, in lower case.

        Returns whether a new try makes sense.
        """
        if status not in (*_UNNAMED, 404, 500):
            return False
        if "tools" in body and any(word in words for word in _TOOL_WORDS):
            self.tools = "json"
            return True
        if status == 404:
            return False
        form = form_of(body)
        if form and any(word in words for word in _FORM_WORDS):
            self.form = FORMS[max(FORMS.index(form) + 1, FORMS.index(self.form))]
            trial.form = None
            return True
        return (status != 500 and self._adapt_fields(body, words)) or self._try_weaker(body, form, status, trial)

    def _adapt_fields(self, body: Mapping[str, Any], words: str) -> bool:
        sent = next((name for name in LIMITS if name in body), None)
        if sent and sent in words:
            if sent == self.limit_field:
                self.limit_field = LIMITS[1 - LIMITS.index(sent)]
            return True
        if "stream_options" in body and "stream_options" in words:
            self.usage_in_stream = False
            return True
        for name in OPTIONAL:
            if name in body and re.search(rf"\b{name}\b", words):
                self.dropped.add(name)
                return True
        return False

    def _try_weaker(self, body: Mapping[str, Any], form: str | None, status: int, trial: Trial) -> bool:
        """Without a word on the cause: a form that was never taken yet may be it. Another 500 may as well pass."""
        trial.broken += status == 500
        if status == 500 and trial.broken < _STRIKES:
            return False
        if form and form not in self.proven:
            trial.form, trial.sure = FORMS[FORMS.index(form) + 1], status != 500
            return True
        if "tools" in body and "native" not in self.proven:
            trial.tools, trial.sure = "json", status != 500
            return True
        return False

    def took(self, body: Mapping[str, Any], trial: Trial) -> None:
        """A request came through: what it was sent with is proven, and what it had to give up is learnt."""
        if form := form_of(body):
            self.proven.add(form)
        if "tools" in body:
            self.proven.add("native")
        for name in ("form", "tools"):
            chosen = getattr(trial, name)
            if chosen is None:
                continue
            self._strikes[chosen] += _STRIKES if trial.sure else 1
            if self._strikes[chosen] >= _STRIKES:
                setattr(self, name, chosen if name == "tools" else max(chosen, self.form, key=FORMS.index))

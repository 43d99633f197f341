"""Structured output that is repaired, retried, checked and counted; never silently empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from memos.errors import MalformedOutput
from memos.llm.base import LLM, Completion, Request
from memos.llm.fitting import fitted
from memos.llm.repair import values
from memos.llm.schema import problems, schema_note
from memos.types import Message, Usage

_SHOWN = 2000
"""How much of a malformed reply goes back to the model and into the error."""
_LONGEST = 4096
"""Tokens up to which the limit of a reply that was cut grows."""


class MalformedJson(MalformedOutput):
    """No attempt gave JSON that satisfies the schema."""

    def __init__(self, message: str, raw: str, usage: Usage, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message
        """What is wrong with the last reply."""
        self.raw = raw
        """The last reply as the model wrote it."""
        self.usage = usage
        """Usage of all attempts."""


@dataclass(frozen=True, slots=True)
class Structured:
    """A checked reply."""

    value: Any
    """The JSON value; satisfies the schema."""
    usage: Usage
    """Usage of all attempts."""
    attempts: int
    completion: Completion
    """The reply that was taken."""


def complete_json(llm: LLM, request: Request, schema: Mapping[str, Any], retries: int = 2) -> Structured:
    """Ask for JSON that satisfies ``schema``.

    A reply is read with ``repair.values`` and checked. One that fails is shown to the model with the reason, and asked
    for again, up to ``retries`` times, with the schema in the prompt: a server may have ignored it where it stands. A
    reply cut by the token limit is asked for again with twice the limit, up to 4096; what is longer is a loop. Each
    retry is another request, so a response cache never returns the malformed reply for it.

    Raises:
        MalformedJson: when every attempt failed; carries the last raw text and the usage.
        LLMError: when the model itself could not be reached.
    """
    request = replace(request, json_schema=schema)
    usage, current = Usage(), request
    for attempt in range(1, retries + 2):
        completion = llm.complete(current)
        usage += completion.usage
        value, reason = parse(completion, schema)
        if reason is None:
            return Structured(value, usage, attempt, completion)
        if attempt <= retries:
            current = _again(request, attempt, _next_limit(current, completion), completion, reason)
    shown = completion.text if len(completion.text) <= _SHOWN else completion.text[:_SHOWN] + "…"
    message = f"{llm.name} gave no valid JSON in {retries + 1} attempts ({reason}); last reply: {shown!r}"
    raise MalformedJson(message, completion.text, usage, reason or "")


def parse(completion: Completion, schema: Mapping[str, Any]) -> tuple[Any, str | None]:
    """The value of a reply and None, or None and the reason why it is malformed."""
    if completion.finish_reason in ("refusal", "content_filter"):
        return None, "the model refused"
    cut = completion.finish_reason == "length"
    reason = "the reply was cut by the token limit" if cut else "the reply holds no JSON value"
    first: list[Any] = []
    for position, value in enumerate(values(completion.text, complete=not cut)):
        faults = problems(value, schema)
        if not faults:
            return value, None
        if position == 0:
            first, reason = [value], "; ".join(faults[:3])
    for value in first:
        made = fitted(value, schema)
        if not problems(made, schema):
            return made, None
    return None, reason


def _next_limit(request: Request, completion: Completion) -> int | None:
    """The token limit of the next attempt; of a reply that a server's own limit cut, its length tells that limit."""
    limit = request.max_tokens
    if completion.finish_reason != "length":
        return limit
    reached = limit or completion.usage.completion_tokens
    return max(reached, min(2 * reached, _LONGEST)) or None


def _again(request: Request, attempt: int, limit: int | None, completion: Completion, reason: str) -> Request:
    correction = f"That reply could not be used: {reason}. Send the whole answer again."
    if request.json_schema is not None:
        correction += f" {schema_note(request.json_schema)}"
    said = completion.text[:_SHOWN] or "(empty)"
    messages = (*request.messages, Message("assistant", said), Message("user", correction))
    return replace(request, messages=messages, max_tokens=limit, sample_index=request.sample_index + attempt)

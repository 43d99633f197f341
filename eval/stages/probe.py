"""Real calls that prove, before anything is spent, that key, model, structured output and tools work, and how they count.

They cost a few hundred tokens. Replies are not kept: a later run asks its own questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from eval.stages.forecast.hours import Timed
from memos.errors import LLMError, MalformedOutput
from memos.llm.base import LLM, Completion, Request
from memos.llm.structured import complete_json
from memos.types import Message, Usage

_WORDS = "harbour window seven garden letter bridge copper winter pencil island market yellow".split()
_LISTED = {
    "type": "object",
    "properties": {"words": {"type": "array", "items": {"type": "string"}}},
    "required": ["words"],
    "additionalProperties": False,
}
_TOOL = {
    "type": "function",
    "function": {
        "name": "note",
        "description": "Keep a word.",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string"}},
            "required": ["word"],
            "additionalProperties": False,
        },
    },
}
_ASK_JSON = f"Give back these words in this order as JSON, in the field words:\n{chr(10).join(_WORDS)}"
_ASK_TOOL = "Keep the word harbour: call the function note."
_ASK_TEXT = "Reply with the one word yes."


@dataclass
class Probed:
    """What a model's replies to the probe showed."""

    usage: Usage = field(default_factory=Usage)
    calls: list[Timed] = field(default_factory=list)
    reply_factor: float = 1.0
    """Reply tokens as the server counts them, to ours."""

    def take(self, completion: Completion) -> Completion:
        self.usage += completion.usage
        seconds = completion.latency_ms / 1000
        self.calls.append(Timed(completion.usage.prompt_tokens, completion.usage.completion_tokens, seconds))
        return completion


def probe(llm: LLM, tokens: Callable[[str], int], forms: Iterable[str]) -> Probed:
    """Ask for one token; for JSON and for a tool call where the command's systems do.

    Args:
        llm: the model, without a cache.
        tokens: of a text, as we count.
        forms: what is going to be asked for (``eval.stages.forecast.model.form_of``): ``text``, ``json``, ``tools``.

    Raises:
        LLMError: one line that says what the model did not do.
    """
    seen, wanted = Probed(), set(forms)
    seen.take(llm.complete(Request((Message("user", _ASK_TEXT),), max_tokens=1)))
    if "json" in wanted:
        request = Request((Message("user", _ASK_JSON),), max_tokens=200)
        try:
            reply = complete_json(llm, request, _LISTED, retries=2)
        except MalformedOutput as error:
            raise LLMError(
                f"{llm.name} gives no structured output, which system.extractor=llm needs: {error}; take another model, "
                "or extractor=rules"
            ) from error
        counted = tokens(reply.completion.text)
        if reply.completion.usage.completion_tokens and counted:
            seen.reply_factor = reply.completion.usage.completion_tokens / counted
        seen.take(reply.completion)
        seen.usage += reply.usage - reply.completion.usage  # of replies that were asked for again
    if "tools" in wanted:
        completion = seen.take(llm.complete(Request((Message("user", _ASK_TOOL),), max_tokens=200, tools=(_TOOL,))))
        if not any(_is_call(call.name, call.arguments) for call in completion.tool_calls):
            raise LLMError(
                f"{llm.name} called no tool when it was asked to, which mem0_graph and langmem's agents need; it said "
                f"{completion.text[:80]!r}"
            )
    return seen


def _is_call(name: str, arguments: str) -> bool:
    try:
        return name == "note" and isinstance(json.loads(arguments or "{}"), dict)
    except ValueError:
        return False


def prompt_factor(llm: LLM, request: Request, counted: int, seen: Probed) -> float:
    """Prompt tokens of a real request as the server counts them, to ours; 1 where it does not say.

    Raises:
        LLMError: the request is refused.
    """
    stated = seen.take(llm.complete(replace(request, max_tokens=1))).usage.prompt_tokens
    return stated / counted if stated and counted else 1.0

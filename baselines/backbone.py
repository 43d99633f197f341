"""The language model as the baselines use it: structured replies checked and asked again, calls counted by phase."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from memos.errors import ConfigError, MalformedOutput
from memos.layers import waits_for_a_server
from memos.llm.base import LLM, Completion, Request
from memos.llm.early import begin, drop, early
from memos.llm.losses import Losses
from memos.llm.repair import loads
from memos.llm.schema import problems
from memos.llm.structured import MalformedJson, complete_json
from memos.types import Message, Usage

EXTRACTORS = ("rules", "llm")


def check_extractor(system: str, extractor: str) -> None:
    """Refuse an unknown way of extracting.

    Raises:
        ConfigError: naming the field and its values.
    """
    if extractor not in EXTRACTORS:
        raise ConfigError(f"{system}: extractor={extractor!r} is unknown; use rules or llm")


def check_positive(system: str, **values: float) -> None:
    """Refuse values below 1.

    Raises:
        ConfigError: naming the first such field and its value.
    """
    for name, value in values.items():
        if value < 1:
            raise ConfigError(f"{system}: {name}={value} must be at least 1")


def check_share(system: str, **values: float) -> None:
    """Refuse values outside 0..1.

    Raises:
        ConfigError: naming the first such field and its value.
    """
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ConfigError(f"{system}: {name}={value} must lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Call:
    """One checked function call of a model."""

    name: str
    arguments: Mapping[str, Any]


def tool(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A function definition in OpenAI's format."""
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def record(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """A closed JSON-schema object whose properties are all required (what strict structured output takes)."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON-schema array."""
    return {"type": "array", "items": dict(items)}


TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}


class Backbone:
    """Asks a language model on behalf of one memory system and keeps its ledger.

    Args:
        llm: the model; None where the system works by rules.
        system: name for error messages.
        extractor: ``rules`` or ``llm``; with ``llm`` a model must be there.
        retries: how often a malformed reply is asked for again.

    Raises:
        ConfigError: ``extractor=llm`` without a model.
    """

    def __init__(self, llm: LLM | None, system: str, extractor: str, retries: int = 3) -> None:
        if extractor == "llm" and (llm is None or llm.name == "none"):
            raise ConfigError(f"{system}: extractor=llm needs a language model; set llm=… or system.extractor=rules")
        self._llm = early(llm)
        self._retries = retries
        self._lock = threading.Lock()
        self.usage: dict[str, Usage] = {}
        self.losses = Losses()
        """Calls asked for, and those whose every attempt was malformed: nothing was extracted then."""

    @property
    def malformed(self) -> int:
        """Calls whose every attempt was malformed; the method went on as its authors' code does (nothing extracted)."""
        return self.losses.malformed

    def fork(self) -> Backbone:
        """The same model with an empty ledger of its own, for a search, whose usage is reported with its result; what
        is malformed counts here.
        """
        child = Backbone(self._llm, "", "rules", self._retries)
        child.losses = self.losses
        return child

    def _model(self) -> LLM:
        if self._llm is None:
            raise ConfigError("a system with extractor=rules asked a language model")
        return self._llm

    @property
    def at_once(self) -> bool:
        """Whether calls wait for a server, so that independent ones may be made at once."""
        return waits_for_a_server(self._llm)

    def begin_json(self, system: str, user: str, schema: Mapping[str, Any], *, soon: bool = False) -> None:
        """Start the call that ``json`` will make, where calls wait for a server; it is counted when it is taken."""
        request = Request((Message("system", system), Message("user", user)), json_schema=schema)
        begin(self._llm, request, soon=soon)

    def begin_calls(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> None:
        """Start the call that ``calls`` will make, likewise."""
        begin(self._llm, Request(tuple(messages), tools=tuple(tools)))

    def drop(self) -> None:
        """Make no more of the calls that were started and not taken."""
        drop(self._llm)

    def _count(self, phase: str, usage: Usage) -> None:
        with self._lock:
            self.usage[phase] = self.usage.get(phase, Usage()) + usage

    def text(self, phase: str, messages: Sequence[Message]) -> str:
        """A free-text reply."""
        completion = self._model().complete(Request(tuple(messages)))
        self._count(phase, completion.usage)
        return completion.text.strip()

    def json(self, phase: str, system: str, user: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
        """A JSON object that satisfies ``schema``, or None where every attempt was malformed (counted)."""
        request = Request((Message("system", system), Message("user", user)))
        self.losses.ask()
        try:
            reply = complete_json(self._model(), request, schema, self._retries)
        except MalformedJson as error:
            self._count(phase, error.usage)
            self.losses.lose(error.reason, error.raw)
            return None
        self._count(phase, reply.usage)
        return reply.value

    def calls(
        self, phase: str, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], required: bool = False
    ) -> tuple[str, list[Call]]:
        """A reply that may call functions: its text and its checked calls.

        A reply is asked for again when it was refused or cut, has a malformed call, lacks a ``required`` call, or gives
        a JSON object as text where a call or a sentence was asked for. When all attempts fail the well-formed calls of
        the last one are used and the failure is counted.
        """
        request = Request(tuple(messages), tools=tuple(tools))
        schemas = {item["function"]["name"]: item["function"]["parameters"] for item in tools}
        self.losses.ask()
        text, good, reason, raw = "", [], "", ""
        for attempt in range(self._retries + 1):
            current = replace(request, sample_index=attempt)
            completion = self._model().complete(current)
            good, reason = _read(completion, schemas, required)
            if reason and (again := getattr(self._llm, "again", None)) is not None:
                completion = again(current, completion)
                good, reason = _read(completion, schemas, required)
            self._count(phase, completion.usage)
            text, raw = completion.text.strip(), _raw(completion)
            if not reason:
                return text, good
        self.losses.lose(reason, raw)
        return text, good

    def state(self) -> dict[str, Any]:
        """The ledger as JSON."""
        ledger = {
            phase: [u.calls, u.prompt_tokens, u.completion_tokens, u.cached_tokens] for phase, u in self.usage.items()
        }
        return {"usage": ledger, **self.losses.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.usage = {phase: Usage(*numbers) for phase, numbers in state["usage"].items()}
        self.losses.restore(state)

    def total(self) -> Usage:
        return sum(self.usage.values(), Usage())


def _read(completion: Completion, schemas: Mapping[str, Mapping[str, Any]], required: bool) -> tuple[list[Call], str]:
    """The well-formed calls of a reply, and what is wrong with it; empty where nothing is."""
    good, reason = [], ""
    if completion.finish_reason in ("refusal", "content_filter"):
        reason = "the model refused"
    elif completion.finish_reason == "length":
        reason = "the reply was cut by the token limit"
    elif not completion.tool_calls and required:
        reason = "the reply calls no function"
    elif not completion.tool_calls and completion.text.strip().startswith("{"):
        reason = "the reply is an object in place of a function call"
    for call in completion.tool_calls:
        try:
            good.append(_checked(call.name, call.arguments, schemas))
        except MalformedOutput as error:
            reason = reason or str(error)
    return good, reason


def _raw(completion: Completion) -> str:
    """A reply as the model wrote it, its calls behind its text."""
    return "\n".join([completion.text, *(f"{call.name}({call.arguments})" for call in completion.tool_calls)]).strip()


def _checked(name: str, arguments: str, schemas: Mapping[str, Mapping[str, Any]]) -> Call:
    if name not in schemas:
        raise MalformedOutput(f"the model called {name!r}, which is no tool")
    try:
        value = loads(arguments or "{}")
    except ValueError as error:
        raise MalformedOutput(f"{name}: arguments are no JSON: {error}") from error
    wrong = problems(value, schemas[name])
    if wrong:
        raise MalformedOutput(f"{name}: {'; '.join(wrong[:3])}")
    return Call(name, json.loads(json.dumps(value)))

"""Chat completions on the wire: request bodies in a server's dialect, and whole replies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from memos.errors import on_one_line
from memos.language.scripts import lone_surrogate
from memos.llm.base import Completion, Request, ToolCall
from memos.llm.openai_dialect import FORMS, LIMITS, Dialect, Trial
from memos.llm.schema import is_strict, schema_note
from memos.llm.thoughts import split_thoughts
from memos.llm.tool_text import calls_schema, read_calls, tools_note
from memos.secret_values import hidden
from memos.types import Usage

__all__ = ["FORMS", "LIMITS", "BadReply", "Dialect", "body_of", "completion_of", "reply_to", "usage_of"]

_MOST_TOKENS = 10**9
"""More than any call can have spent; a larger count is no count."""


class BadReply(ValueError):
    """A server answered with status 200 but nothing usable; its text is fit for a record."""

    def __init__(self, said: str) -> None:
        super().__init__(on_one_line(said))


def body_of(
    request: Request,
    model: str,
    dialect: Dialect,
    *,
    stream: bool,
    extra: Mapping[str, Any],
    trial: Trial | None = None,
) -> dict[str, Any]:
    """The JSON body of a request in a server's dialect, or as one request tries it."""
    trial = trial or Trial()
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    body: dict[str, Any] = {"model": model, "messages": messages}
    if "temperature" not in dialect.dropped:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body[dialect.limit_field] = request.max_tokens
    if request.seed is not None and "seed" not in dialect.dropped:
        body["seed"] = request.seed + request.sample_index
    if request.stop and "stop" not in dialect.dropped:
        body["stop"] = list(request.stop)
    form = trial.form or dialect.form
    if request.tools and (trial.tools or dialect.tools) == "json":
        _ask_for_json(body, calls_schema(request.tools), form, tools_note(request.tools))
    elif request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    if request.json_schema is not None:
        _ask_for_json(body, request.json_schema, form)
    if stream:
        body["stream"] = True
        if dialect.usage_in_stream:
            body["stream_options"] = {"include_usage": True}
    return {**body, **extra}


def _ask_for_json(body: dict[str, Any], schema: Mapping[str, Any], form: str, note: str = "") -> None:
    """Ask for a schema in a form; the prompt gets the note, or the schema itself where the form does not carry it."""
    if form == "json_schema":
        name = "".join(c if c.isalnum() else "_" for c in schema.get("title", "reply"))[:64] or "reply"
        wanted = {"name": name, "schema": dict(schema), "strict": is_strict(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    elif form == "grammar":
        body["response_format"] = {"type": "json_object", "schema": dict(schema)}
    elif form == "json_object":
        body["response_format"] = {"type": "json_object"}
    note = note or ("" if form == "json_schema" else schema_note(schema))
    if note:
        last = body["messages"][-1]
        body["messages"][-1] = {**last, "content": f"{last['content']}\n\n{note}"}


def completion_of(data: Any, latency_ms: float, attempts: int) -> Completion:
    """A parsed reply body as a Completion, its thinking apart from its text; a key that the model repeats is taken out,
    so that no store of a system holds it.

    Raises:
        BadReply: when the body holds no choice with a message, or something that is not of its kind: no text where a
            text belongs, counts of tokens that are no counts, text that is no Unicode.
    """
    choice, message = _choice(data)
    refused = _text_or_null(message.get("refusal"), "refusal")
    said, thought = split_thoughts(refused or _content(message.get("content")))
    for name in ("reasoning_content", "reasoning"):
        if not thought and isinstance(message.get(name), str):
            thought = message[name].strip()
    completion = Completion(
        text=hidden(said),
        model=_text_or_null(data.get("model"), "model"),
        usage=usage_of(data.get("usage")),
        finish_reason="refusal" if refused else _text_or_null(choice.get("finish_reason"), "finish_reason") or "stop",
        latency_ms=latency_ms,
        tool_calls=_calls(message),
        attempts=attempts,
        reasoning=hidden(thought),
    )
    called = [text for call in completion.tool_calls for text in (call.name, call.arguments)]
    for text in (completion.text, completion.model, completion.finish_reason, thought, *called):
        if not text.isascii() and lone_surrogate(text) is not None:
            raise BadReply("the reply holds text that is no Unicode (a lone surrogate)")
    return completion


def reply_to(request: Request, completion: Completion) -> Completion:
    """A reply as its request meant it: cut at a stop text that the server was not told, calls read from JSON text."""
    for mark in request.stop:
        if mark in completion.text:
            completion = replace(completion, text=completion.text.split(mark, 1)[0])
    if not request.tools or completion.tool_calls or completion.finish_reason == "refusal":
        return completion
    written = read_calls(completion.text, request.tools)
    return completion if written is None else replace(completion, text=written[0], tool_calls=written[1])


def _choice(data: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if not isinstance(data, Mapping):
        raise BadReply("the reply is no JSON object")
    choices = data.get("choices")
    if not choices and data.get("error"):
        raise BadReply(f"the reply is an error: {shown(data['error'])}")
    choice = choices[0] if isinstance(choices, Sequence) and not isinstance(choices, str) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise BadReply("the reply holds no choices")
    return choice, message


def shown(error: Any) -> str:
    """The start of an error that a reply holds, whatever its shape."""
    try:
        return json.dumps(error, ensure_ascii=False)[:300]
    except RecursionError:
        return f"{type(error).__name__} of too many levels"


def _content(content: Any) -> str:
    """A message's text; of a list of typed parts, those of type ``text``."""
    if isinstance(content, list) and all(isinstance(entry, Mapping) for entry in content):
        content = "".join(_text_or_null(entry.get("text"), "content") for entry in content if "text" in entry)
    return _text_or_null(content, "content")


def _text_or_null(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadReply(f"the reply's {name} is no text: {value!r:.60}")
    return value


def _calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    listed = message.get("tool_calls") or ([{"function": old}] if (old := message.get("function_call")) else [])
    if not isinstance(listed, list):
        raise BadReply(f"the reply's tool_calls are no list: {listed!r:.60}")
    calls = []
    for entry in listed:
        function = entry.get("function") if isinstance(entry, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise BadReply(f"the reply holds a call without a function: {entry!r:.60}")
        arguments = function.get("arguments")
        if isinstance(arguments, Mapping):
            arguments = _written(arguments)
        calls.append(ToolCall(function["name"], hidden(_text_or_null(arguments, "arguments"))))
    return tuple(calls)


def _written(arguments: Mapping[str, Any]) -> str:
    """Arguments that came as an object, as the text that belongs there.

    Raises:
        BadReply: they are nested too deeply.
    """
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except RecursionError as error:
        raise BadReply("the reply's arguments have too many levels") from error


def usage_of(data: Any) -> Usage:
    """One call with the tokens the server reports; absent counts are 0, cached ones at most those of the prompt.

    Raises:
        BadReply: where something else stands in the place of a count.
    """
    if data is None:
        return Usage(1)
    if not isinstance(data, Mapping):
        raise BadReply(f"the reply's usage is no object: {data!r:.60}")
    details = data.get("prompt_tokens_details")
    if details is not None and not isinstance(details, Mapping):
        raise BadReply(f"the reply's usage.prompt_tokens_details is no object: {details!r:.60}")
    prompt, completion = _tokens(data, "prompt_tokens"), _tokens(data, "completion_tokens")
    return Usage(1, prompt, completion, min(_tokens(details or {}, "cached_tokens"), prompt))


def _tokens(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if value is None:
        return 0
    whole = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS
    if not whole or value != int(value):
        raise BadReply(f"the reply's usage.{name} is no count of tokens: {value!r:.40}")
    return int(value)

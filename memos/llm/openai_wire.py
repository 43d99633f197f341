"""Chat completions on the wire: request bodies, replies, streams, and what to leave out where a server refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memos.llm.base import Completion, Request, ToolCall
from memos.llm.schema import is_strict, schema_note
from memos.types import Usage

FORMS = ("json_schema", "json_object", "plain")
"""Ways to ask for structured output, strongest first."""

LIMITS = ("max_tokens", "max_completion_tokens")
"""Names of the reply's token limit, older one first."""


class BadReply(ValueError):
    """A server answered with status 200 but no usable completion."""


@dataclass
class Dialect:
    """What this server accepts; learnt from its refusals and kept for the client's life."""

    form: str = "json_schema"
    limit_field: str = "max_tokens"
    usage_in_stream: bool = True
    dropped: set[str] = field(default_factory=set)

    def adapt(self, body: Mapping[str, Any], param: str | None, message: str) -> bool:
        """Give up what a status 400 complains of, if the request had it and can do without.

        Only what leaves the meaning of the reply alone is given up: the way a schema is asked for, the name of the
        token limit, usage in streams, the ``seed``. Returns whether a new try makes sense.
        """
        text = f"{param or ''} {message}".lower()
        form = (body.get("response_format") or {}).get("type")
        if form and any(word in text for word in ("response_format", "json_schema", "json_object", "schema")):
            self.form = FORMS[max(FORMS.index(form) + 1, FORMS.index(self.form))]
            return True
        sent = next((name for name in LIMITS if name in body), None)
        if sent and sent in text:
            if sent == self.limit_field:
                self.limit_field = LIMITS[1 - LIMITS.index(sent)]
            return True
        if "stream_options" in body and "stream_options" in text:
            self.usage_in_stream = False
            return True
        if "seed" in body and "seed" in text:
            self.dropped.add("seed")
            return True
        return False


def body_of(
    request: Request, model: str, dialect: Dialect, *, stream: bool, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The JSON body of a request in a server's dialect."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    body: dict[str, Any] = {"model": model, "messages": messages, "temperature": request.temperature}
    if request.max_tokens is not None:
        body[dialect.limit_field] = request.max_tokens
    if request.seed is not None and "seed" not in dialect.dropped:
        body["seed"] = request.seed + request.sample_index
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    if request.json_schema is not None:
        _ask_for_json(body, request.json_schema, dialect.form)
    if stream:
        body["stream"] = True
        if dialect.usage_in_stream:
            body["stream_options"] = {"include_usage": True}
    return {**body, **extra}


def _ask_for_json(body: dict[str, Any], schema: Mapping[str, Any], form: str) -> None:
    if form == "json_schema":
        name = "".join(c if c.isalnum() else "_" for c in schema.get("title", "reply"))[:64] or "reply"
        wanted = {"name": name, "schema": dict(schema), "strict": is_strict(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        return
    last = body["messages"][-1]
    body["messages"][-1] = {**last, "content": f"{last['content']}\n\n{schema_note(schema)}"}
    if form == "json_object":
        body["response_format"] = {"type": "json_object"}


def completion_of(data: Any, latency_ms: float, attempts: int) -> Completion:
    """A parsed reply body as a Completion.

    Raises:
        BadReply: when the body holds no choice with a message.
    """
    try:
        choice = data["choices"][0]
        message = choice["message"]
    except (KeyError, IndexError, TypeError) as error:
        raise BadReply("the reply holds no choices") from error
    calls = tuple(
        ToolCall(call["function"]["name"], call["function"].get("arguments") or "")
        for call in message.get("tool_calls") or ()
        if call.get("function")
    )
    refused = message.get("refusal")
    return Completion(
        text=refused or message.get("content") or "",
        model=data.get("model") or "",
        usage=usage_of(data.get("usage")),
        finish_reason="refusal" if refused else choice.get("finish_reason") or "stop",
        latency_ms=latency_ms,
        tool_calls=calls,
        attempts=attempts,
    )


def usage_of(data: Mapping[str, Any] | None) -> Usage:
    """One call with the tokens the server reports; absent counts are 0."""
    data = data or {}
    cached = (data.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Usage(1, data.get("prompt_tokens") or 0, data.get("completion_tokens") or 0, cached)


class StreamParts:
    """Collects the chunks of a streamed reply into the body that an unstreamed one would have had."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[int, dict[str, str]] = {}
        self.model, self.finish, self.usage = "", None, None

    def add(self, chunk: Mapping[str, Any]) -> bool:
        """Take in one chunk; returns whether it carried content."""
        self.model = chunk.get("model") or self.model
        self.usage = chunk.get("usage") or self.usage
        content = False
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            self.finish = choice.get("finish_reason") or self.finish
            for name, parts in (("content", self.text), ("refusal", self.refusal)):
                if delta.get(name):
                    parts.append(delta[name])
                    content = True
            for call in delta.get("tool_calls") or ():
                content = True
                kept = self.calls.setdefault(call.get("index") or 0, {"name": "", "arguments": ""})
                function = call.get("function") or {}
                kept["name"] += function.get("name") or ""
                kept["arguments"] += function.get("arguments") or ""
        return content

    def body(self) -> dict[str, Any]:
        """The whole reply.

        Raises:
            BadReply: when the stream ended without a finish reason (the connection was lost on the way).
        """
        if self.finish is None:
            raise BadReply("the stream ended before the reply was complete")
        message = {
            "content": "".join(self.text),
            "refusal": "".join(self.refusal) or None,
            "tool_calls": [{"function": call} for _, call in sorted(self.calls.items())],
        }
        choice = {"message": message, "finish_reason": self.finish}
        return {"model": self.model, "choices": [choice], "usage": self.usage}

"""Streamed replies: server-sent events, read leniently in form and strictly in content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from memos.llm.openai_wire import BadReply, shown


def chunk_of(line: str) -> Mapping[str, Any] | None:
    """The object that a line of an event stream carries; None for comments, other fields and the end mark.

    Raises:
        BadReply: the line carries something else, or an error.
    """
    name, _, rest = line.partition(":")
    text = rest.strip()
    if name.strip() != "data" or not text or text == "[DONE]":
        return None
    try:
        chunk = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadReply(f"the stream holds an event that is no JSON: {text[:60]!r}") from error
    if not isinstance(chunk, Mapping):
        raise BadReply(f"the stream holds an event that is no object: {text[:60]}")
    if chunk.get("error"):
        raise BadReply(f"the stream ended in an error: {shown(chunk['error'])}")
    return chunk


class StreamParts:
    """Collects the chunks of a streamed reply into the body that an unstreamed one would have had."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {name: [] for name in ("content", "refusal", "reasoning_content")}
        self.calls: dict[int, dict[str, str]] = {}
        self.model: Any = ""
        self.finish: Any = None
        self.usage: Any = None

    def add(self, chunk: Mapping[str, Any]) -> bool:
        """Take in one chunk; returns whether it carried content.

        Raises:
            BadReply: something in it is not of its kind.
        """
        self.model = chunk.get("model") or self.model
        self.usage = chunk.get("usage") or self.usage
        content = False
        for choice in _list(chunk.get("choices"), "choices"):
            delta = choice.get("delta") or {}
            if not isinstance(delta, Mapping):
                raise BadReply(f"the stream holds a delta that is no object: {delta!r:.60}")
            self.finish = choice.get("finish_reason") or self.finish
            for name, pieces in self.texts.items():
                piece = delta.get(name) or (delta.get("reasoning") if name == "reasoning_content" else None)
                if piece:
                    pieces.append(_text(piece, name))
                    content = content or name != "reasoning_content"
            for call in _list(delta.get("tool_calls"), "tool_calls"):
                content = True
                self._add_call(call)
        return content

    def _add_call(self, call: Mapping[str, Any]) -> None:
        index, function = call.get("index") or 0, call.get("function") or {}
        if not isinstance(index, int) or not isinstance(function, Mapping):
            raise BadReply(f"the stream holds a call that is no call: {call!r:.60}")
        kept = self.calls.setdefault(index, {"name": "", "arguments": ""})
        for name in kept:
            kept[name] += _text(function.get(name) or "", name)

    def body(self) -> dict[str, Any]:
        """The whole reply.

        Raises:
            BadReply: when the stream ended without a finish reason (the connection was lost on the way).
        """
        if self.finish is None:
            raise BadReply("the stream ended before the reply was complete")
        message = {name: "".join(pieces) or None for name, pieces in self.texts.items()}
        calls = [{"function": call} for _, call in sorted(self.calls.items())]
        choice = {"message": {**message, "tool_calls": calls}, "finish_reason": self.finish}
        return {"model": self.model, "choices": [choice], "usage": self.usage}


def _list(value: Any, name: str) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise BadReply(f"the stream holds {name} that are no list of objects: {value!r:.60}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadReply(f"the stream holds a piece of {name} that is no text: {value!r:.60}")
    return value

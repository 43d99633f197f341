"""Function calls written as JSON text: for servers that refuse tools, and for replies that give a call as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memos.llm.base import ToolCall
from memos.llm.repair import values

_TAGGED = re.compile(r"<(tool_call|function_call)>\s*(.*?)\s*</\1>", re.DOTALL)


def calls_schema(tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """JSON schema of a reply that says something and calls functions."""
    call = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": [tool["function"]["name"] for tool in tools]},
            "arguments": {"type": "object"},
        },
        "required": ["name", "arguments"],
    }
    return {
        "title": "calls",
        "type": "object",
        "properties": {"content": {"type": "string"}, "tool_calls": {"type": "array", "items": call}},
        "required": ["content", "tool_calls"],
    }


def tools_note(tools: Sequence[Mapping[str, Any]]) -> str:
    """What a model without tools is told: the functions, and the form of a call."""
    functions = [tool["function"] for tool in tools]
    return (
        f"You may call these functions:\n{json.dumps(functions)}\n"
        'Reply with one JSON object and nothing else: {"content": "what you say, or an empty text", "tool_calls": '
        '[{"name": "a function", "arguments": {…}}]}. Where no call is needed, "tool_calls" is an empty list.'
    )


def read_calls(text: str, tools: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[ToolCall, ...]] | None:
    """What a reply in that form says and the calls it makes; None where it is in no such form.

    A bare call, a list of calls, and calls in ``<tool_call>`` tags are read too, of known functions only.
    """
    names = {tool["function"]["name"] for tool in tools}
    tagged = [match.group(2) for match in _TAGGED.finditer(text)]
    if tagged:
        calls = [call for inner in tagged for call in _calls(next(values(inner), None), names)]
        return (_TAGGED.sub("", text).strip(), tuple(calls)) if calls else None
    for value in values(text):
        if isinstance(value, Mapping) and isinstance(value.get("tool_calls"), list):
            content = value.get("content")
            return content if isinstance(content, str) else "", tuple(_calls(value["tool_calls"], names))
        if calls := tuple(_calls(value, names)):
            return "", calls
    return None


def _calls(value: Any, names: set[str]) -> Iterator[ToolCall]:
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, Mapping):
            continue
        function = entry.get("function")
        call = function if isinstance(function, Mapping) else entry
        name, arguments = call.get("name"), call.get("arguments", call.get("parameters"))
        if isinstance(name, str) and name in names and isinstance(arguments, (Mapping, str)):
            yield ToolCall(name, arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False))

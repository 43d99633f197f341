"""Models that give replies written by hand, and what they were asked."""

from __future__ import annotations

import json

from memos.llm.base import Completion, ToolCall
from memos.llm.mock import MockLLM
from memos.types import Usage


def add(text: str) -> dict:
    return {"id": "7", "text": text, "event": "ADD", "old_memory": None}


def call(name: str, **arguments) -> Completion:
    return Completion("", "mock", Usage(1, 5, 5), "tool_calls", tool_calls=(ToolCall(name, json.dumps(arguments)),))


def scripted(*replies) -> MockLLM:
    """A model that gives these replies in order and fails when asked for more."""
    queue = list(replies)
    return MockLLM(function=lambda request: queue.pop(0))


def asked(llm: MockLLM) -> list[str]:
    """What each request asked for: its schema's fields, or its tools."""
    return [
        "+".join(r.json_schema["required"]) if r.json_schema else "+".join(t["function"]["name"] for t in r.tools)
        for r in llm.requests
    ]


def prompts(llm: MockLLM) -> list[str]:
    return ["\n".join(message.content for message in request.messages) for request in llm.requests]

"""Requests and replies as plain JSON: the form that is hashed, cached and sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from memos.llm.base import BatchedCompletion, Completion, Request, ToolCall
from memos.remembered import Remembered
from memos.types import Usage


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text.

    Raises:
        ValueError: when a value is not a finite number or not JSON at all.
    """
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def request_to_dict(request: Request) -> dict[str, Any]:
    """Every field of a request as JSON values."""
    return {
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "temperature": float(request.temperature),
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "stop": list(request.stop),
        "json_schema": dict(request.json_schema) if request.json_schema is not None else None,
        "tools": [dict(tool) for tool in request.tools],
        "sample_index": request.sample_index,
    }


def request_key(identity: Mapping[str, Any], request: Request) -> str:
    """SHA-256 (hex) of a provider's identity and every field of the request: ``canonical`` of both under ``llm`` and
    ``request``. A call is looked up in several places one after the other, so its text is made once.

    Args:
        identity: never changed while it is in use.
    """
    text = f'{{"llm":{_identity_text(identity)},"request":{request_text(request)}}}'
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


request_text: Remembered[Request, str] = Remembered(lambda request: canonical(request_to_dict(request)), 256)
"""``canonical`` of every field of a request."""
_identity_text: Remembered[Mapping[str, Any], str] = Remembered(lambda identity: canonical(dict(identity)), 64)


def describe(request: Request, width: int = 80) -> str:
    """A short name of a request for messages: the start of its last message."""
    last = request.messages[-1].content if request.messages else ""
    line = " ".join(last.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def completion_to_dict(completion: Completion) -> dict[str, Any]:
    """A reply as JSON values; ``from_cache`` is left out, since it says how the reply came, not what it is."""
    return {
        "text": completion.text,
        "model": completion.model,
        "usage": {name: getattr(completion.usage, name) for name in Usage.__dataclass_fields__},
        "finish_reason": completion.finish_reason,
        "latency_ms": completion.latency_ms,
        "tool_calls": [{"name": call.name, "arguments": call.arguments} for call in completion.tool_calls],
        "attempts": completion.attempts,
        "cut_tokens": completion.cut_tokens,
        "ttft_ms": completion.ttft_ms,
        **({"batched": True} if isinstance(completion, BatchedCompletion) else {}),
        **({"reasoning": completion.reasoning} if completion.reasoning else {}),
    }


def completion_from_dict(data: Mapping[str, Any], *, from_cache: bool = False) -> Completion:
    """The inverse of ``completion_to_dict``."""
    kind = BatchedCompletion if data.get("batched") else Completion
    return kind(
        text=data["text"],
        model=data["model"],
        usage=Usage(**data["usage"]),
        finish_reason=data["finish_reason"],
        latency_ms=data["latency_ms"],
        tool_calls=tuple(ToolCall(call["name"], call["arguments"]) for call in data["tool_calls"]),
        attempts=data["attempts"],
        from_cache=from_cache,
        cut_tokens=data["cut_tokens"],
        ttft_ms=data["ttft_ms"],
        reasoning=data.get("reasoning", ""),
    )

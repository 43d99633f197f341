"""What the scripted server says: replies, faults and the order in which they come."""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from memos.llm.sample import prompt_lines, sample_json, stand_in_answer

FAULTS = ("429", "500", "timeout", "drop", "truncated", "wrong_schema", "refusal", "400", "401", "too_long", "garbage")


@dataclass(frozen=True)
class Reply:
    """One scripted reply; fields left out are filled from the request."""

    text: str = ""
    tool_calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()
    finish_reason: str | None = None
    refusal: str | None = None
    cached_tokens: int | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    """Body of the ``error`` object when ``status`` is not 200."""
    raw: str | None = None
    """What is sent as the whole body, whatever it is."""


@dataclass(frozen=True)
class Fault:
    """One failure. ``kind`` is one of FAULTS; ``truncated`` cuts the reply's own text in half, ``wrong_schema`` sends
    JSON of another shape, ``garbage`` sends a body that is no JSON, ``drop`` closes the connection unanswered."""

    kind: str
    retry_after: float | None = 0.0


class FaultPlan:
    """Which request fails and how.

    ``sequence`` fails the n-th request with its n-th entry (None: no fault). ``rate`` fails that share of distinct
    requests, chosen by a hash of ``seed`` and the body, on their first ``attempts`` tries only; so a client that
    retries always gets through, and which ones fail does not depend on the order. ``wrong_schema`` is only dealt to
    requests that ask for a schema or offer tools: a free text has none. ``retry_after`` goes with each 429.
    """

    def __init__(
        self,
        sequence: Sequence[Fault | str | None] = (),
        rate: float = 0.0,
        seed: int = 0,
        kinds: Sequence[str] = ("429", "500", "drop"),
        attempts: int = 1,
        retry_after: float = 0.0,
    ) -> None:
        self.sequence, self.retry_after = list(sequence), retry_after
        self.rate, self.seed, self.kinds, self.attempts = rate, seed, tuple(kinds), attempts
        self._tries: dict[bytes, int] = {}
        self.injected: list[str] = []
        self._lock = threading.Lock()

    def next(self, raw_body: bytes) -> Fault | None:
        with self._lock:
            fault = self._planned(raw_body)
            if fault is not None:
                self.injected.append(fault.kind)
            return fault

    def _planned(self, raw_body: bytes) -> Fault | None:
        if self.sequence:
            planned = self.sequence.pop(0)
            return Fault(planned) if isinstance(planned, str) else planned
        if not self.rate:
            return None
        key = hashlib.sha256(str(self.seed).encode() + raw_body).digest()
        self._tries[key] = self._tries.get(key, 0) + 1
        draw = random.Random(key)
        if draw.random() >= self.rate or self._tries[key] > self.attempts:
            return None
        kinds = self.kinds
        if "wrong_schema" in kinds and not _has_shape(raw_body):
            kinds = tuple(kind for kind in kinds if kind != "wrong_schema")
        return Fault(draw.choice(kinds), self.retry_after)


def _has_shape(raw_body: bytes) -> bool:
    """Whether a request asks for structured output or offers tools."""
    body = json.loads(raw_body or b"{}")
    return bool(body.get("response_format") or body.get("tools"))


Source = str | Mapping[str, Any] | Sequence[Any] | Reply | Callable[[dict[str, Any]], Any]


class Script:
    """Chooses the reply to a chat request: the first rule whose pattern is found in the messages (joined by newlines),
    else the queue in order, else a stand-in drawn from the prompt (schema-valid where a schema is asked for).

    A rule's reply is a text, JSON value, Reply, or a callable from the request body to one of these (None: pass on).
    """

    def __init__(self, rules: Sequence[tuple[str, Source]] = (), queue: Sequence[Source] = ()) -> None:
        self.rules = [(re.compile(pattern, re.DOTALL), reply) for pattern, reply in rules]
        self.queue = list(queue)
        self._lock = threading.Lock()

    def reply(self, body: dict[str, Any]) -> Reply:
        text = "\n".join(content_text(message.get("content")) for message in body.get("messages", ()))
        for pattern, source in self.rules:
            if (match := pattern.search(text)) and (reply := _as_reply(source, body, match)) is not None:
                return reply
        with self._lock:
            source = self.queue.pop(0) if self.queue else None
        reply = _as_reply(source, body, None) if source is not None else None
        return reply if reply is not None else stand_in(body)


def content_text(content: Any) -> str:
    """A message's content as text, whether a string, a list of parts or absent."""
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


def _as_reply(source: Any, body: dict[str, Any], match: re.Match[str] | None) -> Reply | None:
    if callable(source):
        source = source(body)
    if source is None or isinstance(source, Reply):
        return source
    if isinstance(source, str):
        return Reply(match.expand(source) if match else source)
    return Reply(json.dumps(source, ensure_ascii=False))


def stand_in(body: dict[str, Any]) -> Reply:
    """The default reply: a tool call, a value of the schema asked for, or the line closest to the question."""
    contents = [content_text(message.get("content")) for message in body.get("messages", ())]
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        value = sample_json(form["json_schema"]["schema"], prompt_lines(contents))
        return Reply(json.dumps(value, ensure_ascii=False))
    answered = any(message.get("role") == "tool" for message in body.get("messages", ()))
    if body.get("tools") and not answered and body.get("tool_choice") != "none":
        function = body["tools"][0]["function"]
        arguments = sample_json(function.get("parameters") or {"type": "object"}, prompt_lines(contents))
        return Reply(tool_calls=((function["name"], arguments),))
    answer = stand_in_answer(contents)
    return Reply(json.dumps({"answer": answer}, ensure_ascii=False) if form.get("type") == "json_object" else answer)


def spoiled(reply: Reply, kind: str) -> Reply:
    """A reply changed by a fault that still sends status 200."""
    if kind == "truncated":
        return Reply(reply.text[: max(1, len(reply.text) // 2)], reply.tool_calls, "length")
    if kind == "wrong_schema":
        return Reply('{"unexpected": [1, 2, 3]}')
    return Reply("", refusal="I cannot help with that.")

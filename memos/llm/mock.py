"""A scripted, deterministic model for tests and dry runs."""

from __future__ import annotations

import importlib
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from memos.errors import ConfigError, LLMError
from memos.llm.base import Completion, Request, ToolCall, in_turn
from memos.llm.prices import check_prices
from memos.llm.sample import prompt_lines, sample_json, stand_in_answer
from memos.llm.window import fit, whitespace_tokens
from memos.model_origin import SYNTHETIC, ModelOrigin
from memos.types import Usage

Reply = str | Completion | Mapping[str, Any] | Sequence[Any] | LLMError | None


def _named_function(name: str) -> Callable[[Request], Reply]:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"llm.function={name!r} names no callable; write it as package.module:function") from error


class MockLLM:
    """Answers from a script, else from the prompt itself; equal requests get equal replies.

    The first of these that has a reply gives it: ``function``; ``exact`` (whole last message); ``rules`` (regular
    expressions searched in all messages joined by newlines, first match wins, ``\\1`` or ``\\g<name>`` in the reply
    stands for a group); ``replies`` (used up one a request, in order); the default rule. The default rule returns a
    value that satisfies ``json_schema``, calls the first tool where tools are given and none has answered yet, and
    else quotes the line of the prompt closest to its last question.

    A reply is a text; a value to be sent as JSON (mapping or list); a Completion; an LLMError, which is raised; or
    None, which passes on to the next source. Tokens are words separated by white space.
    """

    @dataclass
    class Config:
        model: str = field(default="mock", metadata={"help": "model id in records"})
        function: str = field(
            default="", metadata={"help": "package.module:function from Request to a reply; empty: none"}
        )
        exact: dict[str, str] = field(default_factory=dict, metadata={"help": "whole last message to reply"})
        rules: list[Any] = field(
            default_factory=list, metadata={"help": "list of {pattern, reply} or [pattern, reply]"}
        )
        replies: list[str] = field(default_factory=list, metadata={"help": "replies used up in order, one a request"})
        context_window: int | None = field(default=None, metadata={"help": "window in words; null: unlimited"})
        long_prompt: str = field(default="refuse", metadata={"help": "refuse or cut a prompt longer than the window"})
        latency_ms: float = field(default=0.0, metadata={"help": "pause before each reply"})
        price_prompt: float | None = field(default=None, metadata={"help": "dollars a million prompt tokens"})
        price_completion: float | None = field(default=None, metadata={"help": "dollars a million reply tokens"})

        def __post_init__(self) -> None:
            if self.long_prompt not in ("refuse", "cut"):
                raise ConfigError(f"llm.long_prompt={self.long_prompt!r} is unknown; use refuse or cut")
            if self.latency_ms < 0:
                raise ConfigError(f"llm.latency_ms={self.latency_ms} must not be negative")
            check_prices(self, "llm")

    part_id = "mock_llm"

    def __init__(self, config: Config | None = None, *, function: Callable[[Request], Reply] | None = None) -> None:
        self.config = config or self.Config()
        self.name, self.context_window = self.config.model, self.config.context_window
        self._function = function or (_named_function(self.config.function) if self.config.function else None)
        self._rules = [_rule(rule) for rule in self.config.rules]
        self._next = 0
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        """Every request so far, in order, for tests."""

    @property
    def model_origin(self) -> ModelOrigin:
        """Scripted, whatever model it plays."""
        return ModelOrigin(self.name, SYNTHETIC)

    def identity(self) -> dict[str, Any]:
        """What changes its replies besides the request."""
        c = self.config
        script = [c.function, dict(c.exact), [str(rule) for rule in c.rules], list(c.replies)]
        window = {"window": c.context_window, "long_prompt": c.long_prompt} if c.context_window else {}
        return {"provider": "mock", "model": self.name, "base_url": None, "script": script, **window}

    def complete(self, request: Request) -> Completion:
        start = time.perf_counter()
        count = lambda messages: sum(whitespace_tokens(message.content) for message in messages)  # noqa: E731
        messages, cut = fit(
            request.messages, count, self.context_window, request.max_tokens or 0, self.config.long_prompt, self.name
        )
        request = replace(request, messages=messages)
        with self._lock:
            self.requests.append(request)
        if self.config.latency_ms:
            time.sleep(self.config.latency_ms / 1000)
        reply = self._reply(request)
        completion = reply if isinstance(reply, Completion) else self._completion(request, reply, count(messages))
        return replace(completion, latency_ms=(time.perf_counter() - start) * 1000, cut_tokens=cut)

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        return in_turn(self.complete, requests)

    def close(self) -> None:
        """Nothing to release."""

    def _reply(self, request: Request) -> Reply:
        reply = self._scripted(request)
        if isinstance(reply, LLMError):
            raise reply
        return self._default(request) if reply is None else reply

    def _scripted(self, request: Request) -> Reply:
        reply = self._function(request) if self._function else None
        if reply is None and request.messages:
            reply = self.config.exact.get(request.messages[-1].content)
        if reply is None:
            reply = self._matched("\n".join(message.content for message in request.messages))
        if reply is None:
            with self._lock:
                if self._next < len(self.config.replies):
                    reply = self.config.replies[self._next]
                    self._next += 1
        return reply

    def _matched(self, text: str) -> Reply:
        for pattern, reply in self._rules:
            if match := pattern.search(text):
                return match.expand(reply) if isinstance(reply, str) else reply
        return None

    def _default(self, request: Request) -> Reply:
        contents = [message.content for message in request.messages]
        if request.json_schema is not None:
            return sample_json(request.json_schema, prompt_lines(contents))
        if request.tools and all(message.role != "tool" for message in request.messages):
            function = request.tools[0].get("function", request.tools[0])
            arguments = sample_json(function.get("parameters", {"type": "object"}), prompt_lines(contents))
            call = ToolCall(function["name"], json.dumps(arguments, ensure_ascii=False))
            return Completion("", self.name, Usage(1, 0, 0), "tool_calls", tool_calls=(call,))
        return stand_in_answer(contents)

    def _completion(self, request: Request, reply: Reply, prompt_tokens: int) -> Completion:
        text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
        finish = "stop"
        for mark in request.stop:
            text = text.split(mark, 1)[0]
        words = text.split()
        if request.max_tokens is not None and len(words) > request.max_tokens:
            text, finish = " ".join(words[: request.max_tokens]), "length"
        return Completion(text, self.name, Usage(1, prompt_tokens, whitespace_tokens(text)), finish)


def _rule(rule: Any) -> tuple[re.Pattern[str], Reply]:
    try:
        pattern, reply = (rule["pattern"], rule["reply"]) if hasattr(rule, "keys") else rule
        return re.compile(pattern, re.DOTALL), reply
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise ConfigError(f"llm.rules has {rule!r}; write {{pattern: REGEX, reply: TEXT}} ({error})") from error

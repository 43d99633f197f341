"""The model that a forecast asks in place of the real one, and the layer that counts what is asked."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from eval.stages.forecast.overlap import Overlap
from eval.stages.forecast.replies import reply_to
from eval.stages.forecast.shapes import ReplyShape
from eval.stages.forecast.tally import Purpose, Tally
from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request, in_turn
from memos.llm.cache import CachedLLM, NotCached
from memos.llm.layer import Layer
from memos.llm.window import fit
from memos.llm.wire import request_key
from memos.types import Message, Usage

_MESSAGE_TOKENS, _REPLY_TOKENS = 4, 3
"""Tokens of a message's frame and of the reply's start (OpenAI's figures)."""
_O200K = ("gpt-4o", "gpt-4.1", "gpt-5", "o1", "o3", "o4", "chatgpt-4o")
"""Models whose names begin so are tokenised by o200k_base, all others here by cl100k_base."""
_BLOCK = 40_000
"""Characters of a line that the encoder takes at once."""


_LINE = re.compile(r"[^\n]*\n+|[^\n]+")
"""A line with the breaks after it: no token reaches over its end."""


def tokenizer_of(model: str) -> Callable[[str], int]:
    """Tokens of a text for a model: exact for OpenAI's, near for others. Lines that come again are counted once."""
    plain = model.rpartition("/")[2]
    of_line = _line_counter("o200k_base" if plain.startswith(_O200K) else "cl100k_base")
    return lambda text: sum(map(of_line, _LINE.findall(text)))


@lru_cache(maxsize=2)
def _line_counter(name: str) -> Callable[[str], int]:
    import bpe_openai

    encoding = bpe_openai.get_encoding(name)

    @lru_cache(maxsize=200_000)
    def tokens(line: str) -> int:
        return sum(len(encoding.encode_ordinary(line[start : start + _BLOCK])) for start in range(0, len(line), _BLOCK))

    return tokens


def form_of(request: Request) -> str:
    """What a request asks for, in a word."""
    if request.json_schema is not None:
        schema = request.json_schema
        return "+".join(schema.get("required") or schema.get("properties") or ("json",))
    return request.tools[0]["function"]["name"] if request.tools else "text"


class StandIn:
    """Typical replies of stated length in the name of a provider, at once and for nothing.

    Args:
        provider: whose name, window and identity it bears.
        tokens: of a text.
        shape: how real replies to a request compare with the stated ones.
        pause: seconds each reply takes; to see how many calls a system makes at once.
        overlap: told of the pauses.
    """

    def __init__(
        self,
        provider: LLM,
        tokens: Callable[[str], int],
        shape: Callable[[Request], ReplyShape] = lambda request: ReplyShape(),
        pause: float = 0.0,
        overlap: Overlap | None = None,
    ) -> None:
        self.provider, self.tokens, self.shape, self.pause = provider, tokens, shape, pause
        self.overlap = overlap or Overlap()
        self.name, self.context_window = provider.name, provider.context_window
        self.config = getattr(provider, "config", None)

    def identity(self) -> Mapping[str, Any]:
        return self.provider.identity()

    def complete(self, request: Request) -> Completion:
        """Raises PromptTooLong where the provider would."""
        policy = getattr(self.config, "long_prompt", "refuse")
        count = lambda messages: prompt_tokens(messages, request, self.tokens)  # noqa: E731
        messages, cut = fit(request.messages, count, self.context_window, request.max_tokens or 0, policy, self.name)
        if self.pause:
            with self.overlap.waiting():
                time.sleep(self.pause)
        text, calls = reply_to(request, self.shape(request))
        length = self.tokens(text + "".join(call.arguments for call in calls))
        if request.max_tokens is not None:
            length = min(length, request.max_tokens)  # what is said stays whole: the method is to go its usual way
        finish = "tool_calls" if calls else "stop"
        return Completion(text, self.name, Usage(1, count(messages), length), finish, tool_calls=calls, cut_tokens=cut)

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        return in_turn(self.complete, requests)

    def close(self) -> None:
        """Nothing to release."""


def prompt_tokens(messages: Sequence[Message], request: Request, tokens: Callable[[str], int]) -> int:
    """Tokens of a prompt with its frames, and of the schema and the tools, which a server puts into it."""
    framed = sum(tokens(message.content) + _MESSAGE_TOKENS for message in messages) + _REPLY_TOKENS
    shape = [part for part in (request.json_schema, list(request.tools)) if part]
    return framed + sum(tokens(json.dumps(part)) for part in shape)


class RemoteStandIn(StandIn):
    """One for a server's model, which systems ask several times at once."""

    remote = True


@dataclass
class Place:
    """Where a run is just now: what the calls that are made count for."""

    phase: str = ""
    role: str = ""
    sample_id: str = ""
    timed: bool = False
    """Whether this is the latency pass, in which nothing is cached."""


class Observer(Protocol):
    """Told of every request with its purpose and the reply."""

    def __call__(self, purpose: Purpose, request: Request, completion: Completion) -> None: ...


class Counting(Layer):
    """Counts every call by its purpose, and those apart that cost nothing.

    Args:
        inner: asked for replies.
        kept: the response cache in mode ``only``, which is asked first; None where there is none yet.
        asked: keys of what this command's jobs have asked already, which the cache would then hold; None: it keeps
            nothing.
        place: where the run is.
        tally: counted in.
        observe: told of every call that is not kept.
    """

    def __init__(
        self,
        inner: LLM,
        place: Place,
        tally: Tally,
        *,
        kept: CachedLLM | None = None,
        asked: set[str] | None = None,
        observe: Observer | None = None,
    ) -> None:
        super().__init__(inner)
        self.place, self.tally = place, tally
        self._kept, self._asked, self._observe = kept, asked, observe

    def complete(self, request: Request) -> Completion:
        return self._count(request, self._reply(request))

    def _reply(self, request: Request) -> Completion:
        if self._kept is not None and not self.place.timed:
            try:
                return self._kept.complete(request)
            except NotCached:
                pass
        return self.inner.complete(request)

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        if self._kept is None and self._asked is None:
            for index, outcome in self.inner.complete_many(requests):
                yield index, self._count(requests[index], outcome) if isinstance(outcome, Completion) else outcome
            return
        yield from in_turn(self.complete, requests)

    def _count(self, request: Request, completion: Completion) -> Completion:
        purpose = Purpose(self.place.phase, self.place.role, self.name, form_of(request))
        again = False
        if self._asked is not None and not completion.from_cache and not self.place.timed:
            key = request_key(self.inner.identity(), request)
            again = key in self._asked
            self._asked.add(key)
        kept = completion.from_cache or again
        seconds = completion.latency_ms / 1000
        self.tally.add(purpose, self.place.sample_id, completion.usage, kept=kept, seconds=seconds)
        if self._observe is not None and not kept:
            self._observe(purpose, request, completion)
        return completion

    def close(self) -> None:
        """The model belongs to the forecast."""

"""The language-model client protocol that every system, answerer and judge uses."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from memos.errors import LLMError
from memos.types import Message, Usage


@dataclass(frozen=True, slots=True)
class Request:
    """One chat completion. Every field changes the response, so every field is in the cache key."""

    messages: tuple[Message, ...]
    temperature: float = 0.0
    max_tokens: int | None = None
    seed: int | None = 0
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    """JSON schema the reply must satisfy (structured output); None for free text."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Tool definitions in OpenAI's format."""
    sample_index: int = 0
    """Repeat number, so that repeated samples of one prompt never collapse into one cache entry."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call the model asks for. ``arguments`` is the raw JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply."""

    text: str
    model: str
    """Model id as the provider returned it."""
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    latency_ms: float = 0.0
    tool_calls: tuple[ToolCall, ...] = ()
    attempts: int = 1
    from_cache: bool = False
    cut_tokens: int = 0
    """Prompt tokens removed to fit the window (only where the user allowed it), else 0."""
    ttft_ms: float | None = None
    """Time to the first token; only where the reply was streamed."""
    reasoning: str = ""
    """What the model thought before it replied, where it shows that; no part of ``text``."""


@dataclass(frozen=True, slots=True)
class BatchedCompletion(Completion):
    """A reply from a batch interface: half the price, and ``latency_ms`` is the time of the whole batch.

    A class of its own, so that systems which never see one are the same code as before there were any.
    """


@runtime_checkable
class LLM(Protocol):
    """A language model.

    ``complete`` raises a subclass of LLMError when the call failed for good (retries included).
    ``complete_many`` runs requests concurrently (remote) or batched (local) and yields ``(index, outcome)`` as they
    finish; a failed request yields its LLMError instead of raising.

    A provider that knows whose model it asks also has ``model_origin`` (``memos.model_origin.ModelOrigin``): by it,
    tables decide whether its numbers may stand beside the paper's.
    """

    name: str
    """Model id as configured."""

    @property
    def context_window(self) -> int | None:
        """Longest prompt plus reply in tokens; None where unknown."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """What changes a reply besides the request."""
        ...

    def complete(self, request: Request) -> Completion: ...

    def complete_many(
        self, requests: Sequence[Request]
    ) -> Generator[tuple[int, Completion | LLMError], None, None]: ...

    def close(self) -> None: ...


def in_turn(
    complete: Callable[[Request], Completion], requests: Sequence[Request]
) -> Generator[tuple[int, Completion | LLMError], None, None]:
    """``complete_many`` of a model that is asked one request after the other."""
    for index, request in enumerate(requests):
        try:
            yield index, complete(request)
        except LLMError as error:
            yield index, error

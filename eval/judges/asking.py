"""Asking a model for judgements: several runs of each prompt, unreadable replies asked for again, all costs counted.

The runs of one prompt differ in ``Request.sample_index`` only, so their spread is the judge's jitter and nothing else
(docs/protocol.md#judges). A reply that cannot be read, a refusal for one, is asked for again a few times, as
``answerer.retries`` does; every attempt is counted. Nothing unreadable and no failed call is ever turned into a
judgement here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

from memos.errors import ConfigError, LLMError
from memos.llm.base import LLM, BatchedCompletion, Completion, Request
from memos.types import Message, Usage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What one run of a prompt gave, and what all its attempts cost."""

    read: T | None
    """What the reply says; None where it cannot be read, or there is none."""
    raw: str
    """The reply as it stands, or the error."""
    failed: bool = False
    """Whether the call failed for good."""
    model: str = ""
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    latency_ms: float = 0.0
    batched: Usage = field(default_factory=Usage)
    """The part of ``usage`` that came from a batch interface."""


@dataclass(kw_only=True)
class Asking:
    """How each prompt is asked: the fields that the configurations of all judges with a model have."""

    runs: int = field(default=1, metadata={"help": "how often each answer is judged"})
    temperature: float = field(default=0.0, metadata={"help": "sampling temperature of the judge"})
    max_tokens: int = field(default=256, metadata={"help": "longest reply in tokens"})
    retries: int = field(default=2, metadata={"help": "how often a reply that cannot be read is asked for again"})

    def __post_init__(self) -> None:
        for name in ("runs", "max_tokens"):
            if getattr(self, name) < 1:
                raise ConfigError(f"judge.{name}: must be at least 1, found {getattr(self, name)}")
        for name in ("temperature", "retries"):
            if getattr(self, name) < 0:
                raise ConfigError(f"judge.{name}: must not be negative, found {getattr(self, name)}")


def ask(
    llm: LLM, prompts: Sequence[tuple[Message, ...]], how: Asking, read: Callable[[int, str], T | None]
) -> Iterator[tuple[int, list[Reply[T]]]]:
    """The replies of all runs of each prompt, as they complete: ``(index, replies)``.

    Runs whose reply cannot be read are asked again together, each time as another sample; the last reply stands, tokens
    and latency cover all attempts. None is asked again after an error, which the client has retried, nor where
    ``max_tokens`` cut the reply.

    Args:
        llm: the model.
        prompts: what it is asked.
        how: runs, sampling and retries.
        read: what a reply to the prompt of that index says; None where it says nothing that counts.
    """
    waiting = [(prompt, run) for prompt in range(len(prompts)) for run in range(how.runs)]
    earlier: dict[tuple[int, int], Reply[T]] = {}
    done: dict[int, dict[int, Reply[T]]] = {}
    for attempt in range(how.retries + 1):
        again = []
        requests = [
            Request(
                prompts[prompt],
                temperature=how.temperature,
                max_tokens=how.max_tokens,
                sample_index=run + attempt * how.runs,
            )
            for prompt, run in waiting
        ]
        for position, outcome in llm.complete_many(requests):
            prompt, run = waiting[position]
            reply = _read(outcome, earlier.get((prompt, run)), partial(read, prompt))
            cut = isinstance(outcome, Completion) and outcome.finish_reason == "length"
            if attempt < how.retries and reply.read is None and not reply.failed and not cut:
                earlier[prompt, run] = reply
                again.append((prompt, run))
                continue
            replies = done.setdefault(prompt, {})
            replies[run] = reply
            if len(replies) == how.runs:
                yield prompt, [replies[number] for number in range(how.runs)]
        waiting = sorted(again)
        if not waiting:
            return


def _read(outcome: Completion | LLMError, earlier: Reply[T] | None, read: Callable[[str], T | None]) -> Reply[T]:
    """One reply, with what the attempts before it cost."""
    before = earlier or Reply(None, "")
    if isinstance(outcome, LLMError):
        raw = f"{type(outcome).__name__}: {outcome}"
        return replace(before, read=None, raw=raw, failed=True, attempts=before.attempts + 1)
    return Reply(
        read(outcome.text),
        outcome.text,
        False,
        outcome.model,
        before.attempts + 1,
        before.usage + outcome.usage,
        before.latency_ms + outcome.latency_ms,
        before.batched + outcome.usage if isinstance(outcome, BatchedCompletion) else before.batched,
    )


def costs(replies: Sequence[Reply[Any]], model: str) -> dict[str, Any]:
    """The fields of a verdict that say what its replies cost; ``model``: its name where no reply says one."""
    return {
        "model": next((reply.model for reply in reversed(replies) if reply.model), model),
        "usage": sum((reply.usage for reply in replies), Usage()),
        "latency_ms": sum(reply.latency_ms for reply in replies),
        "attempts": sum(reply.attempts for reply in replies),
    }


def from_batches(replies: Sequence[Reply[Any]]) -> Usage:
    """The part of some replies' usage that came from a batch interface."""
    return sum((reply.batched for reply in replies), Usage())

"""How long calls take: the time of one call, and of all of them at the given concurrency and rate limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class CallTime:
    """Seconds of one call: a start, and so much for each token that is read and written."""

    start_s: float = 0.5
    reply_token_s: float = 0.015
    prompt_token_s: float = 0.00003
    measured: bool = False
    """Whether it was measured on this model; else it is what is stated here."""

    def seconds(self, calls: float, prompt_tokens: float, reply_tokens: float) -> float:
        """Of calls one after the other."""
        return calls * self.start_s + prompt_tokens * self.prompt_token_s + reply_tokens * self.reply_token_s


@dataclass(frozen=True, slots=True)
class Timed:
    """One call as it was measured."""

    prompt_tokens: int
    reply_tokens: int
    seconds: float


def fitted(calls: Sequence[Timed]) -> CallTime:
    """The time of a call from measured ones: least squares with no negative part; what is stated where there are none.

    Where prompts or replies hardly differ in length, the time that goes with it is in ``start_s``.
    """
    if not calls:
        return CallTime()
    from scipy.optimize import nnls

    rows = np.array([[1.0, call.reply_tokens, call.prompt_tokens] for call in calls])
    seconds = np.array([call.seconds for call in calls])
    scale = rows.max(axis=0).clip(min=1.0)
    start, reply, prompt = nnls(rows / scale, seconds)[0] / scale
    return CallTime(float(start), float(reply), float(prompt), measured=True)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What bounds the calls of one model."""

    concurrency: int = 1
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    @classmethod
    def of(cls, llm: Mapping[str, Any]) -> CallLimits:
        """Those of a model's configuration; a model that runs here answers one batch at a time."""
        return cls(int(llm.get("concurrency") or 1), llm.get("requests_per_minute"), llm.get("tokens_per_minute"))

    def least_seconds(self, calls: float, tokens: float) -> float:
        """The time that the rate limit alone takes."""
        by_calls = 60 * calls / self.requests_per_minute if self.requests_per_minute else 0.0
        by_tokens = 60 * tokens / self.tokens_per_minute if self.tokens_per_minute else 0.0
        return max(by_calls, by_tokens)


def side_by_side(seconds: Sequence[float], at_once: int) -> float:
    """The end of pieces of work that are taken up in order by so many workers."""
    ends = [0.0] * max(1, min(at_once, len(seconds) or 1))
    for piece in seconds:
        first = min(range(len(ends)), key=ends.__getitem__)
        ends[first] += piece
    return max(ends)

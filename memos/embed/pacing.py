"""Requests for embeddings at the pace that all threads and processes share, as calls of models have it
(``memos.llm.limits``): a rate limit is waited for and spends no try, passing failures are tried again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from memos.llm.limits import Limits
from memos.llm.limits_headers import stated_limits
from memos.llm.refusal import Refusal, refusal_of
from memos.llm.retry import Backoff, is_transient, retry_after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request goes on."""

    retries: int
    """Tries after the first, of passing failures."""
    rate_limit_s: float
    """Longest time that a rate limit may let nothing through."""


def send(
    limits: Limits, patience: Patience, tokens: float, make: Callable[[], Any], used: Callable[[bytes], float]
) -> Any:
    """A reply of the official SDK, as it came.

    Args:
        limits: the pace of the model.
        tokens: of the texts.
        make: sends the request once and gives the SDK's raw response; raises the SDK's errors.
        used: the tokens that a reply's body says it took.

    Raises:
        openai.OpenAIError: that of the last try.
    """
    import openai

    backoff, draw, failures, waiting_since = Backoff(), random.Random(), 0, None
    while True:
        with limits.permit_here(tokens) as permit:
            try:
                raw = make()
            except openai.APIStatusError as error:
                refusal = refusal_of(error.status_code, error.body, error.message, error.response.headers)
                if refusal.slows_down():
                    permit.refused(refusal.pause(backoff.retry_after_max_s), stated_limits(refusal.headers))
                    waiting_since = waiting_since or time.monotonic()
                    if _hopeless(refusal, min(time.monotonic() - waiting_since, limits.since_success()), patience):
                        raise
                    continue
                if refusal.cause() or refusal.never_fits() or not is_transient(refusal.status, refusal.code):
                    raise
                failure, wish = error, retry_after(refusal.headers)
            except openai.APIConnectionError as error:
                failure, wish = error, None
            else:
                permit.came_through(used(raw.http_response.content), stated_limits(raw.headers))
                return raw
        failures += 1
        if failures > patience.retries:
            raise failure
        time.sleep(backoff.wait(failures, wish, draw))


def _hopeless(refusal: Refusal, waited: float, patience: Patience) -> bool:
    """Whether a rate limit lets nothing through for too long, or says that it will not."""
    return max(waited, retry_after(refusal.headers) or 0.0) > patience.rate_limit_s

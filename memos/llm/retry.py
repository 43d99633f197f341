"""When a failed call is worth another try, and how long to wait before it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from memos.errors import LLMError

TRANSIENT = frozenset({408, 409, 425, 429})
PERMANENT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "context_length_exceeded"})
"""Error codes that no waiting mends, whatever their status."""


class Rejected(LLMError):
    """The provider refuses this request for good (wrong key, unknown model, bad parameter, used-up quota)."""


class Unreachable(LLMError):
    """Every attempt failed for a passing reason (rate limit, server error, connection, timeout)."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times: full jitter over an exponentially growing bound; a server's own wish comes first."""

    base_s: float = 0.5
    max_s: float = 30.0
    retry_after_max_s: float = 120.0
    """Longer wishes are cut to this."""

    def wait(self, failures: int, retry_after_s: float | None, draw: random.Random) -> float:
        """Seconds to wait after the ``failures``-th failure in a row (1 is the first).

        With a server's wish: the wish plus a jitter of up to ``base_s``, so that clients do not return together.
        """
        if retry_after_s is not None:
            return min(retry_after_s, self.retry_after_max_s) + draw.uniform(0, self.base_s)
        return draw.uniform(0, min(self.max_s, self.base_s * 2 ** min(failures - 1, 30)))


def is_transient(status: int, code: str | None) -> bool:
    """Whether an HTTP error may pass by itself."""
    return code not in PERMANENT_CODES and (status in TRANSIENT or status >= 500)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds a server asks to wait: ``retry-after-ms``, else ``retry-after`` as seconds or as an HTTP date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(milliseconds / 1000, 0.0)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or not text:
        return None if seconds is None else max(seconds, 0.0)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and value == value and value != float("inf") else None

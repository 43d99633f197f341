"""Rate limits as providers state them in the headers of their replies, under whichever names."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from memos.llm.refusal import duration

REQUESTS, TOKENS = "requests", "tokens"
_PERIODS = {"second": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0, "day": 86_400.0}
_PARTS = ("limit", "remaining", "reset")
_KINDS = {"requests": REQUESTS, "request": REQUESTS, "req": REQUESTS, "tokens": TOKENS, "token": TOKENS}
_SIDES = {"input": 1, "prompt": 1, "output": 2, "generated": 2, "completion": 2}
"""Limits of one side only: the prompt's is taken where there is none of both, the reply's never."""
_MINUTE_AT_MOST = 90.0
"""A limit that is whole again only after longer than this is not one of a minute."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One limit as a reply states it."""

    limit: float
    """Requests or tokens in its period."""
    remaining: float
    per_second: float
    """How fast it comes back."""
    reset_s: float | None
    """Seconds until it is whole again; None where it is not said."""


def stated_limits(headers: Mapping[str, str], now: float | None = None) -> dict[str, Stated]:
    """Limits of ``requests`` and of ``tokens`` that a reply's headers state.

    Read are the names of OpenAI (``x-ratelimit-remaining-tokens``), Azure, Groq, Anthropic
    (``anthropic-ratelimit-tokens-remaining``), Mistral and Cerebras (with the period in the name), and the plain ones
    of OpenRouter, Together and the IETF draft (``ratelimit-remaining``). Of several periods the shortest counts.

    Args:
        now: wall-clock time in seconds; None: this moment.
    """
    now = time.time() if now is None else now
    sets: dict[tuple[str, int, float], dict[str, float]] = {}
    for name, text in headers.items():
        if (place := _place(name.lower())) is not None:
            key, part = place
            value = _reset(text, now) if part == "reset" else _number(text)
            if value is not None:
                sets.setdefault(key, {})[part] = value
    out: dict[str, Stated] = {}
    for kind in (REQUESTS, TOKENS):
        own = sorted((side, period, entry) for (k, side, period), entry in sets.items() if k == kind and side < 2)
        whole = [(period, entry) for _, period, entry in own if entry.get("limit", 0) > 0 and "remaining" in entry]
        if whole:
            out[kind] = _stated(*whole[0])
    return out


def _place(name: str) -> tuple[tuple[str, int, float], str] | None:
    """Kind, side and period of the limit that a header speaks of, and which part of it: limit, remaining, reset."""
    words = name.replace("_", "-").split("-")
    if "ratelimit" not in words and "tokenlimit" not in words and "rate-limit" not in name:
        return None
    part = next((word for word in reversed(words) if word in _PARTS), None)
    if part is None or "policy" in words:
        return None
    kind = TOKENS if "tokenlimit" in words else next((_KINDS[w] for w in words if w in _KINDS), REQUESTS)
    side = next((_SIDES[word] for word in words if word in _SIDES), 0)
    period = next((_PERIODS[word] for word in words if word in _PERIODS), 60.0)
    return (kind, side, period), part


def _stated(period: float, entry: Mapping[str, float]) -> Stated:
    limit, remaining, reset = entry["limit"], max(entry["remaining"], 0.0), entry.get("reset")
    per_second = limit / period
    if reset is not None and reset > _MINUTE_AT_MOST and period == 60.0:
        per_second = max((limit - remaining) / reset, limit / 86_400.0)
    return Stated(limit, remaining, per_second, reset)


def _number(text: str) -> float | None:
    try:
        value = float(text.split(",")[0].split(";")[0])
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None


def _reset(text: str, now: float) -> float | None:
    """Seconds from now: given as such, as a duration, as an epoch in seconds or milliseconds, or as a time of day."""
    seconds = duration(text.strip())
    if seconds is None:
        try:
            return max(datetime.fromisoformat(text.strip().replace("Z", "+00:00")).timestamp() - now, 0.0)
        except (ValueError, OverflowError):
            return None
    if seconds > 1e11:
        seconds /= 1000
    return max(seconds - now, 0.0) if seconds > 1e8 else max(seconds, 0.0)

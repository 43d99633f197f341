"""Rate limits of the scripted server: requests and tokens a minute, refused with 429, stated in headers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class RateLimit:
    """What a provider lets through.

    Args:
        tokens, requests: limits a minute; None: none.
        minute_s: length of a minute; a shorter one makes a test quick.
        kind: ``bucket`` (comes back all the time), ``window`` (comes back whole at the end of each minute) or
            ``sliding`` (what was spent comes back a minute later).
        full: share of the limit that is there at the start (of a bucket).
        headers: names of the headers: ``openai``, ``anthropic``, ``plain``; empty: none.
        wait: whether a 429 says how long to wait: ``retry-after``, ``text`` (in its message) or empty.
    """

    tokens: float | None = None
    requests: float | None = None
    minute_s: float = 60.0
    kind: str = "bucket"
    full: float = 1.0
    headers: str = "openai"
    wait: str = "retry-after"
    refused: list[float] = field(default_factory=list)
    """When requests were refused, on the monotonic clock."""

    def __post_init__(self) -> None:
        self._spent: list[tuple[float, dict[str, float]]] = []
        self._level = {name: limit * self.full for name, limit in self.limits().items()}
        self._filled = self._window = 0.0
        self._lock = threading.Lock()

    def limits(self) -> dict[str, float]:
        given = {"requests": self.requests, "tokens": self.tokens}
        return {name: limit for name, limit in given.items() if limit is not None}

    def take(self, tokens: float) -> tuple[float, dict[str, str]]:
        """Spend one request of so many tokens. Returns the seconds until it would fit (0: it did), and headers."""
        with self._lock:
            now = time.monotonic()
            self._bring_back(now)
            costs = {"requests": 1.0, "tokens": tokens}
            wait = max(self._wait(name, costs[name], now) for name in self._level)
            if wait > 0:
                self.refused.append(now)
            else:
                self._spent.append((now, costs))
                self._level = {name: level - costs[name] for name, level in self._level.items()}
            return wait, self._headers(wait, now)

    def _bring_back(self, now: float) -> None:
        limits = self.limits()
        if not self._filled:
            self._filled = self._window = now
        elif self.kind == "bucket":
            back = (now - self._filled) / self.minute_s
            self._level = {n: min(limits[n], level + limits[n] * back) for n, level in self._level.items()}
        elif self.kind == "sliding":
            self._spent = [(at, costs) for at, costs in self._spent if now - at < self.minute_s]
            self._level = {n: limits[n] - sum(costs[n] for _, costs in self._spent) for n in limits}
        elif now - self._window >= self.minute_s:
            self._window += self.minute_s * ((now - self._window) // self.minute_s)
            self._level = limits
        self._filled = now

    def _wait(self, name: str, cost: float, now: float) -> float:
        lacking = cost - self._level[name]
        if lacking <= 0:
            return 0.0
        if self.kind == "bucket":
            return lacking * self.minute_s / self.limits()[name]
        if self.kind == "window":
            return self._window + self.minute_s - now
        for at, costs in self._spent:
            lacking -= costs[name]
            if lacking <= 0:
                return at + self.minute_s - now
        return self.minute_s

    def _headers(self, wait: float, now: float) -> dict[str, str]:
        out: dict[str, str] = {}
        for name, limit in self.limits().items():
            left = max(self._level[name], 0.0)
            reset = self._window + self.minute_s - now if self.kind == "window" else (1 - left / limit) * self.minute_s
            if self.headers == "openai":
                out[f"x-ratelimit-limit-{name}"] = f"{limit:.0f}"
                out[f"x-ratelimit-remaining-{name}"] = f"{left:.0f}"
                out[f"x-ratelimit-reset-{name}"] = f"{reset * 1000:.0f}ms" if reset < 1 else f"{reset:.3f}s"
            elif self.headers == "anthropic":
                moment = datetime.now(UTC) + timedelta(seconds=reset)
                out[f"anthropic-ratelimit-{name}-limit"] = f"{limit:.0f}"
                out[f"anthropic-ratelimit-{name}-remaining"] = f"{left:.0f}"
                out[f"anthropic-ratelimit-{name}-reset"] = moment.isoformat()
            elif self.headers == "plain" and name == "requests":
                out |= {"x-ratelimit-limit": f"{limit:.0f}", "x-ratelimit-remaining": f"{left:.0f}"}
        if wait > 0 and self.wait == "retry-after":
            out["retry-after"] = f"{wait:.3f}"
        return out

    def message(self, wait: float, tokens: float) -> str:
        """What OpenAI says with a 429."""
        again = f" Please try again in {wait:.3f}s." if self.wait == "text" else ""
        name, limit = next(iter(self.limits().items()))
        return f"Rate limit reached on {name} per min: Limit {limit:.0f}, Requested {tokens:.0f}.{again}"

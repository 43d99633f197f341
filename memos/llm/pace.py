"""When the next call to one model may go out: buckets of requests and tokens, pauses, and a window that adapts.

Pure state and arithmetic. ``memos.llm.limits`` keeps it in a file that all processes of a machine share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memos.llm.limits_headers import REQUESTS, TOKENS, Stated

_BURST_S = 2.0
"""How many seconds of a configured limit may go out at once: no minute sees more than the limit and a thirtieth."""
_FORGET_S = 120.0
"""After how long without news limits that were stated or learnt, and entries of processes, hold no more."""
_POLL_S = 0.05
"""Wait for a place in the window, where another process may free it."""
_ROUND = 32
"""Fewest calls after which it is judged how many were refused."""
_ROUNDS = 8
"""Rounds between two in which the window is halved to see what is refused then."""
_HOLD = 8.0
"""How much longer than a wait that the server asked for the window stays as it is."""
_SPARE = 0.03
"""Share of refusals beyond the usual one that is chance."""
_MOST_USUAL = 0.25
"""A larger share that is refused is never taken for the usual one."""
_WIDE = 512.0
"""A window that grew to this many calls limits nothing."""


@dataclass
class Bucket:
    """What may still be spent; it fills up with time. A call that is larger than the bucket waits for a full one."""

    per_second: float
    capacity: float
    level: float
    at: float
    """When the level was last brought up to date."""
    heard: float = 0.0
    """When the limit was last confirmed."""
    whole_at: float | None = None
    """When it is full again by the server's own word; None where it does not say."""

    def fill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + self.per_second * max(now - self.at, 0.0))
        if self.whole_at is not None and now >= self.whole_at:
            self.level, self.whole_at = self.capacity, None
        self.at = now

    def wait(self, cost: float) -> float:
        """Seconds until so much may be spent."""
        wait = max(min(cost, self.capacity) - self.level, 0.0) / self.per_second
        return wait if self.whole_at is None else min(wait, max(self.whole_at - self.at, 0.001))


@dataclass
class Running:
    """The calls of one process that are under way."""

    calls: int = 0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that went out."""

    process: str
    at: float
    tokens: float
    """What it was counted with."""
    admitted: Mapping[str, float]
    """What had been let out by then, of each kind, this call included."""

    def cost(self, kind: str) -> float:
        return self.tokens if kind == TOKENS else 1.0


@dataclass
class Pace:
    """The state of one model at one provider.

    The window of calls under way is closed by the first refusal that no header explains. With every such refusal it is
    at most what is still under way: so much the server had just taken. Every call that comes through widens it: by one
    below the threshold, which is half of what was under way before the refusals, so that it doubles in a round; else by
    one a round. Some servers refuse at random. So where more is refused than usual, at most every eighth round is made
    with half the window: what is refused even then is the usual share, and the window makes good for it from then on.
    """

    buckets: dict[str, Bucket] = field(default_factory=dict)
    """``own:`` those of the configuration, ``server:`` those that replies state; of requests and of tokens."""
    running: dict[str, Running] = field(default_factory=dict)
    """By process."""
    admitted: dict[str, float] = field(default_factory=lambda: {REQUESTS: 0.0, TOKENS: 0.0})
    """All that went out so far and was not refused."""
    pause_until: float = 0.0
    epoch: float = 0.0
    """Start of the last pause; refusals of calls that were sent before it belong to it."""
    refusals: int = 0
    """Pauses in a row without a call that came through."""
    window: float | None = None
    """Most calls under way, of all processes together; None: no limit but each client's own."""
    threshold: float = 1.0
    """Up to here the window grows by one a call, beyond by one a round."""
    round_at: float = 0.0
    """When this round began."""
    round_calls: int = 0
    round_refused: int = 0
    """Calls of this round that have ended, and those of them that were refused."""
    hold_until: float = 0.0
    """Until then the window only makes good for usual refusals above the threshold: finding its limit costs a wait."""
    usual: float = 0.0
    """Share of calls that is refused whatever the window."""
    rounds: int = _ROUNDS
    """Rounds since the last one with a halved window."""
    halved: float | None = None
    """The window of before, in a round in which it is halved."""
    succeeded: float = 0.0
    """When a call last came through."""
    scale: float = 1.0
    """Tokens that the server counts for one that we estimate."""

    def fill(self, now: float, own: Mapping[str, float | None]) -> None:
        """Bring the state to this moment.

        Args:
            own: the configuration's limits a minute by kind; None: none.
        """
        for kind, limit in own.items():
            name = f"own:{kind}"
            if limit is None:
                self.buckets.pop(name, None)
            elif name not in self.buckets or self.buckets[name].per_second != limit / 60:
                burst = max(limit / 60 * _BURST_S, 1.0)
                self.buckets[name] = Bucket(limit / 60, burst, burst, now)
        for name, bucket in list(self.buckets.items()):
            bucket.fill(now)
            if name.startswith("server:") and now - bucket.heard > _FORGET_S:
                del self.buckets[name]
        if self.window is not None and now - max(self.epoch, self.pause_until) > _FORGET_S:
            self._open()
        for name, running in list(self.running.items()):
            if running.calls <= 0 or now - running.at > _FORGET_S * 5:
                del self.running[name]

    def admit(self, now: float, process: str, tokens: float) -> Sent | float:
        """Let a call go out and count it, or say how many seconds to wait before asking again."""
        if now < self.pause_until:
            return self.pause_until - now
        under_way = sum(entry.calls for entry in self.running.values())
        if self.window is not None and under_way >= max(1, int(self.window)):
            return _POLL_S
        costs = {name: tokens if name.endswith(TOKENS) else 1.0 for name in self.buckets}
        wait = max((self.buckets[name].wait(cost) for name, cost in costs.items()), default=0.0)
        if wait > 0:
            return wait
        for name, cost in costs.items():
            self.buckets[name].level -= cost
        entry = self.running.setdefault(process, Running())
        entry.calls, entry.at = entry.calls + 1, now
        self.admitted = {REQUESTS: self.admitted[REQUESTS] + 1.0, TOKENS: self.admitted[TOKENS] + tokens}
        return Sent(process, now, tokens, dict(self.admitted))

    def left(self, now: float, sent: Sent) -> None:
        """A call has ended, however it did."""
        entry = self.running.setdefault(sent.process, Running())
        entry.calls, entry.at = max(entry.calls - 1, 0), now

    def came_through(self, now: float, sent: Sent, used: float, stated: Mapping[str, Stated]) -> None:
        """A call succeeded.

        Args:
            used: tokens as the server counts them; 0 where it does not say.
            stated: the limits in its headers.
        """
        self.succeeded, self.refusals = now, 0
        if used > 0 and f"own:{TOKENS}" in self.buckets:
            self.buckets[f"own:{TOKENS}"].level += sent.tokens - used
        if used > 0 and sent.tokens > 0:
            self.scale = min(max(self.scale * (used / sent.tokens) ** 0.2, 0.05), 20.0)
        self._hear(now, sent, stated)
        if self.window is not None:
            self._widen(now)
            self._count(now, sent, refused=False)
            if self.window >= _WIDE:
                self._open()

    def _widen(self, now: float) -> None:
        """Let more calls go out, as one came through; not in a round that shows what half of them would lose."""
        window = self.window or 1.0
        if self.halved is None:
            further = 1.0 / window if now >= self.hold_until else 0.0
            self.window = window + (1.0 if window < self.threshold else further + self.usual / (1.0 - self.usual))

    def refused(
        self, now: float, sent: Sent, pause_s: float | None, base_s: float, stated: Mapping[str, Stated]
    ) -> None:
        """A call was refused for the rate; all calls pause.

        Where the headers explain the refusal, their buckets pace what follows; otherwise fewer calls may be under way,
        and more again with every one that comes through.

        Args:
            pause_s: how long the server asks to wait; None where it does not say.
            base_s: the pause after the first refusal where nothing is said; it doubles with each that follows.
        """
        self.admitted = {kind: max(spent - sent.cost(kind), 0.0) for kind, spent in self.admitted.items()}
        self._hear(now, sent, stated)
        if f"own:{TOKENS}" in self.buckets:
            self.buckets[f"own:{TOKENS}"].level += sent.tokens
        under_way = sum(entry.calls for entry in self.running.values())
        fresh = sent.at >= self.epoch
        if fresh and not (under_way and self.refusals):
            self.refusals += 1
        explained = [
            self.buckets[f"server:{kind}"].wait(sent.cost(kind))
            for kind, limit in stated.items()
            if limit.remaining < sent.cost(kind)
        ]
        said = pause_s is not None or bool(explained)
        grown = base_s * 2.0 ** min(self.refusals - 1, 30) if self.refusals > 1 or not said else 0.0
        pause = max(explained, default=0.0) if pause_s is None else pause_s
        if not explained:
            if fresh:
                self.threshold = max(min(under_way + 1, self.window or math.inf) / 2, 1.0)
            self.window = max(min(under_way, self.window or math.inf), 1.0)
            self._count(now, sent, refused=True)
            self.hold_until = max(self.hold_until, now + (1 + _HOLD) * (pause_s or 0.0))
        if fresh:
            self.epoch = now
        self.pause_until = max(self.pause_until, now + max(pause, grown))

    def _count(self, now: float, sent: Sent, *, refused: bool) -> None:
        """Count a call that was sent in this round, and judge the round where it was the last."""
        window = self.window or 1.0
        if sent.at < self.round_at:
            return
        self.round_calls, self.round_refused = self.round_calls + 1, self.round_refused + refused
        if self.round_calls < max(_ROUND, window):
            return
        share = self.round_refused / self.round_calls
        self.round_at, self.round_calls, self.round_refused, self.rounds = now, 0, 0, self.rounds + 1
        if self.halved is not None:
            self.usual = min(share + _SPARE, _MOST_USUAL) if share else 0.0
            self.window, self.halved, self.rounds = self.halved, None, 0
        elif share > self.usual + _SPARE and self.rounds >= _ROUNDS and window >= 2.0:
            self.halved, self.window = window, window / 2

    def _open(self) -> None:
        """Let the window limit nothing any more."""
        self.window, self.halved, self.usual = None, None, 0.0
        self.round_calls, self.round_refused, self.rounds = 0, 0, _ROUNDS

    def _hear(self, now: float, sent: Sent, stated: Mapping[str, Stated]) -> None:
        """Take over the limits that a reply states as they were when its call went out; calls since then spent more."""
        for kind, limit in stated.items():
            since = max(self.admitted[kind] - sent.admitted[kind], 0.0)
            level = limit.remaining + limit.per_second * (now - sent.at) - since
            whole_at = None if limit.reset_s is None else max(sent.at + limit.reset_s, now)
            level = min(level, limit.limit)
            self.buckets[f"server:{kind}"] = Bucket(limit.per_second, limit.limit, level, now, now, whole_at)

    def to_json(self) -> dict[str, Any]:
        """The state as JSON values. Written out: it is made twice a call, and ``asdict`` copies everything."""
        buckets = {name: vars(bucket) for name, bucket in self.buckets.items()}
        return {**vars(self), "buckets": buckets, "running": {name: vars(r) for name, r in self.running.items()}}

    @classmethod
    def from_json(cls, state: Mapping[str, Any], now: float) -> Pace:
        """The state of a file; a fresh one where it is damaged, or of before this machine started."""
        try:
            pace = cls(**state)
            pace.buckets = {str(name): Bucket(**bucket) for name, bucket in state.get("buckets", {}).items()}
            pace.admitted = {kind: float(state.get("admitted", {}).get(kind, 0.0)) for kind in (REQUESTS, TOKENS)}
            pace.running = {str(name): Running(**entry) for name, entry in state.get("running", {}).items()}
            times = [pace.epoch, pace.succeeded, *(bucket.at for bucket in pace.buckets.values())]
            counts = [
                pace.rounds,
                pace.round_calls,
                pace.round_refused,
                pace.usual,
                pace.hold_until,
                pace.round_at,
                float(pace.halved or 0),
            ]
            numbers = [
                *times,
                *counts,
                pace.pause_until,
                pace.threshold,
                pace.scale,
                float(pace.window or 0),
                pace.refusals,
            ]
            if not all(math.isfinite(number) for number in numbers) or max(times) > now + 1:
                return cls()
        except (TypeError, ValueError, AttributeError):
            return cls()
        return pace

"""Clocks and ids. Both are injected everywhere, so that equal inputs give equal stores."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the present as an aware datetime in UTC."""
Ids = Callable[[], str]
"""Returns a new id on every call."""


UNSET = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a clock stands that follows sessions, before one of them has a time: no time at all."""


class SystemClock:
    """The machine's clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until it is told to move; for tests and for replays."""

    def __init__(self, start: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> datetime:
        """Move forward by a ``timedelta(**delta)`` and return the new time."""
        self.now += timedelta(**delta)
        return self.now


class RandomIds:
    """Ids that no other process will give."""

    def __call__(self) -> str:
        return uuid.uuid4().hex


class SequentialIds:
    """``prefix-000001`` and so on; deterministic."""

    def __init__(self, prefix: str = "cube", start: int = 1) -> None:
        self.prefix, self.next = prefix, start

    def __call__(self) -> str:
        number, self.next = self.next, self.next + 1
        return f"{self.prefix}-{number:06d}"

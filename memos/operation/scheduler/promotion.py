"""Plaintext to activation and back (paper sections 4.1 and 5.4.2): which memories earn a key-value cache, and when.

The rule (docs/memos.md#transformations): hot for several windows on end, unchanged for a while, and within the byte
budget; demoted when cold, changed or gone. Between the two thresholds nothing moves (hysteresis). Building is the
caller's work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from memos.errors import ConfigError


@dataclass(frozen=True, slots=True)
class HeatReading:
    """A memory's state at one look."""

    cube_id: str
    heat: float
    """Decayed number of uses as of now."""
    bytes: int
    """Size its cache would have."""
    digest: str
    """Content digest; a changed content starts over."""
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Decisions:
    """What one look decided."""

    promote: tuple[str, ...] = ()
    """Build a cache of these, hottest first."""
    demote: tuple[tuple[str, str], ...] = ()
    """Drop the cache of these; with the reason: cold, changed, gone or budget."""


class Promotion:
    """Decides promotions and demotions, one call a window; the same inputs give the same decisions."""

    @dataclass
    class Config:
        hot: float = field(default=3.0, metadata={"help": "heat from which a memory is hot"})
        cold: float = field(default=1.0, metadata={"help": "heat below which a promoted memory is demoted"})
        windows: int = field(default=2, metadata={"help": "windows on end a memory must be hot"})
        stable_seconds: float = field(default=3600.0, metadata={"help": "seconds its content must be unchanged"})
        budget_bytes: int = field(default=1 << 30, metadata={"help": "bytes that all caches together may take"})

        def __post_init__(self) -> None:
            if not 0 <= self.cold < self.hot:
                raise ConfigError(f"promotion.cold: {self.cold} must be at least 0 and below hot ({self.hot})")
            if self.windows < 1 or self.budget_bytes < 0 or self.stable_seconds < 0:
                raise ConfigError("promotion: windows must be positive, budget_bytes and stable_seconds not negative")

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self._streak: dict[str, int] = {}
        self._held: dict[str, tuple[str, int]] = {}

    @property
    def held(self) -> tuple[str, ...]:
        """Ids that are promoted now."""
        return tuple(sorted(self._held))

    @property
    def bytes_held(self) -> int:
        """Bytes of their caches."""
        return sum(size for _, size in self._held.values())

    def step(self, readings: Iterable[HeatReading], now: datetime) -> Decisions:
        """Decide for one window from the readings of all candidate memories."""
        seen = {reading.cube_id: reading for reading in readings}
        demoted = [(cube_id, reason) for cube_id in self.held if (reason := self._lost(cube_id, seen))]
        restarted = set()
        for cube_id, reason in demoted:
            del self._held[cube_id]
            if reason == "changed":
                restarted.add(cube_id)
        for cube_id in set(self._streak) - set(seen):
            del self._streak[cube_id]
        for reading in seen.values():
            hot = reading.heat >= self.config.hot and reading.cube_id not in restarted
            self._streak[reading.cube_id] = self._streak.get(reading.cube_id, 0) + 1 if hot else 0
        promoted = []
        for reading in sorted(seen.values(), key=lambda one: (-one.heat, one.cube_id)):
            if reading.cube_id not in self._held and self._ready(reading, now):
                demoted += self._make_room(reading, seen)
                if self.bytes_held + reading.bytes <= self.config.budget_bytes:
                    self._held[reading.cube_id] = (reading.digest, reading.bytes)
                    promoted.append(reading.cube_id)
        return Decisions(tuple(promoted), tuple(demoted))

    def release(self, cube_ids: Iterable[str]) -> None:
        """Memories that lost their cache between two windows: they start over."""
        for cube_id in cube_ids:
            self._held.pop(cube_id, None)
            self._streak.pop(cube_id, None)

    def _lost(self, cube_id: str, seen: dict[str, HeatReading]) -> str | None:
        reading = seen.get(cube_id)
        if reading is None:
            return "gone"
        if reading.digest != self._held[cube_id][0]:
            return "changed"
        return "cold" if reading.heat < self.config.cold else None

    def _ready(self, reading: HeatReading, now: datetime) -> bool:
        stable = (now - reading.changed_at).total_seconds() >= self.config.stable_seconds
        return stable and self._streak[reading.cube_id] >= self.config.windows

    def _make_room(self, reading: HeatReading, seen: dict[str, HeatReading]) -> list[tuple[str, str]]:
        """Give up held memories less than half as hot, coldest first, if that makes the newcomer fit."""
        needed = self.bytes_held + reading.bytes - self.config.budget_bytes
        if needed <= 0:
            return []
        weaker = sorted(
            (seen[cube_id].heat, cube_id) for cube_id in self._held if seen[cube_id].heat * 2 < reading.heat
        )
        given: list[tuple[str, str]] = []
        for _, cube_id in weaker:
            if needed <= 0:
                break
            needed -= self._held[cube_id][1]
            given.append((cube_id, "budget"))
        if needed > 0:
            return []
        for cube_id, _ in given:
            del self._held[cube_id]
        return given

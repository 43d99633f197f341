"""Working, long-term and user memory with capacities (memos.md C18). What no longer fits is archived, never deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from memos.cube import MemCube
from memos.errors import ConfigError
from memos.infrastructure.vault import Is, Vault

TIERS = ("working", "long_term", "user")
Eviction = Callable[[MemCube, datetime], float]
"""Worth of keeping a memory; the least worth is archived first."""


def by_recency(cube: MemCube, now: datetime) -> float:
    """LRU: the memory used or changed last is worth most."""
    last = cube.behavioural.last_access or cube.descriptive.updated_at
    return max(last, cube.descriptive.updated_at).timestamp()


def by_heat(cube: MemCube, now: datetime) -> float:
    """Priority first, then how often and how lately the memory was used."""
    age = max((now - (cube.behavioural.last_access or cube.descriptive.updated_at)).total_seconds(), 0.0)
    return cube.governance.priority * 1e6 + cube.behavioural.access_count + 1.0 / (1.0 + age / 3600)


EVICTIONS: dict[str, Eviction] = {"recency": by_recency, "heat": by_heat}


class Tiers:
    """Keeps each tier of each namespace within its capacity."""

    @dataclass
    class Config:
        working: int = field(default=20, metadata={"help": "memories the working tier holds"})
        long_term: int = field(default=100_000, metadata={"help": "memories the long-term tier holds"})
        user: int = field(default=480, metadata={"help": "memories about the user the user tier holds"})
        eviction: str = field(default="recency", metadata={"help": "what is archived first: recency (LRU) or heat"})

        def __post_init__(self) -> None:
            for name in TIERS:
                if getattr(self, name) < 1:
                    raise ConfigError(f"tiers.{name}: must be at least 1, found {getattr(self, name)}")
            if self.eviction not in EVICTIONS:
                raise ConfigError(f"tiers.eviction: {self.eviction!r} is none of {', '.join(EVICTIONS)}")

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def surplus(self, vault: Vault, namespace: str, tier: str, now: datetime, incoming: int = 0) -> list[str]:
        """Ids to archive so that ``incoming`` more memories fit, least worth first. Frozen memories are spared.

        Raises:
            ConfigError: where frozen memories alone fill the tier.
        """
        capacity = getattr(self.config, tier, None)
        if capacity is None:
            return []
        if incoming > capacity:
            raise ConfigError(f"tiers.{tier}: {incoming} memories at once exceed the capacity of {capacity}")
        over = vault.count(Is("tier", tier), namespaces=[namespace]) + incoming - capacity
        if over <= 0:
            return []
        cubes = vault.get_many(vault.find(Is("tier", tier) & Is("frozen", 0), namespaces=[namespace]))
        if len(cubes) < over:
            raise ConfigError(f"tiers.{tier}: full of frozen memories; raise the capacity of {capacity} or unfreeze some")
        worth = EVICTIONS[self.config.eviction]
        ranked: Sequence[MemCube] = sorted(cubes, key=lambda cube: (worth(cube, now), cube.cube_id))
        return [cube.cube_id for cube in ranked[:over]]

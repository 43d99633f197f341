"""Working, long-term and user memory with capacities (docs/memos.md C18). What no longer fits is archived, never
deleted."""

from __future__ import annotations

from dataclasses import dataclass, field

from memos.errors import ConfigError
from memos.infrastructure.vault import Is, Vault

TIERS = ("working", "long_term", "user")
EVICTIONS: dict[str, tuple[str, ...]] = {"recency": ("recency",), "heat": ("priority", "access_count", "recency")}
"""Orders of ``Vault.find`` by rising worth of keeping a memory; the first ones are archived, of equal ones the oldest.

recency (LRU): the memory used or changed last is worth most; SQLite has an index for it. heat: priority first, then how
often, then how lately the memory was used.
"""


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

    def surplus(self, vault: Vault, namespace: str, tier: str, incoming: int = 0) -> list[str]:
        """Ids to archive so that ``incoming`` more memories fit, least worth first. Frozen memories are spared.

        Raises:
            ConfigError: where frozen memories alone fill the tier.
        """
        capacity = getattr(self.config, tier, None)
        if capacity is None:
            return []
        if incoming > capacity:
            raise ConfigError(f"tiers.{tier}: {incoming} memories at once exceed the capacity of {capacity}")
        over = vault.crowd(namespace, tier) + incoming - capacity
        if over <= 0:
            return []
        movable = Is("tier", tier) & Is("frozen", 0)
        order = EVICTIONS[self.config.eviction]
        ids = vault.find(movable, namespaces=[namespace], order=order, limit=over)
        if len(ids) < over:
            raise ConfigError(
                f"tiers.{tier}: full of frozen memories; raise the capacity of {capacity} or unfreeze some"
            )
        return ids

"""Ready caches within byte budgets: fast memory first, then slower, then files; least recently used go down a step.

Importing this module loads torch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memos.activation import cache_files
from memos.activation.errors import BudgetTooSmall
from memos.activation.identity import ModelIdentity
from memos.activation.memory import KVMemory


@dataclass(frozen=True, slots=True)
class Tier:
    """A place for caches."""

    device: str
    """Such as cuda or cpu."""
    max_bytes: int


@dataclass(frozen=True, slots=True)
class PoolStats:
    """What happened so far."""

    hits: int = 0
    loads: int = 0
    """Caches read back from files."""
    evicted: int = 0
    """Caches that left the last tier."""


class CachePool:
    """Caches by key over tiers, fastest first. No tier ever holds more than its budget.

    Args:
        tiers: such as ``[Tier("cuda", 8 << 30), Tier("cpu", 32 << 30)]``.
        folder: where caches that leave the last tier are written and found again; None drops them.
        form: how they are written (``store.FORMATS``).
    """

    def __init__(self, tiers: Sequence[Tier], *, folder: Path | None = None, form: str = "bf16") -> None:
        if not tiers or any(tier.max_bytes < 0 for tier in tiers):
            raise BudgetTooSmall("pool: at least one tier with a budget of 0 bytes or more")
        self.tiers, self.folder, self.form = tuple(tiers), folder, form
        self._held: list[OrderedDict[str, KVMemory]] = [OrderedDict() for _ in tiers]
        self._files: dict[str, Path] = {}
        self.stats = PoolStats()

    def __contains__(self, key: str) -> bool:
        return key in self._files or any(key in held for held in self._held)

    @property
    def nbytes(self) -> tuple[int, ...]:
        """Measured bytes in each tier."""
        return tuple(sum(memory.nbytes for memory in held.values()) for held in self._held)

    def put(self, key: str, memory: KVMemory) -> None:
        """Keep a cache in the fastest tier; others make room.

        Raises:
            BudgetTooSmall: it exceeds every tier.
        """
        self.drop(key)
        self._place(key, memory, 0)

    def get(self, key: str, identity: ModelIdentity | None = None) -> KVMemory | None:
        """A cache, moved to the fastest tier; None where the pool has none.

        Raises:
            CorruptCache, ForeignCache: its file is damaged or of another model.
        """
        memory = next((held.pop(key) for held in self._held if key in held), None)
        if memory is not None:
            self._count(hits=1)
        elif key in self._files:
            memory = cache_files.load(self._files[key], identity=identity)
            self._count(hits=1, loads=1)
        if memory is not None:
            self._place(key, memory, 0)
        return memory

    def drop(self, key: str) -> int:
        """Forget a cache everywhere; returns the bytes of memory freed."""
        freed = sum(held.pop(key).nbytes for held in self._held if key in held)
        path = self._files.pop(key, None)
        if path is not None and path not in self._files.values():
            cache_files.remove(path)
        return freed

    def _place(self, key: str, memory: KVMemory, level: int) -> None:
        if level == len(self.tiers):
            self._count(evicted=1)
            if self.folder is not None and key not in self._files:
                self._files[key] = cache_files.save(memory, self.folder, self.form).path
            return
        tier, held = self.tiers[level], self._held[level]
        if memory.nbytes > tier.max_bytes:
            if level + 1 == len(self.tiers) and self.folder is None:
                raise BudgetTooSmall(f"pool: a cache of {memory.nbytes} bytes exceeds every tier")
            self._place(key, memory, level + 1)
            return
        while held and sum(one.nbytes for one in held.values()) + memory.nbytes > tier.max_bytes:
            older, moved = held.popitem(last=False)
            self._place(older, moved, level + 1)
        held[key] = memory.to(tier.device)

    def _count(self, hits: int = 0, loads: int = 0, evicted: int = 0) -> None:
        s = self.stats
        self.stats = PoolStats(s.hits + hits, s.loads + loads, s.evicted + evicted)

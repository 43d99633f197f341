"""A flat store of text memories with vectors, times and provenance: what mem0 and LangMem keep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from baselines.ranking import KeyedVectors
from memos.embed.base import Embedder
from memos.errors import DataError
from memos.types import Hit

STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """One stored memory."""

    id: str
    text: str
    time: str
    """Time of the session it was made or last changed in, as the data set prints it."""
    turn_ids: tuple[str, ...]

    def state(self) -> dict[str, object]:
        """The fields by name, for a file."""
        return {"id": self.id, "text": self.text, "time": self.time, "turn_ids": self.turn_ids}


class MemoryStore:
    """Memories of one scope (one speaker, or one conversation), searched exactly by cosine.

    Ids count up and are never used twice, so that a replay gives the same ids.
    """

    def __init__(self, embedder: Embedder, prefix: str = "m") -> None:
        self._embedder = embedder
        self._prefix = prefix
        self._next = 0
        self.items: dict[str, StoredMemory] = {}
        self._index = KeyedVectors(embedder.dim)

    def __len__(self) -> int:
        return len(self.items)

    def add(self, text: str, time: str, turn_ids: Iterable[str], vector: np.ndarray | None = None) -> StoredMemory:
        """Store a new memory."""
        memory = StoredMemory(f"{self._prefix}{self._next}", text, time, tuple(dict.fromkeys(turn_ids)))
        self._next += 1
        self.items[memory.id] = memory
        self._index.put(memory.id, self._embedder.encode([text])[0] if vector is None else vector)
        return memory

    def update(
        self, memory_id: str, text: str, time: str, turn_ids: Iterable[str], vector: np.ndarray | None = None
    ) -> StoredMemory:
        """Replace a memory's wording and time; its sources become the union of the old and the new ones."""
        old = self.items[memory_id]
        memory = replace(old, text=text, time=time, turn_ids=tuple(dict.fromkeys([*old.turn_ids, *turn_ids])))
        self.items[memory_id] = memory
        if text != old.text:
            self._index.put(memory_id, self._embedder.encode([text])[0] if vector is None else vector)
        return memory

    def remove(self, memory_id: str) -> None:
        del self.items[memory_id]
        self._index.remove(memory_id)

    def search(self, vector: np.ndarray, limit: int) -> list[tuple[StoredMemory, float]]:
        """The nearest memories, best first."""
        return [(self.items[key], score) for key, score in self._index.search(vector, limit)]

    def neighbours(self, vectors: Sequence[np.ndarray], limit: int) -> list[StoredMemory]:
        """The union of the nearest memories of several vectors, in order of first appearance."""
        nearest: dict[str, StoredMemory] = {}
        for vector in vectors:
            for memory, _ in self.search(vector, limit):
                nearest.setdefault(memory.id, memory)
        return list(nearest.values())

    def vector(self, memory_id: str) -> np.ndarray:
        return self._index.vector(memory_id)

    def bytes(self) -> int:
        """Size of texts and vectors."""
        return sum(len(item.text.encode()) for item in self.items.values()) + self._index.matrix.nbytes

    def save(self, folder: Path, name: str) -> None:
        state = {
            "version": STATE_VERSION,
            "prefix": self._prefix,
            "next": self._next,
            "items": [self.items[key].state() for key in self._index.keys],
        }
        write_json(folder / f"{name}.json", state)
        np.save(folder / f"{name}.npy", self._index.matrix, allow_pickle=False)

    def load(self, folder: Path, name: str) -> None:
        state = read_json(folder / f"{name}.json")
        self._prefix, self._next = state["prefix"], state["next"]
        items = [StoredMemory(**{**item, "turn_ids": tuple(item["turn_ids"])}) for item in state["items"]]
        self.items = {item.id: item for item in items}
        self._index.load([item.id for item in items], np.load(folder / f"{name}.npy", allow_pickle=False))


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def read_json(path: Path) -> dict:
    """Read a state file.

    Raises:
        DataError: where it is missing, damaged or of another version.
    """
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: saved state cannot be read: {error}") from error
    if not isinstance(state, dict) or state.get("version") != STATE_VERSION:
        raise DataError(f"{path}: saved state has version {state.get('version')!r}, expected {STATE_VERSION}")
    return state


def hit(memory: StoredMemory, score: float, scope: str = "") -> Hit:
    """A memory as the harness sees it; ``scope`` keeps ids of several stores apart."""
    return Hit(memory.text, memory.turn_ids, score, f"{scope}{memory.id}")


def ranked_hits(groups: Sequence[Sequence[Hit]], used: int, depth: int) -> tuple[tuple[Hit, ...], int]:
    """Merge the rankings of several stores.

    Args:
        groups: one ranking a store, deep.
        used: how many of each the method puts in its context.
        depth: how many hits to return.

    Returns:
        The used hits by score, then all others by score; and the number of used ones.
    """
    first = sorted((item for group in groups for item in group[:used]), key=lambda item: -item.score)
    rest = sorted((item for group in groups for item in group[used:]), key=lambda item: -item.score)
    merged = tuple([*first, *rest][:depth])
    return merged, min(len(first), len(merged))

"""LightMem's store of facts, and which of them its update after the conversation looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from baselines.ranking import KeyedVectors
from memos.infrastructure.vault.kernels import products


@dataclass(frozen=True, slots=True)
class FactEntry:
    """One fact."""

    id: str
    text: str
    time: str
    """Of its turn, ISO; empty where it is unknown."""
    time_text: str
    """As the data set prints it."""
    speaker: str
    topic: int
    turn_ids: tuple[str, ...]


class FactEntries:
    """Facts with vectors, in order of insertion."""

    def __init__(self, dim: int) -> None:
        self.items: dict[str, FactEntry] = {}
        self.index = KeyedVectors(dim)
        self._next = 0

    def add(self, vector: np.ndarray, **fields: Any) -> None:
        """Store a fact under a new id."""
        entry = FactEntry(f"f{self._next}", **fields)
        self._next += 1
        self.items[entry.id] = entry
        self.index.put(entry.id, vector)

    def rewrite(self, key: str, text: str, turns: Iterable[str], vector: np.ndarray | None) -> None:
        """Give an entry another text, which rests on further turns besides its own. None: its vector stays."""
        entry = self.items[key]
        self.items[key] = replace(entry, text=text, turn_ids=tuple(dict.fromkeys([*entry.turn_ids, *turns])))
        if vector is not None:
            self.index.put(key, vector)

    def remove(self, key: str) -> None:
        del self.items[key]
        self.index.remove(key)

    def sources(self, least: float, candidates: int, queue: int, ordered: bool) -> dict[str, list[tuple[str, float]]]:
        """Entries that later ones come near, with these and their cosines, in order.

        Each entry has a queue: of the nearest ``candidates`` that are not later than it, the best ``queue`` without
        itself. An entry is a source of what its queue holds with a cosine of at least ``least``.

        Args:
            ordered: of two entries of one time only the later stored one is a source.
        """
        keys = list(self.items)
        times = np.array([self.items[key].time for key in keys])
        sources: dict[int, list[tuple[str, float]]] = {}
        for row, key in enumerate(keys):
            scores = products(self.index.matrix, self.index.vector(key))
            earlier = np.flatnonzero(times <= times[row])
            nearest = earlier[np.argsort(-scores[earlier], kind="stable")][:candidates]
            for other in [int(i) for i in nearest if i != row][:queue]:
                before = times[other] < times[row] or other < row
                if scores[other] >= least and (before or not ordered):
                    sources.setdefault(other, []).append((key, float(scores[other])))
        return {keys[row]: sources[row] for row in sorted(sources)}

    def state(self) -> dict[str, Any]:
        """Everything but the vectors, as JSON."""
        return {"next": self._next, "entries": [asdict(entry) for entry in self.items.values()]}

    def save(self, path: Path) -> None:
        np.save(path, self.index.matrix, allow_pickle=False)

    def load(self, state: Mapping[str, Any], path: Path) -> None:
        entries = [FactEntry(**{**entry, "turn_ids": tuple(entry["turn_ids"])}) for entry in state["entries"]]
        self.items, self._next = {entry.id: entry for entry in entries}, state["next"]
        self.index.load(list(self.items), np.load(path, allow_pickle=False))

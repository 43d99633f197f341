"""SimpleMem's entries, the windows they are read from, and the three views that are searched
(docs/systems.md#simplemem).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from baselines.extract.entities import normal
from baselines.ranking import BM25, KeyedVectors
from memos.language.words import terms


@dataclass(frozen=True, slots=True)
class Restatement:
    """A statement that can be understood alone, and what it is filed under."""

    text: str
    turn_ids: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    time: str = ""
    """ISO, of what it tells; empty where it tells none."""
    location: str = ""
    persons: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    topic: str = ""

    def shown(self, number: int) -> str:
        """The entry in the context."""
        fields = {
            "Content": self.text,
            "Time": self.time,
            "Location": self.location,
            "Persons": ", ".join(self.persons),
            "Related Entities": ", ".join(self.entities),
            "Topic": self.topic,
        }
        return "\n".join([f"[Entry {number}]", *(f"{name}: {value}" for name, value in fields.items() if value)])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question says about the entries that answer it. Empty fields ask for nothing."""

    keywords: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    location: str = ""
    entities: tuple[str, ...] = ()
    period: tuple[datetime, datetime] | None = None
    """Half open."""

    @property
    def structured(self) -> bool:
        """Whether anything but keywords is asked for."""
        return bool(self.persons or self.location or self.entities or self.period)


def windows(count: int, size: int, overlap: int) -> list[range]:
    """Positions of turns in windows that repeat the last ``overlap`` turns of the one before.

    What is left behind the last whole window is one too, and be it the repeated turns alone, as released.
    """
    made, start, step = [], 0, size - overlap
    while start + size <= count:
        made.append(range(start, start + size))
        start += step
    return [*made, range(start, count)] if start < count else made


class Views:
    """Entries with vectors, stemmed words and fields."""

    def __init__(self, dim: int) -> None:
        self.entries: list[Restatement] = []
        self._vectors = KeyedVectors(dim)
        self._words = BM25()

    def add(self, entry: Restatement, vector: np.ndarray) -> None:
        self._vectors.put(str(len(self.entries)), vector)
        self._put(entry)

    def _put(self, entry: Restatement) -> None:
        self._words.put(str(len(self.entries)), terms(entry.text))
        self.entries.append(entry)

    def semantic(self, vector: np.ndarray, limit: int) -> list[int]:
        """Nearest entries, best first."""
        return [int(key) for key, _ in self._vectors.search(vector, limit)]

    def keyword(self, wanted: Wanted, limit: int) -> list[int]:
        """Entries that share stems with the keywords, best first."""
        return [int(key) for key, _ in self._words.search(terms(" ".join(wanted.keywords)), limit)]

    def structured(self, wanted: Wanted, limit: int) -> list[int]:
        """The first entries, in the order of the store, that fit every field that is asked for."""
        if not wanted.structured:
            return []
        return [place for place, entry in enumerate(self.entries) if _fits(entry, wanted)][:limit]

    def bytes(self) -> int:
        """Size of texts and vectors."""
        return sum(len(entry.text.encode()) for entry in self.entries) + self._vectors.matrix.nbytes

    def state(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]

    def save(self, path: Path) -> None:
        np.save(path, self._vectors.matrix, allow_pickle=False)

    def load(self, state: Sequence[dict[str, Any]], path: Path) -> None:
        lists = ("turn_ids", "keywords", "persons", "entities")
        for entry in state:
            self._put(Restatement(**{**entry, **{name: tuple(entry[name]) for name in lists}}))
        self._vectors.load([str(place) for place in range(len(self.entries))], np.load(path, allow_pickle=False))


def _fits(entry: Restatement, wanted: Wanted) -> bool:
    persons, entities = ({normal(name) for name in names} for names in (entry.persons, entry.entities))
    if wanted.persons and not persons & {normal(name) for name in wanted.persons}:
        return False
    if wanted.entities and not entities & {normal(name) for name in wanted.entities}:
        return False
    if wanted.location and wanted.location.lower() not in entry.location.lower():
        return False
    if wanted.period is None:
        return True
    time = _moment(entry.time)
    return time is not None and wanted.period[0] <= time < wanted.period[1]


def _moment(iso: str) -> datetime | None:
    """A model's time, without its zone; None where it is none."""
    try:
        return datetime.fromisoformat(iso).replace(tzinfo=None) if iso else None
    except ValueError:
        return None


def union(*rankings: Sequence[int]) -> list[int]:
    """All positions of some rankings, each where it stands first."""
    return list(dict.fromkeys(place for ranking in rankings for place in ranking))

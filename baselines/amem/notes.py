"""A-MEM's notes: what they are embedded as, how a new one changes its neighbours, and which lines a search shows
(docs/systems.md#a-mem).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from memos.embed.base import Embedder
from memos.infrastructure.vault.kernels import products


@dataclass
class Note:
    """One turn and what is noted about it. Content and keywords stay; context and tags may be rewritten."""

    content: str
    time: str
    """As the data set prints it."""
    turn_id: str
    keywords: list[str] = field(default_factory=list)
    context: str = "General"
    tags: list[str] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    """Positions of other notes, in one direction."""


@dataclass(frozen=True, slots=True)
class Evolution:
    """What the arrival of a note changes."""

    evolves: bool = False
    actions: tuple[str, ...] = ()
    """Any of ``strengthen`` and ``update_neighbor``, in order."""
    connections: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    neighbour_tags: tuple[tuple[str, ...], ...] = ()


def inserted_text(note: Note, era: str) -> str:
    """What a new note is embedded as; in the paper's era its content is not."""
    keywords = ", ".join(note.keywords)
    if era == "paper":
        return f"{note.context} keywords: {keywords}"
    return f"content:{note.content} context:{note.context} keywords: {keywords} tags: {', '.join(note.tags)}"


def rebuilt_text(note: Note) -> str:
    """What it is embedded as when the whole index is rebuilt."""
    return " ".join([f"{note.content} , {note.context}", *note.keywords, *note.tags])


class NoteStore:
    """Notes in order of insertion with their vectors.

    Args:
        embedder: texts to unit vectors.
        era: ``released`` or ``paper``.
        stale: rewritten notes keep their vectors until the next rebuilding, and a tag list is replaced even by an
            empty one, as released.
        rebuild_every: after so many evolved notes all are embedded again, in another format, where ``stale``.
    """

    def __init__(self, embedder: Embedder, era: str, stale: bool, rebuild_every: int) -> None:
        self._embedder, self._era, self._stale, self._rebuild_every = embedder, era, stale, rebuild_every
        self.notes: list[Note] = []
        self.vectors = np.zeros((0, embedder.dim), dtype=np.float32)
        self.evolved = 0
        """Notes that changed anything; the next rebuilding hangs on it."""

    def nearest(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest notes, best first."""
        if not self.notes:
            return []
        scores = products(self.vectors, self._embedder.encode([text])[0])
        return [(int(i), float(scores[i])) for i in np.argsort(-scores, kind="stable")[:limit]]

    def apply(self, note: Note, neighbours: Sequence[int], change: Evolution) -> int:
        """Store a new note and do to it and its neighbours what it brings about.

        Returns:
            How many suggested links name no note; they are dropped.
        """
        dropped, rewritten = 0, set()
        for action in change.actions if change.evolves else ():
            if action == "strengthen":
                known = [index for index in change.connections if 0 <= index < len(self.notes)]
                dropped += len(change.connections) - len(known)
                note.links += known
                note.tags = list(change.tags) if change.tags or self._stale else note.tags
            elif action == "update_neighbor":
                for place, (index, tags) in enumerate(zip(neighbours, change.neighbour_tags, strict=False)):
                    self.notes[index].tags = list(tags)
                    if place < len(change.contexts):
                        self.notes[index].context = change.contexts[place]
                    rewritten.add(index)
        self.notes.append(note)
        self.vectors = np.concatenate([self.vectors, self._embedder.encode([inserted_text(note, self._era)])])
        self.evolved += change.evolves
        self._refresh(sorted(rewritten), change.evolves)
        return dropped

    def _refresh(self, rewritten: Sequence[int], evolved: bool) -> None:
        """Bring vectors up to date: those of rewritten notes at once, or all of them now and then, as released."""
        if self._stale and evolved and self.evolved % self._rebuild_every == 0:
            self.vectors = self._embedder.encode([rebuilt_text(note) for note in self.notes])
        if not self._stale and rewritten:
            texts = [inserted_text(self.notes[index], self._era) for index in rewritten]
            self.vectors[list(rewritten)] = self._embedder.encode(texts)

    def shown(self, ranked: Sequence[int], limit: int, links: bool) -> list[tuple[int, int]]:
        """The notes a context shows for some hits: each hit, then what it links to, without taking repeats out.

        The released check of the limit follows the adding, so up to ``limit`` + 1 links come for a hit; in the paper's
        era the count goes on from hit to hit, after which one more comes for each.

        Returns:
            Pairs of rank of the hit and position of the note.
        """
        lines, count = [], 0
        for rank, index in enumerate(ranked):
            lines.append((rank, index))
            count = count if self._era == "paper" else 0
            for other in self.notes[index].links if links else ():
                lines.append((rank, other))
                if count >= limit:
                    break
                count += 1
        return lines

    def state(self) -> dict[str, Any]:
        """Everything but the vectors, as JSON."""
        return {"evolved": self.evolved, "notes": [asdict(note) for note in self.notes]}

    def save(self, path: Path) -> None:
        np.save(path, self.vectors, allow_pickle=False)

    def load(self, state: Mapping[str, Any], path: Path) -> None:
        self.notes, self.evolved = [Note(**note) for note in state["notes"]], state["evolved"]
        self.vectors = np.load(path, allow_pickle=False)

"""MemoryOS' mid-term memory: topic sessions of pages, and how hot they are (docs/systems.md#memoryos)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from memos.infrastructure.vault.kernels import products

INTERACTION, RECENCY = 0.8, 0.0001
"""Weights of a session's heat. Searches do not count for it, since they change nothing; its third part, which wanes
with time, is always 1: no clock is read."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What a page is about."""

    content: str
    keywords: tuple[str, ...]


@dataclass
class TopicSession:
    """Pages on one topic."""

    summary: str
    keywords: list[str]
    pages: list[int] = field(default_factory=list)
    interactions: int = 1
    """Pages since the last analysis; it makes the session hot."""


def overlap(first: Collection[str], second: Collection[str]) -> float:
    """Mean share of each of two sets of keywords that the other has; 0 where one is empty."""
    a, b = {word.lower() for word in first}, {word.lower() for word in second}
    return (len(a & b) / len(a) + len(a & b) / len(b)) / 2 if a and b else 0.0


class TopicStore:
    """Topic sessions in order of their making.

    Args:
        dim: of the vectors.
        merge: cosine and overlap of keywords, added up, from which a page joins the nearest session.
        capacity: sessions kept; the least used one goes, the oldest first.
        warms_anyway: the nearest session grows hotter even where the page does not join it, as released.
    """

    def __init__(self, dim: int, merge: float, capacity: int, warms_anyway: bool) -> None:
        self._merge, self._capacity, self._warms_anyway = merge, capacity, warms_anyway
        self.sessions: list[TopicSession] = []
        self.vectors = np.zeros((0, dim), dtype=np.float32)

    def nearest(self, vector: np.ndarray, keywords: Collection[str]) -> tuple[int, float] | None:
        """The session nearest by cosine, and its score: cosine and overlap of keywords."""
        if not self.sessions:
            return None
        scores = products(self.vectors, vector)
        place = int(np.argmax(scores))
        return place, float(scores[place]) + overlap(keywords, self.sessions[place].keywords)

    def join(self, page: int, theme: Theme, vector: np.ndarray) -> bool:
        """Put a page into the session it belongs to; whether there is one."""
        near = self.nearest(vector, theme.keywords)
        joins = near is not None and near[1] >= self._merge
        if near is not None and (joins or self._warms_anyway):
            self.sessions[near[0]].interactions += 1
        if near is not None and joins:
            self.sessions[near[0]].pages.append(page)
        return joins

    def open(self, page: int, summary: str, keywords: Sequence[str], vector: np.ndarray) -> bool:
        """Begin a session with a page; whether another had to go."""
        self.sessions.append(TopicSession(summary, list(keywords), [page]))
        self.vectors = np.concatenate([self.vectors, vector[None]])
        if len(self.sessions) <= self._capacity:
            return False
        least = min(range(len(self.sessions) - 1), key=lambda place: len(self.sessions[place].pages))
        del self.sessions[least]
        self.vectors = np.delete(self.vectors, least, axis=0)
        return True

    def hottest(self) -> tuple[TopicSession, float] | None:
        """The hottest session and its heat; the older one of equals."""
        if not self.sessions:
            return None
        best = max(self.sessions, key=lambda session: session.interactions)
        return best, INTERACTION * best.interactions + RECENCY

    def state(self) -> list[dict[str, Any]]:
        return [asdict(session) for session in self.sessions]

    def save(self, path: Path) -> None:
        np.save(path, self.vectors, allow_pickle=False)

    def load(self, state: Sequence[Mapping[str, Any]], path: Path) -> None:
        self.sessions = [TopicSession(**session) for session in state]
        self.vectors = np.load(path, allow_pickle=False)

"""Calls, tokens, dollars and waiting, by what they are for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from memos.types import Usage

INGEST, SEARCH, ANSWER, LATENCY, EMBED = "ingest", "search", "answer", "latency pass", "embeddings"
"""Phases of a run as its forecast shows them; each judge is one by its own name."""

MEMORY, ANSWERER, EMBEDDER = "memory", "answerer", "embedder"
"""Who asks; each judge is a role by its own name too."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of request, whatever phase it belongs to."""

    role: str
    model: str
    form: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a call is for."""

    phase: str
    role: str
    model: str
    form: str = "text"
    """What is asked for: ``text``, the fields of a schema, or the first tool."""

    @property
    def of_form(self) -> Form:
        """The same without the phase."""
        return Form(self.role, self.model, self.form)


@dataclass(slots=True)
class Counts:
    """Calls of one purpose in one conversation."""

    asked: Usage = field(default_factory=Usage)
    """What is asked of the provider."""
    kept: Usage = field(default_factory=Usage)
    """What the response cache answers, and what an earlier job of the command asks."""
    seconds: float = 0.0
    """Waiting for the provider, one call after the other."""

    @property
    def total(self) -> Usage:
        return self.asked + self.kept

    def add(self, other: Counts) -> None:
        self.asked += other.asked
        self.kept += other.kept
        self.seconds += other.seconds


class Tally:
    """Counts by purpose and conversation; threads may add at once."""

    def __init__(self) -> None:
        self.counts: dict[tuple[Purpose, str], Counts] = {}
        self._lock = threading.Lock()

    def add(self, purpose: Purpose, sample_id: str, usage: Usage, *, kept: bool = False, seconds: float = 0.0) -> None:
        """Count one call."""
        with self._lock:
            counts = self.counts.setdefault((purpose, sample_id), Counts())
            if kept:
                counts.kept += usage
            else:
                counts.asked += usage
                counts.seconds += seconds

    def by_purpose(self, sample_ids: Iterable[str] | None = None) -> dict[Purpose, Counts]:
        """Sums over conversations, in the order in which the purposes came up.

        Args:
            sample_ids: of these only; None: of all.
        """
        wanted = None if sample_ids is None else set(sample_ids)
        out: dict[Purpose, Counts] = {}
        for (purpose, sample_id), counts in self.counts.items():
            if wanted is None or sample_id in wanted:
                out.setdefault(purpose, Counts()).add(counts)
        return out

    def of(self, purpose: Purpose, sample_id: str) -> Counts:
        """Counts of one purpose in one conversation."""
        return self.counts.get((purpose, sample_id), Counts())

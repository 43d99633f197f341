"""The three decisions that A-MEM leaves to a model, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.amem.notes import Evolution, Note
from baselines.backbone import Backbone


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A stored note near a new one."""

    index: int
    """Its position in the store."""
    note: Note
    cosine: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is noted about a turn; the defaults are what a failed analysis leaves."""

    keywords: tuple[str, ...] = ()
    context: str = "General"
    tags: tuple[str, ...] = ()


class AMemBrain(Protocol):
    """Analysis and evolution of a note, and the words that a question is searched by."""

    def expect(self, content: str) -> None:
        """Begin what ``analyse`` will ask: it depends on the turn alone."""

    def analyse(self, content: str) -> Analysis: ...

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution: ...

    def query(self, question: str, backbone: Backbone) -> str: ...

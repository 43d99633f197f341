"""What Zep leaves to a model for each episode, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from baselines.extract import Fact
from baselines.zep.graph import Entity, Episode, FactEdge
from memos.embed.base import Embedder
from memos.types import Session, Turn


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edge as extracted, between names."""

    source: str
    target: str
    relation: str
    fact: str
    valid_at: datetime | None
    invalid_at: datetime | None


@dataclass(frozen=True, slots=True)
class CurrentMessage:
    """The episode at hand with what its extraction may see."""

    episode: Episode
    session: Session
    turn: Turn
    listener: str
    previous: Sequence[Episode]
    facts: tuple[Fact, ...] = field(default=())


class ZepBrain(Protocol):
    """The decisions Zep leaves to a model."""

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None: ...

    def expect_entities(self, message: CurrentMessage) -> None:
        """Begin what ``entities`` will ask: it depends on the dialogue alone."""

    def expect_edges(self, message: CurrentMessage, names: Sequence[str]) -> None:
        """Begin what ``edges`` will ask next: it depends on names, on no fact and no summary."""

    def entities(self, message: CurrentMessage) -> list[tuple[str, str]]: ...

    def resolve(
        self, message: CurrentMessage, new: Sequence[str], candidates: Sequence[Sequence[Entity]]
    ) -> list[Entity | None]: ...

    def edges(self, message: CurrentMessage, names: Sequence[str]) -> list[Proposal]: ...

    def judge(
        self, new: Proposal, related: Sequence[FactEdge], others: Sequence[FactEdge], likeness: Sequence[float]
    ) -> tuple[list[int], list[int]]: ...

    def summaries(self, items: Sequence[tuple[Entity, list[str], list[str]]]) -> list[str]: ...

"""The two decisions that mem0 leaves to a model, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from memos.embed.base import Embedder
from memos.types import Session, Turn


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact that wants to enter a store."""

    text: str
    turn_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateDecision:
    """One event of the update step. ``index`` counts the old memories shown; None for ADD."""

    event: str
    text: str
    index: int | None
    turn_ids: tuple[str, ...]


class Mem0Brain(Protocol):
    """The two decisions mem0 leaves to a model."""

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """Called once a session before its batches."""

    def expect(self, session: Session, batch: Sequence[Turn], user: str, other: str) -> None:
        """Begin what ``facts`` will ask: it depends on no memory."""

    def facts(self, session: Session, batch: Sequence[Turn], user: str, other: str) -> list[NewFact]: ...

    def decide(
        self,
        old: Sequence[str],
        old_vectors: Sequence[np.ndarray],
        new: Sequence[NewFact],
        new_vectors: Sequence[np.ndarray],
    ) -> list[UpdateDecision]: ...

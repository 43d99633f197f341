"""The decisions that HyMem leaves to a model, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.backbone import Backbone
from baselines.heard import HeardTurn


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence that can be understood alone, and the turns it comes from."""

    text: str
    turn_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatedSentence:
    """A stored sentence as a question meets it."""

    text: str
    note: int
    """Number of its session."""
    line: str
    """With its date, as the model reads it."""
    score: float


class HyMemBrain(Protocol):
    """Sentences of a session, whether they are enough for a question, and which sessions to read where not."""

    def expect(self, note: str) -> None:
        """Begin what ``sentences`` will ask: it depends on the session alone."""

    def sentences(self, note: str, turns: Sequence[HeardTurn]) -> list[KeySentence] | None:
        """None where no reply could be read."""
        ...

    def enough(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> bool: ...

    def select(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> list[int]:
        """Positions of the candidates whose sessions are to be read."""
        ...

    def reflect(self, question: str, memory: str, drafted: bool, backbone: Backbone) -> None:
        """Make the calls of the released reflection, of whose outcome nothing is used."""

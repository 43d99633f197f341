"""The two decisions that LightMem leaves to a model, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from baselines.heard import HeardTurn
from baselines.lightmem.buffers import Segment


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """A turn as an extraction reads it."""

    number: int
    """Counts from 0 in its batch; the model names its source by it."""
    topic: int
    time: datetime | None
    """The session's time, a second later for each turn of it that stands before in the batch."""
    turn: HeardTurn


@dataclass(frozen=True, slots=True)
class Revision:
    """What becomes of an older entry: ``update``, ``delete`` or ``ignore``."""

    action: str
    text: str = ""


class LightMemBrain(Protocol):
    """The extraction from a batch and the decision on an older entry."""

    def expect(self, lines: Sequence[DialogueLine]) -> None:
        """Begin what ``facts`` will ask: it depends on no entry."""

    def facts(self, lines: Sequence[DialogueLine]) -> list[tuple[int, str]]:
        """Facts of a batch, each with the number of its line."""
        ...

    def revise(self, target: str, sources: Sequence[str], cosines: Sequence[float]) -> Revision:
        """What later entries near an older one do to it."""
        ...


def lines_of(batch: Sequence[Segment]) -> list[DialogueLine]:
    """The turns of a batch, numbered through."""
    lines: list[DialogueLine] = []
    earlier: dict[str, int] = {}
    for segment in batch:
        for item in segment.turns:
            place = earlier.get(item.session.session_id, 0)
            earlier[item.session.session_id] = place + 1
            began = item.time
            time = began + timedelta(seconds=place) if began and item.turn.time is None else began
            lines.append(DialogueLine(len(lines), segment.topic, time, item))
    return lines

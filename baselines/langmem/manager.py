"""What the background manager of LangMem decides, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from baselines.memories import StoredMemory
from memos.types import Session, Turn


@dataclass(frozen=True, slots=True)
class Operation:
    """One change: ``insert`` (no id), ``patch`` or ``remove``."""

    kind: str
    content: str
    id: str
    turn_ids: tuple[str, ...]


class Manager(Protocol):
    """The two steps of the background manager."""

    def expect(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> None:
        """Begin what ``queries`` will ask: it depends on no memory."""

    def queries(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> list[str]: ...

    def revise(
        self,
        session: Session,
        batch: Sequence[Turn],
        speakers: tuple[str, ...],
        memories: Sequence[StoredMemory],
        vectors: Sequence[np.ndarray],
    ) -> list[Operation]: ...

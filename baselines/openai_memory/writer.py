"""What writes the entries of the memory, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memos.language.calendar import day_words as day
from memos.types import Session


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """One memory entry."""

    id: str
    text: str
    time: str
    turn_ids: tuple[str, ...]

    def shown(self) -> str:
        """The line in the prompt."""
        return f"({self.time}) {self.text}" if self.time else self.text


@dataclass(frozen=True, slots=True)
class EntryChanges:
    """What one session does to the list."""

    adds: tuple[MemoryEntry, ...] = ()
    updates: tuple[tuple[str, str], ...] = ()
    deletes: frozenset[str] = frozenset()


class EntryWriter(Protocol):
    """Turns a session into changes of the entry list."""

    def expect(self, session: Session, speakers: tuple[str, ...]) -> None:
        """Begin what ``write`` will ask, where it depends on no entry."""

    def write(self, session: Session, speakers: tuple[str, ...], entries: Sequence[MemoryEntry]) -> EntryChanges: ...


def session_date(session: Session) -> str:
    return day(session.time) if session.time else session.time_text

"""Turns that wait in a system's buffer, with the session they belong to, so that they can be saved and read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memos.types import Session, Turn


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """One turn and its session, whose own turns are left out."""

    session: Session
    turn: Turn

    @property
    def time(self) -> datetime | None:
        """When it was said, where that is known."""
        return self.session.time_of(self.turn)

    @property
    def time_text(self) -> str:
        """The same as the data set prints it."""
        return self.session.time_text_of(self.turn)


def heard(session: Session) -> list[HeardTurn]:
    """The turns of a session, each with it."""
    bare = Session(session.session_id, session.time, session.time_text, ())
    return [HeardTurn(bare, turn) for turn in session.turns]


def session_text(session: Session) -> str:
    """A whole session: its time, then a line for each turn, who said what."""
    head = [f"Time: {session.time_text}"] if session.time_text else []
    return "\n".join([*head, *(f"{turn.speaker}: {turn.said}" for turn in session.turns)])


def session_texts(sessions: Iterable[Session]) -> list[str]:
    """The texts of the sessions in which anything is said."""
    return [session_text(session) for session in sessions if session.turns]


def heard_state(turns: Iterable[HeardTurn]) -> list[dict[str, Any]]:
    """Waiting turns as JSON."""
    return [
        {
            "session": [item.session.session_id, _iso(item.session.time), item.session.time_text],
            "turn": [item.turn.turn_id, item.turn.speaker, item.turn.text, item.turn.caption, _iso(item.turn.time)],
        }
        for item in turns
    ]


def heard_again(state: Sequence[Mapping[str, Any]]) -> list[HeardTurn]:
    """Waiting turns from JSON."""
    return [_read(*item["session"], *item["turn"]) for item in state]


def _read(session_id, began, time_text, turn_id, speaker, text, caption, said_at) -> HeardTurn:
    session = Session(session_id, moment(began), time_text, ())
    return HeardTurn(session, Turn(turn_id, speaker, text, caption, moment(said_at)))


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def moment(iso: str | None) -> datetime | None:
    """A saved time."""
    return datetime.fromisoformat(iso) if iso else None

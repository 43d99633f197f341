"""The transcript of a conversation, one line a turn, that full_context, rag and oracle read.

See docs/systems.md#the-transcript.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from memos.types import Session, Turn


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One turn as text, with the turn it is."""

    turn_id: str
    text: str


def line(session: Session, turn: Turn) -> TranscriptLine:
    """``<timestamp> | <speaker>: <text>``, the paper's line; the caption follows where captions are on.

    The timestamp is the session's, or the turn's own where the data set times each turn; nothing where there is none.
    """
    return TranscriptLine(turn.turn_id, session.line(turn))


def save_lines(lines: Iterable[TranscriptLine], path: Path) -> None:
    path.write_text(json.dumps([[item.turn_id, item.text] for item in lines], ensure_ascii=False), encoding="utf-8")


def load_lines(path: Path) -> list[TranscriptLine]:
    return [TranscriptLine(*pair) for pair in json.loads(path.read_text(encoding="utf-8"))]

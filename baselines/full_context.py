"""The whole conversation in the prompt, no retrieval (docs/systems.md#full-context)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from baselines.transcript import TranscriptLine, line, load_lines, save_lines
from memos.errors import DataError
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage


class FullContext:
    """Every turn, in order, for every question. Its search takes no time by definition."""

    @dataclass
    class Config:
        pass

    part_id = "full_context"
    version = "1"
    sees_gold = False
    prompt = "rag"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self.lines: list[TranscriptLine] = []
        self._retrieved: Retrieved | None = None

    def start(self, conversation: Conversation) -> None:
        self.lines = []

    def add(self, session: Session) -> None:
        self.lines += [line(session, turn) for turn in session.turns]

    def finish(self) -> None:
        """The document is rendered once; all questions share it."""
        hits = tuple(Hit(item.text, (item.turn_id,), memory_id=item.turn_id) for item in self.lines)
        self._retrieved = Retrieved(hits, len(hits), "".join(item.text + "\n" for item in self.lines))

    def search(self, query: Query) -> Retrieved:
        if self._retrieved is None:
            raise DataError(f"{type(self).__name__}: search before finish()")
        return self._retrieved

    def stats(self) -> Mapping[str, int]:
        return {"items": len(self.lines)}

    def usage(self) -> Mapping[str, Usage]:
        return {}

    def save(self, folder: Path) -> None:
        save_lines(self.lines, folder / "lines.json")

    def load(self, folder: Path) -> None:
        self.lines = load_lines(folder / "lines.json")
        self.finish()

    def close(self) -> None:
        """Nothing is open."""


class Oracle(FullContext):
    """The gold evidence turns and nothing else: the ceiling of retrieval. Marked in every table: it sees the gold."""

    part_id = "oracle"
    sees_gold = True

    def search(self, query: Query) -> Retrieved:
        wanted = set(query.gold_turns)
        hits = tuple(Hit(x.text, (x.turn_id,), 1.0, x.turn_id) for x in self.lines if x.turn_id in wanted)
        return Retrieved(hits, len(hits))

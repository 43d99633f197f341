"""No memory at all: the floor of every table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from memos.types import Conversation, Query, Retrieved, Session, Usage


class Null:
    """Ingests nothing and retrieves nothing; what an answerer scores with it, it scores by guessing."""

    @dataclass
    class Config:
        pass

    part_id = "null"
    version = "1"
    sees_gold = False
    prompt = "rag"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def start(self, conversation: Conversation) -> None:
        """Nothing to prepare."""

    def add(self, session: Session) -> None:
        """Forget the session."""

    def finish(self) -> None:
        """Nothing to drain."""

    def search(self, query: Query) -> Retrieved:
        return Retrieved(hits=(), used=0)

    def stats(self) -> Mapping[str, int]:
        return {"items": 0}

    def usage(self) -> Mapping[str, Usage]:
        return {}

    def save(self, folder: Path) -> None:
        """No state."""

    def load(self, folder: Path) -> None:
        """No state."""

    def close(self) -> None:
        """Nothing is open."""

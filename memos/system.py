"""MemOS as a memory system of the benchmark: fast extraction into a vault, hybrid retrieval, passages as hits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from memos.cube import MemCube, SequentialIds
from memos.embed.base import Embedder
from memos.errors import ConfigError, DataError
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.interface.reader_fast import SessionClock, read_session
from memos.operation.index import MemoryIndex
from memos.operation.retrieve import Found, RetrieveConfig, search
from memos.operation.units import check_style, line, render, unit_of
from memos.tokens import count_words
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

_ORDERS = ("rank", "time")
_STATE = "memos.json"
_VAULT = "vault.sqlite"


class MemOSSystem:
    """One conversation in a vault of its own. No language model is called; every mechanism can be switched off."""

    @dataclass
    class Config(RetrieveConfig):
        top_k: int = field(default=20, metadata={"help": "hits in the context at most", "stage": "search"})
        max_words: int = field(default=1600, metadata={"help": "NLTK words in the context at most", "stage": "search"})
        order: str = field(default="time", metadata={"help": "lines of the context by time or by rank", "stage": "search"})
        dates: str = field(default="iso", metadata={"help": "date before each line: iso (2023-05-08), long or none"})

        def __post_init__(self) -> None:
            super().__post_init__()
            for name in ("top_k", "max_words"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"system.{name}: must be at least 1, found {getattr(self, name)}")
            if self.order not in _ORDERS:
                raise ConfigError(f"system.order: {self.order!r} is none of {', '.join(_ORDERS)}")
            check_style(self.dates, "system.dates")

    version = "1"
    sees_gold = False
    prompt = "memos"

    def __init__(self, config: Config | None = None, *, embedder: Embedder) -> None:
        self.config = config or self.Config()
        self.embedder = embedder
        self.clock = SessionClock()
        self._folder = TemporaryDirectory(prefix="memos-")
        self._open()
        self.dialogue, self.position = "", 0

    def _open(self) -> None:
        self.vault = SqliteVault(Path(self._folder.name) / _VAULT, clock=self.clock)
        self.index = MemoryIndex(self.embedder.dim)

    def start(self, conversation: Conversation) -> None:
        self.dialogue, self.position = conversation.sample_id, 0

    def add(self, session: Session) -> None:
        """Read one session into the vault (one transaction) and the index."""
        self.clock.set(session.time)
        cubes = read_session(
            session, dialogue=self.dialogue, owner=self.dialogue, start=self.position, clock=self.clock,
            ids=SequentialIds(self.dialogue, self.position + 1),
        )  # fmt: skip
        vectors = self.embedder.encode([unit_of(cube).line() for cube in cubes])
        self.vault.add(cubes, vectors, actor=self.dialogue, cause="read:fast")
        self._index(cubes, vectors)
        self.position += len(cubes)

    def _index(self, cubes: Sequence[MemCube], vectors) -> None:
        units = [unit_of(cube, count_words(line(unit_of(cube), self.config.dates))) for cube in cubes]
        self.index.add(units, vectors)

    def finish(self) -> None:
        """Nothing waits: reading is synchronous and the index is as fresh as the vault."""

    def search(self, query: Query) -> Retrieved:
        vector = self.embedder.encode([query.text])[0]
        found = search(self.index, query.text, vector, self.config, depth=max(query.depth, self.config.top_k))
        hits = tuple(self._hit(item) for item in found)
        used, words = 0, 0
        for hit in hits[: self.config.top_k]:
            words += count_words(hit.text)
            if words > self.config.max_words:
                break
            used += 1
        return Retrieved(hits, used, self._context(found[:used]))

    def _hit(self, found: Found) -> Hit:
        turns = tuple(dict.fromkeys(turn for unit in found.units for turn in unit.turn_ids))
        return Hit(render(found.units, self.config.dates), turns, found.score, found.units[0].unit_id)

    def _context(self, found: Sequence[Found]) -> str:
        if self.config.order == "time":
            row = self.index.row_of
            found = sorted(found, key=lambda item: row[item.units[0].unit_id])
        return "\n".join(render(item.units, self.config.dates) for item in found)

    def stats(self) -> Mapping[str, int | float]:
        size = (Path(self._folder.name) / _VAULT).stat().st_size
        return {"items": len(self.index), "bytes": size, "sessions": len(self.index.groups)}

    def usage(self) -> Mapping[str, Usage]:
        return {}

    def save(self, folder: Path) -> None:
        self.vault.backup(folder / _VAULT)
        state = {"dialogue": self.dialogue, "position": self.position, "now": self.clock().isoformat()}
        (folder / _STATE).write_text(json.dumps(state), encoding="utf-8")

    def load(self, folder: Path) -> None:
        from datetime import datetime

        try:
            state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise DataError(f"{folder / _STATE}: {error}") from error
        self.vault.close()
        shutil.copyfile(folder / _VAULT, Path(self._folder.name) / _VAULT)
        self._open()
        self.dialogue, self.position = state["dialogue"], state["position"]
        self.clock.set(datetime.fromisoformat(state["now"]))
        ids = self.vault.find(order=("position",))
        self._index(self.vault.get_many(ids), self.vault.vectors(ids))

    def close(self) -> None:
        self.vault.close()
        self._folder.cleanup()

"""The package ``mem0ai`` as a memory system, driven as its evaluation harness drives it.

See docs/systems.md#vendors-packages.

The package's own prompts and logic run unchanged, except that its "today's date" is the session's date: without that
every fact of a replay is dated today. Two lines of versions are known: up to 1.x the algorithm of mid-2025 (facts, then
an update call), from 2 on the additive one (one call that only adds), whose figures are no figures of 2025.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from baselines.backbone import check_positive
from baselines.mem0.system import batches, speaker_blocks
from baselines.memories import STATE_VERSION, ranked_hits, read_json, write_json
from baselines.vendors.calls import CallLedger, Note
from baselines.vendors.common import Connection, union
from memos.embed.base import Embedder
from memos.errors import require
from memos.llm.losses import Losses
from memos.types import Conversation, Hit, Query, Retrieved, Session, Turn, Usage

_TODAY = re.compile(r"(Today's date is )[0-9-]+")
_EVERYTHING = 100_000


class Mem0Package:
    """mem0's own package."""

    @dataclass
    class Config(Connection):
        batch_messages: int = field(default=2, metadata={"help": "messages of one add"})

        def __post_init__(self) -> None:
            super().__post_init__()
            check_positive("mem0_package", batch_messages=self.batch_messages)

    part_id = "mem0ai_package"
    packages = ("mem0ai",)
    """Distributions whose version changes what it does."""
    version = "1"
    sees_gold = False
    at_once = False
    prompt = "mem0"

    def __init__(self, config: Config, *, embedder: Embedder, note: Note | None = None) -> None:
        self.config = config
        self._embedder = embedder
        self._ledger = CallLedger(note)
        self._folder = tempfile.TemporaryDirectory(prefix="mem0-")
        self._memory = self._open()
        self._speakers: tuple[str, ...] = ("", "")
        self._sources: dict[str, list[str]] = {}

    def _open(self) -> Any:
        os.environ.setdefault("MEM0_TELEMETRY", "False")
        os.environ.setdefault("MEM0_DIR", self._folder.name)
        mem0 = require("mem0", "vendors", package="mem0ai")
        connection = {
            "model": self.config.model,
            "api_key": self.config.key(),
            "openai_base_url": self.config.address,
        }
        folder = Path(self._folder.name)
        memory = mem0.Memory.from_config(
            {
                "version": "v1.1",
                "llm": {"provider": "openai", "config": {**connection, "temperature": 0.0}},
                "embedder": {
                    "provider": "openai",
                    "config": {"api_key": "unused", "embedding_dims": self._embedder.dim},
                },
                "vector_store": {
                    "provider": "qdrant",
                    "config": {
                        "path": str(folder / "qdrant"),
                        "collection_name": "memories",
                        "embedding_model_dims": self._embedder.dim,
                    },
                },
                "history_db_path": str(folder / "history.db"),
            }
        )
        memory.embedding_model.embed = lambda text, action=None: self._embedder.encode([text])[0].tolist()
        memory.embedding_model.embed_batch = lambda texts, action=None: self._embedder.encode(list(texts)).tolist()
        self._ledger.watch(memory.llm.client)
        return memory

    def start(self, conversation: Conversation) -> None:
        self._speakers = conversation.speakers

    @property
    def additive(self) -> bool:
        """Whether the installed package only adds (2.x) instead of deciding on updates (up to 1.x)."""
        return "custom_fact_extraction_prompt" not in type(self._memory.config).model_fields

    @contextmanager
    def _dated(self, session: Session) -> Iterator[None]:
        """While the block runs, the package's extraction believes that today is the session's day."""
        if session.time is None:
            yield
            return
        day = session.time.date().isoformat()
        if not self.additive:
            prompts = require("mem0.configs.prompts", "vendors", package="mem0ai")
            dated, count = _TODAY.subn(rf"\g<1>{day}", prompts.FACT_RETRIEVAL_PROMPT)
            self._memory.config.custom_fact_extraction_prompt = dated if count else f"{dated}\nToday's date is {day}."
            yield
            return
        main = require("mem0.memory.main", "vendors", package="mem0ai")
        own = main.generate_additive_extraction_prompt
        main.generate_additive_extraction_prompt = partial(own, timestamp=day, current_date=day)
        try:
            yield
        finally:
            main.generate_additive_extraction_prompt = own

    def add(self, session: Session) -> None:
        with self._dated(session):
            for batch in batches(session, self.config.batch_messages):
                for number, user in enumerate(self._speakers):
                    self._add_batch(session, batch, number, user)

    def _add_batch(self, session: Session, batch: Sequence[Turn], number: int, user: str) -> None:
        messages = [
            {"role": "user" if turn.speaker == user else "assistant", "content": f"{turn.speaker}: {turn.said}"}
            for turn in batch
        ]
        turns = [turn.turn_id for turn in batch if turn.speaker == user] or [turn.turn_id for turn in batch]
        done = self._memory.add(messages, user_id=f"speaker_{number}", metadata={"timestamp": session.time_text})
        self._note(done["results"], turns)

    def _note(self, results: list[Mapping[str, Any]], turns: list[str]) -> None:
        for result in results:
            if result["event"] == "DELETE":
                self._sources.pop(result["id"], None)
            elif result["event"] in ("ADD", "UPDATE"):
                self._sources[result["id"]] = union(self._sources.get(result["id"], ()), turns)

    def finish(self) -> None:
        """The package searches everything at once."""

    def search(self, query: Query) -> Retrieved:
        groups, blocks = [], []
        for number, user in enumerate(self._speakers):
            limit = max(query.depth, self.config.top_k)
            memories = self._find(query.text, f"speaker_{number}", limit)
            groups.append(
                [Hit(m["memory"], self._turns(m["id"]), float(m["score"]), f"{number}/{m['id']}") for m in memories]
            )
            lines = [f"{(m.get('metadata') or {}).get('timestamp', '')}: {m['memory']}" for m in memories]
            blocks.append((user, lines[: self.config.top_k]))
        hits, used = ranked_hits(groups, self.config.top_k, query.depth)
        return Retrieved(hits, used, speaker_blocks(blocks))

    def _find(self, text: str, user_id: str, limit: int) -> list[Mapping[str, Any]]:
        if self.additive:
            return self._memory.search(text, filters={"user_id": user_id}, top_k=limit)["results"]
        return self._memory.search(text, user_id=user_id, limit=limit)["results"]

    def _turns(self, memory_id: str) -> tuple[str, ...]:
        return tuple(self._sources.get(memory_id, ()))

    def memories(self) -> dict[str, list[str]]:
        """Texts of the stored memories of each speaker, sorted."""
        return {
            user: sorted(item.payload["data"] for item in self._records(number))
            for number, user in enumerate(self._speakers)
        }

    def _records(self, number: int) -> list[Any]:
        return self._memory.vector_store.list({"user_id": f"speaker_{number}"}, _EVERYTHING)[0]

    def _entities(self) -> Any:
        """The package's second collection, which links memories by entities (2.x), or None."""
        return getattr(self._memory, "entity_store", None)

    @property
    def losses(self) -> Losses:
        """Structured replies asked of the model, and those of no use; each attempt of the package counts."""
        return self._ledger.losses

    def stats(self) -> Mapping[str, int | float]:
        return {"items": sum(len(self._records(number)) for number in range(len(self._speakers)))}

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": self._ledger.usage}

    def save(self, folder: Path) -> None:
        """Write the records, the linked entities and the package's own log of messages and changes."""
        linked = self._entities()
        state = {
            "version": STATE_VERSION,
            "speakers": self._speakers,
            "sources": self._sources,
            "records": [_plain(record) for number in range(len(self._speakers)) for record in self._records(number)],
            "entities": [_plain(record) for record in linked.list(None, _EVERYTHING)[0]] if linked is not None else [],
            "usage": self._ledger.state(),
        }
        write_json(folder / "mem0_package.json", state)
        with closing(sqlite3.connect(folder / "history.db")) as copy:
            self._memory.db.connection.backup(copy)

    def load(self, folder: Path) -> None:
        """Put everything back; vectors come from the embedder again."""
        state = read_json(folder / "mem0_package.json")
        self._speakers, self._sources = tuple(state["speakers"]), state["sources"]
        self._ledger.restore(state["usage"])
        self._insert(self._memory.vector_store, state["records"])
        self._insert(self._entities(), state["entities"])
        with closing(sqlite3.connect(folder / "history.db")) as copy:
            copy.backup(self._memory.db.connection)

    def _insert(self, collection: Any, records: list[Mapping[str, Any]]) -> None:
        if records:
            vectors = self._embedder.encode([record["payload"]["data"] for record in records]).tolist()
            collection.insert(vectors=vectors, ids=[r["id"] for r in records], payloads=[r["payload"] for r in records])

    def close(self) -> None:
        self._folder.cleanup()


def _plain(record: Any) -> dict[str, Any]:
    return {"id": str(record.id), "payload": dict(record.payload)}

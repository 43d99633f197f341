"""The package ``mem0ai`` as a memory system, driven as its evaluation harness drives it (protocol.md 1.6, 1.7, 8.4).

The package's own prompts and update logic run unchanged, except that its "today's date" is the session's date: without
that every fact of a replay is dated today.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baselines.backbone import check_positive
from baselines.mem0 import batches, speaker_blocks
from baselines.memories import STATE_VERSION, ranked_hits, read_json, write_json
from baselines.vendors.common import Connection, Ledger, union
from memos.embed.base import Embedder
from memos.errors import require
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

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

    version = "1"
    sees_gold = False
    prompt = "mem0"

    def __init__(self, config: Config, *, embedder: Embedder) -> None:
        self.config = config
        self._embedder = embedder
        self._ledger = Ledger()
        self._folder = tempfile.TemporaryDirectory(prefix="mem0-")
        self._memory = self._open()
        self._speakers: tuple[str, str] = ("", "")
        self._sources: dict[str, list[str]] = {}

    def _open(self) -> Any:
        os.environ.setdefault("MEM0_TELEMETRY", "False")
        os.environ.setdefault("MEM0_DIR", self._folder.name)
        mem0 = require("mem0", "vendors", package="mem0ai")
        connection = {"model": self.config.model, "api_key": self.config.key()}
        if self.config.base_url:
            connection["openai_base_url"] = self.config.base_url
        folder = Path(self._folder.name)
        memory = mem0.Memory.from_config(
            {
                "version": "v1.1",
                "llm": {"provider": "openai", "config": {**connection, "temperature": 0.0}},
                "embedder": {"provider": "openai", "config": {"api_key": "unused", "embedding_dims": self._embedder.dim}},
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
        completions = memory.llm.client.chat.completions
        completions.create = self._ledger.wrap(completions.create)
        return memory

    def start(self, conversation: Conversation) -> None:
        self._speakers = conversation.speakers

    def add(self, session: Session) -> None:
        prompts = require("mem0.configs.prompts", "vendors", package="mem0ai")
        if session.time is not None:
            day = session.time.date().isoformat()
            dated, count = _TODAY.subn(rf"\g<1>{day}", prompts.FACT_RETRIEVAL_PROMPT)
            self._memory.config.custom_fact_extraction_prompt = dated if count else f"{dated}\nToday's date is {day}."
        for batch in batches(session, self.config.batch_messages):
            for number, user in enumerate(self._speakers):
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
            found = self._memory.search(query.text, user_id=f"speaker_{number}", limit=limit)["results"]
            groups.append([Hit(m["memory"], self._turns(m["id"]), float(m["score"]), f"{number}/{m['id']}") for m in found])
            lines = [f"{(m.get('metadata') or {}).get('timestamp', '')}: {m['memory']}" for m in found]
            blocks.append((user, lines[: self.config.top_k]))
        hits, used = ranked_hits(groups, self.config.top_k, query.depth)
        return Retrieved(hits, used, speaker_blocks(blocks))

    def _turns(self, memory_id: str) -> tuple[str, ...]:
        return tuple(self._sources.get(memory_id, ()))

    def memories(self) -> dict[str, list[str]]:
        """Texts of the stored memories of each speaker, sorted."""
        return {
            user: sorted(item.payload["data"] for item in self._records(number))
            for number, user in enumerate(self._speakers)
        }

    def _records(self, number: int) -> list[Any]:
        return self._memory.vector_store.list(filters={"user_id": f"speaker_{number}"}, limit=_EVERYTHING)[0]

    def stats(self) -> Mapping[str, int | float]:
        return {"items": sum(len(self._records(number)) for number in range(len(self._speakers)))}

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": self._ledger.usage}

    def save(self, folder: Path) -> None:
        records = [
            {"id": str(record.id), "payload": dict(record.payload)}
            for number in range(len(self._speakers))
            for record in self._records(number)
        ]
        state = {"version": STATE_VERSION, "speakers": self._speakers, "sources": self._sources}
        write_json(folder / "mem0_package.json", {**state, "records": records, "usage": self._ledger.state()})

    def load(self, folder: Path) -> None:
        """Put the saved records back; their vectors come from the embedder again."""
        state = read_json(folder / "mem0_package.json")
        self._speakers, self._sources = tuple(state["speakers"]), state["sources"]
        self._ledger.restore(state["usage"])
        records = state["records"]
        if records:
            vectors = self._embedder.encode([record["payload"]["data"] for record in records]).tolist()
            self._memory.vector_store.insert(
                vectors=vectors, ids=[r["id"] for r in records], payloads=[r["payload"] for r in records]
            )

    def close(self) -> None:
        self._folder.cleanup()

"""The package ``langmem`` as a memory system: its background memory manager over LangGraph's in-memory store.

One run of the manager a session (docs/systems.md#langmem, the path LangMem recommends). The session's time stands in
each message, since the package has no field for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.vendors.calls import CallLedger, Note
from baselines.vendors.common import Connection, union
from memos.embed.base import Embedder
from memos.errors import require
from memos.llm.losses import Losses
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

_SPACE = ("memories",)
_EVERYTHING = 100_000


class LangMemPackage:
    """langmem's own package."""

    @dataclass
    class Config(Connection):
        top_k: int = field(default=10, metadata={"help": "memories in the context"})
        query_limit: int = field(default=5, metadata={"help": "searches of the manager before it changes the store"})

    part_id = "langmem_package"
    packages = ("langmem", "langchain-openai")
    """Distributions whose version changes what it does."""
    version = "1"
    sees_gold = False
    at_once = False
    prompt = "langmem"

    def __init__(self, config: Config, *, embedder: Embedder, note: Note | None = None) -> None:
        self.config = config
        self._embedder = embedder
        self._ledger = CallLedger(note)
        self._sources: dict[str, list[str]] = {}
        memory = require("langgraph.store.memory", "vendors", package="langmem")
        openai = require("langchain_openai", "vendors", package="langchain-openai")
        langmem = require("langmem", "vendors")
        model = openai.ChatOpenAI(
            model=config.model, api_key=config.key(), base_url=config.address, temperature=0.0, use_responses_api=False
        )
        self._ledger.watch(model.root_client)
        self._store = memory.InMemoryStore(index={"dims": embedder.dim, "embed": self._vectors})
        self._manager = langmem.create_memory_store_manager(
            model, namespace=_SPACE, store=self._store, query_limit=config.query_limit, enable_deletes=True
        )

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.encode(list(texts)).tolist()

    def start(self, conversation: Conversation) -> None:
        """One store a conversation; the manager needs nothing else."""

    def add(self, session: Session) -> None:
        before = self._contents()
        lines = [{"role": "user", "content": session.line(turn)} for turn in session.turns]
        self._manager.invoke({"messages": lines}, config={"configurable": {}})
        turns = [turn.turn_id for turn in session.turns]
        for key, text in self._contents().items():
            if before.get(key) != text:
                self._sources[key] = union(self._sources.get(key, ()), turns)

    def _items(self) -> list[Any]:
        return self._store.search(_SPACE, limit=_EVERYTHING)

    def _contents(self) -> dict[str, str]:
        return {item.key: _text(item.value) for item in self._items()}

    def finish(self) -> None:
        """The store is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        limit = max(query.depth, self.config.top_k)
        items = self._store.search(_SPACE, query=query.text, limit=limit)
        hits = tuple(
            Hit(_text(item.value), tuple(self._sources.get(item.key, ())), float(item.score or 0.0), item.key)
            for item in items
        )
        context = "\n".join(f"- {hit.text}" for hit in hits[: self.config.top_k])
        return Retrieved(hits[: query.depth], min(self.config.top_k, query.depth, len(hits)), context)

    def memories(self) -> list[str]:
        """Texts of the stored memories, sorted."""
        return sorted(self._contents().values())

    @property
    def losses(self) -> Losses:
        """Structured replies asked of the model, and those of no use; each attempt of the package counts."""
        return self._ledger.losses

    def stats(self) -> Mapping[str, int | float]:
        return {"items": len(self._items())}

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": self._ledger.usage}

    def save(self, folder: Path) -> None:
        items = [{"key": item.key, "value": item.value} for item in self._items()]
        state = {"version": STATE_VERSION, "items": items, "sources": self._sources, "usage": self._ledger.state()}
        write_json(folder / "langmem_package.json", state)

    def load(self, folder: Path) -> None:
        """Put the saved items back; their vectors come from the embedder again."""
        state = read_json(folder / "langmem_package.json")
        self._sources = state["sources"]
        self._ledger.restore(state["usage"])
        for item in state["items"]:
            self._store.put(_SPACE, item["key"], item["value"])

    def close(self) -> None:
        """Nothing to release."""


def _text(value: Mapping[str, Any]) -> str:
    content = value.get("content", value)
    content = content.get("content", content) if isinstance(content, Mapping) else content
    return content if isinstance(content, str) else str(content)

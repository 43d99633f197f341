"""mem0 as of mid-2025 (docs/systems.md#mem0): facts of each pair of messages, one update call against the neighbours.

Two stores a conversation, one for each speaker, with mirrored roles; the session's date (never today's) goes into the
extraction and is each memory's time; a search asks both stores and shows two labelled blocks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from baselines.backbone import Backbone, check_extractor, check_positive, check_share
from baselines.extract.people import listener_of
from baselines.extract.relation import fitted
from baselines.mem0.brain import Mem0Brain
from baselines.mem0.model import ModelMem0Brain
from baselines.mem0.rules import RuleMem0Brain
from baselines.memories import STATE_VERSION, MemoryStore, StoredMemory, hit, ranked_hits, read_json, write_json
from memos.at_once import together
from memos.embed.base import Embedder
from memos.llm.base import LLM
from memos.llm.losses import Losses
from memos.types import Conversation, Query, Retrieved, Session, Turn, Usage


def batches(session: Session, size: int) -> list[tuple[Turn, ...]]:
    """Consecutive groups of ``size`` turns; the last one may be smaller."""
    return [session.turns[start : start + size] for start in range(0, len(session.turns), size)]


class Mem0:
    """The mem0 memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        top_k: int = field(default=20, metadata={"help": "memories of each speaker's store in the context"})
        batch_messages: int = field(default=2, metadata={"help": "messages extracted together"})
        neighbours: int = field(default=5, metadata={"help": "nearest old memories shown for each new fact"})
        same: float = field(default=0.95, metadata={"help": "rules: cosine from which a fact counts as known"})
        related: float = field(default=0.8, metadata={"help": "rules: least cosine of facts on the same matter"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("mem0", self.extractor)
            check_positive("mem0", top_k=self.top_k, batch_messages=self.batch_messages, neighbours=self.neighbours)
            check_positive("mem0", max_fact_words=self.max_fact_words)
            check_share("mem0", same=self.same, related=self.related)

    part_id = "mem0"
    version = "1"
    sees_gold = False
    at_once = True
    prompt = "mem0"

    @classmethod
    def learned(cls, config: Config, stage: str | None) -> Mapping[str, str]:
        """Digests of the fitted weights that the rules decide by; a model decides without them."""
        return fitted() if config.extractor == "rules" else {}

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        self.config = config
        self._embedder = embedder
        self._backbone = Backbone(llm, self.prompt, config.extractor, config.retries)
        self._brain: Mem0Brain = (
            ModelMem0Brain(self._backbone)
            if config.extractor == "llm"
            else RuleMem0Brain(config.same, config.related, config.max_fact_words)
        )
        self._speakers: tuple[str, ...] = ("", "")
        self._stores: tuple[MemoryStore, ...] = ()
        self._events: dict[str, int] = {}
        self._lock = Lock()

    def start(self, conversation: Conversation) -> None:
        self._speakers = conversation.speakers
        self._stores = tuple(MemoryStore(self._embedder) for _ in conversation.speakers)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to extract from sessions to come, as far as a model waits for a server."""
        for session in sessions if self._backbone.at_once else ():
            for batch in batches(session, self.config.batch_messages):
                for user, other, _ in self._views():
                    self._brain.expect(session, batch, user, other)

    def add(self, session: Session) -> None:
        self._brain.prepare(session, self._speakers, self._embedder)
        if self._backbone.at_once:
            together(self._chains(session))
            return
        for batch in batches(session, self.config.batch_messages):
            for user, other, store in self._views():
                self._add_batch(session, batch, user, other, store)

    def _chains(self, session: Session) -> list[Callable[[], None]]:
        """A session as pieces of work that may be done at once: the speakers' stores know nothing of one another."""
        return [lambda view=view: self._add_all(session, *view) for view in self._views()]

    def _add_all(self, session: Session, user: str, other: str, store: MemoryStore) -> None:
        """All batches of a session into one store, in order: each decision is made on what those before it left."""
        for batch in batches(session, self.config.batch_messages):
            self._add_batch(session, batch, user, other, store)

    def _views(self) -> list[tuple[str, str, MemoryStore]]:
        """Each speaker with those who listen and the speaker's own store."""
        return [
            (user, listener_of(user, self._speakers), store)
            for user, store in zip(self._speakers, self._stores, strict=True)
        ]

    def _add_batch(self, session: Session, batch: Sequence[Turn], user: str, other: str, store: MemoryStore) -> None:
        facts = self._brain.facts(session, batch, user, other)
        if not facts:
            return
        vectors = self._embedder.encode([fact.text for fact in facts])
        by_text = {fact.text: vector for fact, vector in zip(facts, vectors, strict=True)}
        old = store.neighbours(list(vectors), self.config.neighbours)
        decisions = self._brain.decide(
            [memory.text for memory in old], [store.vector(memory.id) for memory in old], facts, list(vectors)
        )
        for decision in decisions:
            memory = old[decision.index] if decision.index is not None else None
            vector = by_text.get(decision.text)
            self._count(self._apply(store, decision.event, decision.text, memory, session, decision.turn_ids, vector))

    def _apply(
        self, store: MemoryStore, event: str, text: str, memory: StoredMemory | None, session: Session, turns, vector
    ) -> str:
        """Carry out one event; one without text or with an unknown id is skipped and counted, as mem0 does."""
        if not text:
            return "skipped"
        if event == "NONE":
            return "none"
        if event == "ADD":
            store.add(text, session.time_text, turns, vector)
            return "add"
        if memory is None or memory.id not in store.items:
            return "skipped"
        if event == "UPDATE":
            store.update(memory.id, text, session.time_text, turns, vector)
            return "update"
        if event == "DELETE":
            store.remove(memory.id)
            return "delete"
        return "skipped"

    def _count(self, event: str) -> None:
        with self._lock:
            self._events[event] = self._events.get(event, 0) + 1

    def finish(self) -> None:
        """Nothing is left to do: every memory is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        vector = self._embedder.encode([query.text])[0]
        groups, blocks = [], []
        for number, (user, store) in enumerate(zip(self._speakers, self._stores, strict=True)):
            ranking = store.search(vector, max(query.depth, self.config.top_k))
            groups.append([hit(memory, score, f"{number}/") for memory, score in ranking])
            blocks.append(
                (user, [f"{m.time}: {m.text}" if m.time else m.text for m, _ in ranking[: self.config.top_k]])
            )
        hits, used = ranked_hits(groups, self.config.top_k, query.depth)
        return Retrieved(hits, used, speaker_blocks(blocks))

    @property
    def losses(self) -> Losses:
        """Extractions asked of the model, and those that came to nothing."""
        return self._backbone.losses

    def stats(self) -> Mapping[str, int | float]:
        return {
            "items": sum(len(store) for store in self._stores),
            "bytes": sum(store.bytes() for store in self._stores),
            "malformed": self._backbone.malformed,
            **{f"events_{name}": count for name, count in sorted(self._events.items())},
        }

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": Usage(), "organise": Usage(), **self._backbone.usage}

    def save(self, folder: Path) -> None:
        events = dict(sorted(self._events.items()))
        state = {"version": STATE_VERSION, "speakers": self._speakers, "events": events}
        write_json(folder / "mem0.json", {**state, "backbone": self._backbone.state()})
        for number, store in enumerate(self._stores):
            store.save(folder, f"store_{number}")

    def load(self, folder: Path) -> None:
        state = read_json(folder / "mem0.json")
        self._speakers = tuple(state["speakers"])
        self._events = state["events"]
        self._backbone.restore(state["backbone"])
        self._stores = tuple(MemoryStore(self._embedder) for _ in self._speakers)
        for number, store in enumerate(self._stores):
            store.load(folder, f"store_{number}")

    def memories(self) -> dict[str, list[StoredMemory]]:
        """The stored memories of each speaker, in order of creation."""
        return {user: list(store.items.values()) for user, store in zip(self._speakers, self._stores, strict=True)}

    def close(self) -> None:
        """Ask no more of what was begun early."""
        self._backbone.drop()


def speaker_blocks(blocks: Sequence[tuple[str, Sequence[str]]], heading: str = "Memories of {name}:") -> str:
    """One labelled block a speaker, each a JSON list of lines, as mem0's harness shows them."""
    labelled = [
        f"{heading.format(name=name)}\n{json.dumps(list(lines), indent=2, ensure_ascii=False)}"
        for name, lines in blocks
    ]
    return "\n\n".join(labelled)

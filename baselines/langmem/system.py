"""LangMem (docs/systems.md#langmem): a background memory manager over a searchable store, or the agents of mem0's
harness.

``mode=background`` is the path LangMem recommends. ``mode=agentic`` is what the published numbers come from: an agent a
speaker hears only its own speaker's turns and its replies, not the memories, are the context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import Backbone, check_extractor, check_positive, check_share
from baselines.extract.relation import fitted
from baselines.langmem.agent import Agent
from baselines.langmem.manager import Manager, Operation
from baselines.langmem.model import ModelManager
from baselines.langmem.rules import RuleManager
from baselines.mem0.system import batches, speaker_blocks
from baselines.memories import STATE_VERSION, MemoryStore, StoredMemory, hit, ranked_hits, read_json, write_json
from memos.at_once import together
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.layers import waits_for_a_server
from memos.llm.base import LLM
from memos.llm.losses import Losses
from memos.types import Conversation, Message, Query, Retrieved, Session, Turn, Usage

MODES = ("background", "agentic")


class LangMem:
    """The LangMem memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        mode: str = field(default="background", metadata={"help": "background (manager) or agentic (llm only)"})
        top_k: int = field(
            default=10, metadata={"help": "memories in the context, or shown to an agent before each step"}
        )
        batch_messages: int = field(default=0, metadata={"help": "messages a manager run; 0: the whole session"})
        query_limit: int = field(default=5, metadata={"help": "searches the manager makes before it changes the store"})
        found_limit: int = field(default=5, metadata={"help": "memories each of these searches brings"})
        max_steps: int = field(default=6, metadata={"help": "agentic: model calls for one message at most"})
        same: float = field(default=0.95, metadata={"help": "rules: cosine from which a fact counts as known"})
        related: float = field(default=0.8, metadata={"help": "rules: least cosine of facts on the same matter"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("langmem", self.extractor)
            if self.mode not in MODES:
                raise ConfigError(f"langmem: mode={self.mode!r} is unknown; use background or agentic")
            if self.mode == "agentic" and self.extractor != "llm":
                raise ConfigError(f"langmem: mode=agentic needs extractor=llm, found extractor={self.extractor!r}")
            if self.batch_messages < 0:
                raise ConfigError(f"langmem: batch_messages={self.batch_messages} must not be negative")
            check_positive("langmem", top_k=self.top_k, query_limit=self.query_limit, found_limit=self.found_limit)
            check_positive("langmem", max_steps=self.max_steps, max_fact_words=self.max_fact_words)
            check_share("langmem", same=self.same, related=self.related)

    part_id = "langmem"
    version = "1"
    sees_gold = False
    at_once = True
    prompt = "langmem"

    @classmethod
    def learned(cls, config: Config, stage: str | None) -> Mapping[str, str]:
        """Digests of the fitted weights that the rules decide by; a model decides without them."""
        return fitted() if config.extractor == "rules" else {}

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        self.config = config
        self._embedder = embedder
        self._backbone = Backbone(llm, self.prompt, config.extractor, config.retries)
        self._manager: Manager = (
            ModelManager(self._backbone, config.query_limit)
            if config.extractor == "llm"
            else RuleManager(embedder, config.query_limit, config.same, config.related, config.max_fact_words)
        )
        self._speakers: tuple[str, ...] = ("", "")
        self._store = MemoryStore(embedder)
        self._agents: tuple[Agent, ...] = ()
        self._events: dict[str, int] = {}

    def start(self, conversation: Conversation) -> None:
        self._speakers = conversation.speakers
        self._store = MemoryStore(self._embedder)
        if self.config.mode == "agentic":
            self._agents = tuple(self._agent(name) for name in self._speakers)

    def _agent(self, name: str) -> Agent:
        return Agent(name, MemoryStore(self._embedder), self.config.top_k, self.config.max_steps)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin the manager's searches in sessions to come; an agent's steps all rest on those before them."""
        if self._backbone.at_once and self.config.mode == "background":
            for session in sessions:
                for batch in self._batches(session):
                    self._manager.expect(session, batch, self._speakers)

    def _batches(self, session: Session) -> list[tuple[Turn, ...]]:
        return batches(session, self.config.batch_messages or max(1, len(session.turns)))

    def add(self, session: Session) -> None:
        if self.config.mode == "agentic":
            self._hear(session)
            return
        for batch in self._batches(session):
            queries = self._manager.queries(session, batch, self._speakers)
            vectors = list(self._embedder.encode(queries)) if queries else []
            neighbours = self._store.neighbours(vectors, self.config.found_limit)
            known = [self._store.vector(memory.id) for memory in neighbours]
            shown = {memory.id for memory in neighbours}
            operations = self._manager.revise(session, batch, self._speakers, neighbours, known)
            made = self._together(operations)
            for operation in operations:
                kind = self._apply(operation, session, shown, made.get(operation.content))
                self._events[kind] = self._events.get(kind, 0) + 1

    def _hear(self, session: Session) -> None:
        """Give each agent its own speaker's turns, in order; the agents know nothing of one another."""
        if self._backbone.at_once:
            together([lambda agent=agent: self._hear_all(agent, session) for agent in self._agents])
            return
        for turn in session.turns:
            for agent in self._agents:
                if agent.name == turn.speaker:
                    agent.hear(session, turn, self._backbone, self._embedder)

    def _hear_all(self, agent: Agent, session: Session) -> None:
        for turn in session.turns:
            if agent.name == turn.speaker:
                agent.hear(session, turn, self._backbone, self._embedder)

    def _together(self, operations: Sequence[Operation]) -> dict[str, np.ndarray]:
        """The vectors of new wordings by their texts, in one call where a server embeds; empty elsewhere."""
        texts = list(dict.fromkeys(o.content for o in operations if o.kind != "remove" and o.content))
        if not texts or not waits_for_a_server(self._embedder):
            return {}
        return dict(zip(texts, self._embedder.encode(texts), strict=True))

    def _apply(self, operation: Operation, session: Session, shown: set[str], vector: np.ndarray | None) -> str:
        """Carry out one change; ids that were not shown are skipped and counted."""
        if operation.kind == "insert":
            self._store.add(operation.content, session.time_text, operation.turn_ids, vector)
            return "insert"
        if operation.id not in shown or operation.id not in self._store.items:
            return "skipped"
        if operation.kind == "remove":
            self._store.remove(operation.id)
            return "remove"
        if not operation.content:
            return "skipped"
        self._store.update(operation.id, operation.content, session.time_text, operation.turn_ids, vector)
        return "patch"

    def finish(self) -> None:
        """Nothing is left to do: every memory is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        if self.config.mode == "agentic":
            return self._ask(query)
        vector = self._embedder.encode([query.text])[0]
        ranking = self._store.search(vector, max(query.depth, self.config.top_k))
        context = "\n".join(f"- {memory.text}" for memory, _ in ranking[: self.config.top_k])
        hits = tuple(hit(memory, score) for memory, score in ranking)[: query.depth]
        return Retrieved(hits, min(self.config.top_k, len(hits)), context)

    def _ask(self, query: Query) -> Retrieved:
        """Both agents' replies are the context; the memories they saw come first among the hits."""
        vector = self._embedder.encode([query.text])[0]
        backbone = self._backbone.fork()
        groups, replies, used = [], [], 0
        for number, agent in enumerate(self._agents):
            reply, seen = agent.reply(query.text, backbone, self._embedder)
            replies.append((agent.name, [reply]))
            ranked = agent.store.search(vector, len(agent.store))
            ids = {memory.id for memory in seen}
            first = [(memory, score) for memory, score in ranked if memory.id in ids]
            rest = [(memory, score) for memory, score in ranked if memory.id not in ids]
            groups.append(([hit(m, s, f"{number}/") for m, s in first], [hit(m, s, f"{number}/") for m, s in rest]))
            used += len(first)
        top, _ = ranked_hits([first for first, _ in groups], used, used)
        rest, _ = ranked_hits([rest for _, rest in groups], 0, query.depth)
        hits = (*top, *rest)[: query.depth]
        return Retrieved(hits, min(used, len(hits)), speaker_blocks(replies), backbone.total())

    def _stores(self) -> list[MemoryStore]:
        return [agent.store for agent in self._agents] or [self._store]

    @property
    def losses(self) -> Losses:
        """Extractions asked of the model, and those that came to nothing."""
        return self._backbone.losses

    def stats(self) -> Mapping[str, int | float]:
        return {
            "items": sum(len(store) for store in self._stores()),
            "bytes": sum(store.bytes() for store in self._stores()),
            "malformed": self._backbone.malformed,
            **{f"events_{name}": count for name, count in sorted(self._events.items())},
        }

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": Usage(), "organise": Usage(), **self._backbone.usage}

    def memories(self) -> list[StoredMemory]:
        """All stored memories, in order of creation, an agent's after another's."""
        return [memory for store in self._stores() for memory in store.items.values()]

    def save(self, folder: Path) -> None:
        threads = [[asdict(message) for message in agent.thread] for agent in self._agents]
        state = {"version": STATE_VERSION, "speakers": self._speakers, "events": self._events, "threads": threads}
        write_json(folder / "langmem.json", {**state, "backbone": self._backbone.state()})
        for number, store in enumerate(self._stores()):
            store.save(folder, f"store_{number}")

    def load(self, folder: Path) -> None:
        state = read_json(folder / "langmem.json")
        self._speakers, self._events = tuple(state["speakers"]), state["events"]
        self._backbone.restore(state["backbone"])
        self._agents = tuple(self._agent(name) for name in self._speakers) if self.config.mode == "agentic" else ()
        for agent, thread in zip(self._agents, state["threads"], strict=True):
            agent.thread = [Message(**message) for message in thread]
        for number, store in enumerate(self._stores()):
            store.load(folder, f"store_{number}")

    def close(self) -> None:
        """Ask no more of what was begun early."""
        self._backbone.drop()

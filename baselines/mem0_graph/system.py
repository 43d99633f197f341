"""mem0 with its graph memory (docs/systems.md#mem0-with-its-graph): the vector path of mem0 beside a graph of relation
triples.

Each batch goes both ways. The graph path: entities, relations among them, deletion of triples that the text makes
untrue, merge of the rest into nodes by cosine. A search adds the five best triples of each speaker to the memories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from baselines.backbone import check_positive, check_share
from baselines.mem0.system import Mem0, batches, speaker_blocks
from baselines.mem0_graph.brain import GraphBrain, NewRelation
from baselines.mem0_graph.graph import RelationGraph
from baselines.mem0_graph.model import ModelGraphBrain
from baselines.mem0_graph.rules import RuleGraphBrain
from memos.at_once import together
from memos.embed.base import Embedder
from memos.llm.base import LLM
from memos.types import Conversation, Hit, Query, Retrieved, Session, Turn


class Mem0Graph(Mem0):
    """The mem0 memory system with graph memory."""

    @dataclass
    class Config(Mem0.Config):
        top_relations: int = field(default=5, metadata={"help": "triples of each speaker's graph in the context"})
        match: float = field(
            default=0.7, metadata={"help": "least cosine of a node to an entity whose triples are fetched"}
        )
        merge: float = field(default=0.9, metadata={"help": "cosine from which a name is an existing node"})

        def __post_init__(self) -> None:
            super().__post_init__()
            check_positive("mem0_graph", top_relations=self.top_relations)
            check_share("mem0_graph", match=self.match, merge=self.merge)

    part_id = "mem0_graph"
    version = "1"
    sees_gold = False
    prompt = "mem0_graph"

    config: Config

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self._graph_brain: GraphBrain = (
            ModelGraphBrain(self._backbone) if config.extractor == "llm" else RuleGraphBrain(config.max_fact_words)
        )
        self._graphs: tuple[RelationGraph, ...] = ()

    def _graph(self) -> RelationGraph:
        return RelationGraph(self._embedder, self.config.match, self.config.merge)

    def start(self, conversation: Conversation) -> None:
        super().start(conversation)
        self._graphs = tuple(self._graph() for _ in conversation.speakers)

    def expect(self, sessions: Sequence[Session]) -> None:
        super().expect(sessions)
        for session in sessions if self._backbone.at_once else ():
            for batch in batches(session, self.config.batch_messages):
                for user, _, _ in self._views():
                    self._graph_brain.expect(batch, user)

    def add(self, session: Session) -> None:
        super().add(session)
        if self._backbone.at_once:
            return
        self._graph_brain.prepare(session, self._speakers, self._embedder)
        for batch in batches(session, self.config.batch_messages):
            for (user, other, _), graph in zip(self._views(), self._graphs, strict=True):
                extracted = self._graph_brain.relations(session, batch, user, other)
                self._add_relations(session, batch, user, graph, *extracted)

    def _chains(self, session: Session) -> list[Callable[[], None]]:
        """The graphs know nothing of the stores, nor of one another."""
        own = [
            lambda user=user, other=other, graph=graph: self._add_all_relations(session, user, other, graph)
            for (user, other, _), graph in zip(self._views(), self._graphs, strict=True)
        ]
        return [*super()._chains(session), *own]

    def _add_all_relations(self, session: Session, user: str, other: str, graph: RelationGraph) -> None:
        """All batches of a session into one graph: extracted at once, compared with it and merged in order."""
        turn_batches = batches(session, self.config.batch_messages)
        extracted = together(
            [lambda b=batch: self._graph_brain.relations(session, b, user, other) for batch in turn_batches]
        )
        for batch, (entities, new) in zip(turn_batches, extracted, strict=True):
            self._add_relations(session, batch, user, graph, entities, new)

    def _add_relations(
        self,
        session: Session,
        batch: Sequence[Turn],
        user: str,
        graph: RelationGraph,
        entities: Sequence[str],
        new: Sequence[NewRelation],
    ) -> None:
        if not entities:
            return
        stored = graph.around(entities)
        for key in self._graph_brain.outdated(session, batch, user, stored, new):
            self._count("relation_delete" if graph.delete(key) else "relation_skipped")
        for relation in new:
            graph.merge(relation.source, relation.relation, relation.target, session.time_text, relation.turn_ids)
            self._count("relation_add")

    def search(self, query: Query) -> Retrieved:
        """Memories as mem0 finds them, and the best triples of each speaker behind the used memories."""
        vector_path = super().search(query)
        backbone = self._backbone.fork()
        hits, blocks = [], []
        for number, (user, graph) in enumerate(zip(self._speakers, self._graphs, strict=True)):
            names = self._graph_brain.question_entities(query.text, user, backbone)
            best = graph.search(names, query.text, self.config.top_relations)
            hits += [Hit(relation.text(), relation.turn_ids, 0.0, f"{number}/{relation.text()}") for relation in best]
            blocks.append((user, [relation.text() for relation in best]))
        ranked = (*vector_path.hits[: vector_path.used], *hits, *vector_path.hits[vector_path.used :])[: query.depth]
        context = f"{vector_path.context}\n\n{speaker_blocks(blocks, 'Relations of {name}:')}"
        return Retrieved(ranked, min(vector_path.used + len(hits), len(ranked)), context, backbone.total())

    def stats(self) -> Mapping[str, int | float]:
        base = dict(super().stats())
        return {
            **base,
            "bytes": base["bytes"] + sum(graph.bytes() for graph in self._graphs),
            "relations": sum(len(graph) for graph in self._graphs),
        }

    def save(self, folder: Path) -> None:
        super().save(folder)
        for number, graph in enumerate(self._graphs):
            graph.save(folder, f"graph_{number}")

    def load(self, folder: Path) -> None:
        super().load(folder)
        self._graphs = tuple(self._graph() for _ in self._speakers)
        for number, graph in enumerate(self._graphs):
            graph.load(folder, f"graph_{number}")

    def relations(self) -> dict[str, list[str]]:
        """The stored triples of each speaker, in order of creation."""
        return {
            user: [relation.text() for relation in graph.relations.values()]
            for user, graph in zip(self._speakers, self._graphs, strict=True)
        }

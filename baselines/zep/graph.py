"""Zep's temporal knowledge graph: episodes, entities and bi-temporal edges that are invalidated and never deleted.

Source: docs/systems.md#zep. Each edge has four times: ``valid_at`` and ``invalid_at`` (when it was true in the
world),
``created_at`` and ``expired_at`` (when the graph learnt it and learnt that it had ended). The graph's clock is the time
of the episodes, so a replay gives the same graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path

import numpy as np

from baselines.extract.entities import normal
from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.ranking import BM25, KeyedVectors, terms
from memos.embed.base import Embedder


@dataclass(frozen=True, slots=True)
class Episode:
    """One message."""

    id: str
    content: str
    """``Name: text``"""
    speaker: str
    time: datetime | None


@dataclass(slots=True)
class Entity:
    """A node."""

    id: str
    name: str
    kind: str = "Entity"
    summary: str = ""
    created_at: datetime | None = None
    facts: list[str] = field(default_factory=list)
    """Ids of the edges that went into the summary, in order."""


@dataclass(slots=True)
class FactEdge:
    """A fact between two distinct entities."""

    id: str
    source: str
    target: str
    relation: str
    fact: str
    valid_at: datetime | None
    invalid_at: datetime | None
    created_at: datetime | None
    expired_at: datetime | None = None
    episodes: list[str] = field(default_factory=list)
    """Turn ids of the episodes that state the fact."""


class Graph:
    """Nodes and edges with their full-text and vector indexes."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.episodes: list[Episode] = []
        self.entities: dict[str, Entity] = {}
        self.edges: dict[str, FactEdge] = {}
        self._by_name: dict[str, str] = {}
        self._between: dict[tuple[str, str], list[str]] = {}
        self._touching: dict[str, list[str]] = {}
        self.edge_terms, self.node_terms = BM25(), BM25()
        self.edge_vectors, self.node_vectors = KeyedVectors(embedder.dim), KeyedVectors(embedder.dim)

    def add_entity(self, name: str, kind: str, time: datetime | None) -> Entity:
        entity = Entity(f"n{len(self.entities)}", name, kind, created_at=time)
        self._place_entity(entity)
        self.node_vectors.put(entity.id, self._embedder.encode([name.lower()])[0])
        return entity

    def _place_entity(self, entity: Entity) -> None:
        self.entities[entity.id] = entity
        self._by_name.setdefault(normal(entity.name), entity.id)
        self.node_terms.put(entity.id, terms(f"{entity.name} {entity.summary}"))

    def named(self, name: str) -> Entity | None:
        """The entity with exactly this normalised name."""
        entity_id = self._by_name.get(normal(name))
        return self.entities[entity_id] if entity_id else None

    def alias(self, name: str, entity: Entity) -> None:
        """Remember that a name was resolved to an entity."""
        self._by_name.setdefault(normal(name), entity.id)

    def names(self) -> Iterable[tuple[str, str]]:
        """Every known normalised name with its entity's id."""
        return self._by_name.items()

    def summarise(self, entity: Entity, summary: str, new_facts: Iterable[str]) -> None:
        """Replace an entity's summary."""
        entity.summary = summary
        entity.facts += [fact for fact in new_facts if fact not in entity.facts]
        self.node_terms.put(entity.id, terms(f"{entity.name} {entity.summary}"))

    def add_edge(self, edge: FactEdge, vector: np.ndarray) -> FactEdge:
        self._place_edge(edge)
        self.edge_vectors.put(edge.id, vector)
        return edge

    def _place_edge(self, edge: FactEdge) -> None:
        self.edges[edge.id] = edge
        self._between.setdefault((edge.source, edge.target), []).append(edge.id)
        for node in (edge.source, edge.target):
            self._touching.setdefault(node, []).append(edge.id)
        self.edge_terms.put(edge.id, terms(f"{edge.relation} {edge.fact}"))

    def new_edge_id(self) -> str:
        return f"f{len(self.edges)}"

    def between(self, source: str, target: str) -> list[FactEdge]:
        """Edges from one entity to another, oldest first."""
        return [self.edges[key] for key in self._between.get((source, target), ())]

    def reachable(self, origins: Iterable[str], depth: int, limit: int) -> list[str]:
        """Ids of edges within ``depth`` steps of the origins, nearest first, at most ``limit``."""
        seen_nodes, seen = dict.fromkeys(origins), {}
        frontier = list(seen_nodes)
        for _ in range(depth):
            following = []
            for node in frontier:
                for key in self._touching.get(node, ()):
                    seen.setdefault(key, None)
                    edge = self.edges[key]
                    other = edge.target if edge.source == node else edge.source
                    if other not in seen_nodes:
                        seen_nodes[other] = None
                        following.append(other)
                if len(seen) >= limit:
                    return list(seen)[:limit]
            frontier = following
        return list(seen)[:limit]

    def distance(self, origin: str) -> dict[str, int]:
        """Steps from an entity to every entity it is connected with."""
        steps, frontier = {origin: 0}, [origin]
        while frontier:
            following = []
            for node in frontier:
                for key in self._touching.get(node, ()):
                    edge = self.edges[key]
                    other = edge.target if edge.source == node else edge.source
                    if other not in steps:
                        steps[other] = steps[node] + 1
                        following.append(other)
            frontier = following
        return steps

    def save(self, folder: Path) -> None:
        state = {
            "version": STATE_VERSION,
            "episodes": [_plain(episode) for episode in self.episodes],
            "entities": [_plain(entity) for entity in self.entities.values()],
            "edges": [_plain(edge) for edge in self.edges.values()],
            "names": self._by_name,
        }
        write_json(folder / "graph.json", state)
        np.save(folder / "edges.npy", self.edge_vectors.matrix, allow_pickle=False)
        np.save(folder / "nodes.npy", self.node_vectors.matrix, allow_pickle=False)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "graph.json")
        self.episodes = [Episode(**_timed(Episode, item)) for item in state["episodes"]]
        for item in state["entities"]:
            self._place_entity(Entity(**_timed(Entity, item)))
        for item in state["edges"]:
            self._place_edge(FactEdge(**_timed(FactEdge, item)))
        self._by_name = state["names"]
        self.edge_vectors.load(list(self.edges), np.load(folder / "edges.npy", allow_pickle=False))
        self.node_vectors.load(list(self.entities), np.load(folder / "nodes.npy", allow_pickle=False))

    def bytes(self) -> int:
        """Size of texts and vectors."""
        texts = sum(len(edge.fact.encode()) for edge in self.edges.values())
        texts += sum(len(f"{entity.name}{entity.summary}".encode()) for entity in self.entities.values())
        return texts + self.edge_vectors.matrix.nbytes + self.node_vectors.matrix.nbytes


_TIMES = ("time", "created_at", "valid_at", "invalid_at", "expired_at")


def _plain(item: Episode | Entity | FactEdge) -> dict:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(item).items()}


def _timed(kind: type, item: dict) -> dict:
    names = {spec.name for spec in fields(kind)}
    return {
        key: datetime.fromisoformat(value) if key in _TIMES and value else value
        for key, value in item.items()
        if key in names
    }

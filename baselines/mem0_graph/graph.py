"""The relation graph of one speaker's mem0 store: nodes merged by cosine, triples that can be deleted (
docs/systems.md#mem0-with-its-graph).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.ranking import BM25, KeyedVectors
from memos.embed.base import Embedder


@dataclass(slots=True)
class Relation:
    """A stored triple."""

    source: str
    relation: str
    target: str
    mentions: int
    created: str
    """Time of the session that first stated it, as the data set prints it; ``updated`` of the last."""
    updated: str
    turn_ids: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.source, self.relation, self.target)

    def text(self) -> str:
        """How the triple is shown to models and answerers."""
        return f"{self.source} -- {self.relation} -- {self.target}"


class RelationGraph:
    """Nodes with vectors, and triples between them."""

    def __init__(self, embedder: Embedder, match: float, merge: float) -> None:
        self._embedder, self._match, self._merge = embedder, match, merge
        self._nodes = KeyedVectors(embedder.dim)
        self.relations: dict[tuple[str, str, str], Relation] = {}
        self._touching: dict[str, dict[tuple[str, str, str], None]] = {}

    def __len__(self) -> int:
        return len(self.relations)

    def _vectors(self, names: Sequence[str]) -> np.ndarray:
        return self._embedder.encode([name.replace("_", " ") for name in names])

    def around(self, names: Sequence[str], limit: int = 100) -> list[Relation]:
        """Triples that touch a node with cosine at least ``match`` to one of the names, nearest nodes first."""
        keys: dict[tuple[str, str, str], None] = {}
        if names:
            for vector in self._vectors(names):
                mine: dict[tuple[str, str, str], None] = {}
                for node, _ in self._nodes.search(vector, limit, self._match):
                    mine.update(self._touching.get(node, {}))
                    if len(mine) >= limit:
                        break
                keys.update(dict.fromkeys(list(mine)[:limit]))
        return [self.relations[key] for key in keys]

    def node(self, name: str) -> str:
        """The node for a name: the nearest one with cosine at least ``merge``, else a new one."""
        vector = self._vectors([name])[0]
        near = self._nodes.search(vector, 1, self._merge)
        if near:
            return near[0][0]
        self._nodes.put(name, vector)
        return name

    def merge(self, source: str, relation: str, target: str, time: str, turn_ids: Iterable[str]) -> Relation:
        """Add a triple, or count another mention of the one that is there."""
        key = (self.node(source), relation, self.node(target))
        known = self.relations.get(key)
        if known is not None:
            known.mentions += 1
            known.updated = time
            known.turn_ids = tuple(dict.fromkeys([*known.turn_ids, *turn_ids]))
            return known
        return self._place(Relation(*key, 1, time, time, tuple(turn_ids)))

    def _place(self, relation: Relation) -> Relation:
        self.relations[relation.key] = relation
        for node in (relation.source, relation.target):
            self._touching.setdefault(node, {})[relation.key] = None
        return relation

    def delete(self, key: tuple[str, str, str]) -> bool:
        """Remove a triple; False where it is not there."""
        if self.relations.pop(key, None) is None:
            return False
        for node in {key[0], key[2]}:
            del self._touching[node][key]
        return True

    def search(self, names: Sequence[str], question: str, limit: int) -> list[Relation]:
        """Triples around the names, ranked by BM25 of the whitespace-split question over [source, relation, target].

        Triples that share no token with the question follow in the order of their nodes' likeness, as mem0's own
        ranking keeps zero scores.
        """
        triples = self.around(names)
        index = BM25()
        for position, relation in enumerate(triples):
            index.put(str(position), [relation.source, relation.relation, relation.target])
        words = [word.strip("?!.,'\"").removesuffix("'s") for word in question.lower().split()]
        order = [int(key) for key, _ in index.search(words, len(triples))]
        ranked = [*order, *(i for i in range(len(triples)) if i not in set(order))]
        return [triples[i] for i in ranked[:limit]]

    def bytes(self) -> int:
        return sum(len(relation.text().encode()) for relation in self.relations.values()) + self._nodes.matrix.nbytes

    def save(self, folder: Path, name: str) -> None:
        items = [asdict(relation) for relation in self.relations.values()]
        touching = {node: [list(key) for key in keys] for node, keys in self._touching.items()}
        state = {"version": STATE_VERSION, "nodes": self._nodes.keys, "relations": items, "touching": touching}
        write_json(folder / f"{name}.json", state)
        np.save(folder / f"{name}.npy", self._nodes.matrix, allow_pickle=False)

    def load(self, folder: Path, name: str) -> None:
        state = read_json(folder / f"{name}.json")
        self._nodes.load(state["nodes"], np.load(folder / f"{name}.npy", allow_pickle=False))
        items = [Relation(**{**item, "turn_ids": tuple(item["turn_ids"])}) for item in state["relations"]]
        self.relations = {item.key: item for item in items}
        self._touching = {node: dict.fromkeys(tuple(key) for key in keys) for node, keys in state["touching"].items()}

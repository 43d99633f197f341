"""The reorganiser: facts under concepts under topics, with parent summaries (docs/memos.md C19).

Children are kept and linked, never replaced. A parent's id is made of its children's ids, and only memories without a
parent are clustered, so a second run adds nothing. A parent takes the strictest rules of its children, and memories of
different owners never share one. Where children left, or say something else, ``renew`` writes the text again from those
that are there.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from memos.cube import MemCube, new_cube
from memos.cube.clock import Clock
from memos.cube.cube import LIVE
from memos.embed.base import Embedder
from memos.errors import ConfigError, MalformedOutput
from memos.infrastructure.inheritance import heir_rules
from memos.infrastructure.vault import Edge, Is, Vault
from memos.infrastructure.vault.following import WITHDREW, admitted, renewed, replaced
from memos.language.words import stem, surface
from memos.llm.base import LLM, Request
from memos.operation.upkeep.lifecycle import MemLifecycle
from memos.types import Message

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "summary": {"type": "string"}},
    "required": ["title", "summary"],
}
PARENTS = ("concept", "topic")


@dataclass(frozen=True, slots=True)
class Organised:
    """What one run did."""

    concepts: int
    topics: int
    clustered: int
    """Memories that got a parent."""
    fallbacks: int = 0
    """Summaries written by rule because the model's reply was no use."""


class Reorganiser:
    """Clusters memories of a namespace and writes their parents."""

    @dataclass
    class Config:
        distance: float = field(default=0.55, metadata={"help": "largest mean cosine distance inside a concept"})
        topic_distance: float = field(default=0.7, metadata={"help": "largest mean cosine distance inside a topic"})
        least: int = field(default=3, metadata={"help": "fewest children of a parent"})
        most: int = field(default=20, metadata={"help": "most children of a parent"})
        batch: int = field(default=2000, metadata={"help": "memories clustered together at most"})

        def __post_init__(self) -> None:
            if not 2 <= self.least <= self.most:
                raise ConfigError(f"organise.least: {self.least} must lie between 2 and organise.most ({self.most})")
            for name in ("distance", "topic_distance"):
                if not 0 < getattr(self, name) < 2:
                    raise ConfigError(f"organise.{name}: must lie in (0, 2), found {getattr(self, name)}")

    def __init__(
        self, config: Config | None = None, *, embedder: Embedder, clock: Clock, llm: LLM | None = None
    ) -> None:
        self.config = config or self.Config()
        self.embedder, self.clock, self.llm = embedder, clock, llm
        self._fallbacks = 0

    def run(self, vault: Vault, namespace: str = "default") -> Organised:
        """Organise a namespace in one transaction."""
        with vault.transaction():
            before = self._fallbacks
            self._renewed(vault, namespace)
            facts = self._orphans(vault, namespace, ~Is("semantic_type", *PARENTS))
            concepts = self._parents(vault, namespace, facts, "concept", self.config.distance)
            topics = self._parents(
                vault,
                namespace,
                self._orphans(vault, namespace, Is("semantic_type", "concept")),
                "topic",
                self.config.topic_distance,
            )
        clustered = sum(len(parent.behavioural.derived_from) for parent in concepts)
        return Organised(len(concepts), len(topics), clustered, self._fallbacks - before)

    def renew(self, vault: Vault, namespace: str = "default") -> int:
        """Write the parents again that a child withdrew, from the children that are left; gives their number.

        A parent with fewer than ``least`` of them stays out of the search, and its children are free to be clustered.
        """
        with vault.transaction():
            return self._renewed(vault, namespace)

    def _renewed(self, vault: Vault, namespace: str) -> int:
        done = 0
        for kind in PARENTS:
            ids = vault.find(Is("semantic_type", kind) & Is("state", "archived"), namespaces=[namespace], live=False)
            why = {
                edge.target: edge.attributes["why"]
                for edge in vault.edges(ids, relations=[WITHDREW], direction="in")
                if edge.attributes["why"] != "replaced"
            }
            done += sum(self._again(vault, parent, kind) for parent in vault.get_many([i for i in ids if i in why]))
        return done

    def _again(self, vault: Vault, parent: MemCube, kind: str) -> bool:
        named = vault.find(Is("cube_id", *parent.behavioural.derived_from))
        held = self._held(vault, named)
        children = [cube for cube in vault.get_many(named) if cube.cube_id not in held]
        children = max(_partners(children), key=len, default=[])
        if parent.frozen or len(children) < self.config.least:
            return False
        if len(children) < len(parent.behavioural.derived_from):
            replaced(vault, parent.cube_id)
        self._parent(vault, parent.governance.namespace, children, self._vectors(vault, children), kind)
        return True

    def _orphans(self, vault: Vault, namespace: str, where) -> list[MemCube]:
        ids = vault.find(where & Is("kind", "plaintext"), namespaces=[namespace], order=("cube_id",))
        held = self._held(vault, ids)
        return vault.get_many([cube_id for cube_id in ids if cube_id not in held])

    def _held(self, vault: Vault, ids: Sequence[str]) -> set[str]:
        """Those that have a parent in the search."""
        edges = vault.edges(ids, relations=["aggregates"], direction="in")
        parents = vault.get_many(list(dict.fromkeys(edge.source for edge in edges)))
        there = {cube.cube_id for cube in parents if cube.state in LIVE}
        return {edge.target for edge in edges if edge.source in there}

    def _parents(
        self, vault: Vault, namespace: str, cubes: Sequence[MemCube], kind: str, distance: float
    ) -> list[MemCube]:
        made = []
        batches = [
            group[start : start + self.config.batch]
            for group in _partners(cubes)
            for start in range(0, len(group), self.config.batch)
        ]
        for part in batches:
            if len(part) < self.config.least:
                continue
            vectors = self._vectors(vault, part)
            for members in clusters(vectors, distance, self.config.least, self.config.most):
                children = [part[i] for i in members]
                made.append(self._parent(vault, namespace, children, vectors[members], kind))
        return made

    def _vectors(self, vault: Vault, cubes: Sequence[MemCube]) -> np.ndarray:
        stored = vault.vectors([cube.cube_id for cube in cubes])
        missing = [i for i, vector in enumerate(stored) if vector is None]
        for i, vector in zip(missing, self.embedder.encode([cubes[i].text for i in missing]), strict=True):
            stored[i] = vector
        return np.stack([vector for vector in stored if vector is not None])

    def _parent(
        self, vault: Vault, namespace: str, children: Sequence[MemCube], vectors: np.ndarray, kind: str
    ) -> MemCube:
        ids = sorted(cube.cube_id for cube in children)
        cube_id = f"{kind}-" + hashlib.blake2b("\n".join([namespace, *ids]).encode(), digest_size=10).hexdigest()
        title, summary = self._summary(children, vectors)
        sources = tuple(dict.fromkeys(source for cube in children for source in cube.descriptive.sources))
        starts = [c.descriptive.event_start for c in children if c.descriptive.event_start]
        draft = new_cube(
            summary,
            owner=children[0].governance.owner,
            ids=lambda: cube_id,
            clock=self.clock,
            governance=heir_rules(children, self.clock(), namespace=namespace),
            derived_from=ids,
            state="activated",
            origin="inference",
            semantic_type=kind,
            key=title,
            topic=title,
            entities=tuple(dict.fromkeys(name for cube in children for name in cube.descriptive.entities)),
            sources=sources,
            event_start=min(starts) if len(starts) == len(children) else None,
            trigger="organise",
        )
        (parent,) = admitted(vault, [draft])
        vector = self.embedder.encode([summary])
        if vault.find(Is("cube_id", cube_id), live=False):
            self._rewrite(vault, vault.get(cube_id), parent, vector[0])
            return parent
        vault.add([parent], vector, actor="organise", cause=kind)
        vault.link([Edge(cube_id, child, "aggregates") for child in ids])
        return parent

    def _rewrite(self, vault: Vault, old: MemCube, new: MemCube, vector: np.ndarray) -> None:
        """The parent was there before: it gets its text of now and comes back."""
        header = {name: getattr(new.descriptive, name) for name in ("key", "topic", "entities", "event_start")}
        rules = new.governance
        governance = {"layer": rules.layer, "acl": rules.acl, "sensitivity": rules.sensitivity}
        governance |= {"contexts": rules.contexts, "ttl_seconds": rules.ttl_seconds, "findings": rules.findings}
        revised = old.revise(self.clock(), payload=new.payload, descriptive=header, governance=governance)
        vault.update(revised, vector, actor="organise", cause="written again")
        renewed(vault, old.cube_id)
        if old.state not in LIVE:
            lifecycle = MemLifecycle(vault=vault, clock=self.clock, ids=lambda: old.cube_id)
            lifecycle.transition(old.cube_id, "activated", cause="written again", actor="organise")

    def _summary(self, children: Sequence[MemCube], vectors: np.ndarray) -> tuple[str, str]:
        if self.llm is not None:
            from memos.llm.structured import complete_json

            listing = "\n".join(f"- {cube.text}" for cube in children)
            ask = (
                "Give these memories a common title of at most five "
                "words and a summary of two sentences that keeps names, "
                f'numbers and dates. Reply with JSON {{"title": ..., "summary": ...}}.\n{listing}'
            )
            try:
                value = complete_json(self.llm, Request((Message("user", ask),)), SCHEMA).value
                if value["title"].strip() and value["summary"].strip():
                    return value["title"].strip(), value["summary"].strip()
            except MalformedOutput:
                pass
            self._fallbacks += 1
        return extract(children, vectors)


def _partners(cubes: Sequence[MemCube]) -> list[list[MemCube]]:
    """Memories that may share a parent: of one owner and for the same contexts."""
    groups: dict[tuple, list[MemCube]] = {}
    for cube in cubes:
        groups.setdefault((cube.governance.owner, cube.governance.contexts), []).append(cube)
    return list(groups.values())


def clusters(vectors: np.ndarray, distance: float, least: int, most: int) -> list[list[int]]:
    """Groups of rows whose mean cosine distance stays below ``distance``, of ``least`` to ``most`` members, by first
    row.

    Average-linkage clustering; a group that is too large is split in order of its rows.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    labels = fcluster(
        linkage(np.maximum(pdist(vectors.astype(np.float64), "cosine"), 0), "average"), distance, "distance"
    )
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        groups.setdefault(label, []).append(row)
    out = []
    for members in groups.values():
        pieces = -(-len(members) // most)
        out += [part.tolist() for part in np.array_split(np.array(members), pieces)]
    return sorted((part for part in out if len(part) >= least), key=lambda part: part[0])


def extract(children: Sequence[MemCube], vectors: np.ndarray) -> tuple[str, str]:
    """A title of the most common words and the two most central texts, without a model."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for cube in children:
        for word in dict.fromkeys(surface(cube.text)):
            counts[stem(word)] += 1
            shown.setdefault(stem(word), word)
    common = sorted(counts, key=lambda term: (-counts[term], term))[:3]
    title = " ".join(shown[term] for term in common) or "memories"
    centre = vectors @ vectors.mean(0)
    best = sorted(np.argsort(-centre, kind="stable")[:2].tolist())
    lines = [children[i] for i in best]
    body = " ".join(
        f"{cube.descriptive.speaker}: {cube.text}" if cube.descriptive.speaker else cube.text for cube in lines
    )
    return title, f"{title} ({len(children)} memories): {body}"

"""MemOperator (paper section 5.4.1): inserts with resolution and relations, keeps tiers, searches, organises.

One operator serves one namespace of a vault. Its local index follows the operator's own changes at once and, before
each search and insert, what others (threads, processes, other parts of the program) committed since; hits are checked
against the vault before they are returned, so a memory that was archived, expired or forbidden elsewhere never shows.
Threads may share an operator: what touches the index holds the vault's lock, embedding does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import numpy as np

from memos.cube import MemCube
from memos.cube.clock import Clock, RandomIds
from memos.cube.cube import LIVE
from memos.embed.base import Embedder
from memos.infrastructure.access import Caller
from memos.infrastructure.vault import Edge, Is, Vault, Where, readable_by
from memos.infrastructure.vault.following import DUPLICATE, admitted
from memos.llm.base import LLM
from memos.operation.inserted import Inserted
from memos.operation.retrieval.filtering import Filter
from memos.operation.retrieval.fresh import Freshness
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.point_in_time import VALID_FROM, VALID_UNTIL, closed, holding, plain, valid_from
from memos.operation.retrieval.retrieve import RetrieveConfig, UnitHit, hits_of, ranked, search
from memos.operation.retrieval.units import unit_of
from memos.operation.upkeep.lifecycle import MemLifecycle
from memos.operation.upkeep.organise import Organised, Reorganiser
from memos.operation.upkeep.relate import by_cue, closes, detect, shared_names
from memos.operation.upkeep.resolve import Resolver, newer
from memos.operation.upkeep.tiers import Tiers


class MemOperator:
    """See the module."""

    @dataclass
    class Config:
        retrieve: RetrieveConfig = field(default_factory=RetrieveConfig, metadata={"help": "channels and mechanisms"})
        resolve: Resolver.Config = field(default_factory=Resolver.Config, metadata={"help": "duplicates and conflicts"})
        tiers: Tiers.Config = field(default_factory=Tiers.Config, metadata={"help": "capacities"})
        organise: Reorganiser.Config = field(
            default_factory=Reorganiser.Config, metadata={"help": "clusters and parents"}
        )
        relate: bool = field(default=True, metadata={"help": "detect relations of new memories by rules"})

    def __init__(
        self,
        config: Config | None = None,
        *,
        vault: Vault,
        embedder: Embedder,
        clock: Clock,
        namespace: str = "default",
        llm: LLM | None = None,
        unit: Callable[[MemCube], Unit] = unit_of,
    ) -> None:
        """
        Args:
            llm: decides on duplicates and conflicts and writes summaries; None: rules do.
            unit: how a cube is indexed.
        """
        self.unit = unit
        self.config = config or self.Config()
        self.vault, self.embedder, self.clock, self.namespace = vault, embedder, clock, namespace
        self.resolver = Resolver(self.config.resolve, llm=llm)
        self.lifecycle = MemLifecycle(vault=vault, clock=clock, ids=RandomIds())
        self.tiers = Tiers(self.config.tiers)
        self.reorganiser = Reorganiser(self.config.organise, embedder=embedder, clock=clock, llm=llm)
        self.index, self.fresh = MemoryIndex(embedder.dim), Freshness(vault, namespace)
        self.refresh()

    def refresh(self) -> None:
        """Build the local index from the vault again."""
        with self.vault.lock:
            self.index = MemoryIndex(self.embedder.dim)
            self.fresh.stand()
            ids = self.vault.find(Is("kind", "plaintext"), namespaces=[self.namespace])
            self._index(self.vault.get_many(ids))

    def _index(self, cubes: Sequence[MemCube]) -> None:
        """Index cubes under the vault's vectors; one without gets its own."""
        vectors = self.vault.vectors([cube.cube_id for cube in cubes])
        bare = [place for place, vector in enumerate(vectors) if vector is None]
        for place, vector in zip(bare, self.embedder.encode([unit_of(cubes[p]).line() for p in bare]), strict=True):
            vectors[place] = vector
        self._take(cubes, vectors)

    def _take(self, cubes: Sequence[MemCube], vectors: Sequence[np.ndarray | None] | np.ndarray) -> None:
        """Index cubes under their vectors, (n, dim); every cube must have one."""
        units = [self.unit(cube) for cube in cubes]
        if units:
            self.index.add(units, np.asarray(vectors, dtype=np.float32))

    # -- writing -----------------------------------------------------------------------------------------------
    def embedded(self, cubes: Sequence[MemCube]) -> np.ndarray:
        """The vectors of cubes, float32 (len(cubes), dim)."""
        return self.embedder.encode([unit_of(cube).line() for cube in cubes])

    def insert(
        self,
        cubes: Sequence[MemCube],
        *,
        actor: str,
        cause: str,
        vectors: Sequence[np.ndarray] | np.ndarray | None = None,
    ) -> list[Inserted]:
        """Store memories; every one of them is checked against what is there, the earlier ones of the batch included.

        Either all are stored with their outcomes, or none (then the error is raised and nothing has changed).

        Args:
            vectors: of ``embedded``, where that was called before a transaction, in which nobody else can write.
        """
        if not cubes:
            return []
        if vectors is None:
            vectors = self.embedded(cubes)
        try:
            with self.vault.transaction():
                self._catch_up()
                cubes = admitted(self.vault, cubes)
                self._make_room(cubes, actor)
                self.vault.add(cubes, vectors, actor=actor, cause=cause)
                if not any(map(self._resolvable, cubes)):
                    self._take(cubes, vectors)
                    out = [Inserted(cube.cube_id, "added") for cube in cubes]
                else:
                    out = [self._settle(cube, vector, actor) for cube, vector in zip(cubes, vectors, strict=True)]
                self.fresh.stored(cubes, self.index)
        except BaseException:
            self.refresh()
            raise
        return out

    def _catch_up(self) -> None:
        """Take in what others have committed; ``vault.lock`` is held."""
        self.fresh.catch_up(self.index, self._index)

    def _resolvable(self, cube: MemCube) -> bool:
        """Whether the memory is compared with others: a turn of a dialogue is not, what it states is."""
        return cube.descriptive.semantic_type in self.config.resolve.kinds

    def _settle(self, cube: MemCube, vector: np.ndarray, actor: str) -> Inserted:
        if self.vault.get(cube.cube_id).state == "archived":
            return Inserted(cube.cube_id, "withdrawn")  # with the text of the same batch that it was made from
        resolvable = self._resolvable(cube)
        near = self._neighbours(vector) if resolvable else []
        self._take([cube], [vector])
        verdicts = self.resolver.decide(cube, near) if resolvable else []
        if self.config.relate and resolvable:
            others = [other for other, _ in near]
            edges = by_cue(cube, others) + shared_names(cube, others, self._common())
            self.vault.link(edges)
        outcome = Inserted(cube.cube_id, "added")
        for old, verdict in verdicts:
            if self.vault.get(old.cube_id).state not in LIVE:
                continue  # made from one that was archived just now, and gone with it
            if verdict == "duplicate":
                return self._merge(old, cube, actor)
            winner, loser = newer(cube, old)
            if not self.supersede(winner, loser, actor=actor):
                continue
            outcome = Inserted(cube.cube_id, "replaced" if winner is cube else "outdated", old.cube_id)
            if winner is not cube:
                break
        return outcome

    def supersede(self, winner: MemCube, loser: MemCube, *, actor: str) -> bool:
        """Let one memory take the place of another, whose time ends where the newer one began; False where it is
        frozen (then only the contradiction is noted)."""
        with self.vault.transaction():
            self.vault.link([Edge(winner.cube_id, loser.cube_id, "contradicts")])
            if loser.frozen:
                return False
            cause = f"contradicted by {winner.cube_id}"
            self.vault.update(closed(loser, self.clock(), winner), actor=actor, cause=cause)
            self._archive(loser, actor, cause)
        return True

    def _merge(self, old: MemCube, new: MemCube, actor: str) -> Inserted:
        """The old memory takes the new one's sources and the later times; the new one is archived beside it."""
        sources = tuple(dict.fromkeys((*old.descriptive.sources, *new.descriptive.sources)))
        moments = [m for m in (old.descriptive.event_start, new.descriptive.event_start) if m is not None]
        late = max(moments, key=lambda m: m.replace(tzinfo=None), default=None)
        attributes = old.descriptive.attributes | {
            name: max(str(old.descriptive.attributes.get(name, "")), str(value))
            for name, value in new.descriptive.attributes.items()
            if name == "said_at"
        }
        attributes[VALID_FROM] = min(valid_from(old), valid_from(new)).isoformat()
        changes: dict[str, object] = {"sources": sources, "attributes": attributes}
        if late is not None and late != old.descriptive.event_start:
            changes |= {"event_start": late, "event_end": new.descriptive.event_end or old.descriptive.event_end}
        if not old.frozen:
            at = max(new.descriptive.updated_at, old.descriptive.updated_at)
            merged = old.revise(at, derived_from=[new.cube_id], descriptive=changes)
            self.vault.update(merged, actor=actor, cause=f"merged {new.cube_id}")
            self._take([merged], [self.vault.vectors([old.cube_id])[0]])
        self.vault.link([Edge(new.cube_id, old.cube_id, "merged_into", attributes={DUPLICATE: True})])
        self._archive(new, actor, f"duplicate of {old.cube_id}")
        return Inserted(new.cube_id, "duplicate", old.cube_id)

    def _archive(self, cube: MemCube, actor: str, cause: str) -> None:
        self.lifecycle.transition(cube.cube_id, "archived", cause=cause, actor=actor)
        self.index.remove([cube.cube_id])
        self.fresh.left([cube.cube_id])

    def _make_room(self, cubes: Sequence[MemCube], actor: str) -> None:
        for tier in dict.fromkeys(cube.tier for cube in cubes):
            incoming = sum(cube.tier == tier for cube in cubes)
            for cube_id in self.tiers.surplus(self.vault, self.namespace, tier, incoming):
                self._archive(self.vault.get(cube_id), actor, f"capacity of tier {tier}")

    def _neighbours(self, vector: np.ndarray) -> list[tuple[MemCube, float]]:
        """The nearest live memories with their cosine, from the local index: earlier ones of the batch included.

        What an earlier one of the batch has archived with its source is still in the index, and left out here.
        """
        if not len(self.index):
            return []
        rows, cosine = self.index.nearest(vector, self.config.resolve.neighbours)
        cubes = self.vault.get_many([self.index.units[row].unit_id for row in rows])
        return [pair for pair in zip(cubes, cosine.tolist(), strict=True) if pair[0].state in LIVE]

    def _common(self) -> frozenset[str]:
        """Names of speakers: they link everything with everything."""
        return frozenset(name.lower() for name in self.index.speakers)

    def update(self, cube: MemCube, *, actor: str, cause: str) -> None:
        """Store the next version of a memory (from ``MemCube.revise``) and find it under its new words at once."""
        vector = self.embedded([cube])[0]
        with self.vault.transaction():
            self._catch_up()
            self.vault.update(cube, vector, actor=actor, cause=cause)
            self._take([cube], [vector])
            self.fresh.stored([cube], self.index)

    def restore(self, cube_id: str, version: int | None, *, actor: str) -> MemCube:
        """Bring a version of a memory back (None: the newest); what had contradicted it is archived in its stead.

        Raises:
            NotFound, FrozenCube, IllegalTransition: and nothing is changed.
        """
        with self.vault.transaction():
            self._catch_up()
            before = self.vault.get(cube_id)
            if before.kind == "plaintext" and before.state not in LIVE:
                self._make_room([before], actor)
            vector = None
            if before.kind == "plaintext" and version not in (None, before.version):
                known = [one.content for one in self.vault.versions(cube_id) if one.version == version]
                vector = self.embedded([before.with_content(known[0], self.clock())])[0] if known else None
            restored = self.lifecycle.restore(cube_id, version, cause="restore", actor=actor, vector=vector)
            ends = {end for edge in self.vault.edges([cube_id], relations=["contradicts"]) for end in edge.ends}
            others = self.vault.find(Is("cube_id", *ends - {cube_id})) if len(ends) > 1 else []
            for other in self.vault.get_many(others):
                self._displace(other, restored, actor)
        return self.vault.get(cube_id)

    def _displace(self, other: MemCube, restored: MemCube, actor: str) -> None:
        """Let a memory that was brought back take the place of one that had taken its own; that one held until now."""
        if other.frozen:
            return
        attributes = other.descriptive.attributes | {VALID_UNTIL: plain(self.clock()).isoformat()}
        cause = f"contradicted by {restored.cube_id}"
        ended = other.revise(self.clock(), descriptive={"attributes": attributes})
        self.vault.update(ended, actor=actor, cause=cause)
        self._archive(other, actor, cause)

    def speakers(self) -> list[str]:
        """The names of those who said what is remembered, in the order they came up."""
        with self.vault.lock:
            self._catch_up()
            return [name for name in self.index.speakers if name]

    def relate(self, cubes: Sequence[MemCube], llm: LLM) -> int:
        """Link memories by the relations a model names between them; gives the number of new edges.

        An edge that would close a cycle of a directed relation with what is stored is left out.

        Raises:
            LLMError: the model gave no usable reply; nothing has changed.
        """
        edges = detect(cubes, llm)
        with self.vault.transaction():
            fresh = [edge for edge in edges if not closes(self.vault.edges, edge)]
            self.vault.link(fresh)
        return len(fresh)

    def renew(self) -> int:
        """Write summaries again whose children have left, where rules write them; with a model, ``organise`` does.
        Gives their number."""
        if self.reorganiser.llm is not None:
            return 0
        return self.reorganiser.renew(self.vault, self.namespace)

    def organise(self) -> Organised:
        """Run the reorganiser and take its parents into the index."""
        with self.vault.lock:
            done = self.reorganiser.run(self.vault, self.namespace)
            self._catch_up()
        return done

    # -- reading -----------------------------------------------------------------------------------------------
    def search(
        self,
        text: str,
        k: int = 20,
        *,
        caller: Caller | None = None,
        where: Where | None = None,
        config: RetrieveConfig | None = None,
        as_of: datetime | None = None,
    ) -> list[UnitHit]:
        """Ranked hits whose memories are live and readable by the caller (None: the system itself).

        Args:
            as_of: search what held at that time instead, superseded memories included. An index is built for it.
        """
        vector, settings = self.embedder.encode([text])[0], config or self.config.retrieve
        with self.vault.lock:
            if as_of is not None:
                return self._search_past(text, vector, k, as_of, caller, where, settings)
            self._catch_up()
            return self._search_now(text, vector, k, caller, where, settings)

    def _search_now(
        self,
        text: str,
        vector: np.ndarray,
        k: int,
        caller: Caller | None,
        where: Where | None,
        settings: RetrieveConfig,
    ) -> list[UnitHit]:
        rights = None if caller is None else readable_by(self.vault, caller, self.clock())
        if where is None:
            passages = ranked(self.index, text, vector, settings, depth=2 * k, edges=self.vault.edges)
            further = hits_of(self.index, passages)
            hits = list(islice(further, k))
            ids = [unit.unit_id for hit in hits for unit in hit.units]
            if len(self._now(ids, rights)) == len(ids):
                return hits
            # Some of these have left, or are not for this caller: what is below them moves up.
            hits += further
            shown = self._shown([unit.unit_id for hit in hits for unit in hit.units], rights)
            readable = (UnitHit(tuple(unit for unit in hit.units if unit.unit_id in shown), hit.score) for hit in hits)
            hits = [hit for hit in readable if hit.units][:k]
            if rights is None or len(hits) == k or len(self.index) <= len(hits):
                return hits
            # Others' memories may have filled the list: look again among those the caller may read.
            where = rights
        elif rights is not None:
            where = where & rights
        allowed = Filter(self.vault, self.namespace, self.index, where)
        return search(self.index, text, vector, settings, depth=k, allowed=allowed, edges=self.vault.edges)

    def _search_past(
        self,
        text: str,
        vector: np.ndarray,
        k: int,
        moment: datetime,
        caller: Caller | None,
        where: Where | None,
        settings: RetrieveConfig,
    ) -> list[UnitHit]:
        if caller is not None:
            rights = readable_by(self.vault, caller, self.clock())
            where = rights if where is None else where & rights
        cubes, stored = holding(self.vault, self.namespace, moment, where)
        pairs = [(cube, vector) for cube, vector in zip(cubes, stored, strict=True) if vector is not None]
        if not pairs:
            return []
        index = MemoryIndex(self.embedder.dim)
        index.add([self.unit(cube) for cube, _ in pairs], np.asarray([vector for _, vector in pairs], dtype=np.float32))
        return search(index, text, vector, settings, depth=k, edges=self.vault.edges)

    def _shown(self, cube_ids: Sequence[str], rights: Where | None) -> frozenset[str]:
        """Those of the ids that are live now and readable; what is no longer live leaves the index."""
        live = self._now(cube_ids, None)
        self.index.remove([cube_id for cube_id in cube_ids if cube_id not in live])
        return live if rights is None else self._now(cube_ids, rights)

    def _now(self, cube_ids: Sequence[str], rights: Where | None) -> frozenset[str]:
        """Those of the ids that are live now and meet a condition."""
        if not cube_ids:
            return frozenset()
        asked = Is("cube_id", *cube_ids)
        where = asked if rights is None else asked & rights
        return frozenset(self.vault.find(where, namespaces=[self.namespace], order=()))

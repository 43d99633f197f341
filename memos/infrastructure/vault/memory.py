"""A vault in memory: plain dictionaries and exhaustive search. For tests, for small stores, and as the SQLite vault's
oracle.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from memos.cube.clock import Clock, SystemClock
from memos.cube.cube import LIVE, MemCube
from memos.cube.errors import CubeError, DuplicateCube, NotFound
from memos.cube.header import event_seconds
from memos.cube.versions import Version
from memos.infrastructure.audit import AuditEntry, LogQuery, seal
from memos.infrastructure.vault.base import Edge, Match, Use, UseRecord
from memos.infrastructure.vault.digests import vault_digest
from memos.infrastructure.vault.filters import COLUMNS, Is, Where
from memos.infrastructure.vault.following import admitted, after_place, after_update, with_descendants
from memos.infrastructure.vault.keywords import query_words, words_of
from memos.infrastructure.vault.rows import indexed_text
from memos.infrastructure.vault.rules import check_new, check_restored, check_revision, checked_vector, used_once_more

if TYPE_CHECKING:
    import numpy as np

_K1, _B = 1.2, 0.75
"""BM25's constants, those of SQLite FTS5."""
_ORDERS = {
    "created_at": lambda cube: cube.descriptive.created_at.timestamp(),
    "updated_at": lambda cube: cube.descriptive.updated_at.timestamp(),
    "last_access": lambda cube: cube.behavioural.last_access and cube.behavioural.last_access.timestamp(),
    "recency": lambda cube: max(
        cube.descriptive.updated_at, cube.behavioural.last_access or cube.descriptive.updated_at
    ).timestamp(),
    "heat": lambda cube: cube.behavioural.heat,
    "event_start": lambda cube: cube.descriptive.event_start and event_seconds(cube.descriptive.event_start),
}


@dataclass
class _Store:
    """All that a transaction may have to take back. Values are immutable, so that a shallow copy is a snapshot."""

    cubes: dict[str, MemCube] = field(default_factory=dict)
    words: dict[str, Counter] = field(default_factory=dict)
    vectors: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], Edge] = field(default_factory=dict)
    uses: list[UseRecord] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    generations: Counter = field(default_factory=Counter)

    def count(self, cube: MemCube) -> None:
        """The cube's namespace has changed."""
        self.generations[cube.governance.namespace] += 1

    def copy(self) -> _Store:
        return _Store(
            dict(self.cubes),
            dict(self.words),
            dict(self.vectors),
            dict(self.versions),
            dict(self.edges),
            list(self.uses),
            list(self.audit),
            Counter(self.generations),
        )


def _place(key: Callable[[MemCube], Any], cube: MemCube) -> tuple[bool, Any]:
    """Where a cube stands in an order; one without a value comes first."""
    value = key(cube)
    return value is not None, value or 0


class MemoryVault:
    """See ``memos.infrastructure.vault.base.Vault``. Nothing is kept when the process ends."""

    @dataclass
    class Config:
        heat_half_life: float = field(default=86_400.0, metadata={"help": "seconds in which the heat of use halves"})

    def __init__(self, config: Config | None = None, *, clock: Clock | None = None) -> None:
        self.config = config or self.Config()
        self.clock = clock or SystemClock()
        self._store = _Store()
        self._lock = threading.RLock()

    @property
    def lock(self) -> threading.RLock:
        return self._lock

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            before = self._store.copy()
            try:
                yield
            except BaseException:
                self._store = before
                raise

    # -- cubes -------------------------------------------------------------------------------------------------
    def add(self, cubes: Sequence[MemCube], vectors: Any = None, *, actor: str = "", cause: str = "") -> None:
        given = [None] * len(cubes) if vectors is None else list(vectors)
        if len(given) != len(cubes):
            raise CubeError(f"{len(given)} vectors for {len(cubes)} cubes")
        with self.transaction():
            for cube, vector in zip(admitted(self, cubes, owners=False), given, strict=True):
                check_new(cube)
                if cube.cube_id in self._store.cubes:
                    raise DuplicateCube(f"cube {cube.cube_id} is in the vault already")
                self._put(cube, vector)
                self._store.versions[cube.cube_id] = (_version(cube, cube.content(), actor, cause),)

    def update(self, cube: MemCube, vector: np.ndarray | None = None, *, actor: str = "", cause: str = "") -> None:
        with self.transaction():
            old = self.get(cube.cube_id)
            content = check_revision(old, cube)
            if vector is None and cube.text == old.text:
                vector = self._store.vectors.get(cube.cube_id)
            counts = ("access_count", "last_access", "heat", "injections", "helpful", "unhelpful")
            uses = {name: getattr(old.behavioural, name) for name in counts}
            behaviour = replace(cube.behavioural, **uses)
            self._put(replace(cube, behavioural=behaviour, state=old.state, tier=old.tier, frozen=old.frozen), vector)
            self._store.versions[cube.cube_id] += (_version(cube, content, actor, cause),)
            after_update(self, old, self.get(cube.cube_id))

    def _put(self, cube: MemCube, vector: Any) -> None:
        known = next(iter(self._store.vectors.values()), None)
        self._store.vectors.pop(cube.cube_id, None)
        if vector is not None:
            self._store.vectors[cube.cube_id] = checked_vector(vector, 0 if known is None else known.size)
        self._store.cubes[cube.cube_id] = cube
        self._store.count(cube)
        self._store.words[cube.cube_id] = Counter(map(_stem, words_of(" ".join(indexed_text(cube)))))

    def place(
        self, cube_id: str, *, state: str | None = None, tier: str | None = None, frozen: bool | None = None
    ) -> None:
        changes = {"state": state, "tier": tier, "frozen": frozen}
        with self.transaction():
            given = {name: value for name, value in changes.items() if value is not None}
            before = self.get(cube_id)
            self._store.cubes[cube_id] = replace(before, **given)
            self._store.count(before)
            after_place(self, before, self.get(cube_id))

    def touch(self, cube_ids: Iterable[str], at: datetime, use: Use = "access", caller: str = "") -> None:
        with self.transaction():
            for cube_id in cube_ids:
                half_life = self.config.heat_half_life
                self._store.cubes[cube_id] = used_once_more(self.get(cube_id), at, use, half_life)
                self._store.uses.append(UseRecord(cube_id, at, use, caller))

    def purge(self, cube_ids: Iterable[str]) -> None:
        with self.transaction():
            for cube_id in with_descendants(self, cube_ids):
                self._store.count(self.get(cube_id))
                for part in (self._store.cubes, self._store.words, self._store.vectors, self._store.versions):
                    part.pop(cube_id, None)
                self._store.uses = [use for use in self._store.uses if use.cube_id != cube_id]
                self._store.edges = {
                    key: edge for key, edge in self._store.edges.items() if cube_id not in (edge.source, edge.target)
                }

    def restore(
        self,
        cube: MemCube,
        versions: Sequence[Version],
        vector: np.ndarray | None = None,
        uses: Sequence[UseRecord] = (),
    ) -> None:
        with self.transaction():
            check_restored(cube, versions)
            if cube.cube_id in self._store.cubes:
                raise DuplicateCube(f"cube {cube.cube_id} is in the vault already")
            self._put(cube, vector)
            self._store.versions[cube.cube_id] = tuple(versions)
            self._store.uses += uses

    def scrub(self) -> None:
        """Nothing of purged memories is left in memory vaults."""

    def get(self, cube_id: str) -> MemCube:
        with self._lock:
            if cube_id not in self._store.cubes:
                raise NotFound(f"no cube {cube_id} in the vault in memory")
            return self._store.cubes[cube_id]

    def get_many(self, cube_ids: Sequence[str]) -> list[MemCube]:
        with self._lock:
            return [self.get(cube_id) for cube_id in cube_ids]

    def versions(self, cube_id: str) -> list[Version]:
        with self._lock:
            self.get(cube_id)
            return list(self._store.versions[cube_id])

    def uses(self, cube_id: str | None = None) -> list[UseRecord]:
        with self._lock:
            return [use for use in self._store.uses if cube_id in (None, use.cube_id)]

    # -- search ------------------------------------------------------------------------------------------------
    def _allowed(self, where: Where | None, namespaces: Sequence[str] | None, live: bool) -> list[MemCube]:
        now = self.clock()
        return [
            cube
            for cube in self._store.cubes.values()
            if (namespaces is None or cube.governance.namespace in namespaces)
            and (not live or cube.live(now))
            and (where is None or where.matches(cube))
        ]

    def find(
        self,
        where: Where | None = None,
        *,
        namespaces: Sequence[str] | None = None,
        live: bool = True,
        order: Sequence[str] = ("id",),
        limit: int | None = None,
    ) -> list[str]:
        with self._lock:
            cubes = self._allowed(where, namespaces, live)
        for name in reversed([name for name in order if name != "id"]):
            column = name.removeprefix("-")
            key = _ORDERS.get(column) or COLUMNS.get(column)
            if column == "id":
                cubes.reverse()
            elif key is None:
                raise CubeError(f"order {column!r} is none of {', '.join(sorted({*COLUMNS, *_ORDERS, 'id'}))}")
            else:
                cubes.sort(key=partial(_place, key), reverse=name.startswith("-"))
        return [cube.cube_id for cube in cubes[:limit]]

    def count(self, where: Where | None = None, *, namespaces: Sequence[str] | None = None, live: bool = True) -> int:
        with self._lock:
            return len(self._allowed(where, namespaces, live))

    def crowd(self, namespace: str, tier: str) -> int:
        return self.count(Is("tier", tier), namespaces=[namespace])

    def keyword(
        self,
        query: str,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        stems = list(dict.fromkeys(map(_stem, query_words(query))))
        with self._lock:
            matches = []
            for namespace in dict.fromkeys(namespaces):
                allowed = {cube.cube_id for cube in self._allowed(where, [namespace], live)}
                scores = self._bm25(namespace, stems)
                matches += [Match(cube_id, score) for cube_id, score in scores.items() if cube_id in allowed]
        return sorted(matches, key=lambda match: (-match.score, match.cube_id))[: max(k, 0)]

    def _bm25(self, namespace: str, stems: list[str]) -> dict[str, float]:
        documents = {
            cube_id: self._store.words[cube_id]
            for cube_id, cube in self._store.cubes.items()
            if cube.governance.namespace == namespace
        }
        mean = sum(counts.total() for counts in documents.values()) / max(len(documents), 1)
        scores: dict[str, float] = {}
        for stem in stems:
            holders = [cube_id for cube_id, counts in documents.items() if stem in counts]
            idf = max(math.log((len(documents) - len(holders) + 0.5) / (len(holders) + 0.5)), 1e-6)
            for cube_id in holders:
                count, length = documents[cube_id][stem], documents[cube_id].total()
                gain = idf * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length / mean))
                scores[cube_id] = scores.get(cube_id, 0.0) + gain
        return scores

    def nearest(
        self,
        vector: np.ndarray,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        with self._lock:
            known = next(iter(self._store.vectors.values()), None)
            query = checked_vector(vector, 0 if known is None else known.size)
            wide = query.astype("float64")
            matches = [
                Match(cube.cube_id, math.fsum((self._store.vectors[cube.cube_id] * wide).tolist()))
                for cube in self._allowed(where, namespaces, live)
                if cube.cube_id in self._store.vectors
            ]
        return sorted(matches, key=lambda match: (-match.score, match.cube_id))[: max(k, 0)]

    def vectors(self, cube_ids: Sequence[str]) -> list[np.ndarray | None]:
        with self._lock:
            return [self._store.vectors.get(self.get(cube_id).cube_id) for cube_id in cube_ids]

    # -- edges, audit, state -----------------------------------------------------------------------------------
    def link(self, edges: Iterable[Edge]) -> None:
        with self.transaction():
            for edge in edges:
                self.get_many([edge.source, edge.target])
                self._store.edges[edge.source, edge.target, edge.relation] = edge

    def unlink(self, edges: Iterable[Edge]) -> None:
        with self.transaction():
            for edge in edges:
                self._store.edges.pop((edge.source, edge.target, edge.relation), None)

    def edges(
        self, cube_ids: Sequence[str], *, relations: Sequence[str] | None = None, direction: str = "both"
    ) -> list[Edge]:
        wanted = set(cube_ids)
        with self._lock:
            touching = [
                edge
                for edge in self._store.edges.values()
                if (relations is None or edge.relation in relations)
                and ((direction != "in" and edge.source in wanted) or (direction != "out" and edge.target in wanted))
            ]
        return sorted(touching, key=lambda edge: (edge.source, edge.relation, edge.target))

    def append_audit(self, entry: AuditEntry) -> AuditEntry:
        with self.transaction():
            log = self._store.audit
            log.append(seal(entry, len(log) + 1, log[-1].digest if log else ""))
            return log[-1]

    def audit(self, query: LogQuery | None = None) -> list[AuditEntry]:
        with self._lock:
            return [entry for entry in self._store.audit if query is None or query.matches(entry)]

    def namespaces(self) -> list[str]:
        with self._lock:
            return sorted({cube.governance.namespace for cube in self._store.cubes.values()})

    def generation(self, namespace: str) -> int:
        with self._lock:
            return self._store.generations[namespace]

    def stamps(self, namespace: str) -> dict[str, int]:
        with self._lock:
            return {
                cube.cube_id: cube.version
                for cube in self._store.cubes.values()
                if cube.governance.namespace == namespace and cube.kind == "plaintext" and cube.state in LIVE
            }

    def digest(self) -> str:
        return vault_digest(self)

    def close(self) -> None:
        """Nothing to close."""


def _version(cube: MemCube, content: str, actor: str, cause: str) -> Version:
    behaviour = cube.behavioural
    return Version(
        cube.cube_id,
        behaviour.version,
        behaviour.parent_version,
        cube.descriptive.updated_at,
        content,
        behaviour.content_digest,
        behaviour.digest,
        actor,
        cause,
    )


@cache
def _stemmer():
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer(mode=PorterStemmer.ORIGINAL_ALGORITHM)


@cache
def _stem(word: str) -> str:
    return _stemmer().stem(word) if len(word) > 2 else word

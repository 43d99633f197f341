"""What a vault adapter is (paper section 5.5, MemVault). The contract suite in tests/memos_core holds for every
adapter.

Every call that changes something is one transaction over rows and indexes, or part of the enclosing ``transaction()``.
A search sees every change made before it, those of the open transaction included. Ranked results are ordered by
falling score, equal scores by cube id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from memos.cube.clock import Clock
from memos.cube.cube import MemCube
from memos.cube.errors import CubeError
from memos.cube.versions import Version
from memos.infrastructure.audit import AuditEntry, LogQuery
from memos.infrastructure.vault.filters import Where

if TYPE_CHECKING:
    import numpy as np

Use = Literal["access", "injection", "helpful", "unhelpful"]


@dataclass(frozen=True, slots=True)
class Match:
    """A cube found by a search. Scores of one channel compare with each other only."""

    cube_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Edge:
    """A typed relation between two cubes."""

    source: str
    target: str
    relation: str
    """Such as follows, relates, causes, conditions, contradicts, aggregates, merged_into."""
    weight: float = 1.0
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def ends(self) -> tuple[str, str]:
        return self.source, self.target


@dataclass(frozen=True, slots=True)
class UseRecord:
    """One line of the access log, from which the behavioural counters can be recomputed."""

    cube_id: str
    at: datetime
    use: Use
    caller: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise CubeError(f"UseRecord.at of {self.cube_id}: {self.at.isoformat()} needs a time zone")


@runtime_checkable
class Vault(Protocol):
    """A store of cubes with keyword, vector and edge indexes."""

    clock: Clock
    """By which times to live end."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held by a thread that does several things as one: the other threads of the process wait. Reentrant."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, while nobody else writes and ``lock`` is held. What is read inside is what is committed.

        Nested, it is a savepoint: an exception undoes the inner part alone.
        """
        ...

    # -- cubes -------------------------------------------------------------------------------------------------
    def add(self, cubes: Sequence[MemCube], vectors: Any = None, *, actor: str = "", cause: str = "") -> None:
        """Store new cubes of version 1.

        Args:
            cubes: the cubes.
            vectors: float32 array (len(cubes), dim) of unit rows, or a sequence with None where a cube has none.

        Raises:
            DuplicateCube, CubeError: and nothing is stored.
        """
        ...

    def update(self, cube: MemCube, vector: np.ndarray | None = None, *, actor: str = "", cause: str = "") -> None:
        """Store the next version of a cube (from ``MemCube.revise``). Without ``vector`` the old one stays if the
        text is the same and is dropped if it is another. Counters, state and tier in the vault stay as they are.

        Raises:
            NotFound, FrozenCube, VersionConflict (the cube is not based on the stored version), CubeError.
        """
        ...

    def place(
        self, cube_id: str, *, state: str | None = None, tier: str | None = None, frozen: bool | None = None
    ) -> None:
        """Set state, tier or the frozen flag; no new version.
        The rules live in ``memos.operation.upkeep.lifecycle``."""
        ...

    def touch(self, cube_ids: Iterable[str], at: datetime, use: Use = "access", caller: str = "") -> None:
        """Count a use of each cube and log it; unknown ids raise NotFound."""
        ...

    def purge(self, cube_ids: Iterable[str]) -> None:
        """Remove cubes with versions, vectors, edges and access log, for good (erasure and purge only)."""
        ...

    def restore(
        self,
        cube: MemCube,
        versions: Sequence[Version],
        vector: np.ndarray | None = None,
        uses: Sequence[UseRecord] = (),
    ) -> None:
        """Store a cube that comes from another vault, as it is: its versions, counters, state and access log.

        Raises:
            DuplicateCube, ChainBroken: the versions do not verify or do not end in the cube.
        """
        ...

    def scrub(self) -> None:
        """Rewrite the store so that no byte of purged memories is left in it; not inside a transaction."""
        ...

    def get(self, cube_id: str) -> MemCube:
        """Raises NotFound."""
        ...

    def get_many(self, cube_ids: Sequence[str]) -> list[MemCube]:
        """The cubes in the order asked for; raises NotFound naming the first unknown id."""
        ...

    def versions(self, cube_id: str) -> list[Version]:
        """All versions, oldest first."""
        ...

    def uses(self, cube_id: str | None = None) -> list[UseRecord]:
        """The access log, oldest first."""
        ...

    # -- search ------------------------------------------------------------------------------------------------
    def find(
        self,
        where: Where | None = None,
        *,
        namespaces: Sequence[str] | None = None,
        live: bool = True,
        order: Sequence[str] = ("id",),
        limit: int | None = None,
    ) -> list[str]:
        """Ids of the cubes that satisfy a filter.

        Args:
            where: condition; None for all.
            namespaces: namespaces to look in; None for all.
            live: only cubes that are generated or activated and not past their time to live.
            order: fields to sort by, of ``filters.COLUMNS`` or id (order of insertion), created_at, updated_at,
                last_access, recency (the later of updated_at and last_access), heat, event_start; a leading ``-``
                reverses one. Equal cubes come in order of insertion.
        """
        ...

    def count(
        self, where: Where | None = None, *, namespaces: Sequence[str] | None = None, live: bool = True
    ) -> int: ...

    def crowd(self, namespace: str, tier: str) -> int:
        """``count(Is("tier", tier), namespaces=[namespace])``, asked at every insert."""
        ...

    def keyword(
        self,
        query: str,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        """BM25 over body text, title and tags; any word of the query may match (Porter stems, no function words)."""
        ...

    def nearest(
        self,
        vector: np.ndarray,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        """Exact search by inner product (cosine, for unit vectors)."""
        ...

    def vectors(self, cube_ids: Sequence[str]) -> list[np.ndarray | None]:
        """Stored vectors, None where a cube has none."""
        ...

    # -- edges -------------------------------------------------------------------------------------------------
    def link(self, edges: Iterable[Edge]) -> None:
        """Store edges; an edge of the same ends and relation is replaced. Unknown ends raise NotFound."""
        ...

    def unlink(self, edges: Iterable[Edge]) -> None: ...

    def edges(
        self,
        cube_ids: Sequence[str],
        *,
        relations: Sequence[str] | None = None,
        direction: Literal["out", "in", "both"] = "both",
    ) -> list[Edge]:
        """Edges at any of the cubes, sorted by source, relation, target."""
        ...

    # -- audit, state ------------------------------------------------------------------------------------------
    def append_audit(self, entry: AuditEntry) -> AuditEntry:
        """Append to the log and return the sealed entry. Nothing can change or remove it afterwards."""
        ...

    def audit(self, query: LogQuery | None = None) -> list[AuditEntry]: ...

    def namespaces(self) -> list[str]:
        """Namespaces that hold cubes, sorted."""
        ...

    def generation(self, namespace: str) -> int:
        """A number that grows with every memory that is stored, changed, moved to another state, frozen or purged.

        What is kept outside of the vault (an index, a key-value cache) is good for the generation it was made in.
        """
        ...

    def stamps(self, namespace: str) -> dict[str, int]:
        """The version of each plaintext cube in a live state, by id."""
        ...

    def digest(self) -> str:
        """Digest of all that is stored except the audit log; equal for equal contents in any adapter."""
        ...

    def close(self) -> None: ...

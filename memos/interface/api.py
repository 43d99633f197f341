"""The Memory API (paper section 5.3): create, search, update, provenance, compose, archive, log query.

Every call passes governance, is one transaction, leaves exactly one audit entry, and answers with a structured status
for each item; a cube is both what goes in and what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal

from memos.cube.clock import Clock, Ids
from memos.cube.cube import MemCube, new_cube
from memos.cube.errors import MALFORMED, AccessDenied, CubeError, RateLimited, VersionConflict
from memos.cube.payload import PlaintextPayload, check_content, check_payload
from memos.errors import MemosError
from memos.infrastructure.access import Caller, check_namespace
from memos.infrastructure.audit import AuditEntry, LogQuery
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.vault.base import Match, Vault
from memos.infrastructure.vault.filters import Is, Where
from memos.interface.combine import UpdateMode, combined, composed
from memos.operation.retrieval.point_in_time import held
from memos.operation.upkeep.lifecycle import MemLifecycle

if TYPE_CHECKING:
    from memos.embed.base import Embedder
    from memos.operation.inserted import Inserted

SearchHook = Callable[[str, int, Where, Sequence[str]], Sequence[Match]]
"""(query, k, filter of what the caller may read, namespaces) to ranked matches; the MemOperator's retrieval."""


InsertHook = Callable[[MemCube, Any, str], "Inserted"]
"""(cube, its vector or None, actor) to what became of it; the MemOperator's insert."""


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """What became of one item of a call."""

    status: Literal["ok", "error"]
    cube_id: str = ""
    error: str = ""
    outcome: str = "added"
    """What was decided on it, against ``other``: see ``Inserted.status``."""
    other: str = ""


@dataclass(frozen=True, slots=True)
class CubeHit:
    """A memory that a search gave."""

    cube: MemCube
    score: float


@dataclass(frozen=True, slots=True)
class ProvenanceRecord:
    """Where a memory comes from and what happened to it."""

    cube_id: str
    provenance_id: str
    origin: str
    trigger: str
    model: str
    links: tuple[str, ...]
    turns: tuple[str, ...]
    lineage: tuple[str, ...]
    """Cubes it was made from, directly or not, nearest first, those that are still there."""
    versions: tuple[tuple[int, str, str], ...]
    """(version, actor, cause), oldest first."""
    log: tuple[AuditEntry, ...] = field(default=())


def _recorded(call: Callable[..., Any]) -> Callable[..., Any]:
    """A call that is refused or fails leaves its one audit entry too. A denial has left it where it was decided."""

    @wraps(call)
    def recorded(self: MemoryAPI, caller: Caller, *arguments: Any, **options: Any) -> Any:
        try:
            return call(self, caller, *arguments, **options)
        except MemosError as error:
            if isinstance(error, AccessDenied) and not isinstance(error, RateLimited):
                raise
            about = options.get("cube_id", arguments[0] if arguments else "")
            cube_id = about if "cube_id" in call.__annotations__ and isinstance(about, str) else ""
            self.governance.log(caller, call.__name__, cube_id, outcome="error", error=type(error).__name__)
            raise

    return recorded


class MemoryAPI:
    """Calls on one vault in the name of a caller."""

    def __init__(
        self,
        *,
        vault: Vault,
        governance: MemGovernance,
        lifecycle: MemLifecycle,
        clock: Clock,
        ids: Ids,
        embedder: Embedder | None = None,
        search: SearchHook | None = None,
        insert: InsertHook | None = None,
    ) -> None:
        """Without ``search``, the vault's keyword index is searched; without ``insert``, nothing is resolved."""
        self.vault, self.governance, self.lifecycle = vault, governance, lifecycle
        self.clock, self.ids, self.embedder = clock, ids, embedder
        self._search, self._insert = search, insert

    @_recorded
    def create(
        self,
        caller: Caller,
        items: Sequence[str | MemCube | Mapping[str, Any]],
        *,
        namespace: str = "default",
        trigger: str = "create",
    ) -> list[ItemStatus]:
        """Store memories.

        Args:
            items: texts, ready cubes, or keyword arguments of ``new_cube`` with ``text`` (or ``payload``).

        Returns:
            One status an item, in order; a bad item does not keep the good ones out, and an id is given only for what
            is stored.
        """
        self.governance.admit(caller)
        out: list[ItemStatus | None] = [None] * len(items)
        ready: list[tuple[int, MemCube]] = []
        for place, item in enumerate(items):
            try:
                ready.append((place, self._made(caller, item, namespace, trigger)))
            except (MemosError, *MALFORMED) as error:
                out[place] = ItemStatus("error", error=str(error))
        vectors = self._vectors([cube.text for _, cube in ready])
        with self.vault.transaction():
            for (place, _), status in zip(
                ready, self._stored(caller, [cube for _, cube in ready], vectors), strict=True
            ):
                out[place] = status
            done = [status for status in out if status is not None]
            stored = [status.cube_id for status in done if status.status == "ok"]
            outcome = "ok" if len(stored) == len(items) else "partial" if stored else "error"
            self.governance.log(caller, "create", cause=trigger, outcome=outcome, cubes=stored, asked=len(items))
        return done

    def _made(self, caller: Caller, item: str | MemCube | Mapping[str, Any], namespace: str, trigger: str) -> MemCube:
        if isinstance(item, MemCube):
            if item.governance.owner != caller.user:
                raise AccessDenied(f"cube {item.cube_id} belongs to {item.governance.owner}, not to {caller.user}")
            cube = item
        else:
            given: dict[str, Any] = {"text": item} if isinstance(item, str) else dict(item)
            payload = given.pop("payload", None) or given.pop("text", "")
            rules = {"namespace": namespace, **given.pop("governance", {})}
            given = {"trigger": trigger, **given}
            cube = new_cube(payload, owner=caller.user, ids=self.ids, clock=self.clock, governance=rules, **given)
        cube = cube if isinstance(item, str) else cube.checked()
        check_payload(cube.payload)
        check_namespace(caller, cube.governance.namespace)
        classified = self.governance.classify(cube)
        return cube.governed(**classified) if classified else cube

    def _stored(self, caller: Caller, cubes: list[MemCube], vectors: list[Any]) -> list[ItemStatus]:
        """All at once; where that fails, one by one, each undone alone."""
        try:
            with self.vault.transaction():
                return self._put(caller, cubes, vectors)
        except MemosError:
            out = []
            for cube, vector in zip(cubes, vectors, strict=True):
                try:
                    out += self._put(caller, [cube], [vector])
                except MemosError as error:
                    out.append(ItemStatus("error", error=str(error)))
            return out

    def _put(self, caller: Caller, cubes: list[MemCube], vectors: list[Any]) -> list[ItemStatus]:
        if self._insert is None:
            self.vault.add(cubes, vectors, actor=caller.user, cause="create")
            return [ItemStatus("ok", cube.cube_id) for cube in cubes]
        made = (self._insert(cube, vector, caller.user) for cube, vector in zip(cubes, vectors, strict=True))
        return [ItemStatus("ok", one.cube_id, outcome=one.status, other=one.other) for one in made]

    @_recorded
    def search(
        self,
        caller: Caller,
        query: str,
        k: int = 10,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        use: bool = True,
        as_of: datetime | None = None,
    ) -> list[CubeHit]:
        """The best memories that the caller may read.

        Args:
            use: count the found memories as used (and activate them); False for a pure read.
            as_of: search what held at that time, by keywords, superseded memories included; nothing is activated.
        """
        self.governance.admit(caller)
        allowed = self.governance.readable(caller)
        condition = allowed if where is None else where & allowed
        if as_of is not None:
            use = False
            matches = self._matches_then(query, k, condition, namespaces, as_of)
        elif self._search is None:
            matches = self.vault.keyword(query, k, where=condition, namespaces=namespaces)
        else:
            matches = self._search(query, k, condition, namespaces)
        ids = [match.cube_id for match in matches]
        cubes = self.vault.get_many(ids)
        for cube in cubes:
            if not allowed.matches(cube):
                self.governance.log(caller, "denied", cube.cube_id, cube.kind, cause="search hook", outcome="denied")
                raise AccessDenied(f"search gave cube {cube.cube_id}, which user {caller.user} may not read")
        with self.vault.transaction():
            self.governance.charge(caller, cubes, self._use(caller) if use else None)
            self.governance.log(caller, "search", cubes=ids, k=k)
        return [CubeHit(cube, match.score) for cube, match in zip(self.vault.get_many(ids), matches, strict=True)]

    def _matches_then(
        self, query: str, k: int, where: Where, namespaces: Sequence[str], moment: datetime
    ) -> list[Match]:
        there = self.vault.count(where, namespaces=namespaces, live=False)
        ranked = self.vault.keyword(query, max(there, 1), where=where, namespaces=namespaces, live=False)
        cubes = self.vault.get_many([match.cube_id for match in ranked])
        return [match for match, cube in zip(ranked, cubes, strict=True) if held(cube, moment)][:k]

    @_recorded
    def read(self, caller: Caller, cube_id: str) -> MemCube:
        """One memory, counted as used."""
        self.governance.admit(caller)
        cube = self.governance.fetch(caller, cube_id)
        with self.vault.transaction():
            self.governance.charge(caller, [cube], self._use(caller))
            self.governance.log(caller, "read", cube_id, cube.kind)
        return self.vault.get(cube_id)

    def _use(self, caller: Caller) -> Callable[[list[str]], None]:
        return lambda ids: self.lifecycle.use(ids, caller=caller.user)

    @_recorded
    def update(
        self,
        caller: Caller,
        cube_id: str,
        text: str,
        *,
        mode: UpdateMode = "overwrite",
        expected_version: int | None = None,
        **descriptive: Any,
    ) -> MemCube:
        """Change a plaintext memory; gives its new version.

        Args:
            mode: overwrite replaces the text; append adds it; merge adds the sentences that are not there yet.
            expected_version: version the caller has read; another one in the store refuses the update.
            descriptive: header fields to change; with append and merge, tuple fields are united with the old ones.

        Raises:
            AccessDenied, NotFound, FrozenCube, VersionConflict, CubeError: and nothing is changed.
        """
        self.governance.admit(caller)
        cube = self.governance.fetch(caller, cube_id, "write")
        if expected_version is not None and expected_version != cube.version:
            raise VersionConflict(f"cube {cube_id} is at version {cube.version}, not {expected_version}; read it again")
        if not isinstance(cube.payload, PlaintextPayload):
            raise CubeError(f"cube {cube_id} is {cube.kind}; only plaintext is updated by text")
        body = check_content(combined(cube.text, text, mode))
        changes = dict(descriptive)
        if mode != "overwrite":
            for name, value in changes.items():
                if isinstance(value, tuple):
                    changes[name] = tuple(dict.fromkeys((*getattr(cube.descriptive, name), *value)))
        payload = replace(cube.payload, text=body, tokens=None)
        revised = cube.revise(self.clock(), payload=payload, descriptive=changes).checked()
        classified = self.governance.classify(revised)
        if classified:
            revised = cube.revise(self.clock(), payload=payload, descriptive=changes, governance=classified)
        with self.vault.transaction():
            self.vault.update(revised, self._vectors([body])[0], actor=caller.user, cause=mode)
            details = {"mode": mode, "version": revised.version}
            self.governance.log(caller, "update", cube_id, cube.kind, cause=mode, **details)
        return self.vault.get(cube_id)

    @_recorded
    def compose(self, caller: Caller, cube_ids: Sequence[str], *, separator: str = "\n") -> MemCube:
        """The texts of several memories as one cube of the caller, in the given order; each must be readable.

        It has the strictest of their rules and is not stored (``create`` does that).
        """
        self.governance.admit(caller)
        cubes = [self.governance.fetch(caller, cube_id) for cube_id in cube_ids]
        with self.vault.transaction():
            self.governance.charge(caller, cubes)
            self.governance.log(caller, "compose", cubes=list(cube_ids))
        return composed(cubes, separator, owner=caller.user, ids=self.ids, clock=self.clock)

    @_recorded
    def transfer(self, caller: Caller, cube_id: str, *, to_owner: str, namespace: str) -> MemCube:
        """Give another user a copy of a memory that the caller may share; provenance id and lineage go along."""
        self.governance.admit(caller)
        check_namespace(caller, namespace)
        cube = self.governance.fetch(caller, cube_id, "share")
        copy = cube.copied(
            self.ids(),
            self.clock(),
            derived_from=(cube_id,),
            owner=to_owner,
            namespace=namespace,
            layer="private",
            acl=(),
        )
        with self.vault.transaction():
            self.vault.add([copy], self.vault.vectors([cube_id]), actor=caller.user, cause=f"transfer of {cube_id}")
            self.governance.log(caller, "transfer", cube_id, cube.kind, copy=copy.cube_id, to=to_owner)
        return copy

    @_recorded
    def archive(self, caller: Caller, cube_id: str, *, cause: str) -> None:
        """Take a memory out of search; its one audit entry is the transition."""
        self.governance.admit(caller)
        self.governance.fetch(caller, cube_id, "write")
        self.lifecycle.transition(cube_id, "archived", cause=cause, actor=caller.user)

    @_recorded
    def provenance(self, caller: Caller, cube_id: str) -> ProvenanceRecord:
        """Origin, trigger, model, links, turns, lineage, versions and log of a memory.

        Of the lineage, what the caller may read. The owner sees all versions and entries, others the present version
        and their own entries.
        """
        self.governance.admit(caller)
        cube = self.governance.fetch(caller, cube_id)
        header = cube.descriptive
        mine = self.governance.past(caller, cube)
        versions = tuple((one.version, one.actor, one.cause) for one in self.vault.versions(cube_id))
        entries = self.vault.audit(LogQuery(cube_id=cube_id, actor=None if mine else caller.user))
        record = ProvenanceRecord(
            cube_id,
            header.provenance_id,
            header.origin,
            header.trigger,
            header.model,
            header.links,
            cube.turn_ids,
            tuple(self._ancestors(caller, cube)),
            versions if mine else versions[-1:],
            tuple(entry.about(cube_id) for entry in entries),
        )
        self.governance.log(caller, "provenance", cube_id, cube.kind)
        return record

    def _ancestors(self, caller: Caller, cube: MemCube) -> list[str]:
        ancestors: dict[str, None] = {}
        front, readable = list(cube.parents), self.governance.readable(caller)
        while front:
            there = self.vault.find(Is("cube_id", *front) & readable, live=False)
            ancestors.update(dict.fromkeys(there))
            parents = [parent for one in self.vault.get_many(there) for parent in one.parents]
            front = [parent for parent in dict.fromkeys(parents) if parent not in ancestors]
        return list(ancestors)

    @_recorded
    def log_query(self, caller: Caller, query: LogQuery | None = None) -> list[AuditEntry]:
        """Audit entries: a privileged caller's query sees all, another's the caller's own calls."""
        self.governance.admit(caller)
        wanted = query or LogQuery()
        if not caller.privileged:
            if wanted.actor not in (None, caller.user):
                self.governance.log(caller, "denied", cause="log of another user", outcome="denied")
                raise AccessDenied(f"user {caller.user} may read the log of their own calls only")
            wanted = replace(wanted, actor=caller.user)
        entries = self.vault.audit(wanted)
        self.governance.log(caller, "log_query", count=len(entries))
        return entries

    def _vectors(self, texts: list[str]) -> list[Any]:
        return [None] * len(texts) if self.embedder is None or not texts else list(self.embedder.encode(texts))

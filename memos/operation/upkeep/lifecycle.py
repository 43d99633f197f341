"""MemLifecycle (paper section 5.4.3): the state machine, time to live, decay, freezing, merging, and the Time Machine.

Every transition is one audit entry with its cause, in the transaction that makes it. Nothing is ever deleted here:
eviction archives, expiry marks; ``purge`` alone removes, and only what has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memos.cube.clock import Clock, Ids
from memos.cube.cube import MemCube, new_cube, parse_content
from memos.cube.errors import AccessDenied, FrozenCube, IllegalTransition, NotFound
from memos.cube.header import event_seconds
from memos.cube.payload import PlaintextPayload
from memos.cube.versions import Version
from memos.errors import ConfigError
from memos.infrastructure.audit import AuditEntry
from memos.infrastructure.inheritance import heir_rules
from memos.infrastructure.vault.base import Edge, Use, Vault
from memos.infrastructure.vault.filters import Between, Is, Where

if TYPE_CHECKING:
    import numpy as np

TRANSITIONS: dict[str, frozenset[str]] = {
    "generated": frozenset({"activated", "merged", "archived", "expired"}),
    "activated": frozenset({"merged", "archived", "expired"}),
    "merged": frozenset({"archived", "expired"}),
    "archived": frozenset({"activated", "merged", "expired"}),
    "expired": frozenset(),
}
"""Legal changes of state (docs/memos.md#states)."""
RESTORABLE = frozenset({"merged", "archived", "expired"})
"""States from which the Time Machine brings a memory back to activated."""
FROZEN_REFUSES = frozenset({"merged", "expired"})
"""Changes of state that a frozen memory refuses."""


class MemLifecycle:
    """Moves cubes through their states, on a vault and under a clock."""

    @dataclass
    class Config:
        idle_generated: float | None = field(
            default=None, metadata={"help": "seconds after which a memory never used is archived; none: never"}
        )
        idle_activated: float | None = field(
            default=None,
            metadata={"help": "seconds without use after which an activated memory is archived; none: never"},
        )
        what_if_namespace: str = field(default="what-if", metadata={"help": "namespace of what-if copies"})

        def __post_init__(self) -> None:
            for name in ("idle_generated", "idle_activated"):
                value = getattr(self, name)
                if value is not None and not value > 0:
                    raise ConfigError(f"lifecycle.{name}: {value} is not positive")

    def __init__(self, config: Config | None = None, *, vault: Vault, clock: Clock, ids: Ids) -> None:
        self.config = config or self.Config()
        self.vault, self.clock, self.ids = vault, clock, ids

    # -- transitions -------------------------------------------------------------------------------------------
    def transition(self, cube_id: str, to: str, *, cause: str, actor: str = "lifecycle") -> None:
        """Move a cube to another state.

        Raises:
            IllegalTransition: the table has no such step.
            FrozenCube: a frozen cube is not merged or expired.
        """
        with self.vault.transaction():
            cube = self.vault.get(cube_id)
            if to not in TRANSITIONS[cube.state]:
                legal = ", ".join(sorted(TRANSITIONS[cube.state])) or "none; restore it first"
                raise IllegalTransition(f"cube {cube_id}: {cube.state} to {to} (legal: {legal})")
            if cube.frozen and to in FROZEN_REFUSES:
                raise FrozenCube(f"cube {cube_id} is frozen and cannot become {to}")
            self._move(cube, to, cause, actor)

    def use(self, cube_ids: Iterable[str], *, use: Use = "access", caller: str = "") -> None:
        """Count a use of each cube; a first use activates it, and so does the use of an archived one."""
        ids = list(cube_ids)
        with self.vault.transaction():
            self.vault.touch(ids, self.clock(), use, caller)
            if use in ("access", "injection"):
                for cube in self.vault.get_many(list(dict.fromkeys(ids))):
                    if cube.state in ("generated", "archived"):
                        self._move(cube, "activated", "used", caller or "lifecycle")

    def tick(self) -> dict[str, list[str]]:
        """Expire what has outlived its time to live, archive what has decayed or lain idle;
        gives the ids by outcome."""
        now, out = self.clock(), {"expired": [], "archived": []}
        with self.vault.transaction():
            for cube in self.vault.get_many(self.vault.find(self._mortal(now), live=False)):
                step = self._due(cube, now)
                if step is not None:
                    self._move(cube, *step, "lifecycle")
                    out[step[0]].append(cube.cube_id)
        return out

    def _mortal(self, now: datetime) -> Where:
        mortal = Between("expires_at", high=now.timestamp()) | Between("decay_half_life", low=0)
        if self.config.idle_generated is not None or self.config.idle_activated is not None:
            mortal = mortal | Is("state", "generated", "activated")
        return mortal & ~Is("state", "expired") & ~Is("frozen", 1)

    def _due(self, cube: MemCube, now: datetime) -> tuple[str, str] | None:
        ttl, half_life = cube.governance.ttl_seconds, cube.governance.decay_half_life
        if cube.frozen:
            return None
        if ttl is not None and now.timestamp() >= cube.descriptive.updated_at.timestamp() + ttl:
            return "expired", "time to live"
        if "archived" not in TRANSITIONS[cube.state]:
            return None
        idle = now - max(cube.descriptive.updated_at, cube.behavioural.last_access or cube.descriptive.updated_at)
        seconds = idle.total_seconds()
        if half_life is not None and strength(cube, now) < cube.governance.decay_floor:
            return "archived", "decayed"
        limit = {"generated": self.config.idle_generated, "activated": self.config.idle_activated}.get(cube.state)
        return ("archived", "idle") if limit is not None and seconds >= limit else None

    def purge(self, cube_id: str, *, actor: str, cause: str) -> None:
        """Remove an expired cube for good; the audit log keeps that it was there."""
        with self.vault.transaction():
            cube = self.vault.get(cube_id)
            if cube.state != "expired" or cube.frozen:
                raise IllegalTransition(
                    f"cube {cube_id} is {cube.state}: only an expired, unfrozen memory can be purged"
                )
            self.vault.purge([cube_id])
            self._log("purge", cube, cause, actor, {"digest": cube.behavioural.digest})

    # -- freezing ----------------------------------------------------------------------------------------------
    def freeze(self, cube_id: str, *, actor: str, cause: str) -> None:
        """Refuse every later content change, merge and expiry."""
        self._set_frozen(cube_id, True, actor, cause)

    def unfreeze(self, cube_id: str, *, actor: str, cause: str, privileged: bool) -> None:
        """Allow changes again; a privileged act.

        Raises:
            AccessDenied: without the privilege.
        """
        if not privileged:
            raise AccessDenied(f"cube {cube_id}: un-freezing needs a privileged caller")
        self._set_frozen(cube_id, False, actor, cause)

    def _set_frozen(self, cube_id: str, frozen: bool, actor: str, cause: str) -> None:
        with self.vault.transaction():
            cube = self.vault.get(cube_id)
            if cube.frozen != frozen:
                self.vault.place(cube_id, frozen=frozen)
                self._log("freeze" if frozen else "unfreeze", cube, cause, actor, {})

    # -- merging, capacity -------------------------------------------------------------------------------------
    def merge(
        self,
        inputs: Sequence[str],
        output: MemCube,
        vector: np.ndarray | None = None,
        *,
        cause: str,
        actor: str = "lifecycle",
    ) -> MemCube:
        """Store ``output`` (see ``merged_cube``) as activated, mark the inputs as merged into it;
        they stay restorable."""
        made = replace(output, state="activated")
        with self.vault.transaction():
            self.vault.add([made], None if vector is None else [vector], actor=actor, cause=cause)
            for cube_id in inputs:
                self.transition(cube_id, "merged", cause=cause, actor=actor)
            self.vault.link(Edge(cube_id, made.cube_id, "merged_into") for cube_id in inputs)
        return made

    def evict(self, cube_ids: Iterable[str], *, cause: str, actor: str = "lifecycle") -> list[str]:
        """Archive cubes that no longer fit; gives those that were archived. Frozen and already archived ones stay."""
        done = []
        with self.vault.transaction():
            for cube in self.vault.get_many(list(cube_ids)):
                if not cube.frozen and "archived" in TRANSITIONS[cube.state]:
                    self._move(cube, "archived", cause, actor)
                    done.append(cube.cube_id)
        return done

    # -- Time Machine ------------------------------------------------------------------------------------------
    def restore(
        self,
        cube_id: str,
        version: int | None = None,
        *,
        cause: str,
        actor: str = "lifecycle",
        vector: np.ndarray | None = None,
    ) -> MemCube:
        """Bring a version back as the newest one, and the cube back to activated.

        Args:
            version: which; None keeps the newest content.

        Raises:
            NotFound: no such version.  FrozenCube: the content of a frozen cube cannot change.
        """
        with self.vault.transaction():
            cube = self.vault.get(cube_id)
            if version is not None and version != cube.version:
                revised = cube.with_content(self._version(cube_id, version).content, self.clock())
                self.vault.update(revised, vector, actor=actor, cause=f"restore of version {version}: {cause}")
            if cube.state in RESTORABLE:
                self._move(cube, "activated", f"restored: {cause}", actor)
            return self.vault.get(cube_id)

    def what_if(
        self,
        cube_id: str,
        version: int | None = None,
        *,
        actor: str = "lifecycle",
        changes: dict[str, Any] | None = None,
    ) -> MemCube:
        """A copy (of any version) in a namespace of its own, to try changes on; the original is not touched."""
        cube = self.vault.get(cube_id)
        content = cube.content() if version is None else self._version(cube_id, version).content
        payload, _, governance = parse_content(content)
        source = cube.with_content(content, self.clock())
        copied = {name: getattr(source.descriptive, name) for name in _COPIED}
        own = {"namespace": self.config.what_if_namespace, "sensitivity": governance.sensitivity}
        copy = new_cube(
            payload,
            owner=governance.owner,
            ids=self.ids,
            clock=self.clock,
            derived_from=(cube_id,),
            governance=own,
            **(copied | (changes or {})),
        )
        with self.vault.transaction():
            self.vault.add([copy], actor=actor, cause=f"what-if copy of {cube_id}")
            self._log(
                "what_if", cube, "what-if copy", actor, {"copy": copy.cube_id, "version": version or cube.version}
            )
        return copy

    def _version(self, cube_id: str, version: int) -> Version:
        stored = next((one for one in self.vault.versions(cube_id) if one.version == version), None)
        if stored is None:
            raise NotFound(f"cube {cube_id} has no version {version}")
        return stored

    # -- shared ------------------------------------------------------------------------------------------------
    def _move(self, cube: MemCube, to: str, cause: str, actor: str) -> None:
        with self.vault.transaction():
            self.vault.place(cube.cube_id, state=to)
            self._log("transition", cube, cause, actor, {"from": cube.state, "to": to})

    def _log(self, operation: str, cube: MemCube, cause: str, actor: str, details: dict[str, Any]) -> None:
        self.vault.append_audit(
            AuditEntry(self.clock(), actor, operation, cube.cube_id, cube.kind, cause, details=details)
        )


_COPIED = (
    "event_start",
    "event_end",
    "origin",
    "semantic_type",
    "key",
    "tags",
    "topic",
    "concept",
    "speaker",
    "entities",
    "sources",
    "position",
    "trigger",
    "model",
    "links",
    "attributes",
)


def strength(cube: MemCube, now: datetime) -> float:
    """What decay has left of a memory, from 1 (just used or changed) downwards; 1 where it does not decay."""
    half_life = cube.governance.decay_half_life
    if half_life is None:
        return 1.0
    last = max(cube.descriptive.updated_at, cube.behavioural.last_access or cube.descriptive.updated_at)
    return 0.5 ** (max(0.0, (now - last).total_seconds()) / half_life)


def merged_cube(cubes: Sequence[MemCube], text: str, *, clock: Clock, ids: Ids, **descriptive: Any) -> MemCube:
    """A new cube made from several: union of sources, tags and entities, the whole span of event times, the strictest
    rules (``inherited``), the highest priority, its own (present) record time; owner and namespace of the first."""
    first = cubes[0]
    events = [
        (header.event_start, header.event_end or header.event_start)
        for header in (cube.descriptive for cube in cubes)
        if header.event_start is not None
    ]
    start = min((begin for begin, _ in events), key=event_seconds, default=None)
    end = max((close for _, close in events), key=event_seconds, default=None)
    at = clock()
    header: dict[str, Any] = {
        name: tuple(dict.fromkeys(item for cube in cubes for item in getattr(cube.descriptive, name)))
        for name in ("sources", "tags", "entities")
    }
    header |= {"event_start": start, "event_end": end if end != start else None, "origin": "inference"}
    header |= {
        name: getattr(first.descriptive, name) for name in ("semantic_type", "key", "topic", "concept", "speaker")
    }
    return new_cube(
        PlaintextPayload(text),
        owner=first.governance.owner,
        ids=ids,
        clock=lambda: at,
        governance=heir_rules(cubes, at, priority=max(cube.governance.priority for cube in cubes)),
        tier=first.tier,
        derived_from=[cube.cube_id for cube in cubes],
        **(header | descriptive),
    )

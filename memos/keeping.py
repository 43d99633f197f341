"""What every MemOS can do with what it keeps: reading by id, history, restoring, counts, dump and load.

Whatever names a memory by its id asks governance (``governed``), as every search does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.cube import MemCube, Version
from memos.cube.clock import Clock, Ids
from memos.cube.cube import LIVE
from memos.infrastructure.access import Caller, licensed_to
from memos.infrastructure.vault import Is, Tagged, Where
from memos.interface.intents import wish_of
from memos.operation.operator import MemOperator
from memos.operation.upkeep.lifecycle import MemLifecycle
from memos.work import DEAD, PENDING, MemWork

if TYPE_CHECKING:
    from memos.infrastructure.governance import MemGovernance
    from memos.infrastructure.loader import MemLoader
    from memos.infrastructure.vault.sqlite import SqliteVault

EMBEDDER = "embedder"
"""Name of the note in which a vault remembers its embedder."""
OWNER = Caller("memos", privileged=True)
"""The program itself, for dumps of the whole vault."""


class VaultKeeper(ABC):
    """The part of the facade that needs neither embedder nor model."""

    vault: SqliteVault
    clock: Clock
    ids: Ids
    work: MemWork
    _operators: dict[str, MemOperator]
    """By user, as far as they have been needed."""

    config: Any
    governed: bool
    """Whether rights are asked at all."""
    _aged: datetime | None
    """When it was last looked for what has expired or decayed; None: not yet."""
    _governed_by: MemGovernance | None = None

    @abstractmethod
    def _space(self, namespace: str) -> MemOperator:
        """The operator of a namespace, whoever's it is."""

    def show(self, cube_id: str, *, user: str = "default") -> MemCube:
        """One memory with all its headers, where the user may read it.

        Raises:
            NotFound, AccessDenied: there is none of this id, or none for this user.
        """
        return self._of(user, cube_id)

    def history(self, cube_id: str, *, user: str = "default") -> list[Version]:
        """The versions of a memory, oldest first: all for its owner, the present one for others who may read it.

        Raises:
            NotFound, AccessDenied: there is none of this id, or none for this user.
        """
        cube, versions = self._of(user, cube_id), self.vault.versions(cube_id)
        return versions if not self.governed or self._governance().past(Caller(user), cube) else versions[-1:]

    def forget(self, cube_ids: str | Sequence[str], *, user: str = "default", erase: bool = False) -> tuple[str, ...]:
        """Take memories out, with what was made from them; what can be written again from others is.

        Args:
            cube_ids: one id, or several.
            erase: remove them for good, versions, vectors and files of caches included; else they are archived, and
                ``restore`` brings them back.

        Returns:
            Ids of what left.

        Raises:
            AccessDenied: the user may not change one of them.
            FrozenCube: one to be erased is frozen.
        """
        cube_ids = [cube_ids] if isinstance(cube_ids, str) else cube_ids
        governance, caller = self._governance(), Caller(user, privileged=not self.governed)
        if erase:
            gone = governance.erase(caller, cube_ids, cause="forget").erased
        else:
            lifecycle = self._lifecycle()
            with self.vault.transaction():
                before = set(self.vault.find(Is("cube_id", *governance.lineage(cube_ids))))
                for cube in self.vault.get_many(list(cube_ids)):
                    if self.governed:
                        governance.require(caller, "write", cube)
                    if self.vault.get(cube.cube_id).state in LIVE:  # it may have left with another of them
                        lifecycle.transition(cube.cube_id, "archived", cause="forget", actor=user)
                after = set(self.vault.find(Is("cube_id", *before))) if before else set()
            gone = tuple(sorted(before - after))
        self._renew()
        return gone

    def supposed(self, user: str = "default") -> dict[str, str]:
        """A user's what-if copies by the memory that they stand for."""
        space = self.config.states.what_if_namespace
        copies = self.vault.get_many(self.vault.find(Is("owner", user), namespaces=[space]))
        return {parent: copy.cube_id for copy in copies for parent in copy.parents}

    @abstractmethod
    def _sync(self) -> None:
        """Have what was published and has changed offered again."""

    def _renew(self) -> None:
        """Have summaries written again whose children have left, and offers whose source has changed."""
        self._sync()
        with self.vault.lock:
            for operator in list(self._operators.values()):
                operator.renew()

    def _withheld(self, user: str, text: str) -> bool:
        """Whether a user's text says that it is not to be stored; that it came, not what it said, is logged."""
        wish = wish_of(text)
        if wish is None or wish.kind != "withhold":
            return False
        self._governance().log(Caller(user), "withheld")
        return True

    def _of(self, user: str, cube_id: str) -> MemCube:
        """A memory that a user reads by its id."""
        if not self.governed:
            return self.vault.get(cube_id)
        (cube,) = self._governance().read(Caller(user), [cube_id])
        return cube

    def _used(self, user: str, cube_ids: Sequence[str], k: int, *, use: bool) -> None:
        """Count and log the memories that a search has shown; a vault that is only read keeps no count.

        Args:
            use: whether every use counts; those under a licence always do.
        """
        use = use and not self.vault.read_only
        if not self.governed:
            if use:
                self._counted(cube_ids, user)
            return
        governance, caller, cubes = self._governance(), Caller(user), self.vault.get_many(cube_ids)
        if not use:
            governance.charge(caller, cubes)
            return
        with self.vault.transaction():
            governance.charge(caller, cubes, lambda ids: self._counted(ids, user))
            governance.log(caller, "search", cubes=list(cube_ids), k=k)

    def _counted(self, cube_ids: Sequence[str], user: str) -> None:
        """Count a use of memories; a first one activates them."""
        self.vault.touch(cube_ids, self.clock(), "access", user)
        for cube in self.vault.get_many(list(dict.fromkeys(cube_ids))):
            if cube.state == "generated":
                self._lifecycle().transition(cube.cube_id, "activated", cause="used", actor=user)

    def _cacheable(self, user: str) -> list[MemCube]:
        """The memories of a user's namespace that a cache of theirs may hold; one whose reads are counted may not."""
        rights = self._governance().readable(Caller(user)) if self.governed else None
        cubes = self.vault.get_many(self.vault.find(rights, namespaces=[user]))
        return [cube for cube in cubes if not self.governed or not licensed_to(Caller(user), cube)]

    def stats(self, *, user: str | None = None) -> dict[str, Any]:
        """Counts a person asks for: memories by user, archived ones,
        turns that wait for or failed their fine reading.

        Args:
            user: count this user's alone; None: everybody's.
        """
        names = self.vault.namespaces()
        names = names if user is None else [name for name in names if name == user]
        where = None if user is None or not self.governed else self._governance().readable(Caller(user))
        count = lambda kind=None, **how: self.vault.count(_both(where, kind), namespaces=names, **how)  # noqa: E731
        users = {name: self.vault.count(where, namespaces=[name]) for name in names}
        return {
            "memories": sum(users.values()),
            "archived": count(live=False) - sum(users.values()),
            "users": users,
            "pending": count(Tagged(PENDING)),
            "failed": count(Tagged(DEAD)),
            "tasks": asdict(self.work.counters()),
        }

    def dump(self, path: str | Path, *, user: str | None = None) -> int:
        """Write everything (states, versions, vectors, edges) into one file; returns how many memories.

        Args:
            user: write what this user may read; None: the whole vault.
        """
        from memos.infrastructure.dumper import MemDumper

        embedder = self.vault.noted(EMBEDDER)
        return MemDumper(vault=self.vault, governance=self._governance(), embedder=embedder).dump(
            path, self._named(user)
        )

    def load(self, path: str | Path, *, user: str | None = None) -> int:
        """Add the memories of a dump, all or none; returns how many.

        Args:
            user: load as this user, who must own all that is in it; None: as the program itself.

        Raises:
            ForeignFile: the file is no dump, is cut or was changed.  AccessDenied: it holds memories of others.
        """
        loaded = self._loader(user).load(path, self._named(user))
        self._operators.clear()
        return len(loaded)

    def load_texts(
        self,
        paths: Sequence[str | Path],
        *,
        user: str = "default",
        tags: Sequence[str] = (),
        ttl: float | None = None,
    ) -> list[str]:
        """Remember text files, a memory a paragraph with its file and place; gives the ids.

        Args:
            ttl: seconds that they live.

        Raises:
            DataError: a file cannot be read as UTF-8 text; then nothing is stored.
        """
        loader = self._loader(user)
        cubes = loader.load_texts(paths, Caller(user), namespace=user, tags=tags, ttl_seconds=ttl)
        return [cube.cube_id for cube in cubes]

    def _loader(self, user: str | None) -> MemLoader:
        from memos.infrastructure.loader import MemLoader

        embed = self._space("default" if user is None else user).embedded
        return MemLoader(
            vault=self.vault,
            governance=self._governance(),
            clock=self.clock,
            ids=self.ids,
            embed=embed,
            embedder=self.vault.noted(EMBEDDER),
        )

    def _named(self, user: str | None) -> Caller:
        return OWNER if user is None or not self.governed else Caller(user)

    def tick(self) -> dict[str, list[str]]:
        """Let what has outlived its time or decayed leave; gives the ids by outcome. Every use does so by itself."""
        with self.vault.lock:
            self._aged = self.clock()
            moved = self._lifecycle().tick()
            if any(moved.values()):
                self._renew()
            else:
                self._sync()
        return moved

    def _age(self) -> None:
        """``tick`` where it is time to: a use of memory keeps it in order."""
        if not self.config.lifecycle or self.vault.read_only:
            return
        now = self.clock()
        if self._aged is None or not 0 <= (now - self._aged).total_seconds() < self.config.ageing_every:
            self.tick()

    def _admit(self, user: str) -> None:
        """Count a call of a user.

        Raises:
            RateLimited: the user makes more calls a minute than are allowed.
        """
        if self.governed:
            self._governance().admit(Caller(user))

    def _lifecycle(self) -> MemLifecycle:
        return MemLifecycle(self.config.states, vault=self.vault, clock=self.clock, ids=self.ids)

    def _governance(self) -> MemGovernance:
        from memos.infrastructure.governance import MemGovernance

        if self._governed_by is None:  # it counts the calls of each user
            self._governed_by = MemGovernance(self.config.protection, vault=self.vault, clock=self.clock)
        return self._governed_by

    def close(self) -> None:
        """Close the vault; everything is on disk already."""
        self.vault.close()


def _both(one: Where | None, other: Where | None) -> Where | None:
    return one & other if one is not None and other is not None else one or other

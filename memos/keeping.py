"""What every MemOS can do with what it keeps: history, restoring, counts, dump and load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.cube import MemCube, Version
from memos.cube.clock import Clock, Ids
from memos.cube.cube import LIVE
from memos.infrastructure.access import Caller
from memos.infrastructure.vault import Is, Tagged
from memos.interface.intents import wish_of
from memos.operation.operator import MemOperator
from memos.operation.upkeep.lifecycle import MemLifecycle
from memos.work import DEAD, PENDING, MemWork

if TYPE_CHECKING:
    from memos.infrastructure.governance import MemGovernance
    from memos.infrastructure.vault.sqlite import SqliteVault

OWNER = Caller("memos", privileged=True)
"""The program itself, for dumps of the whole vault."""


class VaultKeeper:
    """The part of the facade that needs neither embedder nor model."""

    vault: SqliteVault
    clock: Clock
    ids: Ids
    work: MemWork
    _operators: dict[str, MemOperator]
    """By user, as far as they have been needed."""

    def history(self, cube_id: str) -> list[Version]:
        """All versions of a memory, oldest first."""
        return self.vault.versions(cube_id)

    def restore(self, cube_id: str, version: int, *, user: str = "default") -> MemCube:
        """Make an earlier version (or an archived memory) current and findable again.

        Raises:
            NotFound: the memory has no such version.
        """
        lifecycle = MemLifecycle(vault=self.vault, clock=self.clock, ids=self.ids)
        restored = lifecycle.restore(cube_id, version, cause="restore", actor=user)
        self._operators.pop(restored.governance.namespace, None)
        return self.vault.get(cube_id)

    def forget(self, cube_ids: Sequence[str], *, user: str = "default", erase: bool = False) -> tuple[str, ...]:
        """Take memories out, with what was made from them; what can be written again from others is.

        Args:
            erase: remove them for good, versions, vectors and files of caches included; else they are archived, and
                ``restore`` brings them back.

        Returns:
            Ids of what left.

        Raises:
            AccessDenied: the user may not change one of them.
            FrozenCube: one to be erased is frozen.
        """
        governance, caller = self._governance(), Caller(user)
        if erase:
            gone = governance.erase(caller, cube_ids, cause="forget").erased
        else:
            lifecycle = MemLifecycle(vault=self.vault, clock=self.clock, ids=self.ids)
            with self.vault.transaction():
                before = set(self.vault.find(Is("cube_id", *governance.lineage(cube_ids))))
                for cube in self.vault.get_many(list(cube_ids)):
                    governance.require(caller, "write", cube)
                    if self.vault.get(cube.cube_id).state in LIVE:  # it may have left with another of them
                        lifecycle.transition(cube.cube_id, "archived", cause="forget", actor=user)
                after = set(self.vault.find(Is("cube_id", *before))) if before else set()
            gone = tuple(sorted(before - after))
        for operator in self._operators.values():
            operator.renew()
        return gone

    def _forget_for(self, user: str, cube_ids: Sequence[str], erase: bool) -> tuple[str, ...]:
        return self.forget(cube_ids, user=user, erase=erase)

    def _withheld(self, user: str, text: str) -> bool:
        """Whether a user's text says that it is not to be stored; that it came, not what it said, is logged."""
        wish = wish_of(text)
        if wish is None or wish.kind != "withhold":
            return False
        self._governance().log(Caller(user), "withheld")
        return True

    def stats(self) -> dict[str, Any]:
        """Counts a person asks for: memories by user, archived ones,
        turns that wait for or failed their fine reading."""
        names = self.vault.namespaces()
        users = {name: self.vault.count(namespaces=[name]) for name in names}
        total = self.vault.count(namespaces=names, live=False) if names else 0
        return {
            "memories": sum(users.values()),
            "archived": total - sum(users.values()),
            "users": users,
            "pending": self.vault.count(Tagged(PENDING)),
            "failed": self.vault.count(Tagged(DEAD)),
            "tasks": asdict(self.work.counters()),
        }

    def dump(self, path: str | Path) -> int:
        """Write everything (states, versions, vectors, edges) into one file; returns how many memories."""
        from memos.infrastructure.dumper import MemDumper

        return MemDumper(vault=self.vault, governance=self._governance()).dump(path, OWNER)

    def load(self, path: str | Path) -> int:
        """Add the memories of a dump, all or none; returns how many.

        Raises:
            ForeignFile: the file is no dump, is cut or was changed.
        """
        from memos.infrastructure.loader import MemLoader

        loader = MemLoader(vault=self.vault, governance=self._governance(), clock=self.clock, ids=self.ids)
        loaded = loader.load(path, OWNER)
        self._operators.clear()
        return len(loaded)

    def _governance(self) -> MemGovernance:
        from memos.infrastructure.governance import MemGovernance

        return MemGovernance(vault=self.vault, clock=self.clock)

    def close(self) -> None:
        """Close the vault; everything is on disk already."""
        self.vault.close()

"""What a person does to memories that are there: change, archive, erase, freeze, suppose, bring back.

Each is asked of governance in the name of a user, logged, and found by the next search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from memos.cube import MemCube
from memos.cube.payload import PlaintextPayload, check_content
from memos.embed.base import Embedder, identity_of
from memos.errors import ConfigError, DataError
from memos.infrastructure.access import Caller
from memos.infrastructure.vault import Is
from memos.keeping import EMBEDDER, OWNER, VaultKeeper
from memos.operation.retrieval.units import unit_of


class Handling(VaultKeeper):
    """The part of the facade that changes what is there."""

    embedder: Embedder
    _talks: Any

    def update(self, cube_id: str, text: str, *, user: str = "default") -> MemCube:
        """Give a memory another text, as its next version; what was made from the old one leaves until it is made anew.

        Raises:
            NotFound, AccessDenied, FrozenCube: and nothing is changed.
        """
        cube = self._to_change(cube_id, user)
        if not isinstance(cube.payload, PlaintextPayload):
            raise DataError(f"memory {cube_id} is {cube.kind}; only a text is changed by a text")
        payload = replace(cube.payload, text=check_content(text), tokens=None)
        revised = cube.revise(self.clock(), payload=payload)
        if self.governed:
            stricter = self._governance().classify(revised)
            revised = cube.revise(self.clock(), payload=payload, governance=stricter) if stricter else revised
        with self.vault.transaction():
            self._space(cube.governance.namespace).update(revised, actor=user, cause="update")
            if self.governed:
                self._governance().log(Caller(user), "update", cube_id, cube.kind, version=revised.version)
        self._renew()
        return self.vault.get(cube_id)

    def archive(self, cube_ids: str | Sequence[str], *, user: str = "default") -> tuple[str, ...]:
        """Take memories out of every search; ``restore`` brings them back. See ``forget``."""
        return self.forget(cube_ids, user=user)

    def erase(self, cube_ids: str | Sequence[str], *, user: str = "default") -> tuple[str, ...]:
        """Remove memories for good, with versions, vectors and all that was made from them. See ``forget``."""
        return self.forget(cube_ids, user=user, erase=True)

    def freeze(self, cube_id: str, *, user: str = "default") -> None:
        """Refuse every later change, merge, expiry and erasure of a memory; it is found and read as before."""
        self._to_change(cube_id, user)
        self._lifecycle().freeze(cube_id, actor=user, cause="freeze")

    def unfreeze(self, cube_id: str, *, user: str | None = None) -> None:
        """Allow changes of a memory again, which is left to the program itself.

        Raises:
            AccessDenied: a user asks for it.
        """
        caller = self._named(user)
        self._lifecycle().unfreeze(cube_id, actor=caller.user, cause="unfreeze", privileged=caller.privileged)

    def what_if(
        self, cube_id: str, text: str | None = None, *, version: int | None = None, user: str = "default"
    ) -> MemCube:
        """A copy of a memory that says something else, for ``search(…, supposing=True)``; the memory is not touched.

        Args:
            text: what it is to say; None: what it said in ``version``.
            version: which of its versions is copied; None: the present one.
        """
        if self.governed:
            governance, caller = self._governance(), Caller(user)
            governance.require_past(caller, governance.fetch(caller, cube_id))
        lifecycle = self._lifecycle()
        with self.vault.transaction():
            earlier = self.supposed(user).get(cube_id)
            if earlier is not None:
                self.vault.purge([earlier])
            copy = self.vault.get(lifecycle.what_if(cube_id, version, actor=user).cube_id)
            if text is not None and isinstance(copy.payload, PlaintextPayload):
                payload = replace(copy.payload, text=check_content(text), tokens=None)
                self.vault.update(copy.revise(self.clock(), payload=payload), actor=user, cause="what-if")
        return self.vault.get(copy.cube_id)

    def restore(self, cube_id: str, version: int | None = None, *, user: str = "default") -> MemCube:
        """Make an earlier version (or an archived memory) current and findable again; for its owner.

        It takes the place of what had taken its own, and keeps to the capacity of its tier.

        Args:
            version: which; None: the newest.

        Raises:
            NotFound: the memory has no such version.  AccessDenied: it is another user's.
        """
        if self.governed:
            governance, caller = self._governance(), Caller(user)
            governance.require_past(caller, governance.fetch(caller, cube_id, "write"))
        restored = self._space(self.vault.get(cube_id).governance.namespace).restore(cube_id, version, actor=user)
        self._renew()
        return restored

    # -- its vectors -------------------------------------------------------------------------------------------
    def reindex(self) -> int:
        """Give every memory a vector of this embedder and have the vault remember it; gives their number."""
        ids = self.vault.find(Is("kind", "plaintext"), live=False)
        cubes = self.vault.get_many(ids)
        vectors = self.embedder.encode([unit_of(cube).line() for cube in cubes])
        with self.vault.transaction():
            self.vault.revector(ids, vectors)
            self.vault.note(EMBEDDER, described(self.embedder))
            self._governance().log(OWNER, "reindex", count=len(ids), embedder=self.embedder.name)
        self._operators.clear()
        return len(ids)

    def _check_embedder(self) -> None:
        """That the vault's vectors are of this facade's embedder; a vault without one remembers it.

        Raises:
            ConfigError: they are of another.
        """
        mine, known = described(self.embedder), self.vault.noted(EMBEDDER)
        if known is None and not self.vault.read_only:
            self.vault.note(EMBEDDER, mine)
        elif known not in (None, mine):
            raise ConfigError(
                f"vault {self.vault.config.path}: its vectors are of {_short(known)}, not of {_short(mine)}; open it "
                "with that embedder, or run memos reindex"
            )

    # -- the whole store ---------------------------------------------------------------------------------------
    def snapshot(self, path: str | Path) -> Path:
        """Copy the whole store as it is now into a file of its own, which ``rollback`` reads.

        Raises:
            DataError: there is a file of this name, or it cannot be written.
        """
        path = Path(path)
        try:
            if path.exists():
                raise DataError(f"{path}: exists; give the snapshot a file of its own")
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror})") from error
        self.vault.backup(path)
        self._governance().log(OWNER, "snapshot", file=path.name)
        return path

    def rollback(self, path: str | Path) -> int:
        """Make the whole store what it was at a snapshot; gives the number of memories. The audit log goes on.

        Raises:
            ForeignFile: the file is no snapshot.
        """
        from memos.infrastructure.snapshot import bring_back
        from memos.infrastructure.vault.sqlite import SqliteVault

        if not Path(path).is_file():
            raise DataError(f"{path}: there is no such file")
        earlier = SqliteVault(SqliteVault.Config(path=str(path), read_only=True), clock=self.clock)
        try:
            cause = f"snapshot {Path(path).name}"
            count = bring_back(self.vault, earlier, governance=self._governance(), caller=OWNER, cause=cause)
        finally:
            earlier.close()
        self._operators.clear()
        self._talks.clear()
        return count

    def _to_change(self, cube_id: str, user: str) -> MemCube:
        """A memory that a user may change."""
        return self._governance().fetch(Caller(user), cube_id, "write") if self.governed else self.vault.get(cube_id)


def described(embedder: Embedder) -> str:
    """An embedder as a vault remembers it: name, dimension and, where it knows them, its weights. JSON."""
    own = identity_of(embedder)
    known = {"model": embedder.name, "dim": embedder.dim, "weights": own.get("weights")}
    return json.dumps({name: value for name, value in known.items() if value is not None}, sort_keys=True)


def _short(noted: str) -> str:
    fields = json.loads(noted)
    weights = f", weights {fields['weights'][:8]}" if fields.get("weights") else ""
    return f"{fields['model']} ({fields['dim']} dimensions{weights})"

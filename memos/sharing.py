"""What a MemOS shares: memories with other users, procedures with agents, calls with programs; and what it proves.

Everything here is a door to a part that stands on its own: the Memory API and its pipelines, the MemStore, the skills
learned from trajectories, erasure, and the chain of the audit log.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.cube import MemCube
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.infrastructure.access import Caller
from memos.infrastructure.audit import verify_audit
from memos.infrastructure.vault import Match, Where
from memos.keeping import VaultKeeper
from memos.operation.inserted import Inserted
from memos.operation.operator import MemOperator

if TYPE_CHECKING:
    from memos.infrastructure.memstore import Licence, MemStore, Push
    from memos.interface.api import MemoryAPI
    from memos.interface.pipeline import PipelineRun
    from memos.operation.skill_book import SkillBook


class Sharing(VaultKeeper):
    """The part of the facade that others come in by. Each call is made in the name, and with the rights, of a user."""

    embedder: Embedder
    push: Push | None = None
    """Told of each new listing that a subscriber waits for; set it to have ``publish`` call it."""

    @abstractmethod
    def operator(self, user: str) -> MemOperator: ...

    # -- calls of programs -------------------------------------------------------------------------------------
    @property
    def api(self) -> MemoryAPI:
        """The Memory API over this vault, with the facade's own search. A user's memories are in the namespace of that
        name.
        """
        from memos.interface.api import MemoryAPI

        return MemoryAPI(
            vault=self.vault,
            governance=self._governance(),
            lifecycle=self._lifecycle(),
            clock=self.clock,
            ids=self.ids,
            embedder=self.embedder,
            search=self._matches,
            insert=self._resolved,
        )

    def _resolved(self, cube: MemCube, vector: Any, actor: str) -> Inserted:
        """The Memory API's insert hook: a cube goes in as the facade's own do, duplicates and conflicts resolved."""
        if cube.kind != "plaintext":
            self.vault.add([cube], [vector], actor=actor, cause="create")
            return Inserted(cube.cube_id, "added")
        operator = self._space(cube.governance.namespace)
        return operator.insert([cube], actor=actor, cause="create", vectors=None if vector is None else [vector])[0]

    def _matches(self, query: str, k: int, where: Where, namespaces: Sequence[str]) -> list[Match]:
        """The Memory API's search hook: the best memories of some users by the operators' search."""
        best: dict[str, float] = {}
        for namespace in dict.fromkeys(namespaces):
            for hit in self.operator(namespace).search(query, k, where=where):
                best.update((unit.unit_id, hit.score) for unit in hit.units)
        ranked = sorted(best, key=lambda cube_id: -best[cube_id])  # stable: those of one passage keep their order
        return [Match(cube_id, best[cube_id]) for cube_id in ranked[:k]]

    def pipeline(
        self, source: str | Path, *, user: str = "default", variables: Mapping[str, Any] | None = None
    ) -> PipelineRun:
        """Run a chain of steps, all or nothing; see ``memos.interface.pipeline``.

        Args:
            source: its YAML file, or the YAML text.
            user: in whose name, and over whose memories.
            variables: what the steps may name as ``${name}``; ``user`` is there already.

        Raises:
            ConfigError: it cannot be read.
            PipelineFailed: a step failed; nothing has changed.
        """
        from memos.interface.pipeline import OPERATIONS, Pipeline

        if isinstance(source, Path) and not source.is_file():
            raise ConfigError(f"pipeline: there is no file {source}")
        own = {
            "retrieve": partial(OPERATIONS["retrieve"], namespaces=(user,)),
            "create": partial(OPERATIONS["create"], namespace=user),
        }
        return Pipeline.from_yaml(source, own).run(self.api, Caller(user), **{"user": user, **(variables or {})})

    def skills(self, user: str = "default") -> SkillBook:
        """The user's tools and skills: ``record`` a trajectory, ``find`` a skill for a task."""
        from memos.operation.skill_book import SkillBook

        caller = Caller(user) if self.governed else None
        return SkillBook(operator=self.operator(user), owner=user, ids=self.ids, clock=self.clock, caller=caller)

    # -- other users -------------------------------------------------------------------------------------------
    @property
    def store(self) -> MemStore:
        """The MemStore over this vault."""
        from memos.infrastructure.memstore import MemStore

        return MemStore(vault=self.vault, governance=self._governance(), clock=self.clock, ids=self.ids, push=self.push)

    def _sync(self) -> None:
        if not self.vault.read_only:
            self.store.sync()

    def publish(
        self, cube_id: str, *, user: str = "default", licence: Licence | None = None, mark: str = ""
    ) -> MemCube:
        """Offer a redacted copy of a memory to everybody; gives the listing.

        Args:
            licence: how often each reader may read it, and until when; None: without a limit.
            mark: watermark in its text.

        Raises:
            AccessDenied: the user has no right to share it.
        """
        return self.store.publish(cube_id, Caller(user), licence=licence, mark=mark)

    def withdraw(self, listing_id: str, *, user: str = "default") -> None:
        """End an offer; what was read stays with its readers."""
        self.store.withdraw(listing_id, Caller(user))

    def subscribe(
        self, *, user: str = "default", tags: Sequence[str] = (), about: str = "", threshold: float = 0.5
    ) -> None:
        """Wait for listings that have one of the tags, or are near to a text in meaning.

        Args:
            threshold: least cosine with ``about``.

        Raises:
            CubeError: neither tags nor ``about`` are given.
        """
        from memos.infrastructure.memstore import Subscription

        vector = tuple(self.embedder.encode([about])[0].tolist()) if about else ()
        self.store.subscribe(Subscription(user, tuple(tags), vector, threshold), Caller(user))

    def unsubscribe(self, *, user: str = "default", tags: Sequence[str] = ()) -> int:
        """End the user's subscriptions to these tags, or all of them; gives how many."""
        return self.store.unsubscribe(user, Caller(user), tags=tags)

    def pull(self, *, user: str = "default") -> list[str]:
        """Ids of the listings that match the user's subscriptions, oldest first."""
        return self.store.pull(user, Caller(user))

    def access(self, listing_id: str, *, user: str = "default") -> MemCube:
        """Read a listing; each read counts against its licence.

        Raises:
            NotFound: there is no such listing, or it was withdrawn.
            LicenceError: the licence expired, or the user's reads are used up.
        """
        return self.store.access(listing_id, Caller(user))

    # -- proving ----------------------------------------------------------------------------------------------
    def anchor(self) -> str:
        """Where the audit log is now, to be kept elsewhere: its number of entries and the digest of the last; empty
        where there is none."""
        return self.vault.noted("log") or ""

    def verify(self, *anchors: str) -> int:
        """Check the whole audit log, its end included; gives the number of its entries.

        Args:
            anchors: of ``anchor``, kept elsewhere.

        Raises:
            ChainBroken: naming the first entry that was changed, taken out or put in, or where the log was cut off.
        """
        return verify_audit(self.vault.audit(), [one for one in (self.anchor(), *anchors) if one])

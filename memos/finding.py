"""What a MemOS finds: a query becomes a memory call, which is planned, governed, searched, counted, and explained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from memos.cube.errors import LicenceError, NotFound
from memos.embed.base import Embedder
from memos.flow import Flow, follow, merged
from memos.infrastructure.access import Caller, reserved
from memos.infrastructure.vault import Is, Where, readable_by
from memos.keeping import VaultKeeper
from memos.language.words import terms
from memos.operation.operator import MemOperator
from memos.operation.retrieval.call import MemoryCall
from memos.operation.retrieval.retrieve import RetrieveConfig, UnitHit
from memos.operation.retrieval.route import plan
from memos.operation.retrieval.shown import Memory, shown


class Searching(VaultKeeper):
    """The part of the facade that searches."""

    config: Any
    embedder: Embedder
    _flows: dict[str, Flow]
    """What became of each user's last call."""

    @abstractmethod
    def operator(self, user: str) -> MemOperator: ...

    def search(
        self,
        query: str,
        *,
        user: str = "default",
        k: int = 5,
        where: Where | None = None,
        as_of: datetime | None = None,
        everyone: bool = False,
        supposing: bool = False,
    ) -> list[Memory]:
        """The best memories for a query, best first; each use is counted. ``explain()`` tells how they were found.

        A time that the query names is kept to; what it names, and the kind of memory it asks for, come first.

        Args:
            where: condition the memories must meet.
            as_of: search what held at that time, memories included that were superseded since.
            supposing: what the user's what-if copies say takes the place of what they were made from.
            everyone: also search what other users share with this one, as a query about "our team" does by itself.
        """
        self._admit(user)
        call = replace(self.call(query, user=user), query=query)
        if everyone and call.scope == "private":
            call = replace(call, scope="shared")
        hits = self.recall(query, k, user=user, where=where, as_of=as_of, call=call, supposing=supposing)
        return shown(hits, self.config.dates)

    def call(
        self, query: str, *, user: str = "default", now: datetime | None = None, history: Sequence[str] = ()
    ) -> MemoryCall:
        """The memory call behind a query, which is searched for whatever it says.

        Args:
            now: wall-clock time, for relative times; the present where None.
            history: earlier messages of the conversation, oldest first.
        """
        from memos.interface.reader import MemReader

        reader = MemReader(self.operator(user).speakers())
        read = reader.read(query, caller=user, now=now or self.clock().replace(tzinfo=None), history=history)
        return read if read.needs_memory else MemoryCall("recall", query, user)

    def recall(
        self,
        query: str,
        k: int,
        *,
        user: str = "default",
        where: Where | None = None,
        as_of: datetime | None = None,
        config: RetrieveConfig | None = None,
        use: bool = True,
        call: MemoryCall | None = None,
        supposing: bool = False,
    ) -> list[UnitHit]:
        """``search`` with its units, for those who render them themselves.

        Args:
            config: channels and mechanisms of this search; the operator's where None.
            use: count the use of each memory and log the search; False for a search that changes nothing.
            call: what constrains the search; None: nothing does.
        """
        if use:
            self._age()
        for last in (False, False, True):
            try:
                if supposing:
                    hits = self._supposed_hits(query, k, user, where)
                elif call is None or as_of is not None or not self.config.flow:
                    hits = self._hits(user, query, k, user, where, config, as_of)
                    if use:
                        free = call or MemoryCall("recall", query, user)
                        self._flows[user] = Flow(free, plan(MemoryCall("recall", query, user)), (len(hits),))
                else:
                    hits, self._flows[user] = self._followed(call, k, user, where, config)
                self._used(user, list(dict.fromkeys(unit.unit_id for hit in hits for unit in hit.units)), k, use=use)
                return hits
            except (NotFound, LicenceError):  # erased, or its last read was taken, while it was looked at: search again
                if last:
                    raise
        raise AssertionError("the last round returns or raises")

    def _hits(
        self,
        space: str,
        query: str,
        k: int,
        user: str,
        where: Where | None,
        config: RetrieveConfig | None = None,
        as_of: datetime | None = None,
    ) -> list[UnitHit]:
        caller = Caller(user) if self.governed else None
        if space == user:
            self.operator(user)
        return self._space(space).search(query, k, caller=caller, where=where, config=config, as_of=as_of)

    def _followed(
        self, call: MemoryCall, k: int, user: str, where: Where | None, config: RetrieveConfig | None
    ) -> tuple[list[UnitHit], Flow]:
        """The hits of a call, by its plan, and what became of it."""
        steps = plan(call, working=self.vault.crowd(user, "working") > 0)
        others = self._sharing(user) if call.scope != "private" else ()

        def recall(depth: int, condition: Where | None) -> list[UnitHit]:
            hits = self._hits(user, call.query, depth, user, condition, config)
            given = ~Is("layer", "private") if condition is None else condition & ~Is("layer", "private")
            for other in others:
                theirs = self._hits(other, call.query, depth, user, given, config)
                hits = merged(hits, theirs, self._worth(call.query, user, other))[:depth]
            return hits

        def passing(condition: Where, ids: Sequence[str]) -> frozenset[str]:
            return frozenset(self.vault.find(Is("cube_id", *ids) & condition, order=()) if ids else ())

        hits, taken = follow(steps, k, recall=recall, passing=passing, where=where)
        return hits, Flow(call, steps, taken, others)

    def _supposed_hits(self, query: str, k: int, user: str, where: Where | None) -> list[UnitHit]:
        """The hits that there would be if a user's what-if copies were true."""
        supposed, space = self.supposed(user), self.config.states.what_if_namespace
        real = ~Is("cube_id", *supposed) if supposed else None
        real = where if real is None else real if where is None else where & real
        hits = self._hits(user, query, k, user, real)
        theirs = self._hits(space, query, k, user, Is("owner", user)) if supposed else []
        return merged(hits, theirs, self._worth(query, user, space))[:k]

    def _sharing(self, user: str) -> tuple[str, ...]:
        """Other users in whose namespaces a user may read something, in order of their names."""
        theirs = ~Is("layer", "private") & ~Is("namespace", user)
        if self.governed:
            theirs = theirs & readable_by(self.vault, Caller(user), self.clock())
        cubes = self.vault.get_many(self.vault.find(theirs))
        return tuple(sorted(name for name in {cube.governance.namespace for cube in cubes} if not reserved(name)))

    def _worth(self, query: str, *users: str) -> Callable[[UnitHit], float]:
        """How near a hit of one of the users is to a query: cosine, and the share of its words that the hit has."""
        vector, asked = self.embedder.encode([query])[0], set(terms(query))
        indexes = [self._space(user).index for user in users]

        def worth(hit: UnitHit) -> float:
            best = -np.inf
            for unit in hit.units:
                index = next((one for one in indexes if unit.unit_id in one.row_of), None)
                if index is not None:
                    row = index.row_of[unit.unit_id]
                    words = len(asked.intersection(index.terms[row])) / max(len(asked), 1)
                    best = max(best, float(index.vectors[row] @ vector) + words)
            return best

        return worth

    def explain(
        self, utterance: str | None = None, *, user: str = "default", now: datetime | None = None, k: int = 20
    ) -> str:
        """How an utterance is searched for: what was read in it, where was looked, and what that gave, in words.

        Args:
            utterance: searched for now, without counting a use; None: tell of the user's last search or chat.
        """
        from memos.interface.reader import MemReader

        if utterance is None:
            last = self._flows.get(user)
            return "nothing was searched yet" if last is None else last.explain()
        reader = MemReader(self.operator(user).speakers())
        call = reader.read(utterance, caller=user, now=now or self.clock().replace(tzinfo=None))
        if not call.needs_memory:
            return plan(call).explain()
        return self._followed(call, k, user, None, None)[1].explain()

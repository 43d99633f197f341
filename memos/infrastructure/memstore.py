"""MemStore (paper section 5.5): publish memories under a licence; subscribe by tag or by meaning; push and pull."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from memos.cube.clock import Clock, Ids
from memos.cube.codec import canonical, from_json, to_json
from memos.cube.cube import MemCube, new_cube
from memos.cube.errors import MALFORMED, AccessDenied, CubeError, NotFound
from memos.cube.header import Grant
from memos.cube.payload import PlaintextPayload
from memos.errors import ConfigError
from memos.infrastructure.access import SYSTEM_NAMESPACES, Caller, reserved
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.licence import Licence, licence_of
from memos.infrastructure.vault.base import Edge, Vault
from memos.infrastructure.vault.filters import Is, Tagged
from memos.infrastructure.vault.following import WITHDREW, renewed

if TYPE_CHECKING:
    import numpy as np

Push = Callable[[str, MemCube], None]
"""Called with a subscriber's name and a listing that matches one of its subscriptions. A listing under a licence that
limits reading comes without its text."""
UNREAD = "(under a licence: read it with MemStore.access)"
"""What stands in place of such a text."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a subscriber wants to hear of: all listings with one of the tags, or near enough in meaning."""

    subscriber: str
    tags: tuple[str, ...] = ()
    vector: tuple[float, ...] = ()
    threshold: float = 0.5
    """Least inner product with ``vector``."""


class MemStore:
    """A market of memories in a namespace of the vault. Licences, access counts and subscriptions live in the vault."""

    @dataclass
    class Config:
        namespace: str = field(default="memstore", metadata={"help": "namespace of the listings: memstore or below it"})

        def __post_init__(self) -> None:
            if not reserved(self.namespace):
                raise ConfigError(
                    f"memstore.namespace: users may write into {self.namespace!r}; use one of "
                    f"{', '.join(SYSTEM_NAMESPACES)} or below, such as {SYSTEM_NAMESPACES[0]}/books"
                )

    def __init__(
        self,
        config: Config | None = None,
        *,
        vault: Vault,
        governance: MemGovernance,
        clock: Clock,
        ids: Ids,
        push: Push | None = None,
    ) -> None:
        self.config = config or self.Config()
        self.vault, self.governance, self.clock, self.ids, self.push = vault, governance, clock, ids, push

    def publish(self, cube_id: str, caller: Caller, *, licence: Licence | None = None, mark: str = "") -> MemCube:
        """Offer a redacted, watermarked copy to everybody; matching subscribers are told at once.

        Raises:
            AccessDenied: the caller has no right to share it.
        """
        cube = self.governance.fetch(caller, cube_id, "share")
        copy = self.governance.exported(caller, cube, mark=mark).copied(
            self.ids(),
            self.clock(),
            derived_from=(cube_id,),
            namespace=self.config.namespace,
            layer="global",
            acl=(Grant("*", ("read",)),),
            read_only=True,
            contexts=(),
            licence=canonical(to_json(licence or Licence())),
        )
        vector = self.vault.vectors([cube_id])[0]
        with self.vault.transaction():
            self.vault.add([copy], [vector], actor=caller.user, cause=f"publish {cube_id}")
            self.governance.log(caller, "publish", cube_id, cube.kind, listing=copy.cube_id)
        self._tell(copy, vector)
        return copy

    def _tell(self, listing: MemCube, vector: np.ndarray | None) -> None:
        """Push a listing to those who wait for it. One whose push fails keeps nobody else from hearing of it."""
        if self.push is None:
            return
        for subscriber in dict.fromkeys(
            one.subscriber for one in self.subscriptions() if _wanted(one, listing, vector)
        ):
            try:
                self.push(subscriber, _told_of(listing))
            except Exception as error:  # noqa: BLE001 - whatever a subscriber does, it is logged and the others are told
                cause = f"subscriber {subscriber}: {type(error).__name__}"
                self.governance.log(
                    Caller(subscriber), "push", listing.cube_id, listing.kind, cause=cause, outcome="error"
                )

    def sync(self) -> list[str]:
        """Offer the present text of what was published and has changed since, and tell the subscribers; gives the
        listings. What has left is withdrawn already (``vault.following``).
        """
        withdrawn = self.vault.find(Is("state", "archived"), namespaces=[self.config.namespace], live=False)
        changed = [
            edge
            for edge in self.vault.edges(withdrawn, relations=[WITHDREW], direction="in")
            if edge.attributes["why"] == "changed"
        ]
        return [listing for edge in changed if (listing := self._offer_again(edge)) is not None]

    def _offer_again(self, edge: Edge) -> str | None:
        source, listing = self.vault.get(edge.source), self.vault.get(edge.target)
        if (
            not source.live(self.clock())
            or len(self.vault.edges([edge.target], relations=[WITHDREW], direction="in")) > 1
        ):
            return None
        owner = Caller(listing.governance.owner)
        if not self.governance.explain(owner, "share", source).allowed:
            return None
        mark = listing.governance.watermark
        payload = self.governance.exported(owner, source, mark=mark).payload
        vector = self.vault.vectors([source.cube_id])[0]
        with self.vault.transaction():
            self.vault.update(listing.revise(self.clock(), payload=payload), vector, actor=owner.user, cause="sync")
            renewed(self.vault, listing.cube_id)
            self.vault.place(listing.cube_id, state=edge.attributes["was"])
            self.governance.log(owner, "sync", listing.cube_id, listing.kind, cause=f"{source.cube_id} has changed")
        self._tell(self.vault.get(listing.cube_id), vector)
        return listing.cube_id

    def withdraw(self, listing_id: str, caller: Caller) -> None:
        """End an offer: the listing is archived, what was read stays with its readers."""
        listing = self._listing(listing_id)
        self.governance.require(caller, "share", listing)
        with self.vault.transaction():
            self.vault.place(listing_id, state="archived")
            self.governance.log(
                caller,
                "transition",
                listing_id,
                listing.kind,
                cause="withdrawn",
                **{"from": listing.state, "to": "archived"},
            )

    def access(self, listing_id: str, caller: Caller) -> MemCube:
        """Read a listing under its licence; each read counts, as it does through every other door.

        Raises:
            NotFound: no such listing, or withdrawn.
            LicenceError: expired, or the caller's reads are used up; logged.
        """
        listing = self._listing(listing_id)
        if listing.state == "archived":
            raise NotFound(f"listing {listing_id} was withdrawn")
        self.governance.require(caller, "read", listing)
        count = lambda ids: self.vault.touch(ids, self.clock(), "access", caller.user)  # noqa: E731
        with self.vault.transaction():
            self.governance.charge(caller, [listing], count)
            self.governance.log(caller, "licensed_read", listing_id, listing.kind)
        return self.vault.get(listing_id)

    def subscribe(self, subscription: Subscription, caller: Caller | None = None) -> None:
        """Keep a subscription; one without tag and vector is refused, and so is a vector with a value not finite.

        Args:
            caller: who asks for it; None: the subscriber, as the program knows.

        Raises:
            AccessDenied: it is in the name of another.
        """
        self._check_caller(subscription.subscriber, caller)
        if not subscription.tags and not subscription.vector:
            raise CubeError(f"subscription of {subscription.subscriber}: neither tags nor vector")
        if not all(map(math.isfinite, subscription.vector)):
            raise CubeError(f"subscription of {subscription.subscriber}: a vector with a value that is not finite")
        payload = PlaintextPayload(f"subscription of {subscription.subscriber}", "record", to_json(subscription))
        note = new_cube(
            payload,
            owner=subscription.subscriber,
            ids=self.ids,
            clock=self.clock,
            semantic_type="subscription",
            governance={"namespace": self._subscriptions},
        )
        self.vault.add([note], cause="subscribe")

    def unsubscribe(self, subscriber: str, caller: Caller | None = None, *, tags: Sequence[str] = ()) -> int:
        """End subscriptions; gives how many.

        Args:
            caller: see ``subscribe``.
            tags: of those to be ended; none: all of them.
        """
        self._check_caller(subscriber, caller)
        notes = self.vault.get_many(self.vault.find(Is("owner", subscriber), namespaces=[self._subscriptions]))
        stated = [(note.cube_id, _stated(note)) for note in notes]
        ended = [cube_id for cube_id, one in stated if not tags or (one is not None and {*tags} <= {*one.tags})]
        self.vault.purge(ended)
        return len(ended)

    def _check_caller(self, subscriber: str, caller: Caller | None) -> None:
        if caller is not None and caller.user != subscriber and not caller.privileged:
            raise AccessDenied(f"user {caller.user} may not subscribe, unsubscribe or pull in the name of {subscriber}")

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, oldest first. A note that states none (made by hand) is passed over."""
        stated = map(_stated, self.vault.get_many(self.vault.find(namespaces=[self._subscriptions])))
        return [one for one in stated if one is not None]

    def pull(self, subscriber: str, caller: Caller | None = None) -> list[str]:
        """Ids of all listings that match the subscriber's subscriptions and that they may read, oldest first."""
        self._check_caller(subscriber, caller)
        mine = [one for one in self.subscriptions() if one.subscriber == subscriber]
        matching: set[str] = set()
        for one in mine:
            if one.tags:
                matching.update(self.vault.find(Tagged(*one.tags), namespaces=[self.config.namespace]))
            if one.vector:
                matching.update(self._near(one))
        readable = self.vault.find(self.governance.readable(Caller(subscriber)), namespaces=[self.config.namespace])
        return [cube_id for cube_id in readable if cube_id in matching]

    def _near(self, one: Subscription) -> list[str]:
        """Listings near a subscription's vector; none where it is a vector of another embedder."""
        listed = self.vault.find(namespaces=[self.config.namespace])
        if not any(vector is not None and vector.size == len(one.vector) for vector in self.vault.vectors(listed)):
            return []
        near = self.vault.nearest(_array(one.vector), len(listed), namespaces=[self.config.namespace])
        return [match.cube_id for match in near if match.score >= one.threshold]

    @property
    def _subscriptions(self) -> str:
        return f"{self.config.namespace}/subscriptions"

    def _listing(self, listing_id: str) -> MemCube:
        listings = self.vault.find(Is("cube_id", listing_id), namespaces=[self.config.namespace], live=False)
        if not listings:
            raise NotFound(f"no listing {listing_id}")
        return self.vault.get(listing_id)


def _wanted(subscription: Subscription, listing: MemCube, vector: np.ndarray | None) -> bool:
    if not set(subscription.tags).isdisjoint(listing.descriptive.tags):
        return True
    if vector is None or len(subscription.vector) != vector.size:
        return False
    return round(float(_array(subscription.vector) @ vector), 6) >= subscription.threshold


def _stated(note: MemCube) -> Subscription | None:
    """The subscription of a note; None where it states none, or one in another's name."""
    if note.descriptive.semantic_type != "subscription" or not isinstance(note.payload, PlaintextPayload):
        return None
    try:
        made = from_json(Subscription, note.payload.record)
    except (CubeError, *MALFORMED):
        return None
    return made if made.subscriber == note.governance.owner else None


def _told_of(listing: MemCube) -> MemCube:
    """A listing as a subscriber is told of it: without its text where a licence limits reading it."""
    if not licence_of(listing.governance.licence).limited or not isinstance(listing.payload, PlaintextPayload):
        return listing
    return replace(listing, payload=PlaintextPayload(UNREAD, language=listing.payload.language))


def _array(numbers: Sequence[float]) -> Any:
    import numpy as np

    return np.array(numbers, dtype=np.float32)

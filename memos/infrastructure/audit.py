"""The audit log: append-only, hash-chained (docs/memos.md C43). Entries name cubes by id and never hold their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from memos.cube.codec import canonical, digest_of
from memos.cube.errors import ChainBroken
from memos.errors import ConfigError


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One call or transition."""

    at: datetime
    actor: str
    operation: str
    """Such as create, search, update, transition, denied, erase, export."""
    cube_id: str = ""
    """The memory concerned; empty where there is none or several (then ``details["cubes"]``)."""
    kind: str = ""
    """Payload kind of the memory."""
    cause: str = ""
    outcome: str = "ok"
    details: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    """Place in the log, from 1; 0 before it is appended."""
    digest: str = ""

    def about(self, cube_id: str) -> AuditEntry:
        """The entry without the other memories that its call was about."""
        if "cubes" not in self.details:
            return self
        return replace(self, details={**self.details, "cubes": [cube_id]})


def seal(entry: AuditEntry, seq: int, previous: str) -> AuditEntry:
    """The entry with its place and digest; the digest covers the entry and the digest before it."""
    body = [
        previous,
        seq,
        entry.at.isoformat(),
        entry.actor,
        entry.operation,
        entry.cube_id,
        entry.kind,
        entry.cause,
        entry.outcome,
        entry.details,
    ]
    return replace(entry, seq=seq, digest=digest_of(canonical(body)))


def verify_audit(entries: Iterable[AuditEntry], anchors: Iterable[str] = ()) -> int:
    """Check the whole log, oldest first, and return its length.

    Args:
        anchors: places that the log once reached, each as its number of entries and the digest of the last; one kept
            elsewhere shows that the end of the log was cut off, or all of it written anew.

    Raises:
        ChainBroken: naming the first entry that was changed, removed or put in, or that an anchor misses.
    """
    previous, count = "", 0
    reached = dict(map(_anchor, anchors))
    for entry in entries:
        count += 1
        if entry.seq != count or seal(entry, count, previous).digest != entry.digest:
            raise ChainBroken(f"audit entry {entry.seq}: expected entry {count} of an unbroken chain")
        if reached.pop(count, entry.digest) != entry.digest:
            raise ChainBroken(f"audit entry {count}: not the one that an anchor names; the log was written anew")
        previous = entry.digest
    if reached:
        raise ChainBroken(f"audit log: ends after {count} entries, and once had {max(reached)}; its end was cut off")
    return count


def _anchor(text: str) -> tuple[int, str]:
    """An anchor as the number of entries and the digest of the last.

    Raises:
        ConfigError: it is none.
    """
    number, _, digest = text.strip().partition(" ")
    if not number.isdigit() or not digest:
        raise ConfigError(f"anchor {text!r}: expected a number of entries and a digest, as memos anchor prints them")
    return int(number), digest


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which audit entries: every field that is set must match (paper section 5.3, LogQuery)."""

    after: datetime | None = None
    """Not before this time."""
    before: datetime | None = None
    """Before this time."""
    actor: str | None = None
    operations: tuple[str, ...] = ()
    kind: str | None = None
    cube_id: str | None = None
    """Entries about this cube, calls over several cubes included."""
    outcome: str | None = None

    def matches(self, entry: AuditEntry) -> bool:
        return (
            (self.after is None or entry.at >= self.after)
            and (self.before is None or entry.at < self.before)
            and (self.actor is None or entry.actor == self.actor)
            and (not self.operations or entry.operation in self.operations)
            and (self.kind is None or entry.kind == self.kind)
            and (
                self.cube_id is None or entry.cube_id == self.cube_id or self.cube_id in entry.details.get("cubes", ())
            )
            and (self.outcome is None or entry.outcome == self.outcome)
        )

"""Licences of memories (paper section 5.5, MemStore): what a reader other than the owner may do, and until when.

The licence stands in a memory's header as the JSON of ``Licence``; any other text there only names a licence. It is
asked wherever a memory is read: ``access.decide_on`` for one memory, ``vault.readable`` for a search.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from memos.cube.codec import from_json
from memos.cube.errors import MALFORMED, CubeError


@dataclass(frozen=True, slots=True)
class Licence:
    """What a reader of a published memory may do."""

    max_accesses: int | None = None
    """Reads each user has; None: any number."""
    expires_at: datetime | None = None
    """From this time on it cannot be read."""

    def __post_init__(self) -> None:
        if self.max_accesses is not None and self.max_accesses < 0:
            raise CubeError(f"Licence.max_accesses: {self.max_accesses} is negative")
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise CubeError(f"Licence.expires_at: {self.expires_at.isoformat()} needs a time zone")

    @property
    def limited(self) -> bool:
        """Whether it refuses anything at all."""
        return self != _OPEN

    def refusal(self, at: datetime | None, reads: int, user: str) -> str:
        """Why a user who has read it ``reads`` times may not read it again; empty where that is allowed.

        Args:
            at: the present; None: unknown, which a limited licence does not allow.
        """
        if not self.limited:
            return ""
        if at is None:
            return "the licence cannot be judged without a clock"
        if self.expires_at is not None and at >= self.expires_at:
            return f"the licence expired at {self.expires_at.isoformat()}"
        if self.max_accesses is not None and reads >= self.max_accesses:
            return f"all {self.max_accesses} reads of user {user} are used up"
        return ""


_OPEN = Licence()
_CLOSED = Licence(max_accesses=0)


@lru_cache(maxsize=4096)
def licence_of(text: str) -> Licence:
    """The licence that a header states. A name alone limits nothing; a JSON object that is no licence allows no
    read. Of several, one a line (a memory made from others has theirs), all bind."""
    lines = [line for line in text.split("\n") if line.lstrip().startswith("{")]
    if not lines:
        return _OPEN
    try:
        every = [from_json(Licence, json.loads(line)) for line in lines]
    except (CubeError, *MALFORMED):
        return _CLOSED
    limits = [one.max_accesses for one in every if one.max_accesses is not None]
    ends = [one.expires_at for one in every if one.expires_at is not None]
    return Licence(min(limits, default=None), min(ends, default=None))


def licence_allows(text: str | None, at: str | None, reads: int, user: str) -> bool:
    """The same question as SQL asks it (``schema.open_database`` makes it a function of the database)."""
    moment = None if at is None else datetime.fromisoformat(at)
    return not licence_of(text or "").refusal(moment, reads, user)

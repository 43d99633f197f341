"""The present conversation of a user: the last exchanges, as long as all that they rest on is as it was.

An exchange is kept in the process only. It names the memories that were shown for it and made of it; where one of them
was changed, archived, erased, has expired or may not be read any more, the exchange is forgotten with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from memos.cube import MemCube
from memos.infrastructure.vault import Is, Vault, Where


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message of a user and the reply to it."""

    message: str
    reply: str
    versions: tuple[tuple[str, int], ...]
    """The memories it rests on, as id and version."""
    at: datetime


class Talk:
    """The exchanges of one user, oldest first.

    Args:
        most: exchanges that are kept.
        idle: seconds without one after which the conversation is over.
    """

    def __init__(self, most: int, idle: float) -> None:
        self._kept: deque[Exchange] = deque(maxlen=most)
        self._idle = timedelta(seconds=idle)

    def over(self, now: datetime) -> bool:
        """Whether there is no conversation any more."""
        return not self._kept or now - self._kept[-1].at > self._idle

    def end(self) -> None:
        """Begin anew."""
        self._kept.clear()

    def say(self, message: str, reply: str, rests_on: Iterable[MemCube], at: datetime) -> None:
        """Keep an exchange that rests on these memories."""
        self._kept.append(Exchange(message, reply, tuple((cube.cube_id, cube.version) for cube in rests_on), at))

    def exchanges(self, vault: Vault, readable: Where | None) -> list[Exchange]:
        """Those that still hold.

        Args:
            readable: what the user may read; None: everything.
        """
        ids = {cube_id for one in self._kept for cube_id, _ in one.versions}
        if ids:
            there = Is("cube_id", *sorted(ids))
            live = vault.find(there if readable is None else there & readable)
            known = {cube.cube_id: cube.version for cube in vault.get_many(live)}
            kept = [one for one in self._kept if all(known.get(cube_id) == n for cube_id, n in one.versions)]
            self._kept = deque(kept, self._kept.maxlen)
        return list(self._kept)

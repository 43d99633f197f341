"""What a caller may read, as a filter: every search, listing and dump asks it (docs/memos.md C42)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from memos.cube.cube import MemCube
from memos.infrastructure.access import Caller, decide_on
from memos.infrastructure.vault.filters import Sql, Where

if TYPE_CHECKING:
    from memos.infrastructure.vault.base import Vault


@dataclass(frozen=True)
class ReadableBy(Where):
    """The caller may read the cube: ``access.decide_on(caller, cube, "read")`` as SQL. Made by ``readable_by``."""

    caller: Caller
    at: datetime | None = None
    """The present; None: unknown, which a limited licence does not allow."""
    reads: Callable[[str], int] | None = field(default=None, compare=False)
    """How often the caller has read a cube, by id."""

    def sql(self, wide: bool = False) -> Sql:
        principals, user = list(self.caller.principals), self.caller.user
        seconds, moment = (None, None) if self.at is None else (self.at.timestamp(), self.at.isoformat())
        grant = (
            "EXISTS (SELECT 1 FROM acl WHERE acl.id = cubes.id AND acl.right = 'read' AND acl.allow = {} "
            f"AND acl.principal IN ({','.join('?' * len(principals))}))"
        )
        fresh = "(? IS NULL OR cubes.frozen OR cubes.expires_at IS NULL OR cubes.expires_at > ?)"
        used = (
            "(SELECT count(*) FROM uses WHERE uses.id = cubes.id AND uses.caller = ? AND use IN ('access','injection'))"
        )
        licence = "json_extract(cubes.content, '$.governance.licence')"
        licensed = (
            'CASE WHEN instr(cubes.content, \'"licence":"\') = 0 THEN 1 '
            f"ELSE licence_allows({licence}, ?, {used}, ?) END"
        )
        text = (
            "(cubes.contexts = '' OR instr(cubes.contexts, ?) > 0) AND (cubes.owner = ? OR (cubes.layer != 'private' "
            f"AND NOT {grant.format(0)} AND ({grant.format(1)} "
            "OR (cubes.layer = 'global' AND cubes.sensitivity != 'restricted')) "
            f"AND cubes.state IN ('generated','activated') AND {fresh} AND {licensed}))"
        )
        rules = [context_key(self.caller.context), user, *principals, *principals]
        return text, [*rules, seconds, seconds, moment, user, user]

    def matches(self, cube: MemCube) -> bool:
        return decide_on(self.caller, cube, "read", at=self.at, reads=self.reads).allowed


def readable_by(vault: Vault, caller: Caller, at: datetime) -> ReadableBy:
    """The filter of what a caller may read in a vault at a time; every search and every dump asks it."""
    return ReadableBy(caller, at, lambda cube_id: reads_of(vault, caller, cube_id))


def reads_of(vault: Vault, caller: Caller, cube_id: str) -> int:
    """How often a caller has read a cube."""
    return sum(use.caller == caller.user and use.use in ("access", "injection") for use in vault.uses(cube_id))


def context_key(*contexts: str) -> str:
    """How the vault writes a list of contexts into one column, so that each can be found whole."""
    whole = [context.replace("\x1e", "\x1e0").replace("\x1f", "\x1e1") for context in contexts]
    return "\x1f" + "\x1f".join(whole) + "\x1f" if contexts else ""

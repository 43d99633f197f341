"""What held at a time: each memory is valid from when it was said until another made it untrue.

The interval stands in the header: ``attributes.valid_from`` (else ``said_at``, else the record time) and
``attributes.valid_until``, which an update writes before it archives what it supersedes. A live memory has no end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from memos.cube import MemCube
from memos.infrastructure.vault import Vault, Where

VALID_FROM, VALID_UNTIL = "valid_from", "valid_until"
_LIVE = ("generated", "activated")


def plain(moment: datetime) -> datetime:
    """A time as wall clock, an aware one in UTC, so that times with and without a zone compare."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def valid_from(cube: MemCube) -> datetime:
    """When a memory began to hold, wall clock."""
    stated = cube.descriptive.attributes.get(VALID_FROM) or cube.descriptive.attributes.get("said_at")
    return plain(datetime.fromisoformat(str(stated)) if stated else cube.descriptive.created_at)


def valid_until(cube: MemCube) -> datetime | None:
    """When it was superseded, wall clock; None where it was not, or has been restored since."""
    stated = cube.descriptive.attributes.get(VALID_UNTIL)
    return None if not stated or cube.state in _LIVE else plain(datetime.fromisoformat(str(stated)))


def held(cube: MemCube, moment: datetime) -> bool:
    """Whether a memory held at a time; what was archived for another reason (capacity, a duplicate) did not."""
    if valid_from(cube) > plain(moment):
        return False
    end = valid_until(cube)
    return cube.state in _LIVE if end is None else end > plain(moment)


def closed(cube: MemCube, at: datetime, winner: MemCube) -> MemCube:
    """The next version of a superseded memory, whose interval ends where the newer statement began."""
    attributes = cube.descriptive.attributes | {VALID_UNTIL: valid_from(winner).isoformat()}
    return cube.revise(at, descriptive={"attributes": attributes})


def holding(
    vault: Vault, namespace: str, moment: datetime, where: Where | None
) -> tuple[Sequence[MemCube], list[np.ndarray | None]]:
    """The memories of a namespace that held at a time and pass a filter, in order of insertion, with their vectors."""
    ids = vault.find(where, namespaces=[namespace], live=False)
    cubes = [cube for cube in vault.get_many(ids) if cube.kind == "plaintext" and held(cube, moment)]
    return cubes, vault.vectors([cube.cube_id for cube in cubes])

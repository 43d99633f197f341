"""A whole store as it was: copied into a file, and brought back (paper section 5.4.3, Time Machine).

The audit log is not brought back: it goes on, and has an entry for it.
"""

from __future__ import annotations

from memos.cube.errors import AccessDenied
from memos.infrastructure.access import Caller
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.vault.base import Vault


def bring_back(vault: Vault, earlier: Vault, *, governance: MemGovernance, caller: Caller, cause: str) -> int:
    """Give a vault the memories of an earlier copy of it, with versions, vectors, uses and edges, and no others.

    One transaction; generations go on, so that no cache or index outlives it.

    Returns:
        The number of memories.

    Raises:
        AccessDenied: the caller is not privileged.
    """
    if not caller.privileged:
        raise AccessDenied(f"user {caller.user}: only the program itself brings back a whole store")
    ids = earlier.find(live=False)
    with vault.transaction():
        vault.purge(vault.find(live=False))
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            for cube, vector in zip(earlier.get_many(part), earlier.vectors(part), strict=True):
                vault.restore(cube, earlier.versions(cube.cube_id), vector, earlier.uses(cube.cube_id))
        vault.link(earlier.edges(ids, direction="out"))
        governance.log(caller, "rollback", cause=cause, count=len(ids))
    return len(ids)

"""The digest of a vault's contents, the same for equal contents in any adapter."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from memos.cube.codec import canonical, to_json

if TYPE_CHECKING:
    from memos.infrastructure.vault.base import Vault


def vault_digest(vault: Vault) -> str:
    """Hex digest over cubes, versions, vectors, edges and the access log, in an order of their own."""
    hasher = hashlib.blake2b(digest_size=16)

    def put(value: object) -> None:
        hasher.update(canonical(value).encode("ascii") + b"\n")

    ids = sorted(vault.find(live=False))
    for cube, vector in zip(vault.get_many(ids), vault.vectors(ids), strict=True):
        put(cube.to_json())
        put([to_json(version) for version in vault.versions(cube.cube_id)])
        hasher.update(b"-" if vector is None else vector.tobytes())
    put([to_json(edge) for edge in vault.edges(ids, direction="out")])
    put(sorted(canonical(to_json(use)) for use in vault.uses()))
    return hasher.hexdigest()

"""One view over several vaults (paper section 5.5: mounts): reads are the merge of the single vaults' reads (C49)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from memos.cube.cube import MemCube
from memos.cube.errors import CubeError, NotFound
from memos.infrastructure.vault.base import Match, Vault
from memos.infrastructure.vault.filters import Where
from memos.infrastructure.vault.ranked import merged

if TYPE_CHECKING:
    import numpy as np


class CompositeView:
    """Several mounted vaults, read together. Writing goes to one vault by its mount name."""

    def __init__(self, mounts: Mapping[str, Vault]) -> None:
        if not mounts:
            raise CubeError("view: no vault mounted")
        self.mounts = dict(mounts)

    def keyword(
        self,
        query: str,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        """As ``Vault.keyword``; equal scores by cube id, one match a cube."""
        rankings = (
            vault.keyword(query, k, where=where, namespaces=namespaces, live=live) for vault in self.mounts.values()
        )
        return _distinct(merged(rankings, k * len(self.mounts)))[:k]

    def nearest(
        self,
        vector: np.ndarray,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        """As ``Vault.nearest``."""
        rankings = (
            vault.nearest(vector, k, where=where, namespaces=namespaces, live=live) for vault in self.mounts.values()
        )
        return _distinct(merged(rankings, k * len(self.mounts)))[:k]

    def get(self, cube_id: str) -> MemCube:
        """The cube from the first mount that has it."""
        return self.holder(cube_id).get(cube_id)

    def holder(self, cube_id: str) -> Vault:
        """The first mounted vault that has the cube; raises NotFound."""
        for vault in self.mounts.values():
            try:
                vault.get(cube_id)
            except NotFound:
                continue
            return vault
        raise NotFound(f"no cube {cube_id} in any of {', '.join(self.mounts)}")


def _distinct(matches: list[Match]) -> list[Match]:
    """The best match of each cube, at the best one's place."""
    best: dict[str, Match] = {}
    for match in matches:
        best.setdefault(match.cube_id, match)
    return list(best.values())

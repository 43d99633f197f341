"""A local index that follows the vault: what others stored, changed or took away is taken in before it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memos.cube import MemCube
from memos.infrastructure.vault import Vault
from memos.operation.retrieval.index import MemoryIndex

Take = Callable[[Sequence[MemCube]], None]
"""Indexes cubes under their vectors."""


class Freshness:
    """Which generation of a namespace an index stands for."""

    def __init__(self, vault: Vault, namespace: str) -> None:
        self.vault, self.namespace = vault, namespace
        self.generation, self._stamps, self._gone = -1, dict[str, int](), 0

    def stand(self) -> None:
        """The index was built from the vault as it is now."""
        self.generation, self._stamps = self.vault.generation(self.namespace), self.vault.stamps(self.namespace)
        self._gone = 0

    def stored(self, cubes: Sequence[MemCube], index: MemoryIndex) -> None:
        """The index's own owner stored these, in a transaction that began with ``catch_up``.

        Where that moved other memories (what was made from them follows), the next ``catch_up`` looks at all.
        """
        self._stamps.update((cube.cube_id, cube.version) for cube in cubes if cube.cube_id in index.row_of)
        generation = self.vault.generation(self.namespace)
        if generation == self.generation + len(cubes) + self._gone:
            self.generation = generation
        self._gone = 0

    def left(self, cube_ids: Sequence[str]) -> None:
        """The index's own owner took these out of the search; they come in again when they are live again."""
        for cube_id in cube_ids:
            self._stamps.pop(cube_id, None)
        self._gone += len(cube_ids)

    def catch_up(self, index: MemoryIndex, take: Take) -> None:
        """Bring the index up to the vault. What somebody took out of the index by hand stays out, until it changes its
        text.
        """
        generation = self.vault.generation(self.namespace)
        if generation == self.generation:
            return
        stamps = self.vault.stamps(self.namespace)
        index.remove([cube_id for cube_id in self._stamps if cube_id not in stamps])
        fresh = [cube_id for cube_id, version in stamps.items() if self._stamps.get(cube_id) != version]
        changed = []
        for cube in self.vault.get_many(fresh):
            row = index.row_of.get(cube.cube_id)
            new = cube.cube_id not in self._stamps if row is None else index.units[row].text != cube.text
            if new:
                changed.append(cube)
        take(changed)
        self.generation, self._stamps, self._gone = generation, stamps, 0

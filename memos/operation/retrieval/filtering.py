"""Structured filters over the rows of the local index, asked of the vault as narrowly as a search needs."""

from __future__ import annotations

import numpy as np

from memos.infrastructure.vault import Is, Vault, Where
from memos.operation.retrieval.index import MemoryIndex

FEW = 32
"""A filter that lets no more than one in so many memories through is listed whole."""


class Filter:
    """One filter during one search; see ``memos.operation.retrieval.features.Allowed``."""

    def __init__(self, vault: Vault, namespace: str, index: MemoryIndex, where: Where) -> None:
        self._vault, self._namespace, self._index, self._where = vault, namespace, index, where
        self._all: np.ndarray | None = None
        self._known: dict[int, bool] = {}

    def few(self) -> bool:
        """Whether what passes was listed, because an index of the vault can and it is little."""
        most = self._index.n // FEW
        if self._all is None and self._where.names_rows:
            cube_ids = self._find(self._where, limit=most + 1)
            if len(cube_ids) <= most:
                self._take(cube_ids)
        return self._all is not None

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Which of the rows are live and pass, boolean (len(rows),)."""
        if self._all is not None:
            return self._all[rows]
        known, asked = self._known, rows.tolist()
        new = {self._index.units[row].unit_id: row for row in asked if row not in known}
        if new:
            known.update(dict.fromkeys(new.values(), False))
            known.update((new[cube_id], True) for cube_id in self._find(Is("cube_id", *new) & self._where))
        return np.fromiter(map(known.__getitem__, asked), dtype=bool, count=len(asked))

    def mask(self) -> np.ndarray:
        """Which of all rows are live and pass, boolean (n,)."""
        if self._all is None:
            return self._take(self._find(self._where))
        return self._all

    def _find(self, where: Where, limit: int | None = None) -> list[str]:
        return self._vault.find(where, namespaces=[self._namespace], order=(), limit=limit)

    def _take(self, cube_ids: list[str]) -> np.ndarray:
        mask = self._all = np.zeros(self._index.n, dtype=bool)
        rows = map(self._index.row_of.get, cube_ids)
        mask[[row for row in rows if row is not None]] = True
        return mask

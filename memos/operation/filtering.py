"""Structured filters over the rows of the local index, asked of the vault as narrowly as a search needs."""

from __future__ import annotations

import numpy as np

from memos.infrastructure.vault import Is, Vault, Where
from memos.operation.index import MemoryIndex

WHOLE_ABOVE = 0.5
"""Share of the index from which asking about given rows costs more than asking for all."""


class Filter:
    """One filter during one search; see ``memos.operation.features.Allowed``."""

    def __init__(self, vault: Vault, namespace: str, index: MemoryIndex, where: Where) -> None:
        self._vault, self._namespace, self._index, self._where = vault, namespace, index, where
        self._all: np.ndarray | None = None

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Which of the rows are live and pass, boolean (len(rows),)."""
        if self._all is None and len(rows) > WHOLE_ABOVE * len(self._index):
            self.mask()
        if self._all is not None:
            return self._all[rows]
        ids = [self._index.units[row].unit_id for row in rows.tolist()]
        if not ids:
            return np.zeros(0, dtype=bool)
        passed = frozenset(self._vault.find(Is("cube_id", *ids) & self._where, namespaces=[self._namespace], order=()))
        return np.fromiter((cube_id in passed for cube_id in ids), dtype=bool, count=len(ids))

    def mask(self) -> np.ndarray:
        """Which of all rows are live and pass, boolean (n,)."""
        if self._all is None:
            self._all = np.zeros(self._index.n, dtype=bool)
            found = map(self._index.row_of.get, self._vault.find(self._where, namespaces=[self._namespace], order=()))
            self._all[[row for row in found if row is not None]] = True
        return self._all

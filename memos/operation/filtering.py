"""Structured filters over the rows of the local index, asked of the vault as narrowly as a search needs."""

from __future__ import annotations

import numpy as np

from memos.infrastructure.vault import Is, Vault, Where
from memos.operation.index import MemoryIndex


class Filter:
    """One filter during one search; see ``memos.operation.features.Allowed``."""

    def __init__(self, vault: Vault, namespace: str, index: MemoryIndex, where: Where) -> None:
        self._vault, self._namespace, self._index, self._where = vault, namespace, index, where
        self._all: np.ndarray | None = None
        self._wide = False

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Which of the rows are live and pass, boolean (len(rows),).

        A filter that lets no more memories through than there are rows is asked for all of them at once.
        """
        if self._all is None and not self._wide:
            found = self._find(self._where, limit=len(rows) + 1)
            self._wide = len(found) > len(rows)
            if not self._wide:
                self._take(found)
        if self._all is not None:
            return self._all[rows]
        ids = [self._index.units[row].unit_id for row in rows.tolist()]
        if not ids:
            return np.zeros(0, dtype=bool)
        passed = frozenset(self._find(Is("cube_id", *ids) & self._where))
        return np.fromiter((cube_id in passed for cube_id in ids), dtype=bool, count=len(ids))

    def mask(self) -> np.ndarray:
        """Which of all rows are live and pass, boolean (n,)."""
        if self._all is None:
            self._take(self._find(self._where))
        return self._all

    def _find(self, where: Where, limit: int | None = None) -> list[str]:
        return self._vault.find(where, namespaces=[self._namespace], order=(), limit=limit)

    def _take(self, found: list[str]) -> None:
        self._all = np.zeros(self._index.n, dtype=bool)
        rows = map(self._index.row_of.get, found)
        self._all[[row for row in rows if row is not None]] = True

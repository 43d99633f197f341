"""Reading the SQLite vault: filters as SQL, keyword and vector channels under a filter."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memos.cube.clock import Clock
from memos.cube.cube import LIVE
from memos.cube.errors import CubeError
from memos.infrastructure.vault.base import Match
from memos.infrastructure.vault.filters import COLUMNS, Where
from memos.infrastructure.vault.indexes import Indexes
from memos.infrastructure.vault.keywords import match_expression
from memos.infrastructure.vault.ranked import Ranked, filtered_top, merged

if TYPE_CHECKING:
    import numpy as np

ORDERS = {*COLUMNS, "id", "created_at", "updated_at", "last_access", "heat", "event_start"}
_LIVE = (
    f"cubes.state IN ({', '.join(repr(state) for state in LIVE)}) "
    "AND (cubes.frozen OR cubes.expires_at IS NULL OR cubes.expires_at > ?)"
)


class Search:
    """Searches over one open vault file."""

    def __init__(self, db: sqlite3.Connection, indexes: Indexes, clock: Clock) -> None:
        self._db, self._indexes, self._clock = db, indexes, clock

    def condition(self, where: Where | None, namespaces: Sequence[str] | None, live: bool) -> tuple[str, list]:
        """The filter as an SQL condition over ``cubes`` with its parameters."""
        text, values = ("1", []) if where is None else where.sql()
        if live:
            text = f"{_LIVE} AND ({text})"
            values = [self._clock().timestamp(), *values]
        if namespaces is not None:
            text = f"cubes.ns IN (SELECT value FROM json_each(?)) AND {text}"
            values = [json.dumps(self._indexes.known(namespaces)), *values]
        return text, values

    def find(self, where: Where | None, namespaces: Sequence[str] | None, live: bool, order: Sequence[str],
             limit: int | None) -> list[str]:  # fmt: skip
        text, values = self.condition(where, namespaces, live)
        terms = []
        for name in order:
            column = name.removeprefix("-")
            if column not in ORDERS:
                raise CubeError(f"order {column!r} is none of {', '.join(sorted(ORDERS))}")
            terms.append(f"cubes.{column} DESC" if name.startswith("-") else f"cubes.{column}")
        found = self._db.execute(
            f"SELECT cube_id FROM cubes WHERE {text} ORDER BY {', '.join([*terms, 'cubes.id'])} LIMIT ?",
            [*values, -1 if limit is None else limit],
        )
        return [cube_id for (cube_id,) in found]

    def count(self, where: Where | None, namespaces: Sequence[str] | None, live: bool) -> int:
        text, values = self.condition(where, namespaces, live)
        return self._db.execute(f"SELECT count(*) FROM cubes WHERE {text}", values).fetchone()[0]

    def keyword(self, query: str, k: int, where: Where | None, namespaces: Sequence[str], live: bool) -> list[Match]:
        expression = match_expression(query)
        if not expression:
            return []
        condition = self.condition(where, None, live)
        return merged((self._keyword(ns, expression, k, condition) for ns in self._indexes.known(namespaces)), k)

    def nearest(self, vector: np.ndarray, k: int, where: Where | None, namespaces: Sequence[str],
                live: bool) -> list[Match]:  # fmt: skip
        condition = self.condition(where, None, live)
        return merged((self._nearest(ns, vector, k, condition) for ns in self._indexes.known(namespaces)), k)

    def _keyword(self, ns: int, expression: str, k: int, condition: tuple[str, list]) -> list[Match]:
        table = f"fts_{ns}"

        def fetch(depth: int) -> Ranked:
            found = self._db.execute(
                f"SELECT rowid, rank FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT ?", (expression, depth)
            )
            return [(row, -rank) for row, rank in found]

        def fetch_allowed() -> Ranked:
            found = self._db.execute(
                f"SELECT f.rowid, f.rank FROM {table} f JOIN cubes ON cubes.id = f.rowid "
                f"WHERE {table} MATCH ? AND {condition[0]} ORDER BY f.rank",
                [expression, *condition[1]],
            )
            return [(row, -rank) for row, rank in found]

        return filtered_top(k, fetch, lambda ids: self._keep(ids, condition), fetch_allowed)

    def _nearest(self, ns: int, vector: np.ndarray, k: int, condition: tuple[str, list]) -> list[Match]:
        import numpy as np

        index = self._indexes.vector_index(ns)
        if index is None:
            return []
        query = np.ascontiguousarray(vector, dtype=np.float32)
        if query.shape != (index.dim,):
            raise CubeError(f"query vector of shape {query.shape} in a vault of {index.dim} dimensions")

        def fetch_allowed() -> Ranked:
            allowed = self._db.execute(f"SELECT id FROM cubes WHERE ns = ? AND {condition[0]}", [ns, *condition[1]])
            return index.among(query, [row for (row,) in allowed])

        return filtered_top(
            k, lambda depth: index.top(query, depth), lambda ids: self._keep(ids, condition), fetch_allowed
        )

    def _keep(self, ids: list[int], condition: tuple[str, list]) -> dict[int, str]:
        return dict(
            self._db.execute(
                f"SELECT id, cube_id FROM cubes WHERE id IN (SELECT value FROM json_each(?)) AND {condition[0]}",
                [json.dumps(ids), *condition[1]],
            )
        )

"""Reading the SQLite vault: filters as SQL, keyword and vector channels under a filter."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memos.cube.clock import Clock
from memos.cube.errors import CubeError
from memos.infrastructure.vault.base import Match
from memos.infrastructure.vault.filters import COLUMNS, Where
from memos.infrastructure.vault.indexes import Indexes
from memos.infrastructure.vault.keywords import all_of, any_of, query_words
from memos.infrastructure.vault.ranked import Ranked, filtered_top, merged
from memos.infrastructure.vault.rules import checked_vector
from memos.infrastructure.vault.schema import IN_LIVE_STATE

if TYPE_CHECKING:
    import numpy as np

ORDERS = {
    name: f"cubes.{name}" for name in (*COLUMNS, "id", "created_at", "updated_at", "last_access", "heat", "event_start")
}
ORDERS["recency"] = "max(cubes.updated_at, coalesce(cubes.last_access, cubes.updated_at))"
WHOLE = 4000
"""Largest vault in which every word of a query is searched for, however common."""
_LIVE = f"cubes.{IN_LIVE_STATE} AND (cubes.frozen OR cubes.expires_at IS NULL OR cubes.expires_at > ?)"


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A filter compiled twice: to check a few rows, and to list all that it allows."""

    few: tuple[str, list]
    wide: tuple[str, list]
    narrow: bool
    """Whether it asks for more than live memories."""
    names_rows: bool
    """Whether the filter can list its rows by an index."""


class Search:
    """Searches over one open vault file."""

    def __init__(self, db: sqlite3.Connection, indexes: Indexes, clock: Clock, keyword_matches: int) -> None:
        self._db, self._indexes, self._clock = db, indexes, clock
        self._keyword_matches = keyword_matches

    def condition(
        self, where: Where | None, namespaces: Sequence[str] | None, live: bool, wide: bool = True
    ) -> tuple[str, list]:
        """The filter as an SQL condition over ``cubes`` with its parameters (``wide``: see ``Where.sql``)."""
        text, parameters = ("1", []) if where is None else where.sql(wide)
        if live:
            text = f"{_LIVE} AND ({text})"
            parameters = [self._clock().timestamp(), *parameters]
        # Where the filter itself names rows, they drive; SQLite would take the index of places instead.
        drives = where is not None and where.names_rows
        if live and drives:
            text = f"+{text}"
        if namespaces is not None:
            known = self._indexes.known(namespaces)
            among = "= ?" if len(known) == 1 else "IN (SELECT value FROM json_each(?))"
            text = f"{'+' * drives}cubes.ns {among} AND {text}"
            parameters = [known[0] if len(known) == 1 else json.dumps(known), *parameters]
        return text, parameters

    def find(
        self, where: Where | None, namespaces: Sequence[str] | None, live: bool, order: Sequence[str], limit: int | None
    ) -> list[str]:
        text, parameters = self.condition(where, namespaces, live)
        terms = []
        for name in order:
            column = name.removeprefix("-")
            if column not in ORDERS:
                raise CubeError(f"order {column!r} is none of {', '.join(sorted(ORDERS))}")
            terms.append(f"{ORDERS[column]} DESC" if name.startswith("-") else ORDERS[column])
        sorting = f"ORDER BY {', '.join([*terms, 'cubes.id'])}" if terms else ""
        ids = self._db.execute(
            f"SELECT cube_id FROM cubes WHERE {text} {sorting} LIMIT ?",
            [*parameters, -1 if limit is None else limit],
        )
        return [cube_id for (cube_id,) in ids]

    def count(self, where: Where | None, namespaces: Sequence[str] | None, live: bool) -> int:
        text, parameters = self.condition(where, namespaces, live)
        return self._db.execute(f"SELECT count(*) FROM cubes WHERE {text}", parameters).fetchone()[0]

    def crowd(self, namespace: str, tier: str) -> int:
        """Live cubes of a tier: those in a live state, less those past their time to live."""
        known = self._indexes.known([namespace])
        if not known:
            return 0
        here = self._db.execute("SELECT live FROM crowds WHERE ns = ? AND tier = ?", (*known, tier)).fetchone()
        dead = self._db.execute(
            f"SELECT count(*) FROM cubes WHERE ns = ? AND tier = ? AND expires_at IS NOT NULL AND {IN_LIVE_STATE} "
            "AND expires_at <= ? AND NOT frozen",
            (*known, tier, self._clock().timestamp()),
        )
        return (here[0] if here else 0) - dead.fetchone()[0]

    def keyword(self, query: str, k: int, where: Where | None, namespaces: Sequence[str], live: bool) -> list[Match]:
        words = query_words(query)
        if not words:
            return []
        asked = self._asked(where, live)
        return merged((self._keyword(ns, words, k, asked) for ns in self._indexes.known(namespaces)), k)

    def nearest(
        self, vector: np.ndarray, k: int, where: Where | None, namespaces: Sequence[str], live: bool
    ) -> list[Match]:
        asked = self._asked(where, live)
        return merged((self._nearest(ns, vector, k, asked) for ns in self._indexes.known(namespaces)), k)

    def _asked(self, where: Where | None, live: bool) -> CompiledFilter:
        few, wide = (self.condition(where, None, live, wide) for wide in (False, True))
        return CompiledFilter(few, wide, where is not None, where is not None and where.names_rows)

    def _keyword(self, ns: int, words: list[str], k: int, asked: CompiledFilter) -> list[Match]:
        table, every = f"fts_{ns}", any_of(words)
        rare = self._rare_words(table, words)

        def ranked(expression: str, depth: int) -> Ranked:
            matches = self._db.execute(
                f"SELECT rowid, rank FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT ?", (expression, depth)
            )
            return [(row, -rank) for row, rank in matches]

        def fetch(depth: int) -> Ranked:
            matches = ranked(any_of(rare) if rare else all_of(words), depth)
            return matches if len(matches) == depth or rare == words else ranked(every, depth)

        def allowed(expression: str) -> Ranked:
            # Without ORDER BY only what the filter keeps is ranked. A filter that names rows is asked for them once.
            if asked.names_rows:
                parameters = asked.wide[1]
                passing = f"+f.rowid IN (SELECT cubes.id FROM cubes WHERE {asked.wide[0]})"
                text = f"SELECT f.rowid, f.rank FROM {table} f WHERE {table} MATCH ? AND {passing}"
            else:
                parameters = asked.few[1]
                join = f"FROM {table} f CROSS JOIN cubes ON cubes.id = f.rowid"
                text = f"SELECT f.rowid, f.rank {join} WHERE {table} MATCH ? AND {asked.few[0]}"
            matches = self._db.execute(text, [expression, *parameters])
            return sorted(((row, -rank) for row, rank in matches), key=lambda match: (-match[1], match[0]))

        def fetch_allowed() -> Ranked:
            matches = allowed(any_of(rare)) if rare else []
            return matches if len(matches) >= k or rare == words else allowed(every)

        return filtered_top(k, fetch, lambda ids: self._keep(ids, asked), fetch_allowed, asked.narrow)

    def _rare_words(self, table: str, words: list[str]) -> list[str]:
        """The query's rarest words, as many as match few enough memories to be ranked quickly; in order.

        All of them in a small vault. Ranking costs about 3 microseconds a matching memory, and words that very many
        memories contain tell least.
        """
        largest = self._db.execute("SELECT max(id) FROM cubes").fetchone()[0] or 0
        if largest <= WHOLE:
            return words
        budget = max(self._keyword_matches, largest // 25)
        counted = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)"
        counts = {word: self._db.execute(counted, (any_of([word]), budget + 1)).fetchone()[0] for word in words}
        left, chosen = budget, set()
        for word in sorted(words, key=counts.__getitem__):
            left -= counts[word]
            if left < 0:
                break
            chosen.add(word)
        return [word for word in words if word in chosen]

    def _nearest(self, ns: int, vector: np.ndarray, k: int, asked: CompiledFilter) -> list[Match]:
        index = self._indexes.vector_index(ns)
        if index is None:
            return []
        query = checked_vector(vector, index.dim)

        def fetch_allowed() -> Ranked:
            text, parameters = asked.wide
            allowed = self._db.execute(f"SELECT id FROM cubes WHERE +ns = ? AND {text}", [ns, *parameters])
            return index.among(query, [row for (row,) in allowed])

        return filtered_top(
            k, lambda depth: index.top(query, depth), lambda ids: self._keep(ids, asked), fetch_allowed, asked.narrow
        )

    def _keep(self, ids: list[int], asked: CompiledFilter) -> dict[int, str]:
        return dict(
            self._db.execute(
                f"SELECT id, cube_id FROM cubes WHERE id IN (SELECT value FROM json_each(?)) AND {asked.few[0]}",
                [json.dumps(ids), *asked.few[1]],
            )
        )

"""The SQLite vault's indexes: FTS5 tables (one a namespace, so that word statistics never leak between tenants) and
vectors (kept in the file, searched in memory). Rows and indexes change in one transaction."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from memos.cube.cube import MemCube
from memos.infrastructure.vault import rows
from memos.infrastructure.vault.rules import checked_vector
from memos.infrastructure.vault.schema import fts_table

if TYPE_CHECKING:
    import numpy as np

    from memos.infrastructure.vault.tables import Batch
    from memos.infrastructure.vault.vectors import VectorIndex


class Indexes:
    """Keyword and vector indexes of one open vault file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._loaded: dict[int, VectorIndex] = {}
        self._names: dict[str, int] = dict(db.execute("SELECT name, ns FROM namespaces"))
        self._seq = self._max_seq()
        self._purges = self._meta("purges")

    # -- namespaces --------------------------------------------------------------------------------------------
    def namespace(self, name: str) -> int:
        """Number of a namespace, made where it is new (inside a transaction)."""
        ns = self._names.get(name)
        if ns is None:
            ns = int(self._db.execute("INSERT INTO namespaces (name) VALUES (?)", (name,)).lastrowid or 0)
            self._db.execute(fts_table(ns))
            self._names[name] = ns
        return ns

    def known(self, names: Any) -> list[int]:
        """Numbers of those of the namespaces that exist."""
        return [self._names[name] for name in dict.fromkeys(names) if name in self._names]

    # -- writing -----------------------------------------------------------------------------------------------
    def insert(self, batch: Batch) -> None:
        """Index a batch of new cubes."""
        by_namespace: dict[int, list[tuple]] = {}
        for ns, row, body, head in batch.indexed:
            by_namespace.setdefault(ns, []).append((row, body, head))
        for ns, texts in by_namespace.items():
            self._db.executemany(f"INSERT INTO fts_{ns} (rowid, body, head) VALUES (?, ?, ?)", texts)
        if batch.vectors:
            self._put_vectors(batch.vectors)

    def replace(self, row: int, ns: int, old: MemCube, new: MemCube, vector: np.ndarray | None) -> None:
        """Bring the indexes to a cube's new version."""
        before, after = rows.indexed_text(old), rows.indexed_text(new)
        if before != after:
            self._delete_words(row, ns, before)
            self._db.execute(f"INSERT INTO fts_{ns} (rowid, body, head) VALUES (?, ?, ?)", (row, *after))
        if vector is not None:
            self._put_vectors([(ns, row, vector)])
        elif old.text != new.text:
            self._drop_vector(row, ns)

    def remove(self, row: int, cube: MemCube) -> None:
        """Forget a cube."""
        ns = self._names[cube.governance.namespace]
        self._delete_words(row, ns, rows.indexed_text(cube))
        self._drop_vector(row, ns)

    def reread(self) -> None:
        """Index anew what an older program indexed by other words (inside a transaction); see ``rows.indexed_text``."""
        for content, row, ns in self._db.execute("SELECT content, id, ns FROM cubes").fetchall():
            if content.isascii() and "\\u" not in content:
                continue
            columns = self._db.execute(f"SELECT {rows.SELECT} FROM cubes WHERE id = ?", (row,)).fetchone()
            cube = rows.read_cube(columns)
            before, after = rows.plain_text(cube), rows.indexed_text(cube)
            if before != after:
                self._delete_words(row, ns, before)
                self._db.execute(f"INSERT INTO fts_{ns} (rowid, body, head) VALUES (?, ?, ?)", (row, *after))

    def compact(self) -> None:
        """Merge the keyword indexes' segments, so that removed words leave the file."""
        for ns in self._names.values():
            self._db.execute(f"INSERT INTO fts_{ns} (fts_{ns}) VALUES ('optimize')")

    def _delete_words(self, row: int, ns: int, text: tuple[str, str]) -> None:
        self._db.execute(f"INSERT INTO fts_{ns} (fts_{ns}, rowid, body, head) VALUES ('delete', ?, ?, ?)", (row, *text))

    def _put_vectors(self, vectors: list[tuple[int, int, Any]]) -> None:
        dim = self._meta("dim")
        out = []
        for ns, row, value in vectors:
            vector = checked_vector(value, dim)
            dim = vector.size
            self._seq += 1
            out.append((row, ns, self._seq, vector.tobytes()))
            if ns in self._loaded:
                self._loaded[ns].put(row, vector)
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'dim'", (dim,))
        self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", out)

    def put_all(self, vectors: list[tuple[int, int, Any]]) -> None:
        """Put vectors, as (namespace, row, vector), in the place of all that are stored."""
        self._db.execute("DELETE FROM vectors")
        self._db.execute("UPDATE meta SET value = 0 WHERE key = 'dim'")
        self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'purges'")
        self._loaded.clear()
        self._put_vectors(vectors)

    def _drop_vector(self, row: int, ns: int) -> None:
        if self._db.execute("DELETE FROM vectors WHERE id = ?", (row,)).rowcount:
            self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'purges'")
        if ns in self._loaded:
            self._loaded[ns].drop(row)

    # -- reading -----------------------------------------------------------------------------------------------
    def vector_index(self, ns: int) -> VectorIndex | None:
        """The namespace's vectors in memory, read from the file on first use; None where it has none."""
        index = self._loaded.get(ns)
        if index is None and (dim := self._meta("dim")):
            import numpy as np

            from memos.infrastructure.vault.vectors import VectorIndex

            count = self._db.execute("SELECT count(*) FROM vectors WHERE ns = ?", (ns,)).fetchone()[0]
            ids, matrix = np.empty(count, dtype=np.int64), np.empty((count, dim), dtype=np.float32)
            stored = self._db.execute("SELECT id, data FROM vectors WHERE ns = ? ORDER BY id", (ns,))
            for place, (row, blob) in enumerate(stored):
                ids[place], matrix[place] = row, np.frombuffer(blob, dtype=np.float32)
            index = self._loaded[ns] = VectorIndex(ids, matrix)
        return index

    def vectors(self, ids: list[int]) -> list[np.ndarray | None]:
        """Stored vectors of rows."""
        import numpy as np

        out = []
        for row in ids:
            stored = self._db.execute("SELECT data FROM vectors WHERE id = ?", (row,)).fetchone()
            out.append(None if stored is None else np.frombuffer(stored[0], dtype=np.float32))
        return out

    # -- transactions ------------------------------------------------------------------------------------------
    def mark(self) -> tuple[int, dict[str, int], dict[int, int]]:
        """The state to go back to if the transaction fails."""
        return self._seq, dict(self._names), {ns: index.mark() for ns, index in self._loaded.items()}

    def undo(self, mark: tuple[int, dict[str, int], dict[int, int]]) -> None:
        """Back to ``mark``; an index that was loaded since may have seen undone rows and is dropped."""
        self._seq, self._names, marks = mark[0], dict(mark[1]), mark[2]
        for ns in list(self._loaded):
            if ns in marks:
                self._loaded[ns].undo(marks[ns])
            else:
                del self._loaded[ns]

    def forget(self) -> None:
        """The transaction is committed."""
        for index in self._loaded.values():
            index.forget()

    def catch_up(self) -> None:
        """Take in what another process has committed."""
        self._names = dict(self._db.execute("SELECT name, ns FROM namespaces"))
        purges, seq = self._meta("purges"), self._max_seq()
        if purges != self._purges:
            self._loaded.clear()
        elif seq > self._seq and self._loaded:
            import numpy as np

            for row, ns, blob in self._db.execute("SELECT id, ns, data FROM vectors WHERE seq > ?", (self._seq,)):
                if ns in self._loaded:
                    self._loaded[ns].put(row, np.frombuffer(blob, dtype=np.float32))
            self.forget()
        self._purges, self._seq = purges, seq

    def _max_seq(self) -> int:
        return self._db.execute("SELECT max(seq) FROM vectors").fetchone()[0] or 0

    def _meta(self, key: str) -> int:
        return self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

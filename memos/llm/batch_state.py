"""Which batch of which server holds a request: kept on disk, so that an interrupted command finds its batches again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from memos.locks import locked
from memos.shared_sqlite import open_shared

_ROWS = 400


@dataclass(frozen=True, slots=True)
class Open:
    """A batch whose replies have not all been taken over."""

    mark: str
    """Our own name of it, which the server keeps as metadata."""
    file_id: str | None
    """The uploaded file; None: the upload was not seen to end."""
    batch_id: str | None
    """The server's name; None: its making was not seen to end."""


class BatchState:
    """One SQLite file that the processes of a results folder share. A request is in at most one open batch.

    A batch is noted before it is made (``begin``), so that one is found again even where the process died between the
    server's making it and our hearing of it. ``submitting`` is the lock of those who make some.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._db = open_shared(path, "items", "key TEXT PRIMARY KEY, mark TEXT NOT NULL", "list of batches")
        with self._lock, self._db:
            self._db.execute("CREATE TABLE IF NOT EXISTS batches (mark TEXT PRIMARY KEY, file_id TEXT, batch_id TEXT)")

    def submitting(self) -> AbstractContextManager[None]:
        """Be the one process that makes batches."""
        return locked(
            self.path.with_name(self.path.name + ".submit.lock"), note="waiting for another upload of batches"
        )

    def begin(self, mark: str, keys: Iterable[str]) -> None:
        """Note a batch that is about to be made of these requests."""
        with self._lock, self._db:
            self._db.execute("INSERT INTO batches (mark) VALUES (?)", (mark,))
            self._db.executemany("INSERT OR REPLACE INTO items VALUES (?, ?)", [(key, mark) for key in keys])

    def uploaded(self, mark: str, file_id: str) -> None:
        self._set("file_id", mark, file_id)

    def created(self, mark: str, batch_id: str) -> None:
        self._set("batch_id", mark, batch_id)

    def _set(self, column: str, mark: str, name: str) -> None:
        with self._lock, self._db:
            self._db.execute(f"UPDATE batches SET {column} = ? WHERE mark = ?", (name, mark))

    def holding(self, keys: Sequence[str]) -> dict[str, Open]:
        """Request to the open batch that holds it, for those that are in one."""
        marks: dict[str, str] = {}
        with self._lock:
            for start in range(0, len(keys), _ROWS):
                some = keys[start : start + _ROWS]
                places = ",".join("?" * len(some))
                marks.update(self._db.execute(f"SELECT key, mark FROM items WHERE key IN ({places})", some))
            batches = {mark: self._batch(mark) for mark in set(marks.values())}
        return {key: batch for key, mark in marks.items() if (batch := batches[mark]) is not None}

    def _batch(self, mark: str) -> Open | None:
        row: sqlite3.Row | None = self._db.execute("SELECT * FROM batches WHERE mark = ?", (mark,)).fetchone()
        return Open(*row) if row is not None else None

    def forget(self, mark: str, keys: Sequence[str] | None = None) -> None:
        """Requests whose replies were taken over, or all of the batch; a batch without requests goes with them."""
        with self._lock, self._db:
            if keys is None:
                self._db.execute("DELETE FROM items WHERE mark = ?", (mark,))
            else:
                self._db.executemany("DELETE FROM items WHERE key = ? AND mark = ?", [(key, mark) for key in keys])
            self._db.execute(
                "DELETE FROM batches WHERE mark = ? AND NOT EXISTS (SELECT 1 FROM items WHERE mark = batches.mark)",
                (mark,),
            )

    def close(self) -> None:
        self._db.close()

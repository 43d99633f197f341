"""SQLite files that many processes fill at once: caches of replies, of embeddings, of features."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from memos.errors import DataError
from memos.locks import locked, set_journal_mode

TIMEOUT_S = 300.0
"""How long one write waits for those of other processes before SQLite says that the file is locked."""
_NETWORK = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p", "fuse")
_MOUNTS = Path("/proc/self/mountinfo")


def open_shared(path: Path, table: str, columns: str, what: str) -> sqlite3.Connection:
    """Open a file for reading and writing, made with its table where it is missing.

    Opening goes one process at a time: switching a new file to its journal mode fails at once where another is writing,
    however long SQLite may wait otherwise.

    Args:
        path: the file; ``<path>.lock`` beside it is the lock of its opening.
        table: name of its one table.
        columns: their definitions; the first is ``key``, the primary key.
        what: what messages call it, such as ``response cache``.

    Raises:
        DataError: when the file is no such cache.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(path.name + ".lock")):
        db = sqlite3.connect(path, timeout=TIMEOUT_S, check_same_thread=False)
        try:
            set_journal_mode(db, journal_mode(path), TIMEOUT_S)
            db.execute("PRAGMA synchronous=NORMAL")
            with db:
                db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}) WITHOUT ROWID")
            db.execute(f"SELECT key FROM {table} LIMIT 1").fetchall()
        except sqlite3.DatabaseError as error:
            db.close()
            raise DataError(f"{what} {path} cannot be read ({error}); move it away to start a new one") from error
    return db


def journal_mode(path: Path) -> str:
    """``WAL`` on a disk of this machine; ``TRUNCATE`` on a network file system.

    A write-ahead log keeps its index in shared memory, so nodes of a cluster that write one file through NFS would not
    see one another's writes and could damage it.
    """
    kind = file_system(path)
    return "TRUNCATE" if kind.startswith(_NETWORK) else "WAL"


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Type of the file system that holds a path, such as ``ext4``; empty where it cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    wanted, best, kind = os.path.realpath(path), "", ""
    for line in lines:
        fields, _, rest = line.partition(" - ")
        point = fields.split()[4].replace("\\040", " ")
        inside = point == "/" or wanted == point or wanted.startswith(point + "/")
        if inside and len(point) >= len(best):
            best, kind = point, rest.split()[0]
    return kind

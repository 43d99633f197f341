"""Locks between processes: one file each, held through the kernel, which lets go of them when their holder dies.

``flock`` also holds between the nodes of a cluster where the shared folder is NFS (Linux turns it into a lock of the
server) or Lustre mounted with ``-o flock``; with ``-o localflock`` it holds on one node only. Lock files are empty and
are never removed: removing one that somebody waits for would let two in.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memos.errors import ConfigError, MemosError

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
_PATIENCE_S = (0.0, 0.1, 0.3)
"""Pauses before the tries that precede the note: a lock held for a moment is not worth one."""


class LockBusy(MemosError):
    """Another process holds the lock, and the caller does not want to wait."""


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True, note: str = "") -> Iterator[None]:
    """Hold the lock of a file, which is made where it is missing. It is not reentrant.

    Args:
        path: the lock file; its folder is made too.
        shared: several may hold it at once, while nobody holds it alone.
        wait: until it is free; otherwise LockBusy.
        note: printed once where there is something to wait for.

    Raises:
        LockBusy: with ``wait=False``, while another holds it.
        ConfigError: where the file cannot be made, or its file system keeps no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)  # NFS locks want it open for writing
    except OSError as error:
        raise ConfigError(f"{path}: the lock file cannot be made ({error.strerror})") from error
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if not _try(file, path, kind, (0.0,) if not wait else _PATIENCE_S):
            if not wait:
                raise LockBusy(f"{path}: another process holds this lock")
            if note:
                print(f"note: {note}", flush=True)
            fcntl.flock(file, kind)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # closing alone would leave it with children that were forked meanwhile
    finally:
        os.close(file)


def _try(file: int, path: Path, kind: int, pauses: tuple[float, ...]) -> bool:
    for pause in pauses:
        time.sleep(pause)
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            continue
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise ConfigError(
                f"{path}: its file system keeps no locks ({error.strerror}); use another folder (out=…) or mount it "
                "with locks (Lustre: -o flock)"
            ) from error
    return False


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable. On NFS, opening it also asks the server what other nodes changed in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # some network file systems sync files only
            raise
    finally:
        os.close(handle)


def set_journal_mode(db: sqlite3.Connection, mode: str, seconds: float) -> None:
    """Switch an SQLite file to a journal mode. While another process writes this fails at once, however long SQLite may
    wait otherwise; so it is tried again, for so many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            db.execute(f"PRAGMA journal_mode={mode}")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.05)

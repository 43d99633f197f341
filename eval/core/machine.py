"""Errors of the machine a run works on: no space, a folder that cannot be written, a damaged database.

They concern every record alike, so that they end a run in one line; what was recorded stays, and the same command goes
on once the machine is mended.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from memos.errors import ConfigError
from memos.resources import cache_root
from memos.terminal import reason

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_WRITING = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_ENDING = _NO_SPACE | {errno.EROFS, errno.EIO}
"""Numbers of errors that every further write would meet."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ENDING_DATABASE = _DAMAGED | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}
_RESUMES = "what was recorded is kept, and the same command goes on"


def ends_the_run(error: BaseException) -> bool:
    """Whether an error is the machine's and would meet every other question too."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _ENDING_DATABASE
    return isinstance(error, OSError) and error.errno in _ENDING


def line(error: BaseException) -> str:
    """One line with the file, the reason and the way out."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        mend = "move it away to start a new one; " if code in _DAMAGED else ""
        mend = "make room; " if code == sqlite3.SQLITE_FULL else mend
        return f"a database of the results folder (cache/*.sqlite): {reason(error)}; {mend}{_RESUMES}"
    assert isinstance(error, OSError)
    number = error.errno
    if number in _NO_SPACE:
        mend = f"the disk, its quota or its inodes are used up: make room; {_RESUMES}"
    elif number in _NO_WRITING:
        mend = "give a folder that can be written (out=FOLDER, XDG_CACHE_HOME)"
    elif number == errno.ENOENT:
        mend = "it is gone, or cannot be made; give a folder that can be written (out=FOLDER, XDG_CACHE_HOME)"
    elif number in (errno.ENOTDIR, errno.EEXIST):
        mend = "a file stands where a folder belongs; choose another folder (out=FOLDER)"
    else:
        mend = _RESUMES
    return f"{reason(error)}; {mend}"


def check_folder(out: str) -> None:
    """Refuse a results folder that can be none.

    Raises:
        ConfigError: it, or a folder above it, is a file or a link to nothing.
    """
    for path in (Path(out), *Path(out).parents):
        if path.is_symlink() and not path.exists():
            raise ConfigError(f"out={out}: {path} is a link to {os.readlink(path)}, which does not exist")
        if path.exists() and not path.is_dir():
            raise ConfigError(f"out={out}: {path} is no folder")


def provide_cache() -> None:
    """Give the command, and the processes that it starts, a cache of their own where the user's cannot be made (HOME is
    missing or cannot be written): what a run needs is fetched into it, and it is removed at the end. It is told once.
    """
    try:
        place = cache_root()
    except RuntimeError:  # there is no home at all
        place = Path("~/.cache/memos-repro")
    if place.is_absolute() and (place.exists() or _can_be_made(place)):
        return
    folder = tempfile.mkdtemp(prefix="memos-repro-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["XDG_CACHE_HOME"] = folder
    if not place.is_absolute():
        os.environ["HOME"] = folder
    print(f"note: {place} cannot be made; this command goes on with {folder} (XDG_CACHE_HOME names a lasting one)")


def _can_be_made(folder: Path) -> bool:
    """Whether a folder that is not there could be made, by the nearest one above it; nothing is."""
    above = next(path for path in folder.parents if os.path.lexists(path))
    return above.is_dir() and os.access(above, os.W_OK | os.X_OK)

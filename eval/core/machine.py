"""Errors of the machine a run works on: no space, a folder that cannot be written, a reader of the output that left.

They concern every record alike, so that they end a run in one line; what was recorded stays, and the same command goes
on once the machine is mended.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from pathlib import Path
from typing import NoReturn

from memos.errors import ConfigError, on_one_line

MACHINE_ERRORS = (OSError, sqlite3.Error)
READER_LEFT = 141
"""Exit code where whoever read standard output ended first, as ``| head`` does: that of a shell for a broken pipe."""
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
        return on_one_line(f"a database of the results folder (cache/*.sqlite): {error}; {mend}{_RESUMES}")
    assert isinstance(error, OSError)
    number, file = error.errno, error.filename
    where = f"{os.fsdecode(file)}: " if isinstance(file, (str, bytes, os.PathLike)) else ""
    reason = error.strerror or str(error) or type(error).__name__
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
    return on_one_line(f"{where}{reason}; {mend}")


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


def leave() -> NoReturn:
    """End quietly once nobody reads standard output any more; what was recorded is kept."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it flushes
    sys.exit(READER_LEFT)


def speak_any_text() -> None:
    """Let standard output and error take every text: what their encoding lacks becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")

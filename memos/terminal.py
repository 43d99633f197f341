"""What every command shares: any text is printed, a reader may leave, errors of the machine are told in one line."""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import NoReturn

from memos.errors import on_one_line

MACHINE_ERRORS = (OSError, sqlite3.Error)
"""Errors of the machine a command works on: no space, a folder that cannot be written, a damaged database."""
READER_LEFT = 141
"""Exit code where whoever read standard output ended first, as ``| head`` does: that of a shell for a broken pipe."""


def speak_any_text() -> None:
    """Let standard output and error take every text: what their encoding lacks becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def leave() -> NoReturn:
    """End quietly once nobody reads standard output any more; what was recorded is kept."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it flushes
    sys.exit(READER_LEFT)


def reason(error: BaseException) -> str:
    """An error of the machine on one line: the file where it names one, and what went wrong."""
    if not isinstance(error, OSError):
        return on_one_line(str(error) or type(error).__name__)
    file = error.filename
    where = f"{os.fsdecode(file)}: " if isinstance(file, (str, bytes, os.PathLike)) else ""
    return on_one_line(f"{where}{error.strerror or str(error) or type(error).__name__}")

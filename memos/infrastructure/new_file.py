"""Writing a file that other programs may see: whole or not at all, and never through a link or over a device."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from memos.errors import DataError


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """A text file (ASCII) to write, which takes the place of an older one when the block ends without an error.

    Raises:
        DataError: the path is a link, a device, a folder or anything else that is no plain file, or cannot be written;
            then nothing is left behind and an older file is as it was.
    """
    try:
        _check_plain(path)
        part = path.with_name(f".{path.name[:200]}.{uuid.uuid4().hex[:8]}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _check_plain(path)
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise DataError(f"{path}: cannot be written ({reason})") from error


def _check_plain(path: Path) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in _KINDS if test(mode)), "no plain file")
        raise DataError(f"{path}: is {kind}; give the name of a plain file")


_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)

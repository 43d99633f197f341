"""Files that take one another's place whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A scratch file of the same name that takes the place of ``path`` once it is written; where that fails, nothing
    changes.

    Readers see the old file or the new one, never a part, however many processes on however many nodes write it.
    """
    folder = path.with_name(f".{uuid4().hex}")
    folder.mkdir(parents=True)
    scratch = folder / path.name
    try:
        yield scratch
        with open(scratch, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
        folder.rmdir()

"""Reading files that are made from others (summaries, lists of runs): a damaged one is named, and made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from memos import strict_json
from memos.errors import DataError, on_one_line


def read_json(path: Path, remedy: str) -> Any:
    """The JSON of a file.

    Args:
        remedy: what the message says to do about a damaged one.

    Raises:
        FileNotFoundError: there is none.
        DataError: it is no JSON, or cannot be read.
    """
    try:
        return strict_json.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read: {on_one_line(str(error))[:200]}; {remedy}") from error


def read_object(path: Path) -> dict[str, Any] | None:
    """The object in a file that can be made again; None where there is none, with a note where it is damaged."""
    try:
        value = read_json(path, "it is made again")
    except FileNotFoundError:
        return None
    except DataError as error:
        print(f"note: {error}", flush=True)
        return None
    if isinstance(value, dict):
        return value
    print(f"note: {path}: expected an object, found {type(value).__name__}; it is made again", flush=True)
    return None

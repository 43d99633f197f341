"""Reading the JSON of data sets: every complaint is one line that names file, field and value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.core.identity import digest, record
from eval.core.types import Question
from memos import strict_json
from memos.errors import DataError
from memos.types import Conversation


@dataclass(frozen=True)
class JsonPlace:
    """Where in a file a reader is, for messages that name file, field and value."""

    path: Path
    at: str = ""

    def __truediv__(self, part: str | int) -> JsonPlace:
        step = f"[{part}]" if isinstance(part, int) else (f".{part}" if self.at else part)
        return JsonPlace(self.path, self.at + step)

    def error(self, reason: str) -> DataError:
        return DataError(f"{self.path}: {self.at or 'top level'}: {reason}")

    def get(self, owner: Any, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        if key not in owner:
            raise (self / key).error(f"missing; expected {what}")
        if not isinstance(owner[key], kind) or isinstance(owner[key], bool):
            raise (self / key).error(f"expected {what}, found {owner[key]!r:.60}")
        return owner[key]


def read_conversations(path: Path) -> list[Any]:
    """A file that is a JSON list with something in it.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    samples = read_json(path)
    if not isinstance(samples, list) or not samples:
        raise DataError(
            f"{path}: top level: expected a non-empty list of conversations, found {type(samples).__name__}"
        )
    return samples


def read_json(path: Path) -> Any:
    """What a JSON file of a user holds; a byte-order mark is no part of it.

    Raises:
        DataError: one line with the file, the place in it and the reason: it is no file, no UTF-8 or no JSON; a number
            is none that can be kept (NaN, 1e400, 5,000 digits); it is nested too deep; a text is no text of Unicode.
    """
    return parse_json(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a file of a user, without a byte-order mark.

    Raises:
        DataError: it is no plain file, is not there, or is no UTF-8.
    """
    check_plain(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start}: not UTF-8 text") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def check_plain(path: Path) -> None:
    """Refuse what is no plain file, before it is opened: a pipe waits for ever, and a device never ends.

    Raises:
        DataError: naming what it is.
    """
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: expected a file, found {'a folder' if path.is_dir() else 'a device or pipe'}")


def parse_json(text: str, where: str) -> Any:
    """JSON text of a user; ``where`` names it in messages.

    Raises:
        DataError: as of ``read_json``.
    """
    try:
        return strict_json.read(text)
    except strict_json.BadNumber as error:
        raise DataError(f"{where}: {error}{_line_of(text, error.shown)}") from error
    except (strict_json.BadText, strict_json.TooDeep) as error:
        raise refused(error, JsonPlace(Path(where))) from error
    except json.JSONDecodeError as error:
        cut = " (the file ends early: truncated?)" if error.pos >= len(text.rstrip()) - 1 else ""
        raise DataError(f"{where}: line {error.lineno} column {error.colno}: not JSON: {error.msg}{cut}") from error


def refused(error: ValueError, place: JsonPlace) -> DataError:
    """The line for what JSON may not hold (``memos.strict_json``), found below a place."""
    for part in getattr(error, "place", ()):
        place /= part
    if place.at:
        return place.error(str(error))
    return DataError(f"{place.path}: {'top level: ' if isinstance(error, strict_json.BadText) else ''}{error}")


def _line_of(text: str, shown: str) -> str:
    at = text.find(shown.partition("…")[0])
    return f" (line {text.count(chr(10), 0, at) + 1})" if at >= 0 else ""


def content_digest(talks: Sequence[Conversation], questions: Sequence[Question]) -> str:
    """Digest of all that is used of a data set."""
    return digest([[record(talk) for talk in talks], [record(question) for question in questions]])

"""Reading the JSON of data sets: every complaint is one line that names file, field and value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.core.identity import digest, record
from eval.core.types import Question
from memos.errors import DataError
from memos.types import Conversation


@dataclass(frozen=True)
class Place:
    """Where in a file a reader is, for messages that name file, field and value."""

    path: Path
    at: str = ""

    def __truediv__(self, part: str | int) -> Place:
        step = f"[{part}]" if isinstance(part, int) else (f".{part}" if self.at else part)
        return Place(self.path, self.at + step)

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
    """What a JSON file holds.

    Raises:
        DataError: it cannot be read, or is no JSON; one line with the file and the place in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start}: not UTF-8 text") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = " (the file ends early: truncated?)" if error.pos >= len(text.rstrip()) - 1 else ""
        raise DataError(f"{path}: line {error.lineno} column {error.colno}: not JSON: {error.msg}{cut}") from error


def content_digest(talks: Sequence[Conversation], questions: Sequence[Question]) -> str:
    """Digest of all that is used of a data set."""
    return digest([[record(talk) for talk in talks], [record(question) for question in questions]])

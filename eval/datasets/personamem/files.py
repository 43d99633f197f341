"""The two files of PersonaMem: questions as a table, histories as lines of JSON."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets.hub import hub_file
from eval.datasets.reading import JsonPlace, check_plain, parse_json
from memos.errors import DataError

REPOSITORY = "bowen-upenn/PersonaMem"
LICENCE = "as the data set's card says; read it before use"
COLUMNS = (
    "question_id",
    "question_type",
    "user_question_or_message",
    "correct_answer",
    "all_options",
    "shared_context_id",
    "end_index_in_shared_context",
)
"""The columns that are read."""


@dataclass(frozen=True)
class PersonaQuestion:
    """One row of the table."""

    place: JsonPlace
    question_id: str
    kind: str
    text: str
    options: tuple[str, ...]
    right: int
    """JsonPlace of the right option."""
    history: str
    end: int
    """Messages of the history that lie before the question."""


def files(path: Path | None, revision: str) -> tuple[Path, Path]:
    """Questions and histories: of a folder, or fetched from the hub.

    Raises:
        DataError: there are none.
    """
    names = ("questions_32k.csv", "shared_contexts_32k.jsonl")
    if path is None:
        questions, histories = (hub_file(REPOSITORY, name, revision, LICENCE) for name in names)
        return questions, histories
    for name in names:
        if not (path / name).is_file():
            raise DataError(f"{path}: no {name}; expected the folder of {REPOSITORY}'s files")
    return path / names[0], path / names[1]


def questions(file: Path) -> Iterator[PersonaQuestion]:
    """The rows of the table, checked.

    Raises:
        DataError: one line with the file, the row and the reason.
    """
    try:
        check_plain(file)
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise DataError(f"{file}: no table that can be read: {' '.join(str(error).split()):.200}") from error
    if absent := [name for name in COLUMNS if rows and name not in rows[0]]:
        raise DataError(f"{file}: no column {', '.join(absent)}")
    for index, row in enumerate(rows):
        place = JsonPlace(file) / index
        options = _options(place, row)
        right = _letter(row["correct_answer"])
        if right not in range(len(options)):
            raise (place / "correct_answer").error(f"expected an option's letter, found {row['correct_answer']!r:.40}")
        end = row["end_index_in_shared_context"]
        if not (end or "").isdigit():
            raise (place / "end_index_in_shared_context").error(f"expected a number of messages, found {end!r:.40}")
        text = row["user_question_or_message"].strip().removeprefix("User:").strip()
        yield PersonaQuestion(
            place, row["question_id"], row["question_type"], text, options, right, row["shared_context_id"], int(end)
        )


def _options(place: JsonPlace, row: Mapping[str, str]) -> tuple[str, ...]:
    """The texts of the options, which stand as a list of Python behind their letters."""
    try:
        listed = ast.literal_eval(row["all_options"])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        listed = None
    if not isinstance(listed, list) or len(listed) < 2 or not all(isinstance(one, str) for one in listed):
        raise (place / "all_options").error(f"expected a list of two texts or more, found {row['all_options']!r:.60}")
    texts = tuple(_text(number, one) for number, one in enumerate(listed))
    if len(set(texts)) < len(texts):
        raise (place / "all_options").error("two options have one text")
    return texts


def _text(number: int, option: str) -> str:
    marks = (f"({chr(ord('a') + number)})", f"{chr(ord('a') + number)})")
    return next(
        (option.strip()[len(mark) :].strip() for mark in marks if option.strip().startswith(mark)), option.strip()
    )


def _letter(text: str | None) -> int:
    """The place that a letter in brackets names; -1 where there is none."""
    plain = (text or "").strip().strip("()").lower()
    return ord(plain) - ord("a") if len(plain) == 1 else -1


def histories(file: Path, wanted: Sequence[str]) -> dict[str, list[Any]]:
    """The messages of some histories; of each line only what is asked for is kept.

    Raises:
        DataError: one line with the file and the reason; a history that is asked for is not in it.
    """
    held: dict[str, list[Any]] = {}
    try:
        check_plain(file)
        with file.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    held |= _history(line, JsonPlace(file) / f"line {number}", set(wanted))
    except (UnicodeDecodeError, OSError) as error:
        raise DataError(f"{file}: {' '.join(str(error).split()):.200}") from error
    if absent := [one for one in wanted if one not in held]:
        raise DataError(f"{file}: no history {absent[0]!r}, which a question names")
    return held


def _history(line: str, place: JsonPlace, wanted: set[str]) -> dict[str, list[Any]]:
    content = parse_json(line, f"{place.path}: {place.at}")
    if not isinstance(content, dict):
        raise place.error(f"expected an object of histories, found {content!r:.60}")
    for name, messages in content.items():
        if not isinstance(messages, list):
            raise (place / name).error(f"expected a list of messages, found {messages!r:.60}")
    return {name: messages for name, messages in content.items() if name in wanted}

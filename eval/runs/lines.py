"""Sealed JSON lines: what one line of a journal looks like, and which line of a key holds.

A sealed line carries ``seq``, its number when it was written, and ``digest``, of its content, its number and the
journal it was written to. So a line that was changed, or that comes from another run or another journal, is known for
what it is (void), and the order of lines does not matter: of several whole lines of one key the one written last holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.core.identity import digest
from memos import strict_json
from memos.errors import DataError

Record = dict[str, Any]
SEAL = ("seq", "digest")
"""Fields that a seal adds; records in memory are without them."""


@dataclass
class Held:
    """What a journal says: the record that holds of each key, how many lines are void, and the next line's number."""

    records: dict[Any, Record] = field(default_factory=dict)
    void: int = 0
    next_seq: int = 0


def whole_bytes(content: bytes) -> int:
    """Length without a torn last line, which a crash leaves."""
    return content.rfind(b"\n") + 1


def parsed(path: Path, content: bytes) -> Iterator[tuple[int, Record]]:
    """Number and object of each whole line. Only a line feed ends a line: texts may hold U+2028 and its like.

    Raises:
        DataError: a line that is no JSON object, with its number.
    """
    for number, line in enumerate(content[: whole_bytes(content)].split(b"\n")[:-1], 1):
        try:
            record = strict_json.read(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path}: line {number}: not JSON; delete the line, the same command asks it again"
            ) from error
        if not isinstance(record, dict):
            raise DataError(
                f"{path}: line {number}: expected an object, found {type(record).__name__}; delete the line"
            )
        yield number, record


def sealed(record: Mapping[str, Any], place: str, seq: int) -> Record:
    """The record with its seal, as plain JSON values. ``place`` names run and journal."""
    plain = json.loads(json.dumps(record, ensure_ascii=False, allow_nan=False))
    return {**plain, "seq": seq, "digest": digest([place, seq, plain])}


def opened(record: Record, place: str) -> Record | None:
    """A sealed record without its seal; None where the seal is broken, missing or another journal's."""
    plain = {name: value for name, value in record.items() if name not in SEAL}
    try:
        expected = digest([place, record.get("seq"), plain])
    except ValueError:  # NaN is no JSON; no seal was ever made over it
        return None
    return plain if record.get("digest") == expected and isinstance(record.get("seq"), int) else None


def held(
    path: Path, content: bytes, key: Callable[[Record], Any], place: str | None = None, *, check: bool = True
) -> Held:
    """Read a journal's bytes.

    Args:
        path: for messages.
        content: the file, or the part of it that counts.
        key: a record's key.
        place: run and journal where lines are sealed; None: plain lines, the last of a key holds.
        check: whether seals are verified (a file whose bytes are known to be right needs no check).

    Raises:
        DataError: a line that is no JSON object or lacks the fields of its key, with its number.
    """
    out, newest = Held(), {}
    for number, record in parsed(path, content):
        seq = number - 1
        if place is not None:
            seq = record.get("seq", seq)
            plain = (
                opened(record, place) if check else {name: value for name, value in record.items() if name not in SEAL}
            )
            if plain is None:
                out.void += 1
                continue
            record = plain
        try:
            name = key(record)
            hash(name)
        except (KeyError, TypeError) as error:
            raise DataError(f"{path}: line {number}: {error}: missing or of a wrong kind; delete the line") from error
        out.next_seq = max(out.next_seq, seq + 1)
        if seq >= newest.get(name, -1):
            newest[name] = seq
            out.records[name] = record
    return out

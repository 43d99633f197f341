"""Run folders: append-only JSON lines, durable one by one, under a lock, with derived files replaced atomically."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from memos.errors import ConfigError, DataError
from memos.locks import locked

Key = tuple[str, int]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A scratch file of the same name that takes the place of ``path`` once it is written; where that fails, nothing changes.

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


def write_atomic(path: Path, text: str) -> None:
    """Write a derived file as a whole (``replacing``)."""
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")


def writing_outputs(out: Path, name: str) -> AbstractContextManager[None]:
    """Hold the tables and figures of an experiment, so that two commands that end at once do not mix theirs."""
    return locked(out / "cache" / "locks" / f"{name}.lock", note=f"waiting for another command that writes the tables of {name}")


def write_json(path: Path, value: Any) -> None:
    """``write_atomic`` of indented JSON with sorted keys."""
    write_atomic(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


class Journal:
    """One JSON-lines file that only grows.

    ``append`` returns when the line is on disk (one write and fsync). A torn last line, left by a crash, is removed on
    opening. Where a key was written several times (an error that was retried), the last record holds.
    """

    def __init__(self, path: Path, key: Callable[[Mapping[str, Any]], Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._key = key
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self.records: dict[Any, dict[str, Any]] = {}
        for record in self._recover():
            self.records[key(record)] = record

    def _recover(self) -> Iterator[dict[str, Any]]:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._file, whole)
        for number, line in enumerate(data[:whole].splitlines(), 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise DataError(f"{self.path}: line {number}: not JSON; delete the line or the run folder") from error

    def append(self, *records: dict[str, Any]) -> None:
        """Write records as one durable append."""
        lines = "".join(json.dumps(r, ensure_ascii=False, allow_nan=False) + "\n" for r in records)
        data = memoryview(lines.encode("utf-8", "surrogatepass"))
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)
        for record in records:
            self.records[self._key(record)] = record

    def ok(self) -> set[Any]:
        """Keys whose last record is not an error."""
        return {key for key, record in self.records.items() if record.get("status", "ok") == "ok"}

    def close(self) -> None:
        os.close(self._file)


def question_key(record: Mapping[str, Any]) -> Key:
    return (record["sample_id"], record["qa_index"])


class RunDir:
    """The folder of one run: its journals, its lock, its interned contexts and memories (format: README, run folder)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = open(path / ".lock", "w")  # noqa: SIM115 - held as long as the run
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise ConfigError(f"{path}: another process is running this very configuration") from error
        self._journals: dict[str, Journal] = {}
        self._memory_ids: dict[tuple[str, str, tuple[str, ...]], int] | None = None

    def journal(self, name: str, key: Callable[[Mapping[str, Any]], Any] = question_key) -> Journal:
        """The journal ``<name>.jsonl``, opened once."""
        if name not in self._journals:
            self._journals[name] = Journal(self.path / f"{name}.jsonl", key)
        return self._journals[name]

    @property
    def contexts(self) -> Journal:
        return self.journal("contexts", lambda record: record["id"])

    @property
    def memories(self) -> Journal:
        return self.journal("memories", lambda record: record["id"])

    def intern_memories(self, sample_id: str, items: list[tuple[str, tuple[str, ...], int]]) -> list[int]:
        """Ids of memories given as (text, turn ids, words); new ones are written first, in one append."""
        if self._memory_ids is None:
            self._memory_ids = {
                (r["sample_id"], r["text"], tuple(r["turns"])): r["id"] for r in self.memories.records.values()
            }
        known, fresh, ids = self._memory_ids, [], []
        for text, turns, words in items:
            key = (sample_id, text, turns)
            if key not in known:
                known[key] = len(known)
                fresh.append(
                    {"id": known[key], "sample_id": sample_id, "text": text, "turns": list(turns), "words": words}
                )
            ids.append(known[key])
        if fresh:
            self.memories.append(*fresh)
        return ids

    def close(self) -> None:
        for journal in self._journals.values():
            journal.close()
        self._lock.close()

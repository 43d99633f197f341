"""Run folders: append-only JSON lines, durable one by one, under a lock, with derived files replaced atomically."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from eval.core.files import replacing
from eval.core.identity import digest
from eval.runs.lines import SEAL, held, sealed, whole_bytes
from eval.runs.seals import place_of, run_id, stamp_legacy
from memos.errors import ConfigError, DataError
from memos.locks import LockBusy, locked
from memos.secret_values import hidden, hidden_in

Key = tuple[str, int]
T = TypeVar("T")


def write_atomic(path: Path, text: str) -> None:
    """Write a derived file as a whole (``replacing``), without the keys that this process read."""
    with replacing(path) as scratch:
        scratch.write_text(hidden(text), encoding="utf-8")


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Be the one process that writes a run.

    Raises:
        ConfigError: another one does.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / ".lock", wait=False))
        except LockBusy as error:
            raise ConfigError(f"{folder}: another process is running this very configuration") from error
        yield


def writing_outputs(out: Path, name: str) -> AbstractContextManager[None]:
    """Hold the tables and figures of an experiment, so that two commands that end at once do not mix theirs."""
    return locked(
        out / "cache" / "locks" / f"{name}.lock", note=f"waiting for another command that writes the tables of {name}"
    )


def write_json(path: Path, value: Any) -> None:
    """``write_atomic`` of indented JSON with sorted keys."""
    write_atomic(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


class Journal:
    """One JSON-lines file that only grows.

    ``append`` returns when the line is on disk; threads that wait for the disk at the same time share one fsync. A torn
    last line, left by a crash, is removed on opening. Where a key was written several times (an error that was
    retried), the last record holds. With ``place`` lines are sealed (``eval.runs.lines``); void ones are counted in
    ``void`` and otherwise as if they were not there.
    """

    def __init__(self, path: Path, key: Callable[[Mapping[str, Any]], Any], place: str | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.place = path, place
        self._lock, self._syncing = threading.Lock(), threading.Lock()
        self._key = key
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        content = path.read_bytes()
        if whole_bytes(content) < len(content):
            os.ftruncate(self._file, whole_bytes(content))
        valid = held(path, content, key, place)
        self.records: dict[Any, dict[str, Any]] = valid.records
        self.void, self._next = valid.void, valid.next_seq
        self._durable = self._next
        """Lines with lower numbers are on disk."""

    def append(self, *records: dict[str, Any]) -> None:
        """Write records as one durable append; threads take turns to write, and wait for the disk together."""
        with self._lock:
            self._append(*records)
            end = self._next
        with self._syncing:
            if self._durable < end:
                written = self._next  # whoever wrote while another waited is covered by this one
                os.fsync(self._file)
                self._durable = written

    def _append(self, *records: dict[str, Any]) -> None:
        rows = list(records := tuple(hidden_in(record) for record in records))
        if self.place is not None:
            rows = [sealed(record, self.place, self._next + n) for n, record in enumerate(records)]
        lines = "".join(json.dumps(r, ensure_ascii=False, allow_nan=False) + "\n" for r in rows)
        unwritten = memoryview(lines.encode("utf-8", "surrogatepass"))
        while unwritten:
            unwritten = unwritten[os.write(self._file, unwritten) :]
        self._next += len(rows)
        for row in rows:
            record = {name: value for name, value in row.items() if self.place is None or name not in SEAL}
            self.records[self._key(record)] = record

    @property
    def written(self) -> int:
        """Number of the next line: it grows with every append."""
        return self._next

    def ok(self) -> set[Any]:
        """Keys whose last record is not an error."""
        return {key for key, record in self.records.items() if record.get("status", "ok") == "ok"}

    def close(self) -> None:
        """Close the file; a thread that still appends gets an error, never a file that was opened since."""
        with self._lock, self._syncing:
            os.close(self._file)
            self._file = -1


def question_key(record: Mapping[str, Any]) -> Key:
    return (record["sample_id"], record["qa_index"])


def memory_digest(record: Mapping[str, Any]) -> str:
    """Digest of what a memory says, whatever its number."""
    return digest([record["text"], list(record["turns"]), record["words"]])


class RunDir:
    """The folder of one run: its journals, its lock, its interned contexts and memories (docs/run_folder.md)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = ExitStack()
        self._lock.enter_context(only_writer(path))
        try:
            self.id = run_id(path) or stamp_legacy(path)
        except DataError:
            self._lock.close()
            raise
        self._journals: dict[str, Journal] = {}
        self._memory_ids: dict[tuple[str, str, tuple[str, ...]], int] | None = None
        self._memory_digests: dict[int, str] = {}
        self._whole_contexts: set[str] = set()
        self._readable: dict[Key, tuple[Mapping[str, Any], bool]] = {}
        self._kept: dict[str, tuple[tuple[int, ...], Any]] = {}

    def journal(self, name: str, key: Callable[[Mapping[str, Any]], Any] = question_key) -> Journal:
        """The journal ``<name>.jsonl``, opened once."""
        if name not in self._journals:
            opened = Journal(self.path / f"{name}.jsonl", key, place_of(self.id, name))
            self._journals[name] = opened
            if opened.void:
                print(
                    f"note: {opened.path}: {opened.void} lines were changed after they were written or are of another "
                    "run or journal; they stay in the file and do not count"
                )
        return self._journals[name]

    @property
    def contexts(self) -> Journal:
        return self.journal("contexts", lambda record: record["id"])

    @property
    def memories(self) -> Journal:
        return self.journal("memories", lambda record: record["id"])

    def context(self, name: str) -> str | None:
        """The text of a context by its digest; None where the folder does not hold it."""
        record = self.contexts.records.get(name)
        if record is not None and name not in self._whole_contexts and digest(record["text"]) == name:
            self._whole_contexts.add(name)
        return record["text"] if record is not None and name in self._whole_contexts else None

    def intern_context(self, text: str) -> str:
        """Keep a context's text; returns its digest."""
        name = digest(text)
        if self.context(name) is None:
            self.contexts.append({"id": name, "text": text})
        return name

    def hits_digest(self, hits: Sequence[int]) -> str | None:
        """Digest of what ranked memories say; None where one of them is not in the folder."""
        known, records = self._memory_digests, self.memories.records
        for name in hits:
            if name not in known:
                if name not in records:
                    return None
                known[name] = memory_digest(records[name])
        return digest([known[name] for name in hits])

    def kept(self, what: str, journals: Sequence[Journal], make: Callable[[], T]) -> T:
        """The result of ``make``, made again only once one of these journals has grown."""
        grown = tuple(journal.written for journal in journals)
        if what not in self._kept or self._kept[what][0] != grown:
            self._kept[what] = (grown, make())
        return self._kept[what][1]

    def readable(self, record: Mapping[str, Any]) -> bool:
        """Whether the context and the memories that a search record names are in the folder and unchanged."""
        known, verdict = self._readable.get(question_key(record), (None, False))
        if known is not record:
            whole = self.context(record["context_id"]) is not None
            verdict = whole and self.hits_digest(record["hits"]) == record["hits_digest"]
            self._readable[question_key(record)] = (record, verdict)
        return verdict

    def intern_memories(self, sample_id: str, items: list[tuple[str, tuple[str, ...], int]]) -> list[int]:
        """Ids of memories given as (text, turn ids, words); new ones are written first, in one append."""
        if self._memory_ids is None:
            self._memory_ids = {
                (r["sample_id"], r["text"], tuple(r["turns"])): r["id"] for r in self.memories.records.values()
            }
        known, fresh, ids = self._memory_ids, [], []
        free = max(self.memories.records, default=-1) + 1
        for text, turns, words in items:
            key = (sample_id, text, turns)
            if key not in known:
                known[key] = free
                fresh.append({"id": free, "sample_id": sample_id, "text": text, "turns": list(turns), "words": words})
                free += 1
            ids.append(known[key])
        if fresh:
            self.memories.append(*fresh)
        return ids

    def close(self) -> None:
        for journal in self._journals.values():
            journal.close()
        self._lock.close()

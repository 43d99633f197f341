"""The name of a run, kept in its folder, and the seals of folders from before there were any.

``run.json`` holds the run's id: the folder's name when the run began, so that a folder which is moved or renamed keeps
its records. A folder without it is new, or of a time when lines had no seals. Such lines are taken as they are, once:
they are sealed where they stand, with the links to their parents that can be read off the folder. From then on a line
without a seal is void.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.core.files import replacing
from eval.core.identity import digest
from eval.runs.lineage import good
from eval.runs.lines import Record, opened, parsed, sealed, whole_bytes
from memos import strict_json
from memos.errors import DataError

RUN_FILE = "run.json"
Links = Mapping[str, Any]


def place_of(run: str, name: str) -> str:
    """What the seals of a journal are made over."""
    return f"{run}/{name}"


def run_id(folder: Path) -> str | None:
    """The id in a run folder; None where it has none.

    Raises:
        DataError: the file is damaged.
    """
    path = folder / RUN_FILE
    try:
        return str(strict_json.read(path.read_text(encoding="utf-8"))["id"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f'{path}: expected {{"id": the name the folder had when the run began}}: {error}') from error


def stamp_legacy(folder: Path) -> str:
    """Seal the lines of every journal of a folder without an id, and give it one; returns the id.

    Raises:
        DataError: a line that is no JSON object.
    """
    name = folder.resolve().name
    read = _Reader(folder, name)
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("scores/*.jsonl")]):
        _seal(path, place_of(name, read.name_of(path)), read.links_for(path))
    _replace(folder / RUN_FILE, (json.dumps({"id": name}) + "\n").encode())
    return name


def _seal(path: Path, place: str, links: Callable[[Record], Links | None]) -> None:
    """Seal the lines without a seal in place; one whose parent is gone stays as it is, and so is void."""
    content = path.read_bytes()
    content = content[: whole_bytes(content)]
    lines = content.split(b"\n")[:-1]
    for number, record in parsed(path, content):
        if "digest" in record:
            continue
        try:
            origin = links(record)
            if origin is not None:
                row = sealed({**record, **origin}, place, number - 1)
                lines[number - 1] = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (KeyError, TypeError) as error:
            raise DataError(f"{path}: line {number}: {error}: missing or of a wrong kind; delete the line") from error
        except ValueError:  # NaN: such a line is void
            continue
    fresh = b"".join(line + b"\n" for line in lines)
    if fresh != content:
        _replace(path, fresh)


def rename_journal(folder: Path, old: str, new: str) -> None:
    """Give a journal of a run another name; its lines are sealed anew for it, void ones are left behind as they are.

    Args:
        folder: the run's folder, which has an id.
        old: name without suffix, such as ``scores/metrics-1f2e``; nothing happens where there is none.
        new: the other name; nothing happens where it is taken.
    """
    before, after = (folder / f"{name}.jsonl" for name in (old, new))
    run = run_id(folder)
    if run is None or not before.exists() or after.exists():
        return
    lines = []
    for _, record in parsed(before, before.read_bytes()):
        plain = opened(record, place_of(run, old))
        row = record if plain is None else sealed(plain, place_of(run, new), record["seq"])
        lines.append(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    _replace(after, b"".join(lines))
    before.unlink()


def _replace(path: Path, content: bytes) -> None:
    with replacing(path) as scratch:
        scratch.write_bytes(content)


class _Reader:
    """The records of a folder as they stand, to read links off."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._kept: dict[str, dict[Any, Record]] = {}
        self._memory_digests: dict[int, str] = {}

    def name_of(self, path: Path) -> str:
        return path.relative_to(self.folder).with_suffix("").as_posix()

    def _records(self, name: str, *fields: str) -> dict[Any, Record]:
        """Records by the fields of their key; those whose key cannot be read are left to whoever opens the journal."""
        if name not in self._kept:
            path = self.folder / f"{name}.jsonl"
            rows = [record for _, record in parsed(path, path.read_bytes())] if path.exists() else []
            named = [(tuple(row.get(field) for field in fields), row) for row in rows]
            self._kept[name] = {key: row for key, row in named if all(isinstance(part, str | int) for part in key)}
        return self._kept[name]

    def _asked(self, name: str, record: Record) -> Record | None:
        row = self._records(name, "sample_id", "qa_index").get((record.get("sample_id"), record.get("qa_index")))
        return row if good(row) else None

    def links_for(self, path: Path) -> Callable[[Record], Links | None]:
        """What is added to each line of a journal: its links, and for a search record the digest of its memories."""
        name = self.name_of(path)
        if name == "search":
            return self._search
        if name == "answers" or name.startswith("forced"):
            return self._answer
        if name.startswith("scores/judge_"):
            return self._verdict
        return self._values if name.startswith("scores/metrics-") else lambda record: {"made_from": {}}

    def _search(self, record: Record) -> Links | None:
        if not good(record):
            return {"made_from": {}}
        hits_digest = self._hits(record)
        return None if hits_digest is None else {"made_from": {}, "hits_digest": hits_digest}

    def _hits(self, record: Record) -> str | None:
        memories, known = self._records("memories", "id"), self._memory_digests
        if (record["context_id"],) not in self._records("contexts", "id"):
            return None
        for name in record["hits"]:
            if (name,) not in memories:
                return None
            if name not in known:
                row = memories[(name,)]
                known[name] = digest([row["text"], list(row["turns"]), row["words"]])
        return digest([known[name] for name in record["hits"]])

    def _answer(self, record: Record) -> Links | None:
        searched = self._asked("search", record)
        return None if searched is None else {"made_from": {"context": searched["context_id"]}}

    def _verdict(self, record: Record) -> Links | None:
        answer = self._asked("answers", record)
        return None if answer is None else {"made_from": {"answer": digest(answer["answer"])}}

    def _values(self, record: Record) -> Links | None:
        searched, answer = self._asked("search", record), self._asked("answers", record)
        if searched is None or answer is None:
            return None
        links = {"answer": digest(answer["answer"]), "context": searched["context_id"], "hits": self._hits(searched)}
        return {"made_from": links}

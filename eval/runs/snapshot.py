"""Whether a summary still is the summary of what lies in its folder.

``summary.json`` names its journals with the number and digest of the records it rests on (``journals``).
``journals.json``
beside it holds each file's length and SHA-256 at that time, for a check in milliseconds: as journals only grow, a
summary
stands as long as the files begin with those bytes, and readers then read no further. Otherwise the records are read and
compared; so lines may move or be doubled, but none may change, go or come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.core.identity import digest
from eval.runs import lineage
from eval.runs.lines import Held, held
from eval.runs.manifest_file import read_manifest
from eval.runs.seals import place_of, run_id
from eval.runs.write import RunDir, memory_digest, question_key, write_json
from memos import strict_json
from memos.errors import DataError

FILE = "journals.json"
ALWAYS = ("contexts.jsonl", "memories.jsonl")
"""Journals that others point into."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far into a journal a summary reaches, and whether its lines are known to be whole."""

    length: int | None = None
    """Bytes; None: all."""
    trusted: bool = False


def write_summary(run: RunDir, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json`` of a run that holds its folder, and the lengths and digests of its journals."""
    write_json(run.path / "summary.json", summary)
    files = {}
    for name in (*(entry["file"] for entry in summary["journals"].values()), *ALWAYS):
        content = (run.path / name).read_bytes() if (run.path / name).exists() else b""
        journal = run.journal(name.removesuffix(".jsonl"), _key(name)) if content else None
        files[name] = {"bytes": len(content), "sha256": _sha(content), "void": journal.void if journal else 0}
    write_json(run.path / FILE, {"summary": _sha((run.path / "summary.json").read_bytes()), "files": files})


def extents(folder: Path, summary: Mapping[str, Any]) -> dict[str, Extent]:
    """Of each journal that a summary names, how far it is to be read; empty for a summary that names none (of commit
    160bb13 or before), whose journals are read as they are.

    Raises:
        DataError: the summary is stale: a journal has changed since. Names the file, the numbers and the remedy.
    """
    if "journals" not in summary:
        return {}
    return _by_bytes(folder) or _by_records(folder, summary)


def untouched(folder: Path, summary: Mapping[str, Any]) -> bool:
    """Whether the journals are those the summary was made from, with nothing added since."""
    try:
        extent_by_file = extents(folder, summary)
    except DataError:
        return False
    return bool(extent_by_file) and all(
        extent.length is None or (folder / name).stat().st_size == extent.length
        for name, extent in extent_by_file.items()
        if (folder / name).exists()
    )


def read(folder: Path, name: str, key: Callable[[Mapping[str, Any]], Any], extent: Extent) -> Held:
    """The records of a journal of a run folder, as far as a summary reaches. A file that is absent holds none.

    Raises:
        DataError: a line that is no JSON object.
    """
    path, run = folder / name, run_id(folder)
    content = path.read_bytes()[: extent.length] if path.exists() else b""
    return held(path, content, key, run and place_of(run, name.removesuffix(".jsonl")), check=not extent.trusted)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _key(name: str) -> Callable[[Mapping[str, Any]], Any]:
    if name in ALWAYS:
        return lambda record: record["id"]
    return (lambda record: record["sample_id"]) if name == "ingest.jsonl" else question_key


def _by_bytes(folder: Path) -> dict[str, Extent]:
    """Extents where every file begins with the bytes it had; empty where that cannot be said."""
    try:
        stated = strict_json.read((folder / FILE).read_text(encoding="utf-8"))
        if stated["summary"] != _sha((folder / "summary.json").read_bytes()):
            return {}
        out = {}
        for name, entry in stated["files"].items():
            content = (folder / name).read_bytes()[: entry["bytes"]] if entry["bytes"] else b""
            if len(content) != entry["bytes"] or _sha(content) != entry["sha256"]:
                return {}
            out[name] = Extent(entry["bytes"], not entry["void"])
        return out
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _by_records(folder: Path, summary: Mapping[str, Any]) -> dict[str, Extent]:
    """Extents where the records are those the summary rests on."""
    named = summary["journals"]
    if run_id(folder) is None:
        raise DataError(
            f"{folder}: run.json is missing, without which no record is known to be this run's; {remedy(folder)}"
        )
    rows: dict[str, Mapping[Any, Mapping[str, Any]]] = {
        name: read(folder, entry["file"], _key(entry["file"]), Extent()).records for name, entry in named.items()
    }
    contexts, memories = (read(folder, name, _key(name), Extent()).records for name in ALWAYS)
    rows["search"] = {
        key: r for key, r in rows["search"].items() if not lineage.good(r) or _readable(r, contexts, memories)
    }
    rows["answers"] = lineage.answers_in_force(rows["answers"], rows["search"])
    rows["metrics"] = lineage.values_in_force(rows["metrics"], rows["answers"], rows["search"])
    for name in rows:
        if name.startswith("judge_"):
            rows[name] = lineage.verdicts_in_force(rows[name], rows["answers"])
    for name, entry in named.items():
        state = lineage.state(rows[name])
        if state != {"records": entry["records"], "digest": entry["digest"]}:
            raise DataError(
                f"{folder / entry['file']}: changed since summary.json was made of it ({state['records']} good "
                f"records, it was made of {entry['records']}); {remedy(folder)}"
            )
    return {name: Extent() for name in (*(entry["file"] for entry in named.values()), *ALWAYS)}


def _readable(record: Mapping[str, Any], contexts: Mapping[Any, Any], memories: Mapping[Any, Any]) -> bool:
    context = contexts.get(record["context_id"])
    if (
        context is None
        or digest(context["text"]) != record["context_id"]
        or not all(i in memories for i in record["hits"])
    ):
        return False
    return digest([memory_digest(memories[i]) for i in record["hits"]]) == record["hits_digest"]


def remedy(folder: Path) -> str:
    """What makes a stale summary right again."""
    try:
        manifest = read_manifest(folder) or {}
        command = " ".join(["python", *manifest["sessions"][-1]["command"]])
    except (DataError, KeyError, IndexError, TypeError):
        return "the command that made the run makes it again"
    return f"make it again with the run's own command: {command}"

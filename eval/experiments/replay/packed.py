"""The file of a pack: a zip of JSON, checksummed, with nothing in it that runs.

``pack.json`` names the version, the runs (configuration, identity, summary, measured times) and the SHA-256 of each
other member; its own SHA-256 is the archive's comment. ``replies.jsonl`` holds the models' replies and
``vectors.jsonl`` the embeddings, each under the key of its cache. Equal contents make equal files.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from eval.core.files import replacing
from memos.errors import DataError
from memos.llm.base import Completion
from memos.llm.wire import completion_from_dict, completion_to_dict

T = TypeVar("T")
FORMAT, VERSION = "memos-replay", 1
INDEX, REPLIES, VECTORS = "pack.json", "replies.jsonl", "vectors.jsonl"
_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of all members, so that equal contents make equal files."""


@dataclass(frozen=True, slots=True)
class PackedRun:
    """One run: how to make it again, and what it came to."""

    experiment: str
    folder: str
    """Name of its folder, which is that of its identity."""
    fingerprint: str
    config: Mapping[str, Any]
    dataset: Mapping[str, Any]
    """Name and SHA-256 of the data set."""
    commit: str | None
    """Commit of the code that packed it."""
    summary: Mapping[str, Any]
    timing: Mapping[str, Any] = field(default_factory=dict)
    """The device that the times were measured on."""
    latency: Sequence[Mapping[str, Any]] = ()
    """Its records of the latency pass, which no replay can measure."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Conversation to the seconds of its ingestion."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Runs with all that they were told by models."""

    runs: Sequence[PackedRun]
    replies: Mapping[str, Completion]
    vectors: Mapping[bytes, np.ndarray]


def write(path: Path, pack: Pack, check: Callable[[str, bytes], None] = lambda name, content: None) -> str:
    """Write a pack as a whole; returns its SHA-256.

    Args:
        check: is shown each member before anything is written, and raises what must not be handed on.
    """
    members = {
        REPLIES: _lines({"key": key, "reply": completion_to_dict(pack.replies[key])} for key in sorted(pack.replies)),
        VECTORS: _lines({"key": key.hex(), "vector": _encoded(pack.vectors[key])} for key in sorted(pack.vectors)),
    }
    index = {
        "format": FORMAT,
        "version": VERSION,
        "runs": [asdict(run) for run in pack.runs],
        "members": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    members[INDEX] = json.dumps(index, sort_keys=True, ensure_ascii=True, indent=1, allow_nan=False).encode()
    for name, content in members.items():
        check(name, content)
    with replacing(path) as scratch:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in (INDEX, REPLIES, VECTORS):
                archive.writestr(zipfile.ZipInfo(name, _DATE), members[name], zipfile.ZIP_DEFLATED)
            archive.comment = hashlib.sha256(members[INDEX]).hexdigest().encode()
    return file_sha256(path)


def read(path: Path) -> Pack:
    """The pack in a file.

    Raises:
        DataError: the file is missing, no pack, of another version, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names, comment = set(archive.namelist()), archive.comment
            if names != {INDEX, REPLIES, VECTORS}:
                raise DataError(
                    f"{path}: no pack of runs; make one with: python scripts/record.py pack RUNS… --to FILE"
                )
            content = {name: archive.read(name) for name in (INDEX, REPLIES, VECTORS)}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DataError(f"{path}: damaged or no pack of runs ({error}); fetch it again") from error
    if hashlib.sha256(content[INDEX]).hexdigest().encode() != comment:
        raise DataError(f"{path}: {INDEX} was changed after it was packed; fetch the file again")
    return _checked(path, lambda: _opened(path, content))


def _opened(path: Path, content: Mapping[str, bytes]) -> Pack:
    index = json.loads(content[INDEX])
    if index["format"] != FORMAT or index["version"] != VERSION:
        raise DataError(
            f"{path}: version {index['version']} of {index['format']!r}, this code reads {FORMAT!r} {VERSION}"
        )
    for name, sha256 in index["members"].items():
        if hashlib.sha256(content[name]).hexdigest() != sha256:
            raise DataError(f"{path}: {name} was changed after it was packed; fetch the file again")
    return Pack(
        [PackedRun(**run) for run in index["runs"]],
        {row["key"]: completion_from_dict(row["reply"]) for row in _rows(content[REPLIES])},
        {bytes.fromhex(row["key"]): _decoded(row["vector"]) for row in _rows(content[VECTORS])},
    )


def _checked(path: Path, make: Callable[[], T]) -> T:
    try:
        return make()
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise DataError(f"{path}: not as a pack is written ({type(error).__name__}: {error})") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, sort_keys=True, ensure_ascii=True) + "\n" for row in rows).encode()


def _rows(content: bytes) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in content.splitlines())


def _encoded(vector: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode()


def _decoded(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)

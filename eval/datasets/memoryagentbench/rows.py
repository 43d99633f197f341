"""The rows of MemoryAgentBench's files: parquet as on the hub, or the same rows as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.datasets.hub import hub_file
from eval.datasets.memoryagentbench.sources import ROWS
from eval.datasets.reading import JsonPlace, check_plain, parse_json, read_text
from memos.errors import DataError, require

REPOSITORY = "ai-hyz/MemoryAgentBench"
REVISION = "7ea066982b140a19337e17e60d45d4076e042faf"
"""Contexts of an earlier one held sessions twice."""
LICENCE = "MIT (card of the data set)"
SUFFIXES = (".parquet", ".jsonl")


def files(path: Path | None, splits: Sequence[str]) -> list[tuple[str, Path]]:
    """Name and file of each of some splits: below a folder, one file of the user's, or fetched from the hub.

    Raises:
        DataError: there is no such file.
    """
    if path is None:
        return [
            (split, hub_file(REPOSITORY, f"data/{split}-00000-of-00001.parquet", REVISION, LICENCE)) for split in splits
        ]
    if not path.is_dir():
        return [(next((split for split in ROWS if split in path.name), path.stem), path)]
    return [(split, _below(path, split)) for split in splits]


def _below(folder: Path, split: str) -> Path:
    held = sorted(file for suffix in SUFFIXES for file in folder.rglob(f"{split}*{suffix}"))
    if not held:
        raise DataError(f"{folder}: no {split}*.parquet and no {split}*.jsonl")
    return held[0]


def rows(file: Path) -> Iterator[tuple[JsonPlace, Any]]:
    """JsonPlace and content of each row.

    Raises:
        DataError: the file cannot be read, or is empty.
        MissingDependency: pyarrow is not installed, which parquet needs; the message has the command.
    """
    content = _parquet(file) if file.suffix == ".parquet" else _lines(file)
    index = -1
    for index, row in enumerate(content):
        yield JsonPlace(file) / index, row
    if index < 0:
        raise DataError(f"{file}: there is no row in it")


def _parquet(file: Path) -> list[Any]:
    parquet = require("pyarrow.parquet", "hub", package="pyarrow")
    check_plain(file)
    try:
        return parquet.read_table(file).to_pylist()
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: no parquet that can be read: {' '.join(str(error).split()):.200}") from error


def _lines(file: Path) -> Iterator[Any]:
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if line.strip():
            yield parse_json(line, f"{file}: line {number}")

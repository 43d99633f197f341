"""Which file of a run is of which type, and a whole folder held to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from eval.runs.format import adversarial, fields, growth, journals, kv, manifest, matrix, stores, summary
from eval.runs.lines import parsed
from memos.errors import DataError

BENCHMARK: Mapping[str, Any] = {
    "manifest.json": manifest.Manifest,
    "config.yaml": manifest.Config,
    "run.json": manifest.RunId,
    "journals.json": manifest.Journals,
    "timing.json": manifest.TimingSettings,
    "ingest.jsonl": journals.AnyIngest,
    "search.jsonl": journals.AnySearch,
    "contexts.jsonl": journals.ContextLine,
    "memories.jsonl": journals.MemoryLine,
    "answers.jsonl": journals.AnyAnswer,
    "forced-*.jsonl": journals.AnyAnswer,
    "scores/judge_*.jsonl": journals.AnyVerdict,
    "scores/metrics-*.jsonl": journals.MetricsLine,
    "repeats/answers-*.jsonl": journals.AnyAnswer,
    "repeats/judge_*.jsonl": journals.AnyVerdict,
    "repeats/metrics-*.jsonl": journals.MetricsLine,
    "latency*.jsonl": journals.AnyLatency,
    "spending.jsonl": journals.SpendingLine,
    "summary.json": summary.Summary,
    "abstention.json": adversarial.AbstentionRecord,
    "memory_size.json": growth.MemorySize,
}
"""Files of a run folder, ``runs/<experiment>/<system>-<fingerprint>/``; journals are of one type a line."""
KV: Mapping[str, Any] = {
    "manifest.json": manifest.KvManifest,
    "run.json": manifest.RunId,
    "cells.jsonl": kv.AnyCell,
    "summary.json": kv.KvSummary,
}
"""Files of a time-to-first-token run."""
MATRIX: Mapping[str, Any] = {
    "manifest.json": manifest.MatrixManifest,
    "run.json": manifest.RunId,
    "scores/judge_*.jsonl": journals.AnyVerdict,
    "spending.jsonl": journals.SpendingLine,
    "summary.json": matrix.MatrixSummary,
}
"""Files of a judge matrix."""
STORE: Mapping[str, Any] = {"progress.json": stores.Progress, "*.code.json": stores.StoreCode}
"""Files of a saved store and beside it."""
RESCORED: Mapping[str, Any] = {
    "*.summary.json": summary.ScoreSummary,
    "*.judge_*.jsonl": journals.AnyVerdict,
}
"""Files of ``scripts/rescore.py``, one pair a set of answers and judge."""
UNTYPED = (".lock",)
"""Files of a run folder that hold nothing."""


def check_file(path: Path, kind: Any) -> None:
    """Hold a file to its type: an object, or an object a line.

    Raises:
        DataError: the first thing that is wrong, with file, line and field.
    """
    if path.suffix == ".jsonl":
        for number, record in parsed(path, path.read_bytes()):
            fields.check(record, kind, f"{path}: line {number}")
    elif path.suffix == ".yaml":
        import yaml

        fields.check(yaml.safe_load(path.read_text(encoding="utf-8")), kind, path)
    else:
        fields.check(json.loads(path.read_text(encoding="utf-8")), kind, path)


def check_folder(folder: Path, types: Mapping[str, Any] = BENCHMARK) -> list[str]:
    """Hold every file of a folder to its type.

    Returns:
        Names of the files that are of none, besides those in ``UNTYPED``.

    Raises:
        DataError: there is no such folder, or the first thing that is wrong.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    strange = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        kind = next((kind for pattern, kind in types.items() if fnmatch(name, pattern)), None)
        if kind is not None:
            check_file(path, kind)
        elif name not in UNTYPED:
            strange.append(name)
    return strange

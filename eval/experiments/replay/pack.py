"""Pack runs: run each again in a folder of its own, told by its caches only, and keep what they were asked for.

That the run comes out equal there is the proof that the pack is whole. No model is asked and no server called.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from eval.core.provenance import code
from eval.experiments.load import KV_TTFT, load
from eval.experiments.replay import packed, private
from eval.experiments.replay.compare import PAID, differences
from eval.experiments.replay.packed import Pack, PackedRun
from eval.runs import lineage, snapshot
from eval.runs.read import load_summary, question_key
from eval.stages import adoption
from eval.stages.bench import Bench
from eval.stages.components import SourceCaches, reading
from memos.errors import DataError
from memos.llm.base import Completion

EXECUTION = {"cache": "only", "figures": False, "accept_code": False, "rerun": False}
"""What a packed configuration says of how it runs."""


def pack(
    folders: Sequence[Path], target: Path, cache: Path | None = None, data: Path | None = None
) -> tuple[Pack, str]:
    """Pack finished runs into one file; returns the pack and the file's SHA-256.

    Args:
        folders: run folders, each with its summary.
        target: the file to write.
        cache: folder of the caches; None: ``cache`` of the results folder that each run lies in.
        data: the data set's file where the configuration's path is no more.

    Raises:
        DataError: a run cannot be made again from its caches alone; says why.
        ConfigError: something must not be handed on.
    """
    replies: dict[str, Completion] = {}
    vectors: dict[bytes, np.ndarray] = {}
    runs = []
    for folder in folders:
        source = SourceCaches(cache or folder.resolve().parents[2] / "cache", replies, vectors)
        runs.append(_packed(folder, source, data))
    made = Pack(runs, replies, vectors)
    return made, packed.write(target, made, private.check)


def _packed(folder: Path, source: SourceCaches, data: Path | None) -> PackedRun:
    config, summary = _config(folder), load_summary(folder)
    extents = snapshot.extents(folder, summary)  # refuses a summary that is not that of its journals
    with tempfile.TemporaryDirectory(prefix="replay-") as scratch, reading(source):
        rehearsed = {**config, **EXECUTION, "out": scratch, "latency": {"questions": 0}}
        if data is not None:
            rehearsed["dataset"] = {**config["dataset"], "path": str(data)}
        bench = Bench(rehearsed)
        _check(folder, bench)
        cleaned = private.public(config) | EXECUTION
        if Bench({**rehearsed, **cleaned, "dataset": rehearsed["dataset"]}).fingerprint != bench.fingerprint:
            raise DataError(f"{folder}: credentials in an address are part of its identity; name the server: served_as")
        print(f"{folder.name}: running it again from its caches")
        outcome = load(config["entry"]).run(rehearsed)
        gone = differences(summary, load_summary(Path(str(outcome["folder"]))), times=False)
        if gone:
            raise DataError(f"{folder}: run again from its caches alone it comes out otherwise ({'; '.join(gone[:3])})")
        dataset = {"name": bench.dataset.name, "sha256": bench.dataset.sha256}
    manifest = adoption.read_manifest(folder) or {}

    def records(name: str, key: Any) -> Mapping[Any, Mapping[str, Any]]:
        file = f"{name}.jsonl"
        return snapshot.read(folder, file, key, extents.get(file, snapshot.Extent())).records

    return PackedRun(
        experiment=folder.parent.name,
        folder=bench.folder.name,
        fingerprint=bench.fingerprint,
        config=cleaned,
        dataset=dataset,
        commit=code()["commit"],
        summary={name: value for name, value in summary.items() if name not in PAID},
        timing=manifest.get("timing") or {},
        latency=[dict(record) for record in records("latency", question_key).values()],
        seconds={
            name: record["seconds"]
            for name, record in records("ingest", lambda record: record["sample_id"]).items()
            if lineage.good(record)
        },
    )


def _config(folder: Path) -> dict[str, Any]:
    """The configuration that a run was made with."""
    path = folder / "config.yaml"
    if not path.exists():
        raise DataError(f"{path}: missing; this is no folder of a run")
    config = OmegaConf.to_container(OmegaConf.load(path))
    if not isinstance(config, dict) or "entry" not in config:
        raise DataError(f"{path}: no configuration of a run")
    return json.loads(json.dumps(config))


def _check(folder: Path, bench: Bench) -> None:
    """Refuse what no cache holds.

    Raises:
        DataError: the run times this machine, its system asks a server by itself, or its identity is another one now.
    """
    if bench.config["entry"] == KV_TTFT:
        raise DataError(f"{folder}: it measures times of one machine; there is nothing to run again")
    if hasattr(bench.system_config, "api_key_env"):
        raise DataError(
            f"{folder}: system={bench.system_spec['name']} asks its server by itself, past the cache of replies"
        )
    if not folder.name.endswith(bench.fingerprint):
        raise DataError(
            f"{folder}: its configuration is run {bench.fingerprint} by now: data, weights or code have changed since; "
            f"bring it up to date with its own command first"
        )

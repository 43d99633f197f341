"""Run packed runs again from the pack alone: no key, no server, equal tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.experiments.load import load
from eval.experiments.protocol import Outcome
from eval.experiments.replay.compare import differences
from eval.experiments.replay.packed import Pack, PackedRun
from eval.runs.read import load_summary
from eval.runs.snapshot import write_summary
from eval.runs.write import RunDir, write_json
from eval.stages.bench import TAKEN_OVER, Bench
from eval.stages.manifest import describe
from eval.stages.summarise import summarise
from memos.embed.cache import keep_vectors
from memos.errors import ConfigError, DataError
from memos.llm.cache import keep_replies

OWN = ("memos", "baselines", "eval")


@dataclass(frozen=True, slots=True)
class ReplayedRun:
    """One run that was made again."""

    packed: PackedRun
    outcome: Outcome
    differences: Sequence[str]
    """What is not as it was; empty where everything is."""


def replay(pack: Pack, out: Path, data: Path | None = None, allow: Sequence[str] = ()) -> list[ReplayedRun]:
    """Run every run of a pack in a results folder and compare it with what it was.

    Args:
        out: a results folder; what its caches hold already stays.
        data: the data set's file; None: where a run finds it.
        allow: packages besides this project's whose classes the configurations may name.

    Raises:
        ConfigError: a configuration names code of a package that is not allowed.
        DataError: the data set or the code is not that of the pack.
    """
    for run in pack.runs:
        _trusted(run, allow)
    keep_replies(out / "cache" / "llm.sqlite", pack.replies)
    keep_vectors(out / "cache" / "embeddings.sqlite", pack.vectors)
    return [_again(run, out, data) for run in pack.runs]


def finish(out: Path, replayed: Sequence[ReplayedRun]) -> None:
    """Write and print the tables of each experiment among the runs."""
    by_name: dict[str, list[ReplayedRun]] = {}
    for one in replayed:
        by_name.setdefault(one.packed.experiment, []).append(one)
    for name, own in by_name.items():
        load(own[0].packed.config["entry"]).finish(out, name, [one.outcome for one in own], draw=False)


def _again(run: PackedRun, out: Path, data: Path | None) -> ReplayedRun:
    config: dict[str, Any] = {**run.config, "out": str(out), "cache": "only", "figures": False}
    if data is not None:
        config["dataset"] = {**config["dataset"], "path": str(data)}
    bench = Bench(config)
    _same(run, bench)
    _take_over_times(run, bench)
    outcome = load(config["entry"]).run(config)
    _put_back_seconds(run, Bench(config))
    folder = Path(str(outcome["folder"]))
    return ReplayedRun(run, outcome, differences(run.summary, load_summary(folder)))


def _same(run: PackedRun, bench: Bench) -> None:
    """Refuse a run that would be another one here."""
    here = {"name": bench.dataset.name, "sha256": bench.dataset.sha256}
    if here != run.dataset:
        raise DataError(
            f"{run.folder}: made on {run.dataset['name']} (SHA-256 {run.dataset['sha256'][:12]}…), here is "
            f"{here['name']} ({here['sha256'][:12]}…); give the right file with --data"
        )
    if bench.fingerprint != run.fingerprint:
        raise DataError(
            f"{run.folder}: here it would be run {bench.fingerprint}: this code or its weights are not those that "
            f"packed it; check out commit {run.commit or 'of the one who packed it'}"
        )


def _take_over_times(run: PackedRun, bench: Bench) -> None:
    """Put the measured times where the run looks for its own, with the device that they are of."""
    if not run.latency:
        return
    bench.folder.mkdir(parents=True, exist_ok=True)
    timing = {name: value for name, value in run.timing.items() if name != "digest"}
    write_json(bench.folder / TAKEN_OVER, timing)
    bench = Bench(bench.config)  # one that knows whose times they are
    directory = RunDir(bench.folder)
    try:
        describe(bench, bench.folder)
        journal = directory.journal("latency")
        fresh = [
            dict(record)
            for record in run.latency
            if journal.records.get((record["sample_id"], record["qa_index"])) != record
        ]
        if fresh:
            journal.append(*fresh)
    finally:
        directory.close()


def _put_back_seconds(run: PackedRun, bench: Bench) -> None:
    """The seconds of an ingestion are those of the run that paid for it, not those of reading its replies."""
    path = bench.folder / "summary.json"
    if not run.seconds or not path.exists():
        return
    directory = RunDir(bench.folder)
    try:
        journal = directory.journal("ingest", lambda record: record["sample_id"])
        timed = [
            {**record, "seconds": run.seconds[name]}
            for name, record in journal.records.items()
            if name in run.seconds and record.get("seconds") != run.seconds[name]
        ]
        if timed:
            journal.append(*timed)
            missing = json.loads(path.read_text(encoding="utf-8")).get("missing", {})
            write_summary(directory, summarise(bench, directory, missing))
    finally:
        directory.close()


def _trusted(run: PackedRun, allow: Sequence[str]) -> None:
    """A pack comes from somebody else: the code that it names must be this project's, or allowed."""
    for where, name in _names(run.config):
        package = name.partition(".")[0]
        if package not in (*OWN, *allow):
            raise ConfigError(
                f"{run.folder}: {where}={name!r} is code of another package; allow it with --allow {package}"
            )


def _names(node: Any, where: str = "") -> list[tuple[str, str]]:
    """Every name of code in a configuration: classes, modules, functions."""
    if not isinstance(node, Mapping):
        return []
    named = []
    for key, value in node.items():
        own = f"{where}.{key}" if where else str(key)
        if key in ("_target_", "entry", "function") and isinstance(value, str) and value:
            named.append((own, value))
        named += _names(value, own)
    return named

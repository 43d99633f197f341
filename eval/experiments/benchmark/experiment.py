"""A benchmark run: the stages in order over one folder; issuing the same command again resumes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from eval.experiments.benchmark.finish import finish, tables
from eval.experiments.benchmark.foretell import foretell
from eval.experiments.protocol import BUDGET_REACHED, FAILED_QUESTIONS, OK, Config, Outcome
from eval.runs.manifest_file import read_manifest
from eval.runs.snapshot import write_summary
from eval.runs.write import RunDir
from eval.stages import changes, freshness, losses
from eval.stages.answer import answer
from eval.stages.bench import Bench
from eval.stages.ingest import ingest
from eval.stages.latency import latency
from eval.stages.manifest import adopt, describe, summary_code
from eval.stages.rounds import extract_again
from eval.stages.score import judge, score
from eval.stages.search import search, waiting
from eval.stages.summarise import summarise
from memos.errors import BudgetExceeded

__all__ = ["check", "finish", "foretell", "run", "tables", "up_to_date"]

_TOLD: set[str] = set()
_LOOKED_AT: list[dict[int, tuple[Mapping[str, Any], Bench]]] = []
"""Inside ``looking``: configurations (kept, so that no other takes their place in memory) with their benches."""


def check(config: Config) -> None:
    """Raise an error for anything wrong that can be known before the run starts, the data included."""
    _bench(config).dataset  # noqa: B018 - reading it is the check


@contextmanager
def looking() -> Iterator[None]:
    """Make the bench of each configuration once for all that is asked about it inside, before anything runs."""
    _LOOKED_AT.append({})
    try:
        yield
    finally:
        _LOOKED_AT.pop()


def _bench(config: Mapping[str, Any]) -> Bench:
    if not _LOOKED_AT:
        return Bench(config)
    known = _LOOKED_AT[-1]
    if id(config) not in known:
        known[id(config)] = (config, Bench(config))
    return known[id(config)][1]


def changed(config: Mapping[str, Any]) -> list[changes.CodeChange]:
    """The stages of a run whose code is no more the one that made their records."""
    bench = _bench(config)
    _tell(filter(None, [adopt(bench)]))
    return changes.changed(bench)


def up_to_date(config: Config) -> Outcome | None:
    """The outcome of a run that has nothing left to do; None where there is something.

    Raises:
        ConfigError: the code of a part has changed since, and the configuration does not say what to do about it.
    """
    bench = _bench(config)
    _tell(filter(None, [adopt(bench)]))
    changes.settle(bench)
    return _already(bench)


def run(config: Config) -> Outcome:
    """Bring one system's run to its end."""
    bench = Bench(config)
    _tell(filter(None, [adopt(bench)]))
    changes.settle(bench)
    done = _already(bench)
    if done:
        return done
    _tell(bench.dataset.notes)
    folder = bench.folder
    directory = RunDir(folder)
    try:
        describe(bench, folder)
        changes.note_stores(bench)
        try:
            missing = _stages(bench, directory)
        except BudgetExceeded as error:
            write_summary(directory, {**summarise(bench, directory, {}), "complete": False})
            return {"folder": str(folder), "code": BUDGET_REACHED, "message": f"{error}; the same command resumes"}
        summary = summarise(bench, directory, missing)
        write_summary(directory, summary)
    finally:
        directory.close()
    return _outcome(bench, summary, "finished")


def _already(bench: Bench) -> Outcome | None:
    """The outcome of a run that is finished; None of any other."""
    finished = _finished(bench)
    if not finished or (bench.retry_ingest and losses.retries(finished.get("lost"))):
        return None
    _tell(bench.dataset.notes)
    return _outcome(bench, finished, "up to date")


def _tell(notes: Iterable[str]) -> None:
    """Print what the loader found, once a process; the manifest keeps all of it."""
    for note in notes:
        if note not in _TOLD:
            _TOLD.add(note)
            print(f"note: {note}")


def _stages(bench: Bench, directory: RunDir) -> dict[str, str]:
    if bench.retry_ingest and (again := extract_again(bench, directory)):
        print(f"note: {directory.path}: {len(again)} conversations are extracted again: {', '.join(again)}", flush=True)
    stores = ingest(bench, directory, waiting(bench, directory))
    search(bench, directory, stores)
    answer(bench, directory)
    for spec in bench.judge_specs:
        judge(bench, directory, spec)
    missing = score(bench, directory)
    if bench.latency.questions:
        latency(bench, directory)
    return missing


def _finished(bench: Bench) -> dict[str, Any] | None:
    """The summary on disk, where it is complete, free of failures and made with these very judges, metrics and
    statistics.
    """
    path = bench.folder / "summary.json"
    if not path.exists():
        return None
    summary = json.loads(path.read_text(encoding="utf-8"))
    manifest = read_manifest(bench.folder) or {}
    same = (
        summary.get("score_fingerprint") == bench.score_fingerprint and manifest.get("summary_code") == summary_code()
    )
    whole = same and summary["complete"] and not summary["failed"] and not summary["missing"]
    return summary if whole and not summary.get("failures") and freshness.up_to_date(bench, summary) else None


def _outcome(bench: Bench, summary: Mapping[str, Any], how: str) -> Outcome:
    failed, allowed = summary["failed"], bench.config["max_errors"]
    message = f"{bench.system_spec['name']}: {how}, {summary['n']} questions"
    failures = summary.get("failures", {})
    if failed or failures:
        stages = [f"{count} in {stage}" for stage, count in summary["failed_by_stage"].items()]
        stages += [f"{name}: {count}" for name, count in failures.items()]
        message += f", {failed} failed ({', '.join(stages)}); the same command retries them"
    hollow = losses.too_many(summary.get("lost"), bench.max_lost)
    if told := hollow or losses.line(summary.get("lost")):
        message += f"; {told}"
    code = FAILED_QUESTIONS if hollow or max(failed, *failures.values(), 0) > allowed else OK
    return {"folder": str(bench.folder), "code": code, "message": message, "fresh": how != "up to date"}

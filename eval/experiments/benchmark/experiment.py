"""A benchmark run: the stages in order over one folder; issuing the same command again resumes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from eval.core.progress import showing
from eval.experiments.benchmark.finish import finish, tables
from eval.experiments.benchmark.foretell import foretell
from eval.experiments.protocol import BUDGET_REACHED, FAILED_QUESTIONS, OK, Config, Outcome, Untimed
from eval.runs.derived import read_object
from eval.runs.manifest_file import read_manifest
from eval.runs.snapshot import write_summary
from eval.runs.write import RunDir
from eval.stages import changes, freshness, losses
from eval.stages.answer import answer
from eval.stages.bench import Bench
from eval.stages.concurrency import conversations_at_once
from eval.stages.dollars import check_prices
from eval.stages.fitted_on import check_fitted_on
from eval.stages.flow import flow, flowing
from eval.stages.ingest import ingest
from eval.stages.latency import latency, to_time
from eval.stages.manifest import adopt, describe, summary_code
from eval.stages.reasons import frequent_reasons
from eval.stages.repeats import repeat
from eval.stages.rounds import extract_again
from eval.stages.score import judge, score
from eval.stages.search import search, waiting
from eval.stages.spending import noted
from eval.stages.summarise import summarise
from memos.errors import BudgetExceeded

__all__ = ["alone", "beside", "check", "ended", "finish", "foretell", "run", "tables", "up_to_date"]

_TOLD: set[str] = set()
_LOOKED_AT: list[dict[int, tuple[Mapping[str, Any], Bench]]] = []
"""Inside ``looking``: configurations (kept, so that no other takes their place in memory) with their benches."""


def check(config: Config) -> None:
    """Raise an error for anything wrong that can be known before the run starts, the data included."""
    bench = _bench(config)
    conversations_at_once(bench)
    check_prices(bench)
    check_fitted_on(bench)
    bench.dataset  # noqa: B018 - reading it is the check


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
    outcome = _bring(config, whole=True)
    assert not isinstance(outcome, Untimed)
    return outcome


def beside(config: Config) -> Outcome | Untimed:
    """All of a run but the latency pass, which must be alone; the whole run where nothing is left to be timed."""
    return _bring(config, whole=False)


def _bring(config: Config, *, whole: bool) -> Outcome | Untimed:
    bench, finished = _begun(config)
    if finished:
        return finished
    with _directory(bench) as directory:
        describe(bench, bench.folder)
        changes.note_stores(bench)
        try:
            missing = _untimed(bench, directory)
            if not whole and to_time(bench, directory):
                return Untimed(missing)
            latency(bench, directory)
        except BudgetExceeded as error:
            return _stopped(bench, directory, error)
        return _summed_up(bench, directory, missing)


def alone(config: Config) -> Outcome | None:
    """The latency pass of a run."""
    bench = _bench(config)
    with _directory(bench) as directory:
        try:
            latency(bench, directory)
        except BudgetExceeded as error:
            return _stopped(bench, directory, error)
    return None


def ended(config: Config, untimed: Untimed) -> Outcome:
    """The summary of a run that was timed."""
    bench = _bench(config)
    with _directory(bench) as directory:
        return _summed_up(bench, directory, untimed.missing)


def _begun(config: Config) -> tuple[Bench, Outcome | None]:
    """The bench of a run that starts or goes on, and its outcome where it is finished already."""
    bench = Bench(config)
    _tell(filter(None, [adopt(bench)]))
    changes.settle(bench)
    finished = _already(bench)
    if not finished:
        _tell(bench.dataset.notes)
    return bench, finished


@contextmanager
def _directory(bench: Bench) -> Iterator[RunDir]:
    """The folder of a run, held; what its models are asked meanwhile is noted in it, and bars show what is spent."""
    with (
        closing(RunDir(bench.folder)) as directory,
        noted(bench.meter, bench.folder),
        showing(bench.budget.shown),
    ):
        yield directory


def _stopped(bench: Bench, directory: RunDir, error: BudgetExceeded) -> Outcome:
    """The outcome of a run whose budget is used up."""
    write_summary(directory, {**summarise(bench, directory, {}), "complete": False})
    return {"folder": str(bench.folder), "code": BUDGET_REACHED, "message": f"{error}; the same command resumes"}


def _summed_up(bench: Bench, directory: RunDir, missing: Mapping[str, str]) -> Outcome:
    summary = summarise(bench, directory, missing)
    write_summary(directory, summary)
    lost = summary["failed"] or summary.get("failures")
    return _outcome(bench, summary, "finished", frequent_reasons(bench, directory) if lost else "")


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


def _untimed(bench: Bench, directory: RunDir) -> dict[str, str]:
    """The stages that other runs may work beside; returns the metrics that are missing, with the reasons."""
    if bench.retry_ingest and (again := extract_again(bench, directory)):
        print(f"note: {directory.path}: {len(again)} conversations are extracted again: {', '.join(again)}", flush=True)
    parts = flowing(bench)
    with closing(ingest(bench, directory, waiting(bench, directory))) as stores:
        if parts:
            with flow(bench, directory, parts) as searched:
                search(bench, directory, stores, searched)
        else:
            search(bench, directory, stores)
            answer(bench, directory)
    for part in bench.judge_parts:
        if part not in parts:
            judge(bench, directory, part.spec)
    missing = score(bench, directory)
    repeat(bench, directory)
    return missing


def _finished(bench: Bench) -> dict[str, Any] | None:
    """The summary on disk, where it is complete, free of failures and made with these very judges, metrics and
    statistics.
    """
    path = bench.folder / "summary.json"
    summary = read_object(path)
    if summary is None or not isinstance(summary.get("n"), int):
        return None
    manifest = read_manifest(bench.folder) or {}
    same = (
        summary.get("score_fingerprint") == bench.score_fingerprint and manifest.get("summary_code") == summary_code()
    )
    stated = same and {"complete", "failed", "missing"} <= summary.keys()
    whole = stated and summary["complete"] and not summary["failed"] and not summary["missing"]
    return summary if whole and not summary.get("failures") and freshness.up_to_date(bench, summary) else None


def _outcome(bench: Bench, summary: Mapping[str, Any], how: str, reasons: str = "") -> Outcome:
    failed, allowed = summary["failed"], bench.config["max_errors"]
    message = f"{bench.system_spec['name']}: {how}, {summary['n']} questions"
    failures = summary.get("failures", {})
    if failed or failures:
        stages = [f"{count} in {stage}" for stage, count in summary["failed_by_stage"].items()]
        stages += [f"{name}: {count}" for name, count in failures.items()]
        message += f", {failed} failed ({', '.join(stages)}); the same command retries them"
        message += f"; {reasons}" if reasons else ""
    hollow = losses.too_many(summary.get("lost"), bench.max_lost)
    if lost := hollow or losses.line(summary.get("lost")):
        message += f"; {lost}"
    code = FAILED_QUESTIONS if hollow or max(failed, *failures.values(), 0) > allowed else OK
    return {"folder": str(bench.folder), "code": code, "message": message, "fresh": how != "up to date"}

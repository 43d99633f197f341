"""A benchmark run: the stages in order over one folder; issuing the same command again resumes it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from eval import adoption, changes, provenance
from eval.bench import Bench
from eval.code import code_digest, of_function
from eval.finish import finish
from eval.identity import digest
from eval.stage_code import stage_code
from eval.stages.answer import answer
from eval.stages.latency import latency
from eval.stages.score import judge, judge_journal, metrics_journal, score
from eval.stages.search import search
from eval.store import RunDir, write_atomic, write_json
from eval.summary import summarise
from memos.errors import BudgetExceeded

__all__ = ["check", "finish", "run"]

OK, CONFIG_ERROR, FAILED_QUESTIONS, BUDGET_REACHED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: done; a configuration or data error; finished with more failed questions than ``max_errors``; budget
reached, resumable; interrupted, resumable."""

_TOLD: set[str] = set()
_LOOKED_AT: dict[int, tuple[Mapping[str, Any], Bench]] = {}
"""Configurations (kept, so that no other takes their place in memory) with their benches."""


def check(config: Mapping[str, Any]) -> None:
    """Raise an error for anything wrong that can be known before the run starts, the data included."""
    _bench(config).dataset  # noqa: B018 - reading it is the check


def _bench(config: Mapping[str, Any]) -> Bench:
    """The bench of a configuration that is looked at several times before anything runs."""
    if id(config) not in _LOOKED_AT:
        if len(_LOOKED_AT) > 256:
            _LOOKED_AT.clear()
        _LOOKED_AT[id(config)] = (config, Bench(config))
    return _LOOKED_AT[id(config)][1]


def changed(config: Mapping[str, Any]) -> list[changes.Change]:
    """The stages of a run whose code is no more the one that made their records."""
    bench = _bench(config)
    _adopt(bench)
    return changes.changed(bench)


def up_to_date(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The outcome of a run that has nothing left to do; None where there is something.

    Raises:
        ConfigError: the code of a part has changed since, and the configuration does not say what to do about it.
    """
    bench = _bench(config)
    _adopt(bench)
    changes.settle(bench)
    return _already(bench)


def run(config: Mapping[str, Any]) -> dict[str, Any]:
    """Bring one system's run to its end.

    Returns ``{"folder", "code", "message", "fresh"}``; ``fresh`` says whether there was anything to do.
    """
    bench = Bench(config)
    _adopt(bench)
    changes.settle(bench)
    done = _already(bench)
    if done:
        return done
    _tell(bench.dataset.notes)
    folder = bench.folder
    directory = RunDir(folder)
    try:
        _describe(bench, folder)
        changes.note_stores(bench)
        try:
            missing = _stages(bench, directory)
        except BudgetExceeded as error:
            write_json(folder / "summary.json", {**summarise(bench, directory, {}), "complete": False})
            return {"folder": str(folder), "code": BUDGET_REACHED, "message": f"{error}; the same command resumes"}
        summary = summarise(bench, directory, missing)
        write_json(folder / "summary.json", summary)
    finally:
        directory.close()
    return _outcome(bench, summary, "finished")


def _already(bench: Bench) -> dict[str, Any] | None:
    """The outcome of a run that is finished; None of any other."""
    finished = _finished(bench)
    if not finished:
        return None
    _tell(bench.dataset.notes)
    return _outcome(bench, finished, "up to date")


def _tell(notes: Sequence[str]) -> None:
    """Print what the loader found, once a process; the manifest keeps all of it."""
    for note in notes:
        if note not in _TOLD:
            _TOLD.add(note)
            print(f"note: {note}")


def _stages(bench: Bench, directory: RunDir) -> dict[str, str]:
    search(bench, directory)
    answer(bench, directory)
    for spec in bench.judge_specs:
        judge(bench, directory, spec)
    missing = score(bench, directory)
    if bench.latency.questions:
        latency(bench, directory)
    return missing


def _finished(bench: Bench) -> dict[str, Any] | None:
    """The summary on disk, where it is complete, free of failures and made with these very judges, metrics and statistics."""
    path = bench.folder / "summary.json"
    if not path.exists():
        return None
    summary = json.loads(path.read_text(encoding="utf-8"))
    manifest = adoption.read_manifest(bench.folder) or {}
    same = summary.get("score_fingerprint") == bench.score_fingerprint and manifest.get("summary_code") == _summary_code()
    return summary if same and summary["complete"] and not summary["failed"] and not summary["missing"] else None


def _summary_code() -> str | None:
    """Digest of the code that makes a summary of records; a summary of other code is made again, at no cost."""
    return code_digest([of_function(summarise)], annotations=False)


def _adopt(bench: Bench) -> None:
    """Take over a run folder of before the present formula of fingerprints: its journals' names, its manifest, its summary."""
    folder = bench.folder
    if not folder.exists():
        return
    manifest = adoption.read_manifest(folder)
    if adoption.is_present(manifest):
        return
    earlier = adoption.describe(bench, folder, manifest)
    directory = RunDir(folder)
    try:
        adoption.take_over(bench, folder, earlier)
        commit = ((manifest or {}).get("sessions") or [{}])[-1].get("code", {}).get("commit")
        timing = digest(bench.timing if earlier.same_machine else ["earlier", (manifest or {}).get("hardware")])
        write_json(
            folder / "manifest.json",
            {
                **(manifest or {}),
                **_named(bench),
                "code": {s: {"digest": d, "commit": commit} for s, d in stage_code(bench).items()},
                "adopted": {"fingerprint": earlier.fingerprint, "llm": earlier.llm, "commit": commit},
                "timing": {"digest": timing},
            },
        )
        _summarise_again(bench, directory, earlier)
    finally:
        directory.close()
    _tell([f"{folder.name}: made at commit {commit or 'unknown'}, before code was recorded; its records are taken as this code's"])


def _summarise_again(bench: Bench, directory: RunDir, earlier: adoption.Earlier) -> None:
    """The summary of a run that was complete, under its present fingerprints."""
    path = bench.folder / "summary.json"
    if not path.exists():
        return
    summary = json.loads(path.read_text(encoding="utf-8"))
    whole = summary.get("complete") and not summary.get("failed") and not summary.get("missing")
    if whole and (earlier.same_machine or not bench.latency.questions) and _scored(bench, directory):
        write_json(path, summarise(bench, directory, {}))


def _scored(bench: Bench, directory: RunDir) -> bool:
    """Whether the journals of all judges and metrics of the run are there, whole."""
    keys = {q.key for q in bench.dataset.questions}
    journals = [metrics_journal(bench, directory), *(judge_journal(bench, directory, spec) for spec in bench.judge_specs)]
    timed = len(directory.journal("latency").ok()) >= min(bench.latency.questions, len(keys))
    return timed and all(keys <= journal.records.keys() for journal in journals)


def _named(bench: Bench) -> dict[str, Any]:
    """What a manifest says of the identity of a run."""
    return {
        "formula": adoption.FORMULA,
        "fingerprint": bench.fingerprint,
        "score_fingerprint": bench.score_fingerprint,
        "ingest_fingerprints": {c.sample_id: bench.ingest_fingerprint(c) for c in bench.dataset.conversations},
        "identity": {"search": bench.identities(), "answer": bench.answerer_identity()},
        "summary_code": _summary_code(),
    }


def _own_timings(folder: Path, timing: str, earlier: Mapping[str, Any] | None) -> None:
    """Let ``latency.jsonl`` hold this device's times; those of another one wait under their own name."""
    before, file = ((earlier or {}).get("timing") or {}).get("digest"), folder / "latency.jsonl"
    if before == timing:
        return
    if file.exists():
        os.replace(file, folder / f"latency-{before or 'unknown'}.jsonl")
    if (own := folder / f"latency-{timing}.jsonl").exists():
        os.replace(own, file)


def _describe(bench: Bench, folder: Path) -> None:
    path = folder / "manifest.json"
    earlier = adoption.read_manifest(folder)
    timing = digest(bench.timing)
    if bench.latency.questions:
        _own_timings(folder, timing, earlier)
    elif earlier:
        timing = (earlier.get("timing") or {}).get("digest", timing)
    parts = {
        **_named(bench),
        **{key: earlier[key] for key in ("accepted_code", "adopted") if earlier and key in earlier},
        "code": changes.recorded(stage_code(bench), earlier),
        "timing": {"digest": timing, **bench.timing},
        "dataset": {"name": bench.dataset.name, "sha256": bench.dataset.sha256, "path": bench.dataset.path,
                    "official": bench.dataset.official, "notes": list(bench.dataset.notes)},
        "prompt": bench.prompt,
        "seed": bench.seed,
    }  # fmt: skip
    manifest = provenance.manifest(bench.config, parts, earlier)
    if earlier and earlier["sessions"]:
        before, now = earlier["sessions"][-1]["code"]["commit"], manifest["sessions"][-1]["code"]["commit"]
        if before != now:
            print(f"note: {folder} was begun at commit {before}, this is {now}; the manifest lists both")
    write_json(path, manifest)
    write_atomic(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(dict(bench.config)), sort_keys=True))


def _outcome(bench: Bench, summary: Mapping[str, Any], how: str) -> dict[str, Any]:
    failed, allowed = summary["failed"], bench.config["max_errors"]
    message = f"{bench.system_spec['name']}: {how}, {summary['n']} questions"
    if failed:
        stages = ", ".join(f"{count} in {stage}" for stage, count in summary["failed_by_stage"].items())
        message += f", {failed} failed ({stages}); the same command retries them"
    code = FAILED_QUESTIONS if failed > allowed else OK
    return {"folder": str(bench.folder), "code": code, "message": message, "fresh": how != "up to date"}

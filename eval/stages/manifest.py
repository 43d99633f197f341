"""The manifest of a run: its identity, the code of its stages, where it comes from; and how earlier ones are taken
over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from eval.core import provenance
from eval.core.code import code_digest, of_function
from eval.core.identity import digest
from eval.runs.derived import read_object
from eval.runs.manifest_file import FORMULA, is_present, read_manifest
from eval.runs.snapshot import write_summary
from eval.runs.write import RunDir, write_atomic, write_json
from eval.stages import adoption, changes
from eval.stages.bench import Bench
from eval.stages.prompts_used import prompt_texts
from eval.stages.score import judge_journal, metrics_journal
from eval.stages.stage_code import METRICS, stage_code
from eval.stages.summarise import summarise

_KEPT = ("accepted_code", "adopted")
"""Entries of a manifest that every later one carries on."""


def summary_code() -> str | None:
    """Digest of the code that makes a summary of records; a summary of other code is made again, at no cost."""
    return code_digest([of_function(summarise)], annotations=False)


def _named(bench: Bench, stages: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of the identity of a run; of scores only where the run has some."""
    named = {
        "formula": FORMULA,
        "fingerprint": bench.fingerprint,
        "ingest_fingerprints": {c.sample_id: bench.ingest_fingerprint(c) for c in bench.dataset.conversations},
        "identity": {"search": bench.identities(), "answer": bench.answerer_identity()},
    }
    if not _has_metrics(stages):
        return named
    return named | {"score_fingerprint": bench.score_fingerprint, "summary_code": summary_code()}


def _has_metrics(stages: Mapping[str, str | None]) -> bool:
    return any(stage.startswith(METRICS) for stage in stages)


def describe(bench: Bench, folder: Path, stages: Mapping[str, str | None] | None = None) -> None:
    """Write the manifest and the configuration of a run that starts or goes on.

    Args:
        stages: code of the stages that this experiment has; all of a benchmark run where None.
    """
    stages = stage_code(bench) if stages is None else stages
    earlier = read_manifest(folder)
    entries = {
        **_named(bench, stages),
        **{key: earlier[key] for key in _KEPT if earlier and key in earlier},
        "code": changes.recorded(stages, earlier),
        "timing": _timing(bench, folder, earlier),
        "dataset": {
            "name": bench.dataset.name,
            "sha256": bench.dataset.sha256,
            "path": bench.dataset.path,
            "official": bench.dataset.official,
            "notes": list(bench.dataset.notes),
        },
        "prompt": bench.prompt,
        "prompts": prompt_texts(bench),
        "roles": bench.role_identities(),
        "seed": bench.seed,
    }
    manifest = provenance.manifest(bench.config, entries, earlier)
    if earlier and earlier.get("sessions"):
        before, now = earlier["sessions"][-1]["code"]["commit"], manifest["sessions"][-1]["code"]["commit"]
        if before != now:
            print(f"note: {folder} was begun at commit {before}, this is {now}; the manifest lists both")
    write_json(folder / "manifest.json", manifest)
    write_atomic(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(dict(bench.config)), sort_keys=True))


def _timing(bench: Bench, folder: Path, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    """Which device ``latency.jsonl`` was measured on; times of another one wait in a file of their own name."""
    before = (earlier or {}).get("timing")
    if not bench.latency.questions:
        return before or {}
    now, file = digest(bench.timing), folder / "latency.jsonl"
    old = (before or {}).get("digest")
    if old != now and file.exists():
        os.replace(file, folder / f"latency-{old or 'unknown'}.jsonl")
    own = folder / f"latency-{now}.jsonl"
    if old != now and own.exists():
        os.replace(own, file)
    return {"digest": now, **bench.timing}


def adopt(bench: Bench, stages: Mapping[str, str | None] | None = None) -> str | None:
    """Take over a run folder of before the present formula of fingerprints: its journals' names, manifest and summary.

    Of one whose code is recorded in an earlier form only that is renewed.

    Returns what to tell about it; None where there is nothing to take over.
    """
    folder = bench.folder
    if not folder.exists():
        return None
    manifest = read_manifest(folder)
    stages = stage_code(bench) if stages is None else stages
    if is_present(manifest):
        return changes.renew_run(folder, stages)
    earlier = adoption.describe(bench, folder, manifest)
    directory = RunDir(folder)
    try:
        commit = ((manifest or {}).get("sessions") or [{}])[-1].get("code", {}).get("commit")
        measured = bench.timing if earlier.same_machine else ["earlier", (manifest or {}).get("hardware")]
        made = {
            **(manifest or {}),
            **_named(bench, stages),
            "code": changes.recorded_at(commit, stages),
            "adopted": {"fingerprint": earlier.fingerprint, "llm": earlier.llm, "commit": commit},
            "timing": {"digest": digest(measured)},
        }
        if _has_metrics(stages):
            adoption.take_over(bench, folder, earlier)
            _summarise_again(bench, directory, earlier.same_machine)
        write_json(folder / "manifest.json", made)
    finally:
        directory.close()
    made_at = f"{folder.name}: made at commit {commit or 'unknown'}, before code was recorded"
    return f"{made_at}; its records are taken as this code's"


def _summarise_again(bench: Bench, directory: RunDir, same_machine: bool) -> None:
    """The summary of a run that was complete, under its present fingerprints."""
    path = bench.folder / "summary.json"
    summary = read_object(path)
    if summary is None:
        return
    whole = summary.get("complete") and not summary.get("failed") and not summary.get("missing")
    if whole and (same_machine or not bench.latency.questions) and _scored(bench, directory):
        write_summary(directory, summarise(bench, directory, {}))


def _scored(bench: Bench, directory: RunDir) -> bool:
    """Whether the journals of all judges and metrics of the run are there, whole."""
    keys = {q.key for q in bench.dataset.questions}
    names = [f"metrics-{bench.metrics_fingerprint}"]
    names += [f"judge_{spec['name']}-{bench.judge_fingerprint(spec)}" for spec in bench.judge_specs]
    if not all((bench.folder / "scores" / f"{name}.jsonl").exists() for name in names):
        return False
    journals = [
        metrics_journal(bench, directory),
        *(judge_journal(bench, directory, spec) for spec in bench.judge_specs),
    ]
    timed = len(directory.journal("latency").ok()) >= min(bench.latency.questions, len(keys))
    return timed and all(keys <= journal.records.keys() for journal in journals)

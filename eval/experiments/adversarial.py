"""``experiment=adversarial``: category 5, free-form abstention and forced choice, as a table of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from eval import adversarial, changes
from eval.adoption import read_manifest
from eval.bench import Bench
from eval.datasets.load import load_dataset
from eval.identity import digest
from eval.run import FAILED_QUESTIONS, OK
from eval.run_manifest import adopt, describe
from eval.sources import sources
from eval.stage_code import stage_code
from eval.stages.answer import answer, answer_tasks
from eval.stages.search import search
from eval.stats import Estimate
from eval.store import RunDir, write_atomic, write_json
from memos.errors import ConfigError


def check(config: Mapping[str, Any]) -> None:
    """Raise for anything wrong that can be known beforehand."""
    if list(config["dataset"]["categories"]) != [5]:
        raise ConfigError(f"dataset.categories: this experiment asks category 5 alone, found {config['dataset']['categories']}")
    Bench(config).dataset  # noqa: B018 - reading it is the check


def changed(config: Mapping[str, Any]) -> list[changes.Change]:
    """The stages of a run whose code is no more the one that made their records."""
    bench = Bench(config)
    adopt(bench, _stages(bench))
    return changes.changed(bench)


def _stages(bench: Bench) -> dict[str, str | None]:
    """The code of the stages that this experiment has; it judges by rule, anew each time."""
    return {stage: code for stage, code in stage_code(bench).items() if stage in ("ingest", "search", "answer")}


def run(config: Mapping[str, Any]) -> dict[str, Any]:
    """Search and answer the questions of category 5 twice, free-form and as a forced choice, and score both."""
    bench = Bench(config)
    adopt(bench, _stages(bench))
    changes.settle(bench)
    directory = RunDir(bench.folder)
    try:
        describe(bench, bench.folder, _stages(bench))
        changes.note_stores(bench)
        search(bench, directory)
        answer(bench, directory)
        questions = {q.key: q for q in bench.dataset.questions if q.adversarial}
        choices = {key: adversarial.choice(q, bench.seed) for key, q in questions.items()}
        asked = digest([[*key, choice.prompt] for key, choice in choices.items()], 10)
        answer_tasks(
            bench,
            directory,
            directory.journal(f"forced-{asked}"),
            lambda q: choices[q.key].prompt if q.key in choices else None,
        )
        free, forced = (_texts(directory, name) for name in ("answers", f"forced-{asked}"))
    finally:
        directory.close()
    everything = load_dataset(config["dataset"]["name"], replace(bench.dataset_config, categories=[1, 2, 3, 4, 5]))
    kept = {c.sample_id for c in bench.dataset.conversations}
    asked = [q for q in everything.questions if q.sample_id in kept]
    found = adversarial.table(asked, free, forced, bench.seed)
    write_json(bench.folder / "abstention.json",
               {"label": bench.system_spec.get("label") or bench.system_spec["name"], **asdict(found)})  # fmt: skip
    failed = len(bench.dataset.questions) - len(free)
    message = f"{bench.system_spec['name']}: finished, {len(bench.dataset.questions)} questions, {failed} failed"
    return {"folder": str(bench.folder), "code": FAILED_QUESTIONS if failed > config["max_errors"] else OK, "message": message}


def _texts(directory: RunDir, name: str) -> dict[tuple, str]:
    journal = directory.journal(name)
    return {key: journal.records[key]["answer"] for key in journal.ok()}


def finish(out: Path, name: str, outcomes: Sequence[Mapping[str, Any]], draw: bool = True) -> None:
    """Write and print the abstention table of all systems."""
    rows, fingerprints = {}, []
    for outcome in outcomes:
        fingerprints.append((read_manifest(Path(outcome["folder"])) or {}).get("fingerprint"))
        record = json.loads((Path(outcome["folder"]) / "abstention.json").read_text(encoding="utf-8"))
        label = record.pop("label")
        for key in ("free_form", "forced_choice"):
            record[key] = record[key] and Estimate(**record[key])
        rows[label] = adversarial.Abstention(**record)
    if rows:
        text = adversarial.markdown(rows)
        write_atomic(out / "tables" / f"{name}.md", text + "\n")
        runs = [
            {"experiment": name, "system": label, "fingerprint": fingerprint}
            for label, fingerprint in zip(rows, fingerprints, strict=True)
        ]
        write_json(out / "tables" / f"{name}.sources.json", sources([]) | {"runs": runs})
        print("\n" + text)

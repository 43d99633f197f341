"""``experiment=adversarial``: category 5, free-form abstention and forced choice, as a table of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from eval import adversarial
from eval.bench import Bench
from eval.datasets.load import load_dataset
from eval.run import FAILED_QUESTIONS, OK
from eval.sources import sources
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


def run(config: Mapping[str, Any]) -> dict[str, Any]:
    """Search and answer the questions of category 5 twice, free-form and as a forced choice, and score both."""
    bench = Bench(config)
    directory = RunDir(bench.folder)
    try:
        search(bench, directory)
        answer(bench, directory)
        questions = {q.key: q for q in bench.dataset.questions if q.adversarial}
        choices = {key: adversarial.choice(q, bench.seed) for key, q in questions.items()}
        answer_tasks(bench, directory, directory.journal("forced"),
                     lambda q: choices[q.key].prompt if q.key in choices else None)  # fmt: skip
        free, forced = (_texts(directory, name) for name in ("answers", "forced"))
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
    rows = {}
    for outcome in outcomes:
        record = json.loads((Path(outcome["folder"]) / "abstention.json").read_text(encoding="utf-8"))
        label = record.pop("label")
        for key in ("free_form", "forced_choice"):
            record[key] = record[key] and Estimate(**record[key])
        rows[label] = adversarial.Abstention(**record)
    if rows:
        text = adversarial.markdown(rows)
        write_atomic(out / "tables" / f"{name}.md", text + "\n")
        runs = [{"experiment": name, "system": label, "fingerprint": Path(o["folder"]).name.rpartition("-")[2]}
                for label, o in zip(rows, outcomes, strict=True)]  # fmt: skip
        write_json(out / "tables" / f"{name}.sources.json", sources([]) | {"runs": runs})
        print("\n" + text)

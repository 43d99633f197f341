"""``experiment=adversarial``: category 5, free-form abstention and forced choice, as a table of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from eval.core.identity import digest
from eval.core.types import Question
from eval.datasets.load import load
from eval.experiments.adversarial import abstention
from eval.experiments.benchmark import foretell as benchmark
from eval.experiments.protocol import FAILED_QUESTIONS, OK, Config, Outcome
from eval.report.sources import sources
from eval.runs import lineage
from eval.runs.write import RunDir, write_atomic, write_json
from eval.stages import changes, losses
from eval.stages.answer import answer, answer_tasks, answers_now, asked_as_is
from eval.stages.bench import Bench
from eval.stages.forecast.rehearsal import ANSWERS, Questions, Wording
from eval.stages.ingest import ingest
from eval.stages.manifest import adopt, describe
from eval.stages.rounds import ingested_now
from eval.stages.search import search, searched_now, waiting
from eval.stages.spending import noted
from eval.stages.stage_code import stage_code
from eval.stats import Estimate
from memos.errors import ConfigError

if TYPE_CHECKING:
    from eval.report.groups import RunGroup


def check(config: Config) -> None:
    """Raise for anything wrong that can be known beforehand."""
    answerable = {q.category for q in Bench(config).dataset.questions if not q.unanswerable}
    if answerable:
        raise ConfigError(
            "dataset.categories: this experiment asks what cannot be answered alone (LOCOMO's category 5), found "
            f"{config['dataset']['categories']}"
        )


def changed(config: Config) -> list[changes.CodeChange]:
    """The stages of a run whose code is no more the one that made their records."""
    bench = Bench(config)
    adopt(bench, _stages(bench))
    return changes.changed(bench)


def _stages(bench: Bench) -> dict[str, str | None]:
    """The code of the stages that this experiment has; it judges by rule, anew each time."""
    return {stage: code for stage, code in stage_code(bench).items() if stage in ("ingest", "search", "answer")}


def up_to_date(config: Config) -> Outcome | None:
    """Never known beforehand: a run looks for the questions that are missing."""
    return None


def run(config: Config) -> Outcome:
    """Search and answer the questions of category 5 twice, free-form and as a forced choice, and score both."""
    bench = Bench(config)
    adopt(bench, _stages(bench))
    changes.settle(bench)
    directory = RunDir(bench.folder)
    try:
        describe(bench, bench.folder, _stages(bench))
        changes.note_stores(bench)
        with noted(bench.meter, bench.folder):
            search(bench, directory, ingest(bench, directory, waiting(bench, directory)))
            answer(bench, directory)
            forced_journal, forced_wording = _forced(bench)
            answer_tasks(bench, directory, directory.journal(forced_journal), forced_wording)
            free = _texts(bench, directory, "answers", asked_as_is)
            forced = _texts(bench, directory, forced_journal, forced_wording)
        lost = losses.lost(ingested_now(bench, directory), searched_now(bench, directory), bench.extracts)
    finally:
        directory.close()
    everything = load(config["dataset"], bench.dataset_config)
    selected = {c.sample_id for c in bench.dataset.conversations}
    asked = [q for q in everything.questions if q.sample_id in selected and not q.unanswerable] + list(
        bench.dataset.questions
    )
    table = abstention.table(asked, free, forced, bench.seed)
    write_json(
        bench.folder / "abstention.json",
        {"label": bench.system_spec.get("label") or bench.system_spec["name"], **asdict(table)},
    )
    message = f"{bench.system_spec['name']}: finished, {len(bench.dataset.questions)} questions, {table.failed} failed"
    if table.failed_choices:
        message += f", {table.failed_choices} forced choices failed"
    if table.failed or table.failed_choices:
        message += "; the same command retries them"
    hollow = losses.too_many(lost, bench.max_lost)
    if lost_line := hollow or losses.line(lost):
        message += f"; {lost_line}"
    code = FAILED_QUESTIONS if hollow or max(table.failed, table.failed_choices) > config["max_errors"] else OK
    return {"folder": str(bench.folder), "code": code, "message": message}


def _forced(bench: Bench) -> tuple[str, Wording]:
    """The journal of the forced choices, and how they are worded."""
    questions = {q.key: q for q in bench.dataset.questions if q.adversarial}
    choices = {key: abstention.choice(q, bench.seed) for key, q in questions.items()}
    prompts = [[*key, choice.prompt] for key, choice in choices.items()]

    def wording(question: Question) -> str | None:
        return choices[question.key].prompt if question.key in choices else None

    return f"forced-{digest(prompts, 10)}", wording


def foretell(configs: Sequence[Config], jobs_at_once: int = 1) -> None:
    """Tell what the jobs will use: every question answered free-form and as a forced choice, judged by rule."""
    work = Questions(lambda bench: dict([(ANSWERS, asked_as_is), _forced(bench)]), judged=False, timed=False)
    benchmark.foretell(configs, jobs_at_once, work=work)


def _texts(bench: Bench, directory: RunDir, name: str, ask: Wording) -> dict[tuple, str]:
    """Good answers to the questions as ``ask`` words them, from the contexts as they are now."""
    records = answers_now(bench, directory, directory.journal(name), ask)
    return {key: record["answer"] for key, record in records.items() if lineage.good(record)}


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``tables/<experiment>.md``, the abstention table of all systems; its lines have their own width."""
    folders = [folder for folder in group.folders if (folder / "abstention.json").exists()]
    rows = dict(_row(folder) for folder in folders)
    if not rows:
        return []
    text = abstention.markdown(rows)
    write_atomic(out / "tables" / f"{group.experiment}.md", text + "\n")
    runs = [
        {"experiment": group.experiment, "system": label, "fingerprint": folder.name.rpartition("-")[2]}
        for label, folder in zip(rows, folders, strict=True)
    ]
    write_json(out / "tables" / f"{group.experiment}.sources.json", sources([]) | {"runs": runs})
    return [text]


def _row(folder: Path) -> tuple[str, abstention.Abstention]:
    record = json.loads((folder / "abstention.json").read_text(encoding="utf-8"))
    label = record.pop("label")
    for key in ("free_form", "forced_choice"):
        record[key] = record[key] and Estimate(**record[key])
    return label, abstention.Abstention(**record)


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Write and print the abstention table of all systems."""
    from eval.report.groups import RunGroup

    for text in tables(RunGroup(name, tuple(Path(o["folder"]) for o in outcomes if o["folder"])), out):
        print("\n" + text)

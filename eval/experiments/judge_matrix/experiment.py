"""``experiment=judge_matrix``: judges times prompts on the answers of finished runs (docs/judge.md#judge-matrix)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.core import judging, provenance
from eval.core.identity import digest
from eval.core.types import JudgeTask, Question
from eval.datasets.selection import stratified
from eval.experiments.benchmark import foretell as benchmark
from eval.experiments.judge_matrix.config import MatrixConfig, MatrixJudge, judges, matrix_config, runs
from eval.experiments.protocol import BUDGET_REACHED, FAILED_QUESTIONS, OK, Config, Outcome, summed_up
from eval.judges import matrix
from eval.runs import lineage
from eval.runs.labels import labels
from eval.runs.read import Run, load_summary
from eval.runs.write import RunDir, write_json
from eval.stages.adoption import read_manifest
from eval.stages.bench import Bench
from eval.stages.forecast.rehearsal import good_records
from eval.stages.forecast.verdicts import Verdicts
from eval.stages.judging import judge_answers, task, unjudged, verdict_of
from eval.stages.roles import Part
from eval.stages.spending import noted
from memos.errors import BudgetExceeded, DataError

if TYPE_CHECKING:
    from eval.report.groups import RunGroup
    from eval.runs.write import Journal
    from eval.stages.changes import CodeChange


class Matrix:
    """A checked configuration: the answers, the judges, and the folder of their verdicts."""

    def __init__(self, config: Config, bench: Bench | None = None) -> None:
        self.bench = bench or Bench(config)
        self.settings = matrix_config(config)
        self.judges = judges(self.bench, self.settings)
        self.runs = runs(self.bench, self.settings)
        self.names = labels([run.summary for run in self.runs])
        self.questions = _questions(self.bench, self.runs, self.settings)
        made_of = [[str(run.summary["fingerprint"]) for run in self.runs], [q.key for q in self.questions]]
        self.folder = self.bench.out / "runs" / self.bench.name / f"answers-{digest(made_of, 10)}"

    def journal(self, directory: RunDir, run: Run, judge: MatrixJudge) -> Journal:
        """The verdicts of one judge on the answers of one run."""
        return directory.journal(self.journal_name(run, judge))

    def journal_name(self, run: Run, judge: MatrixJudge) -> str:
        """The journal's name in the folder."""
        own = digest(self.bench.judge_identity(judge.part), 10)
        return f"scores/judge_{judge.name}-{own}-{run.summary['fingerprint']}"

    def answers(self, run: Run) -> dict[Question, str]:
        """The good answers of a run to the chosen questions."""
        records = {question: run.answers.get(question.key) for question in self.questions}
        return {question: record["answer"] for question, record in records.items() if record and lineage.good(record)}


def _questions(bench: Bench, runs: Sequence[Run], settings: MatrixConfig) -> list[Question]:
    """The questions that every run was asked, or a seeded sample of them."""
    asked = set.intersection(*(set(run.keys) for run in runs))
    shared = [question for question in bench.dataset.questions if question.key in asked]
    if not shared:
        raise DataError("matrix.runs: no question was asked of all these runs")
    return stratified(shared, min(settings.questions or len(shared), len(shared)), bench.seed)


def check(config: Config) -> None:
    """Raise for a wrong field, fewer than two judges, or runs that are not there."""
    Matrix(config)


def changed(config: Config) -> list[CodeChange]:
    """Never asked: a verdict's journal is named by the judge's whole identity, its code's version included."""
    return []


def up_to_date(config: Config) -> Outcome | None:
    """Never known beforehand: a run looks for the verdicts that are missing."""
    return None


def run(config: Config) -> Outcome:
    """Judge what is not judged yet, and write ``summary.json`` of the matrix."""
    made = Matrix(config)
    directory = RunDir(made.folder)
    try:
        _describe(made, config)
        try:
            with noted(made.bench.meter, made.folder):
                for judge in made.judges:
                    for one in made.runs:
                        _judge(made, directory, one, judge)
        except BudgetExceeded as error:
            return {"folder": str(made.folder), "code": BUDGET_REACHED, "message": f"{error}; the same command resumes"}
        summary = _summary(made, directory)
        write_json(made.folder / "summary.json", summary)
    finally:
        directory.close()
    return _outcome(made, summary, int(config["max_errors"]))


def foretell(configs: Sequence[Config], jobs_at_once: int = 1) -> None:
    """Tell what the verdicts that are missing will use."""
    benchmark.foretell(configs, jobs_at_once, work=Verdicts(_to_judge))


def _to_judge(bench: Bench) -> list[tuple[Part, list[JudgeTask]]]:
    """Every judge with the answers that it has yet to judge; no folder is touched."""
    made, out = Matrix(bench.config, bench), []
    for judge in made.judges:
        tasks: list[JudgeTask] = []
        for run in made.runs:
            answers = made.answers(run)
            verdicts = good_records(made.folder / f"{made.journal_name(run, judge)}.jsonl")
            tasks += [task(bench.dataset.categories, q, answers[q]) for q in unjudged(answers, verdicts)]
        out.append((judge.part, tasks))
    return out


def _describe(made: Matrix, config: Config) -> None:
    """Write the manifest of a matrix that starts or goes on."""
    identity = {"fingerprint": made.folder.name.rpartition("-")[2]}
    manifest = provenance.manifest(config, identity, read_manifest(made.folder))
    write_json(made.folder / "manifest.json", manifest)


def _judge(made: Matrix, directory: RunDir, run: Run, judge: MatrixJudge) -> None:
    referee = made.bench.judge(judge.part.spec, judge.part.llm)
    title = f"{run.summary['system']}: judge {judge.label}"
    judge_answers(
        referee,
        made.bench.dataset.categories,
        made.answers(run),
        made.journal(directory, run, judge),
        title,
        len(made.questions),
    )
    referee.close()


def _summary(made: Matrix, directory: RunDir) -> dict[str, Any]:
    """What the matrix came to, from its journals alone."""
    verdicts = _labelled(made, directory)
    unanswered = sum(len(made.questions) - len(made.answers(run)) for run in made.runs)
    failed = {judge: int(np.isnan(column).sum()) - unanswered for judge, column in verdicts.label.items()}
    spreads = matrix.spreads(verdicts)
    return {
        "schema": 1,
        "experiment": made.bench.name,
        "complete": True,
        "n": len(verdicts.system),
        "unanswered": unanswered,
        "failed": max(failed.values()),
        "judges": {j.label: {"name": j.name, "prompt": j.prompt, "failed": failed[j.label]} for j in made.judges},
        "runs": [
            {"label": n, "fingerprint": r.summary["fingerprint"]} for n, r in zip(made.names, made.runs, strict=True)
        ],
        "questions": len(made.questions),
        "dataset": {"name": made.bench.dataset.name, "sha256": made.bench.dataset.sha256},
        "pairs": [asdict(pair) for pair in matrix.pairs(verdicts, made.bench.seed)],
        "spreads": [{**asdict(spread), "width": spread.width} for spread in spreads],
    }


def _labelled(made: Matrix, directory: RunDir) -> matrix.Labelled:
    """Every verdict as a label and a value; a question without an answer has no label and counts as wrong."""
    system = [name for name in made.names for _ in made.questions]
    conversation = [question.sample_id for _ in made.runs for question in made.questions]
    label: dict[str, np.ndarray] = {}
    value: dict[str, np.ndarray] = {}
    for judge in made.judges:
        rows = [
            _verdict(journal, answers, question)
            for run in made.runs
            for journal, answers in [(made.journal(directory, run, judge), made.answers(run))]
            for question in made.questions
        ]
        label[judge.label] = np.array([row[0] for row in rows])
        value[judge.label] = np.array([row[1] for row in rows])
    return matrix.Labelled(np.array(system), np.array(conversation), label, value)


def _verdict(journal: Journal, answers: Mapping[Question, str], question: Question) -> tuple[float, float]:
    """Label (NaN: none that stands) and value of the verdict on one answer."""
    record = verdict_of(journal.records, question, answers[question]) if question in answers else None
    if record is None:
        return float("nan"), 0.0
    worth = judging.verdict_value(record)
    judged = worth is not None and judging.stands(record)
    return (float(record["label"] == judging.CORRECT) if judged else float("nan")), worth or 0.0


def _outcome(made: Matrix, summary: Mapping[str, Any], allowed: int) -> Outcome:
    lost = {name: own["failed"] for name, own in summary["judges"].items() if own["failed"]}
    message = f"judge matrix: {len(made.judges)} judges, {len(made.runs)} runs, {summary['questions']} questions each"
    if lost:
        message += "; without a verdict: " + ", ".join(f"{name} {count}" for name, count in lost.items())
        message += "; the same command asks again"
    code = FAILED_QUESTIONS if max(lost.values(), default=0) > allowed else OK
    return {"folder": str(made.folder), "code": code, "message": message}


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``tables/<experiment>*``: agreement of each two judges, and every system's score under each."""
    from eval.report.sources import sources
    from eval.report.tables import terminal, write
    from eval.report.tables.judge_matrix import agreement_table, spread_table

    texts = []
    for folder in group.folders:
        summary = load_summary(folder)
        made_from = sources([], matrix=folder.name, judges=list(summary["judges"]), answers=summary["runs"])
        made = {"": agreement_table(summary), "_scores": spread_table(summary)}
        for ending, table in made.items():
            write(table, out / "tables" / f"{group.experiment}{ending}", made_from)
            texts.append(terminal(table, width))
    return texts


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Print the tables and draw ``figures/<name>_spread``."""
    from eval.report import plots
    from eval.report.groups import RunGroup

    folders = summed_up(outcomes)
    if not folders:
        return
    for text in tables(RunGroup(name, folders), out):
        print("\n" + text)
    if draw:
        plots.judge_spread(load_summary(folders[-1]), out / "figures" / f"{name}_spread")
    write_json(out / "tables" / f"{name}.runs.json", [str(folder) for folder in folders])
    print(f"\ntables: {out}/tables/{name}.md, .csv, .tex and {name}_scores")

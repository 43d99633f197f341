"""Rescoring: metrics and verdicts of answers that exist already, published or our own, in the summary a run has.

Nothing is generated. Verdicts that came with the answers stay, as ``judge=recorded``; values that the origin published
are compared with ours question by question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.core import judging, places
from eval.core.categories import LOCOMO, Categories, in_order
from eval.core.fitted import FittedList, part_rests_on
from eval.core.identity import digest
from eval.core.protocols import Judge, Scorer
from eval.core.types import Dataset, GradedVerdict, Verdict
from eval.judges import published
from eval.judges.cautions import cautions, estimating
from eval.judges.published import PublishedAnswer
from eval.judges.recorded import verdict as recorded_verdict
from eval.judges.uncertainty import own_error
from eval.metrics.ceilings import gold_ceilings
from eval.runs import published_origins, snapshot
from eval.runs.format.summary import ScoreSummary
from eval.runs.lines import held
from eval.runs.read import load_run, question_key
from eval.runs.seals import run_id
from eval.stages.boundary import Failed, outcomes
from eval.stages.estimates import estimates, failures, judge_errors, labels, verdict_column
from eval.stages.fitted_on import overlaps
from eval.stages.judging import task
from eval.stages.made_by import metric_reasons
from eval.stages.scoring import score_answers
from memos.errors import DataError
from memos.types import Conversation

TOLERANCE = 1e-9
"""Largest difference at which a published per-question value counts as reproduced."""


@dataclass
class RescoredSet:
    """One set of answers with everything computed about it."""

    name: str
    rows: Sequence[PublishedAnswer]
    categories: Categories = LOCOMO
    metrics: dict[str, list[float]] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    """By judge name, one verdict a row."""
    missing: dict[str, str] = field(default_factory=dict)
    judge_se: dict[str, float | None] = field(default_factory=dict)
    """By judge name, the standard error of a system's score that comes from the judge itself, as a fraction; None where
    it is unknown on these data."""
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """By metric, why its values are not the paper's."""
    errors: dict[str, dict[int, str]] = field(default_factory=dict)
    """By metric, row number to the reason why the metric failed there; its value is then 0."""
    estimating: list[str] = field(default_factory=list)
    """Names of the judges that estimate another one's verdicts."""
    judges_data: dict[str, FittedList] = field(default_factory=dict)
    """By judge name, what the judge was fitted on."""


def load(path: Path, dataset: Dataset | None = None) -> list[PublishedAnswer]:
    """The answers of a JSON-lines file, or of a run folder of ours.

    Raises:
        DataError: the file is damaged, or a run folder comes without its dataset.
    """
    if not path.is_dir():
        return published.read(path)
    if dataset is None:
        raise DataError(f"{path}: a run folder holds no questions; give --data with the file it was run on")
    return _run_rows(path, dataset)


def _run_rows(folder: Path, dataset: Dataset) -> list[PublishedAnswer]:
    file = folder / "answers.jsonl"
    if not file.is_file():
        raise DataError(f"{folder}: no answers.jsonl; not a run folder, or the run has not answered yet")
    answers = _answers(folder, file)
    out = []
    for question in dataset.questions:
        record = answers.get(question.key)
        if record is not None:
            text = (record.get("answer") or "") if record.get("status") == "ok" else ""
            out.append(
                PublishedAnswer(
                    folder.name,
                    *question.key,
                    question.category,
                    question.text,
                    question.gold,
                    text,
                    (),
                    None,
                    None,
                    question,
                )
            )
    if not out:
        raise DataError(f"{folder}: none of its answers belongs to a question of {dataset.path}")
    return out


def _answers(folder: Path, file: Path) -> Mapping[Any, Mapping[str, Any]]:
    """Answers by question: those of a finished run's summary, else those that stand in the file."""
    if (folder / "summary.json").is_file():
        return load_run(folder).answers
    if run_id(folder) is not None:
        return snapshot.read(folder, file.name, question_key, snapshot.Extent()).records
    content = file.read_bytes()
    return held(file, content if content.endswith(b"\n") else content + b"\n", question_key).records


def score(
    rows: Sequence[PublishedAnswer],
    scorers: Sequence[Scorer] = (),
    judges: Sequence[Judge] = (),
    categories: Categories = LOCOMO,
    dataset: str = "locomo",
) -> RescoredSet:
    """Compute every metric and verdict of one set; recorded verdicts are kept where every row has some.

    Args:
        categories: those of the data set that was asked.
        dataset: its name.
    """
    out = RescoredSet(rows[0].set_name, rows, categories)
    answers = [row.answer for row in rows]
    for number, (metrics, errors) in enumerate(score_answers(scorers, [row.asked for row in rows], answers)):
        for name, value in metrics.items() | dict.fromkeys(errors, 0.0).items():
            out.metrics.setdefault(name, [0.0] * len(rows))[number] = value
        for name, reason in errors.items():
            out.errors.setdefault(name, {})[number] = reason
    for scorer in scorers:
        out.missing.update(scorer.missing())
    out.reasons = metric_reasons(scorers)
    if all(row.labels for row in rows):
        out.verdicts["recorded"] = [recorded_verdict(row) for row in rows]
    tasks = [task(categories, row.asked, row.answer) for row in rows]
    out.estimating = estimating(judges)
    for judge in judges:
        said: dict[int, Verdict] = {}
        for index, verdict in outcomes(judge.judge, tasks):
            failed = isinstance(verdict, Failed)
            said[index] = Verdict(judging.ERROR, None, raw=(verdict.record["error"],)) if failed else verdict
        out.verdicts[judge.name] = [said[index] for index in range(len(rows))]
        out.judge_se[judge.name] = own_error(judge, dataset)
        out.judges_data[judge.name] = part_rests_on(type(judge), getattr(judge, "config", None), "judge")
    return out


def columns(scored: RescoredSet) -> dict[str, list[float]]:
    """Metric and judge columns, one value a row; judges as ``judge_<name>``."""
    rows = range(len(scored.rows))
    judged = {name: verdict_column(own, rows) for name, own in _verdicts(scored).items()}
    return {**scored.metrics, **{name: [own.get(row, 0.0) for row in rows] for name, own in judged.items()}}


def _verdicts(scored: RescoredSet) -> dict[str, dict[int, dict[str, Any]]]:
    """By ``judge_<name>``, row to what a verdict's record says of it."""
    return {
        f"judge_{name}": {row: _counted(verdict) for row, verdict in enumerate(own)}
        for name, own in scored.verdicts.items()
    }


def _counted(verdict: Verdict) -> dict[str, Any]:
    grades = {"grades": verdict.grades} if isinstance(verdict, GradedVerdict) else {}
    return {"label": verdict.label, "runs": verdict.runs, **grades}


def summary(scored: RescoredSet, dataset: str = "locomo", conversations: Sequence[Conversation] = ()) -> ScoreSummary:
    """The set in the shape of a run's ``summary.json``, so that every table takes it.

    Args:
        scored: the set.
        dataset: name of what was asked.
        conversations: what was asked about, to be held against what the judges were fitted on; none: not known.
    """
    rows = scored.rows
    verdicts, clusters = _verdicts(scored), {number: row.sample_id for number, row in enumerate(rows)}
    by_row = {name: dict(enumerate(column)) for name, column in scored.metrics.items()}
    by_row |= {name: verdict_column(own, range(len(rows))) for name, own in verdicts.items()}
    counts = Counter(row.category for row in rows)
    judges = list(scored.verdicts)
    made: ScoreSummary = {
        "schema": 1,
        "experiment": "rescore",
        "system": scored.name,
        "track": "published",
        "fingerprint": digest([scored.name, [[*row.key, row.answer] for row in rows]], 10),
        "complete": True,
        "n": len(rows),
        "failed": len(_failed(scored, verdicts)),
        "failures": failures(
            {name: len(reasons) for name, reasons in scored.errors.items()},
            {name: own.values() for name, own in verdicts.items()},
        ),
        "judge_error": judge_errors({f"judge_{name}": error for name, error in scored.judge_se.items()}),
        "judged": {name: labels(own.values()) for name, own in verdicts.items()},
        "metrics": estimates(by_row, clusters, existing=True),
        "by_category": {
            str(c): estimates(by_row, {n: clusters[n] for n in clusters if rows[n].category == c}, existing=True)
            for c in in_order(counts)
        },
        "ceilings": gold_ceilings([(row.gold, row.category, row.asked.locomo_form) for row in rows])
        if scored.metrics
        else {},
        "missing": dict(sorted(scored.missing.items())),
        "ledger": {},
        "display": {"label": scored.name, "chunk": None, "top_k": None},
        "answerer": "as published",
        "judge": judges[0] if judges else "none",
        "embedder": "as published",
        "llm": "as published",
        "dataset": {
            "name": dataset,
            "n_by_category": {str(c): counts[c] for c in in_order(counts)},
            "categories": scored.categories.record(),
            "official": published_origins.whole_locomo([row.key for row in rows], counts),
        },
    }
    said = {name: [verdict.label for verdict in own] for name, own in scored.verdicts.items()}
    if against := cautions(scored.estimating, [row.answer for row in rows], said):
        made["cautions"] = against
    if conversations:
        parts = ((f"judge {name}", known) for name, known in scored.judges_data.items())
        made["fitted_on"] = overlaps(parts, conversations, [row.sample_id for row in rows])
    origin = published_origins.find(scored.name)
    if origin is None:
        made["not_comparable"] = ["nothing is recorded of who made these answers"]
    else:
        made["made_by"] = {**published_origins.made_by(origin, judges), "metrics": scored.reasons}
    return made


def against_paper(path: Path) -> ScoreSummary:
    """A set of published answers as a row of the system that made them, to be held against the paper's row.

    The verdicts are those that came with the answers; of the metrics the lexical ones are computed.

    Raises:
        DataError: nothing is recorded of who made them.
    """
    from eval.metrics.build import Config, build_scorers

    rows = load(path)
    origin = published_origins.find(rows[0].set_name)
    if origin is None:
        raise DataError(
            f"{path}: nothing is recorded of who made these answers; name them in {places.published_origins()}"
        )
    made = summary(score(rows, build_scorers(Config(which=("lexical",)))))
    made["system"] = origin.system
    made["display"] = {"label": rows[0].set_name, "chunk": origin.chunk, "top_k": origin.top_k}
    return made


def _failed(scored: RescoredSet, verdicts: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> set[int]:
    """Rows on which a judge or a metric failed."""
    lost = {row for reasons in scored.errors.values() for row in reasons}
    return lost | {row for own in verdicts.values() for row, record in own.items() if not judging.stands(record)}


@dataclass(frozen=True)
class PublishedCheck:
    """How many published per-question values ours equal."""

    name: str
    rows: int
    equal: int
    equal_as_origin: int
    """Equal once tokenised as the origin did (BLEU-1 only); includes those equal anyway."""
    worst: float
    """Largest difference that remains."""


def check_published(rows: Sequence[PublishedAnswer]) -> list[PublishedCheck]:
    """Compare our mem0-style F1 and BLEU-1 with the values that the rows carry; empty where they carry none."""
    from eval.metrics.bleu import bleu
    from eval.metrics.f1 import f1_mem0
    from eval.metrics.origin import bleu1_origin

    out = []
    given = [(row, row.f1) for row in rows if row.f1 is not None]
    if given:
        gaps = [abs(f1_mem0(row.gold, row.answer) - published_f1) for row, published_f1 in given]
        good = sum(gap <= TOLERANCE for gap in gaps)
        out.append(PublishedCheck("f1_mem0", len(given), good, good, max(gaps)))
    given = [(row, row.bleu1) for row in rows if row.bleu1 is not None]
    if given:
        ours = [abs(bleu(row.gold, row.answer)[0] - published_bleu) for row, published_bleu in given]
        origin = [
            gap if gap <= TOLERANCE else abs(bleu1_origin(row.gold, row.answer) - published_bleu)
            for gap, (row, published_bleu) in zip(ours, given, strict=True)
        ]
        out.append(
            PublishedCheck(
                "bleu1",
                len(given),
                sum(gap <= TOLERANCE for gap in ours),
                sum(gap <= TOLERANCE for gap in origin),
                max(origin),
            )
        )
    return out


def totals(rows: Sequence[PublishedAnswer]) -> dict[str, float]:
    """Accuracy in percent overall and per category from the recorded verdicts, as the origins print it."""
    out = {"overall": _accuracy(rows)}
    for category in in_order({row.category for row in rows}):
        out[str(category)] = _accuracy([row for row in rows if row.category == category])
    return out


def _accuracy(rows: Sequence[PublishedAnswer]) -> float:
    """Mean share of runs that said correct, in percent: the total that the origin publishes."""
    shares = {"recorded": {number: row.share for number, row in enumerate(rows)}}
    conversations = {number: row.sample_id for number, row in enumerate(rows)}
    return 100 * estimates(shares, conversations, existing=True)["recorded"]["mean"]

"""The summary of a run: made from its journals alone, so it can be made again at any time and comes out equal.

Only ``spent`` says what happened on the way: a resumed or repeated run asks less, or more, than a straight one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.core import judging
from eval.core.categories import in_order
from eval.core.identity import digest
from eval.core.types import Question
from eval.judges.cautions import cautions, estimating
from eval.judges.uncertainty import own_error
from eval.metrics.ceilings import gold_ceilings
from eval.runs import lineage
from eval.runs.format.estimate import Repeats
from eval.runs.format.summary import Described, JournalEntry, Latency, LedgerRow, Lost, Percentiles, Summary
from eval.runs.labels import MISSING_PART
from eval.runs.write import RunDir
from eval.stages.answer import answers_now
from eval.stages.bench import Bench
from eval.stages.dollars import priced
from eval.stages.estimates import estimates, failures, judge_errors, labels, verdict_column
from eval.stages.fitted_on import fitted_on
from eval.stages.latency import timed_now
from eval.stages.ledger import by_phase, ledger_rows
from eval.stages.losses import lost
from eval.stages.made_by import made_by
from eval.stages.prompts_used import prompts_used
from eval.stages.repeats import Repeat, repeats_now
from eval.stages.repeats import complete as repeats_complete
from eval.stages.repeats import summarised as summarised_repeats
from eval.stages.retrieval import retrieval
from eval.stages.rounds import ingested_now
from eval.stages.score import judge_journal, metrics_journal, values_now, verdicts_now
from eval.stages.scoring import wanted_metrics
from eval.stages.search import searched_now
from eval.stages.spending import spent

Key = tuple[str, int]
MEMORY_METRICS = ("memory_words", "memory_tokens", "evidence_")
"""Metrics of the retrieval, known even where answering failed (by prefix)."""


@dataclass
class _Records:
    """The records a summary rests on: those of the selected questions that were made from what is there now."""

    ingested: dict[str, dict[str, Any]]
    searched: dict[Key, dict[str, Any]]
    answers: dict[Key, dict[str, Any]]
    verdicts: dict[str, dict[Key, dict[str, Any]]]
    """By judge metric (``judge_<name>``)."""
    scores: dict[Key, dict[str, Any]]
    timed: dict[Key, dict[str, Any]]
    repeats: list[Repeat]

    @classmethod
    def of(cls, bench: Bench, run: RunDir) -> _Records:
        return cls(
            ingested_now(bench, run),
            searched_now(bench, run),
            answers_now(bench, run, run.journal("answers")),
            {f"judge_{spec['name']}": verdicts_now(bench, run, spec) for spec in bench.judge_specs},
            values_now(bench, run),
            timed_now(bench, run),
            repeats_now(bench, run),
        )

    def named(self, bench: Bench, run: RunDir) -> dict[str, JournalEntry]:
        """The journal each set of records stands in, with their number and digest."""
        files = {"ingest": "ingest", "search": "search", "answers": "answers", "latency": "latency"}
        sets = {"ingest": self.ingested, "search": self.searched, "answers": self.answers, "latency": self.timed}
        out = {name: (run.journal(file).path, sets[name]) for name, file in files.items()}
        out["metrics"] = (metrics_journal(bench, run).path, self.scores)
        out |= {
            f"judge_{spec['name']}": (judge_journal(bench, run, spec).path, self.verdicts[f"judge_{spec['name']}"])
            for spec in bench.judge_specs
        }
        for one in self.repeats:
            out |= {name: (journal.path, rows) for name, (journal, rows) in one.named(bench, run).items()}
        return {name: _journal(path.relative_to(run.path).as_posix(), rows) for name, (path, rows) in out.items()}


def _journal(file: str, rows: Mapping[Any, Mapping[str, Any]]) -> JournalEntry:
    state = lineage.state(rows)
    return {"file": file, "records": state["records"], "digest": state["digest"]}


def summarise(bench: Bench, run: RunDir, missing: Mapping[str, str]) -> Summary:
    """All of ``summary.json`` (schema 1; fields: docs/run_folder.md).

    The denominator is every selected question: one that failed in any stage counts 0 in answer metrics and wrong in
    verdicts, and is counted in ``failed``. A metric that could not be computed is in ``missing``, with the reason.
    """
    questions = list(bench.dataset.questions)
    records = _Records.of(bench, run)
    failed = _failed(records, questions)
    columns = _columns(bench, records, questions, missing)
    metrics = estimates(columns, _clusters(questions))
    for name, verdicts in records.verdicts.items():
        if name in metrics:
            metrics[name] = {**metrics[name], **_repeats(list(verdicts.values()))}
    categories = [c.id for c in bench.dataset.categories if any(q.category == c.id for q in questions)]
    by_category = {str(c): [q for q in questions if q.category == c] for c in categories}
    rows = priced(bench, _ledger_rows(bench, records))
    losses = lost(records.ingested, records.searched, bench.extracts)
    summary: Summary = {
        "schema": 1,
        "experiment": bench.name,
        "system": bench.system_spec["name"],
        "track": bench.config["track"]["name"],
        "seed": bench.seed,
        "fingerprint": bench.fingerprint,
        "score_fingerprint": bench.score_fingerprint,
        "complete": _complete(records, questions),
        "n": len(questions),
        "failed": len(failed),
        "failed_by_stage": dict(sorted(Counter(failed.values()).items())),
        "failures": failures(_errors(records), {name: own.values() for name, own in records.verdicts.items()}),
        "judged": {name: _labels(verdicts, questions) for name, verdicts in records.verdicts.items()},
        "judged_by_category": {
            c: {name: _labels(verdicts, own) for name, verdicts in records.verdicts.items()}
            for c, own in by_category.items()
        },
        "metrics": metrics,
        "by_category": {c: estimates(columns, _clusters(own)) for c, own in by_category.items()},
        "journals": records.named(bench, run),
        "ledger": by_phase(rows),
        "ledger_rows": rows,
        "spent": priced(bench, spent(run.path)),
        "lost": losses,
        "prompts": prompts_used(bench),
        "latency_ms": _latency(records),
        "judge_error": judge_errors(
            {f"judge_{s['name']}": own_error(bench.judge(s), bench.dataset.name) for s in bench.judge_specs}
        ),
        "ceilings": gold_ceilings(
            [(q.gold, q.category, q.locomo_form) for q in questions if not q.unanswerable and q.worded is not False]
        ),
        "missing": dict(sorted(missing.items())),
        "retrieval": retrieval(bench, run, records.searched, records.answers, records.verdicts),
        "fitted_on": fitted_on(bench),
        **_labels_of_parts(bench, losses),
        "cut": sum(1 for r in records.answers.values() if r.get("cut_tokens")),
    }
    if against := _cautions(bench, records, questions):
        summary["cautions"] = against
    if bench.dataset.judge:
        summary["dataset"]["judge"] = bench.dataset.judge
    if bench.dataset.synthetic:
        summary["dataset"]["synthetic"] = True
    if unanswerable := [q for q in questions if q.unanswerable]:
        summary["unanswerable"] = estimates(columns, _clusters(unanswerable))
    if records.repeats:
        summary["repeats"] = summarised_repeats(records.repeats, columns, records.verdicts, _clusters(questions))
    return summary


def _cautions(bench: Bench, records: _Records, questions: Sequence[Question]) -> dict[str, list[str]]:
    """What speaks against the scores of judges that only estimate verdicts."""
    names = estimating([bench.judge(spec) for spec in bench.judge_specs])
    answers = [(records.answers.get(q.key) or {}).get("answer") or "" for q in questions]
    labels_of = {
        name.removeprefix("judge_"): [(own.get(q.key) or {}).get("label") for q in questions]
        for name, own in records.verdicts.items()
    }
    return cautions(names, answers, labels_of)


def _failed(records: _Records, questions: Sequence[Question]) -> dict[Key, str]:
    """Questions that failed anywhere, under any judge or metric, or have not come through yet, with the first such
    stage.
    """
    stages = [("search", _good(records.searched)), ("answer", _good(records.answers))]
    stages += [
        ("judge", {key for key, r in verdicts.items() if judging.stands(r)}) for verdicts in records.verdicts.values()
    ]
    stages.append(("score", _good(records.scores)))
    failed = {}
    for question in questions:
        for stage, passed in stages:
            if question.key not in passed:
                failed[question.key] = stage
                break
    return failed


def _good(records: Mapping[Key, Mapping[str, Any]]) -> set[Key]:
    return {key for key, record in records.items() if lineage.good(record)}


def _errors(records: _Records) -> dict[str, int]:
    """How many answers each metric failed on, how many timed questions failed (``latency``), and how many answers and
    verdicts of further runs (``repeats``).
    """
    counts = Counter(name for record in records.scores.values() for name in record.get("errors", {}))
    counts["repeats"] += sum(one.failed for one in records.repeats)
    counts["latency"] += sum(not lineage.good(record) for record in records.timed.values())
    return counts


def _complete(records: _Records, questions: Sequence[Question]) -> bool:
    """Whether every question has been through every stage, failed or not."""
    searched, answered = _good(records.searched), _good(records.answers)
    return (
        all(q.key in records.searched for q in questions)
        and searched <= records.answers.keys()
        and searched <= records.scores.keys()
        and all(answered <= verdicts.keys() for verdicts in records.verdicts.values())
        and repeats_complete(records.repeats, searched)
    )


def _columns(
    bench: Bench, records: _Records, questions: Sequence[Question], missing: Mapping[str, str]
) -> dict[str, dict[Key, float]]:
    """Metric name to question key to value; absent values are not applicable (no evidence to recall, no memory found).

    A metric of answers has a value for every question whose gold is an answer in words: 0 where the question or the
    metric failed. What a judge measures beside its grade is a metric of its own.
    """
    columns: dict[str, dict[Key, float]] = {name: {} for name in wanted_metrics(bench.scorers()) - missing.keys()}
    for key, record in records.scores.items():
        for name, value in record["values"].items():
            columns.setdefault(name, {})[key] = value
    for name, column in columns.items():
        if not name.startswith(MEMORY_METRICS):
            column.update((q.key, 0.0) for q in questions if q.key not in column and q.worded is not False)
    for name, verdicts in records.verdicts.items():
        columns[name] = verdict_column(verdicts, [q.key for q in questions])
        for key, record in verdicts.items():
            for measure, number in (record.get("measures") or {}).items():
                columns.setdefault(judging.measure_name(name, measure), {})[key] = number
    return columns


def _repeats(records: Sequence[Mapping[str, Any]]) -> Repeats:
    """``repeat_sd``: population standard deviation of run-level accuracies, the judge's jitter on one set of answers
    (the paper's ±), over the ``repeat_n`` verdicts that stand; nothing where the judge runs once."""
    whole = [
        judging.run_values(record["label"], record["runs"], record.get("grades") or ())
        for record in records
        if judging.stands(record) and len(record.get("runs") or ()) > 1
    ]
    repeats = min(map(len, whole), default=0)
    if repeats < 2:
        return {}
    spread = float(np.std([np.mean([runs[i] for runs in whole]) for i in range(repeats)]))
    return {"repeat_sd": spread, "repeat_n": len(whole)}


def _labels(verdicts: Mapping[Key, Mapping[str, Any]], questions: Sequence[Question]) -> dict[str, int]:
    return labels(verdicts[q.key] for q in questions if q.key in verdicts)


def _clusters(questions: Sequence[Question]) -> dict[Key, str]:
    """Question to conversation."""
    return {q.key: q.sample_id for q in questions}


def _ledger_rows(bench: Bench, records: _Records) -> list[LedgerRow]:
    runs = records.repeats
    verdicts = {
        name: [*own.values(), *(record for one in runs for record in one.verdicts[name].values())]
        for name, own in records.verdicts.items()
    }
    return ledger_rows(
        bench,
        records.ingested.values(),
        records.searched.values(),
        [*records.answers.values(), *(record for one in runs for record in one.answers.values())],
        verdicts,
        records.timed.values(),
    )


def _latency(records: _Records) -> Latency:
    """P50 and P95 (linear interpolation) of search, answer and total, from the latency pass; ``failed`` where some
    failed.
    """
    rows = [r for r in records.timed.values() if lineage.good(r)]
    failed = len(records.timed) - len(rows)
    if not rows:
        return {"n": 0, "failed": failed} if failed else {}
    search, answer = np.array([r["search_ms"] for r in rows]), np.array([r["answer_ms"] for r in rows])
    out = Latency(
        search=_percentiles(search), answer=_percentiles(answer), total=_percentiles(search + answer), n=len(rows)
    )
    if failed:
        out["failed"] = failed
    if warm := _warm(rows):
        out["cached"] = warm
    out["ingest_s"] = sum(r.get("seconds", 0.0) for r in records.ingested.values())
    return out


def _warm(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Part to the timed questions that owe some of their time to a prefix cache."""
    read = [r.get("cached_tokens") or {} for r in rows]
    counts = {
        "search": sum(bool(one.get("search")) for one in read),
        "total": sum(any(one.values()) for one in read),
    }
    return {part: count for part, count in counts.items() if count}


def _percentiles(times: np.ndarray) -> Percentiles:
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))}


def _labels_of_parts(bench: Bench, losses: Lost) -> Described:
    """What tables print beside the numbers, and what made them."""
    config = bench.config
    counts = Counter(q.category for q in bench.dataset.questions)
    fields = {k: v for k, v in bench.system_spec.items() if k not in ("_target_", "name", "label")}
    return {
        "display": {
            "label": _label(bench, losses),
            "chunk": fields.get("chunk_size"),
            "top_k": fields.get("top_k"),
            "extractor": fields.get("extractor"),
            "sees_gold": bench.system_class.sees_gold,
        },
        "answerer": bench.answerer_part.spec["name"],
        "judge": next((spec["name"] for spec in bench.judge_specs), MISSING_PART),
        "embedder": config["embedder"]["name"],
        "llm": config["llm"].get("model") or config["llm"]["name"],
        "dataset": {
            "name": bench.dataset.name,
            "sha256": bench.dataset.sha256,
            "official": bench.dataset.official,
            "answer_key": getattr(bench.dataset_config, "answer_key", "official"),
            "captions": getattr(bench.dataset_config, "captions", False),
            "questions": digest(sorted([*q.key, lineage.question_digest(q)] for q in bench.dataset.questions)),
            "n_by_category": {str(c): counts[c] for c in in_order(counts)},
            "categories": bench.dataset.categories.record(),
        },
        "made_by": made_by(bench),
    }


def _label(bench: Bench, losses: Lost) -> str:
    """The system's name for people; where a model was to read and the rules had to, it says so."""
    name = bench.system_spec.get("label") or bench.system_spec["name"]
    return f"{name} ({losses['by_rules']} readings by rules)" if losses["by_rules"] else name

"""The summary of a run: derived from its journals alone, so it can be rebuilt at any time and always comes out equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval.bench import Bench
from eval.metrics.ceilings import gold_ceilings
from eval.rescoring import own_error
from eval.schema import component_config
from eval.stages.score import judge_journal, metrics_journal
from eval.stats import cluster_bootstrap, interval
from eval.store import RunDir
from eval.types import Question
from memos.types import Usage

MEMORY_METRICS = ("memory_words", "memory_tokens", "evidence_")
"""Metrics of the retrieval, known even where answering failed (by prefix)."""
SIGNED_METRICS = ("similarity", "bertscore_f1")
"""Metrics whose mean may be below 0."""


def summarise(bench: Bench, run: RunDir, missing: Mapping[str, str]) -> dict[str, Any]:
    """All of ``summary.json`` (schema 1; fields: README).

    The denominator is every selected question: one that failed in any stage counts 0 in answer metrics and wrong in
    verdicts, and is counted in ``failed``. A metric that could not be computed is in ``missing``, with the reason.
    """
    questions = list(bench.dataset.questions)
    failed = _failed(bench, run, questions)
    columns = _columns(bench, run, questions, failed)
    judges = {f"judge_{spec['name']}": judge_journal(bench, run, spec) for spec in bench.judge_specs}
    metrics = _estimates(columns, questions)
    for name, journal in judges.items():
        spread = _repeat_sd([journal.records[q.key] for q in questions if q.key in journal.records])
        if spread is not None and name in metrics:
            metrics[name]["repeat_sd"] = spread
    categories = sorted({q.category for q in questions})
    return {
        "schema": 1,
        "experiment": bench.name,
        "system": bench.system_spec["name"],
        "track": bench.config["track"]["name"],
        "fingerprint": bench.fingerprint,
        "score_fingerprint": bench.score_fingerprint,
        "complete": _complete(bench, run, questions),
        "n": len(questions),
        "failed": len(failed),
        "failed_by_stage": dict(sorted(Counter(failed.values()).items())),
        "judged": {name: _labels(journal, questions) for name, journal in judges.items()},
        "metrics": metrics,
        "by_category": {
            str(c): _estimates(columns, [q for q in questions if q.category == c]) for c in categories
        },
        "ledger": _ledger(bench, run),
        "latency_ms": _latency(run),
        "judge_error": _judge_errors(bench),
        "ceilings": gold_ceilings([(q.gold, q.category) for q in questions if q.category != 5]),
        "missing": dict(sorted(missing.items())),
        **_labels_of_parts(bench),
        "cut": sum(1 for r in run.journal("answers").records.values() if r.get("cut_tokens")),
    }


def _failed(bench: Bench, run: RunDir, questions: Sequence[Question]) -> dict[tuple, str]:
    """Questions without a good answer or verdict, with the first stage that failed."""
    stages = [("search", run.journal("search").ok()), ("answer", run.journal("answers").ok())]
    primary = judge_journal(bench, run, bench.judge_specs[0])
    judged = {key for key, record in primary.records.items() if record["label"] in ("correct", "wrong")}
    stages.append(("judge", judged))
    found = {}
    for question in questions:
        for stage, good in stages:
            if question.key not in good:
                found[question.key] = stage
                break
    return found


def _complete(bench: Bench, run: RunDir, questions: Sequence[Question]) -> bool:
    """Whether every question has been through every stage, failed or not."""
    searched, answers = run.journal("search"), run.journal("answers")
    answered = answers.ok()
    after = [metrics_journal(bench, run).records, *(judge_journal(bench, run, spec).records for spec in bench.judge_specs)]
    return (
        all(q.key in searched.records or q.key in answers.records for q in questions)
        and searched.ok() <= answers.records.keys()
        and all(q.key in records for records in after for q in questions if q.key in answered)
    )


def _columns(
    bench: Bench, run: RunDir, questions: Sequence[Question], failed: Mapping[tuple, str]
) -> dict[str, dict[tuple, float]]:
    """Metric name to question key to value; absent values are not applicable (no evidence to recall)."""
    values = metrics_journal(bench, run).records
    columns: dict[str, dict[tuple, float]] = {}
    for question in questions:
        record = values.get(question.key)
        for name, value in (record["values"] if record else {}).items():
            columns.setdefault(name, {})[question.key] = value
    for name, column in columns.items():
        if not name.startswith(MEMORY_METRICS):
            column.update((key, 0.0) for key in failed if key not in column)
    for spec in bench.judge_specs:
        records = judge_journal(bench, run, spec).records
        columns[f"judge_{spec['name']}"] = {q.key: _verdict(records.get(q.key)) for q in questions}
    return columns


def _verdict(record: Mapping[str, Any] | None) -> float:
    """Share of judge runs that said correct; a missing, failed or unreadable verdict counts wrong."""
    if record is None or record["label"] not in ("correct", "wrong"):
        return 0.0
    runs = record["runs"] or [record["label"]]
    return sum(label == "correct" for label in runs) / len(runs)


def _repeat_sd(records: Sequence[Mapping[str, Any]]) -> float | None:
    """Population standard deviation of run-level accuracies: the judge's jitter on one set of answers (the paper's ±)."""
    repeats = min((len(r["runs"]) for r in records), default=0)
    if repeats < 2:
        return None
    return float(np.std([np.mean([r["runs"][i] == "correct" for r in records]) for i in range(repeats)]))


def _judge_errors(bench: Bench) -> dict[str, float]:
    """Standard error of a system's score that a judge itself brings, as a fraction; tables widen intervals by it."""
    found = {f"judge_{spec['name']}": own_error(bench.judge(spec)) for spec in bench.judge_specs}
    return {name: error for name, error in found.items() if error}


def _labels(journal, questions: Sequence[Question]) -> dict[str, int]:
    counts = Counter(journal.records[q.key]["label"] for q in questions if q.key in journal.records)
    return {"n": sum(counts.values()), **dict(sorted(counts.items()))}


def _estimates(columns: Mapping[str, Mapping[tuple, float]], questions: Sequence[Question]) -> dict[str, Any]:
    out = {}
    for name in sorted(columns):
        rows = [(columns[name][q.key], q.sample_id) for q in questions if q.key in columns[name]]
        if not rows:
            continue
        bounds = None if name.startswith("memory_") else (0.0, 1.0)
        if name in SIGNED_METRICS:
            bounds = (-1.0, 1.0)
        pairs = [value for value, _ in rows], [cluster for _, cluster in rows]
        found = interval(*pairs, bounds=bounds)
        ci = None if found.low is None else [round(found.low, 12), round(found.high, 12)]
        out[name] = {"mean": round(found.mean, 12), "ci95": ci, "n": found.n}
        if name.startswith("judge_") and ci is not None:
            again = cluster_bootstrap(*pairs)
            out[name]["bootstrap95"] = [round(again.low, 12), round(again.high, 12)]
    return out


def _ledger(bench: Bench, run: RunDir) -> dict[str, dict[str, int]]:
    """Calls and tokens by phase, from the records, so that resumed runs sum up whole."""
    total: dict[str, Usage] = {}

    def add(phase: str, usage: Mapping[str, int] | None) -> None:
        total[phase] = total.get(phase, Usage()) + Usage(**(usage or {}))

    for phase in ("ingest", "organise", "search", "answer", "judge"):
        add(phase, None)
    for record in run.journal("ingest", lambda r: r["sample_id"]).records.values():
        for phase, usage in record.get("usage", {}).items():
            add(phase, usage)
    for phase, name in (("search", "search"), ("answer", "answers")):
        for record in run.journal(name).records.values():
            add(phase, record.get("usage"))
    for spec in bench.judge_specs:
        for record in judge_journal(bench, run, spec).records.values():
            add("judge", record.get("usage"))
    return {
        phase: {"calls": u.calls, "prompt_tokens": u.prompt_tokens, "completion_tokens": u.completion_tokens}
        for phase, u in total.items()
    }


def _latency(run: RunDir) -> dict[str, Any]:
    """P50 and P95 (linear interpolation) of search, answer and total, from the latency pass."""
    rows = [r for r in run.journal("latency").records.values() if r.get("status") == "ok"]
    if not rows:
        return {}
    search, answer = np.array([r["search_ms"] for r in rows]), np.array([r["answer_ms"] for r in rows])
    parts = {"search": search, "answer": answer, "total": search + answer}
    found: dict[str, Any] = {
        name: {"p50": float(np.percentile(x, 50)), "p95": float(np.percentile(x, 95))} for name, x in parts.items()
    }
    found["n"] = len(rows)
    ingest = run.journal("ingest", lambda r: r["sample_id"]).records.values()
    found["ingest_s"] = sum(r.get("seconds", 0.0) for r in ingest)
    return found


def _labels_of_parts(bench: Bench) -> dict[str, Any]:
    """What tables print beside the numbers, and why a row is not comparable with the paper's."""
    config = bench.config
    counts = Counter(q.category for q in bench.dataset.questions)
    fields = {k: v for k, v in bench.system_spec.items() if k not in ("_target_", "name", "label")}
    return {
        "display": {
            "label": bench.system_spec.get("label") or bench.system_spec["name"],
            "chunk": fields.get("chunk_size"),
            "top_k": fields.get("top_k"),
            "extractor": fields.get("extractor"),
            "sees_gold": bench.system_class.sees_gold,
        },
        "answerer": config["answerer"]["name"],
        "judge": config["judge"]["name"],
        "embedder": config["embedder"]["name"],
        "llm": config["llm"].get("model") or config["llm"]["name"],
        "dataset": {
            "name": bench.dataset.name,
            "sha256": bench.dataset.sha256,
            "official": bench.dataset.official,
            "answer_key": bench.dataset_config.answer_key,
            "captions": bench.dataset_config.captions,
            "n_by_category": {str(c): counts[c] for c in sorted(counts)},
        },
        "not_comparable": not_comparable(bench),
    }


def not_comparable(bench: Bench) -> list[str]:
    """Reasons why the row may not stand beside the paper's gpt-4o-mini rows; empty where it may."""
    config, reasons = bench.config, []
    model = config["llm"].get("model")
    for group in ("answerer", "judge"):
        cls, _ = component_config(config[group], group)
        if not (getattr(cls, "comparable", False) and model == "gpt-4o-mini"):
            made_by = config[group]["name"] + (f" ({model})" if model and getattr(cls, "comparable", False) else "")
            reasons.append(f"{group} is {made_by}, the paper's is gpt-4o-mini")
    if config["embedder"]["name"] not in ("openai",):
        reasons.append(f"embedder is {config['embedder']['name']}, the paper's is text-embedding-3-small")
    if not bench.dataset.official or len(bench.dataset.questions) != 1540:
        reasons.append(f"{len(bench.dataset.questions)} questions of {bench.dataset.name}, the paper's are 1,540 of LOCOMO")
    reasons += [reason for scorer in bench.scorers() for reason in scorer.not_comparable()]
    if config["track"]["name"] != "paper":
        reasons.append(f"track is {config['track']['name']}")
    return reasons

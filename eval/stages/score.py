"""Judge and score: verdicts and metrics of every answered question, each set in a journal named by its identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eval.bench import Bench
from eval.metrics.retrieval import evidence_metrics
from eval.progress import bar
from eval.store import Journal, RunDir
from eval.types import JudgeTask, Question

BATCH = 256
"""Questions scored together between two durable appends."""


def judge_journal(bench: Bench, run: RunDir, spec: Mapping[str, Any]) -> Journal:
    return run.journal(f"scores/judge_{spec['name']}-{bench.judge_fingerprint(spec)}")


def metrics_journal(bench: Bench, run: RunDir) -> Journal:
    return run.journal(f"scores/metrics-{bench.metrics_fingerprint}")


def judge(bench: Bench, run: RunDir, spec: Mapping[str, Any]) -> None:
    """Write a verdict for every good answer that has none yet; a judge's error is retried on the next run."""
    verdicts, answers = judge_journal(bench, run, spec), run.journal("answers")
    answered = answers.ok()
    done = {key for key, record in verdicts.records.items() if record["label"] != "error"}
    todo = [q for q in bench.dataset.questions if q.key in answered and q.key not in done]
    if not todo:
        return
    tasks = [JudgeTask(q.text, q.gold, answers.records[q.key]["answer"], q.category) for q in todo]
    referee = bench.judge(spec)
    progress = bar(f"{bench.system_spec['name']}: judge {spec['name']}", len(bench.dataset.questions), len(done))
    for index, verdict in referee.judge(tasks):
        question = todo[index]
        record = asdict(verdict)
        record["ms"] = record.pop("latency_ms")
        verdicts.append({"sample_id": question.sample_id, "qa_index": question.qa_index, **record})
        progress.update()
    progress.close()
    referee.close()


def score(bench: Bench, run: RunDir) -> dict[str, str]:
    """Write metric values for every answer that lacks some; returns the metrics that are missing, with reasons."""
    values, answers, searched = metrics_journal(bench, run), run.journal("answers"), run.journal("search")
    answered, scorers = answers.ok(), bench.scorers()
    missing = {name: reason for scorer in scorers for name, reason in scorer.missing().items()}
    wanted = {name for scorer in scorers for name in scorer.names} - missing.keys()

    def scored(key: tuple) -> bool:
        return key in values.records and wanted <= values.records[key]["values"].keys()

    todo = [q for q in bench.dataset.questions if q.key in answered and not scored(q.key)]
    progress = bar(f"{bench.system_spec['name']}: score", len(bench.dataset.questions), len(values.records))
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        columns: dict[str, list[float]] = {}
        golds, given = [q.gold for q in batch], [answers.records[q.key]["answer"] for q in batch]
        for scorer in scorers:
            columns.update(scorer.score(golds, given, [q.category for q in batch]))
        records = []
        for row, question in enumerate(batch):
            found = {name: float(column[row]) for name, column in columns.items()}
            found.update(_retrieval(run, searched.records[question.key], question))
            records.append({"sample_id": question.sample_id, "qa_index": question.qa_index, "values": found})
        values.append(*records)
        progress.update(len(batch))
    progress.close()
    return missing


def _retrieval(run: RunDir, record: Mapping[str, Any], question: Question) -> dict[str, float]:
    """Memory size and evidence recall of one question; recall is absent where no evidence can be resolved."""
    memories = [run.memories.records[i] for i in record["hits"]]
    found = evidence_metrics([(m["turns"], m["words"]) for m in memories], question.evidence) or {}
    return {
        "memory_words": float(record["context_words"]),
        "memory_tokens": float(record["context_tokens"]),
        **found,
    }

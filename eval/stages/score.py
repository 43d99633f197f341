"""Judge and score: verdicts and metrics of every answered question, each set in a journal named by its identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.core.progress import bar
from eval.core.types import Question
from eval.metrics.retrieval import evidence_metrics
from eval.runs import lineage
from eval.runs.write import Journal, RunDir
from eval.stages.answer import answers_now
from eval.stages.bench import Bench
from eval.stages.judging import judge_answers, verdicts_of
from eval.stages.retrieval import names_turns
from eval.stages.scoring import score_answers, wanted_metrics
from eval.stages.search import searched_now

Key = tuple[str, int]
BATCH = 256
"""Questions scored together between two durable appends."""


def judge_journal(bench: Bench, run: RunDir, spec: Mapping[str, Any]) -> Journal:
    return run.journal(f"scores/judge_{spec['name']}-{bench.judge_fingerprint(spec)}")


def metrics_journal(bench: Bench, run: RunDir) -> Journal:
    return run.journal(f"scores/metrics-{bench.metrics_fingerprint}")


def good_answers(bench: Bench, run: RunDir, answers: Journal | None = None) -> dict[Key, str]:
    """Text of every answer that was made from the present context.

    Args:
        answers: journal of a further run of answers; None: of the first.
    """
    records = answers_now(bench, run, run.journal("answers") if answers is None else answers)
    return {key: record["answer"] for key, record in records.items() if lineage.good(record)}


def verdicts_now(bench: Bench, run: RunDir, spec: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    """Verdict records, failed ones included, on the answers as they are now."""
    return verdicts_of(judge_journal(bench, run, spec).records, answers_to_judge(bench, run))


def judge(bench: Bench, run: RunDir, spec: Mapping[str, Any]) -> None:
    """Write a verdict for every good answer that has none that stands; failed and unreadable ones are asked again."""
    answers, referee = answers_to_judge(bench, run), bench.judge(spec)
    title = f"{bench.system_spec['name']}: judge {spec['name']}"
    categories, total = bench.dataset.categories, len(bench.dataset.questions)
    judge_answers(referee, categories, answers, judge_journal(bench, run, spec), title, total)
    referee.close()


def answers_to_judge(bench: Bench, run: RunDir, answers: Journal | None = None) -> dict[Question, str]:
    """Question to its good answer, in the order of the questions."""
    answered = good_answers(bench, run, answers)
    return {question: answered[question.key] for question in bench.dataset.questions if question.key in answered}


def values_now(bench: Bench, run: RunDir) -> dict[Key, dict[str, Any]]:
    """Metric records of the answers and memories as they are now."""
    records, answered, searched = (
        metrics_journal(bench, run).records,
        good_answers(bench, run),
        searched_now(bench, run),
    )
    return {
        q.key: record
        for q in bench.dataset.questions
        if (record := records.get(q.key)) is not None
        and (searched_record := searched.get(q.key)) is not None
        and lineage.good(searched_record)
        and lineage.current(record, lineage.of_values(q, answered.get(q.key), searched_record))
    }


def score(bench: Bench, run: RunDir) -> dict[str, str]:
    """Write metric values for every searched question that lacks some; returns the metrics that are missing, with
    reasons.

    A question without a good answer has those of the retrieval alone. A metric that fails on an answer is an error of
    that metric and that question (``errors``); the next run tries it again.
    """
    journal, answered, searched = metrics_journal(bench, run), good_answers(bench, run), searched_now(bench, run)
    scorers = bench.scorers()
    wanted, present = wanted_metrics(scorers), values_now(bench, run)

    def scored(question: Question) -> bool:
        names = wanted if question.key in answered and question.worded is not False else set()
        return question.key in present and names <= present[question.key]["values"].keys()

    todo = [q for q in bench.dataset.questions if lineage.good(searched.get(q.key)) and not scored(q)]
    sourced = names_turns(run)
    progress = bar(f"{bench.system_spec['name']}: score", len(bench.dataset.questions), len(present))
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        good = [q for q in batch if q.key in answered]
        made = score_answers(scorers, good, [answered[q.key] for q in good], bench.dataset.categories)
        rows = dict(zip([q.key for q in good], made, strict=True))
        records = []
        for question in batch:
            metrics, errors = rows.get(question.key, ({}, {}))
            retrieved = _retrieval(run, searched[question.key], question if sourced else None)
            record: dict[str, Any] = {"values": {**metrics, **retrieved}}
            if errors:
                record |= {"status": "error", "errors": errors}
            made_from = lineage.of_values(question, answered.get(question.key), searched[question.key])
            records.append(
                {"sample_id": question.sample_id, "qa_index": question.qa_index, **record, "made_from": made_from}
            )
        journal.append(*records)
        progress.update(len(batch))
    progress.close()
    return {name: reason for scorer in scorers for name, reason in scorer.missing().items()}


def _retrieval(run: RunDir, record: Mapping[str, Any], question: Question | None) -> dict[str, float]:
    """Memory size and evidence recall of one question; recall is absent where no evidence can be resolved.

    Args:
        question: None where the system does not say which turns its memories come from.
    """
    memories = [run.memories.records[i] for i in record["hits"]]
    evidence = question.evidence if question else ()
    metrics = evidence_metrics([(m["turns"], m["words"]) for m in memories], evidence) or {}
    return {
        "memory_words": float(record["context_words"]),
        "memory_tokens": float(record["context_tokens"]),
        **metrics,
    }

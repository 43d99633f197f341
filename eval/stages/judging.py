"""Verdicts of one judge on a set of answers, each on disk before the next one starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from eval.core import judging
from eval.core.categories import Categories
from eval.core.choices import said
from eval.core.progress import bar
from eval.core.protocols import Judge
from eval.core.types import JudgeTask, Question, Verdict
from eval.runs import lineage
from eval.runs.write import Journal
from eval.stages.boundary import Failed, attempt, outcomes
from memos.types import as_fields

Key = tuple[str, int]
Records = Mapping[Key, dict[str, Any]]
"""Records of verdicts by the questions' keys."""


def judge_answers(
    referee: Judge, categories: Categories, answers: Mapping[Question, str], verdicts: Journal, title: str, total: int
) -> None:
    """Write a verdict for every answer that has none that stands; failed and unreadable ones are asked again.

    Args:
        referee: the judge.
        categories: the data set's.
        answers: question to its good answer.
        verdicts: where they are written, and looked for.
        title: of the bar of progress.
        total: questions in all, answered or not.
    """
    todo = unjudged(answers, verdicts.records)
    if not todo:
        return
    tasks = [task(categories, question, answers[question]) for question in todo]
    progress = bar(title, total, len(answers) - len(todo))
    for index, verdict in outcomes(referee.judge, tasks):
        write_verdict(verdicts, todo[index], answers[todo[index]], verdict)
        progress.update()
    progress.close()


def task(categories: Categories, question: Question, answer: str) -> JudgeTask:
    """What a judge is asked about an answer to a question of these categories."""
    category = categories[question.category]
    rule = question.rule or category.rule
    read = said(question.options, answer)
    return JudgeTask(question.text, question.gold, read, category.like, rule, question.golds, question.rubric)


def write_verdict(verdicts: Journal, question: Question, answer: str, verdict: Verdict | Failed) -> None:
    """Write the record of a verdict on an answer."""
    made = verdict if isinstance(verdict, Failed) else attempt(lambda: _record(verdict))
    record = _no_verdict(made) if isinstance(made, Failed) else made
    key = {"sample_id": question.sample_id, "qa_index": question.qa_index}
    verdicts.append({**key, **record, "made_from": lineage.of_verdict(question, answer)})


def verdict_of(verdicts: Records, question: Question, answer: str) -> dict[str, Any] | None:
    """The record of the verdict on this very answer, a failed one included; None where there is none."""
    record = verdicts.get(question.key)
    return record if record and lineage.current(record, lineage.of_verdict(question, answer)) else None


def verdicts_of(verdicts: Records, answers: Mapping[Question, str]) -> dict[Key, dict[str, Any]]:
    """The records of the verdicts on these very answers, failed ones included, by the questions' keys."""
    return {q.key: record for q, answer in answers.items() if (record := verdict_of(verdicts, q, answer)) is not None}


def unjudged(answers: Mapping[Question, str], verdicts: Records) -> list[Question]:
    """The questions whose answer has no verdict that stands."""
    return [question for question, answer in answers.items() if not _stands(verdicts, question, answer)]


def _stands(verdicts: Records, question: Question, answer: str) -> bool:
    record = verdict_of(verdicts, question, answer)
    return record is not None and judging.stands(record)


def _no_verdict(failed: Failed) -> dict[str, Any]:
    return {"label": judging.ERROR, "score": None, "runs": [], "raw": [failed.record["error"]], **failed.record}


def _record(verdict: Verdict) -> dict[str, Any]:
    """The record of a verdict without its key; its label is that of the one rule for verdicts of several runs."""
    record = as_fields(verdict)
    if record["score"] is not None and not math.isfinite(record["score"]):
        raise ValueError(f"the judge's score is {record['score']}")
    record["label"] = judging.recorded(verdict.label, verdict.runs)
    record["ms"] = record.pop("latency_ms")
    return record

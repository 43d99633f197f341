"""LongMemEval's own report: accuracy by type of question, averaged over types, over all, and of abstention."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eval.core.categories import Category
from eval.report.tables.summaries import (
    NORMAL,
    by_questions,
    categories_of,
    count,
    estimate_cell,
    judge_error,
    judges,
    metric_cell,
    metrics,
    origin_notes,
    row_names,
)
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import Summary, labels, ranked

OFFICIAL_MODEL = "gpt-4o-2024-08-06"
"""The judge that the benchmark's own report insists on."""
OWN_JUDGE = "longmemeval"


def types_table(summaries: Sequence[Summary]) -> Table:
    """One section a judge and set of questions; every type holds its questions that cannot be answered."""
    types = categories_of(summaries)
    columns = (
        Column("method", "Method", "text"),
        *(Column(str(one.id), _title(one), better=1, group=_group(one)) for one in types),
        Column("task_averaged", "task-averaged", better=1),
        Column("overall", "overall", better=1, primary=True),
        Column("abstention", "abstention", better=1),
        Column("failed", "failed", "count"),
    )
    sections, sizes = [], {}
    for judge in judges(summaries):
        for heading, places in by_questions(summaries):
            own = [summaries[i] for i in places]
            rows = tuple(_row(s, name, judge, types) for s, name in zip(own, row_names(own), strict=True))
            title = f"{heading}judge {judge.removeprefix('judge_')} (n = {max(count(s) for s in own)})"
            sections.append(Section(title, rows, tuple(ranked(s) for s in own)))
            sizes[_sizes(own[0], types)] = None
    notes = (
        *origin_notes(summaries),
        *(f"Questions: {text}." for text in sizes),
        "Types hold their questions that cannot be answered, as in the official report; task-averaged: mean of the "
        "types that are there; overall: all questions alike; abstention: those that cannot be answered.",
        *_official_notes(summaries),
        "Percent. Brackets: 95 % interval, t over questions (each has a haystack of its own); that of the mean of "
        "types follows from theirs.",
    )
    return Table("longmemeval", "LongMemEval by type of question", columns, tuple(sections), notes).marked()


def _title(category: Category) -> str:
    return category.name.removeprefix("single-session-")


def _group(category: Category) -> str:
    return "single-session" if category.name.startswith("single-session-") else ""


def _row(summary: Summary, name: str, judge: str, types: Sequence[Category]) -> tuple[Cell, ...]:
    absent = estimate_cell((summary.get("unanswerable") or {}).get(judge), judge_error(summary, judge))
    return (
        Cell(name),
        *(metric_cell(summary, judge, one.id) for one in types),
        _task_averaged(summary, judge, types),
        metric_cell(summary, judge),
        absent,
        Cell(summary.get("failed")),
    )


def _task_averaged(summary: Summary, judge: str, types: Sequence[Category]) -> Cell:
    """Mean of the types; its interval from theirs, which are of different questions and haystacks."""
    entries = [entry for one in types if (entry := metrics(summary, one.id).get(judge))]
    if not entries:
        return Cell()
    mean = sum(entry["mean"] for entry in entries) / len(entries)
    ends = [entry.get("ci95") for entry in entries]
    if not all(ends):
        return Cell(mean)
    half = math.sqrt(sum(((high - low) / 2) ** 2 for low, high in ends)) / len(entries)
    half = math.hypot(half, NORMAL * judge_error(summary, judge))
    return Cell(mean, max(0.0, mean - half), min(1.0, mean + half))


def _sizes(summary: Summary, types: Sequence[Category]) -> str:
    sizes = [f"{one.name} {n}" for one in types if (n := count(summary, one.id))]
    absent = max((entry["n"] for entry in (summary.get("unanswerable") or {}).values()), default=0)
    return ", ".join(sizes) + f"; {absent} of all cannot be answered"


def _official_notes(summaries: Sequence[Summary]) -> list[str]:
    """What keeps the numbers from those of the official report; it takes verdicts of one model alone."""
    others = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        made = ((summary.get("made_by") or {}).get("judges") or {}).get(OWN_JUDGE) or {}
        model = (made.get("llm") or {}).get("model")
        if model is None or str(model).rpartition("/")[2] != OFFICIAL_MODEL:
            others.append(name)
    if not others:
        return []
    who = "" if len(others) == len(summaries) else f" ({', '.join(others)})"
    return [f"Not the official numbers{who}: these are verdicts of {OFFICIAL_MODEL} under the rubric {OWN_JUDGE}."]

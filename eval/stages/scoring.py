"""Metric values of answers, one row a pair of gold and answer; a failure is a row's own and never ends the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eval.core.categories import OFFICIAL, Categories
from eval.core.choices import said
from eval.core.protocols import Scorer
from eval.core.types import Question
from eval.stages.boundary import Failed, attempt

Row = tuple[dict[str, float], dict[str, str]]
"""Metric to value, and metric to the reason why it failed, of one answer."""


def wanted_metrics(scorers: Sequence[Scorer]) -> set[str]:
    """Metrics of answers that can be computed here."""
    return {name for scorer in scorers for name in scorer.names} - {
        name for scorer in scorers for name in scorer.missing()
    }


def score_answers(
    scorers: Sequence[Scorer],
    questions: Sequence[Question],
    answers: Sequence[str],
    categories: Categories | None = None,
) -> list[Row]:
    """Values and errors of each answer, over all scorers; of several accepted golds the best counts. Neither where the
    gold is no answer in words (``Question.worded``).

    An answer to a multiple-choice question is the text of the option that it names. Where ``categories`` are given,
    those that a metric decides have it as ``official`` too.
    """
    rows: list[Row] = [({}, {}) for _ in questions]
    worded = [(i, question) for i, question in enumerate(questions) if question.worded is not False]
    pairs = [(i, gold) for i, question in worded for gold in question.accepted]
    read = [said(question.options, answer) for question, answer in zip(questions, answers, strict=True)]
    golds, given = [gold for _, gold in pairs], [read[i] for i, _ in pairs]
    forms = [questions[i].locomo_form for i, _ in pairs]
    for scorer in scorers if pairs else ():
        for (i, _), (values, errors) in zip(pairs, score_rows(scorer, golds, given, forms), strict=True):
            best, failed = rows[i]
            best.update({name: max(value, best.get(name, value)) for name, value in values.items()})
            failed.update(errors)
    if categories is not None:
        for question, (values, _) in zip(questions, rows, strict=True):
            category = categories[question.category]
            if category.exact and category.official in values:
                values[OFFICIAL] = values[category.official]
    return [(values, {name: why for name, why in errors.items() if name not in values}) for values, errors in rows]


def score_rows(
    scorer: Scorer, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None]
) -> list[Row]:
    """A scorer's values of each pair; where it raises on them together, each is scored alone, so that only those which
    fail do.

    A value that is no finite number is a failure. A metric that the scorer names as missing is in neither.
    """
    columns = attempt(lambda: _columns(scorer, golds, answers, categories))
    if isinstance(columns, Failed) and len(golds) > 1:
        alone = [score_rows(scorer, [g], [a], [c]) for g, a, c in zip(golds, answers, categories, strict=True)]
        return [row for rows in alone for row in rows]
    wanted = wanted_metrics([scorer])
    if isinstance(columns, Failed):
        return [({}, {name: str(columns.record["error"]) for name in wanted})]
    rows: list[Row] = []
    for i in range(len(golds)):
        finite = {name: column[i] for name, column in columns.items() if math.isfinite(column[i])}
        errors = {
            name: f"gave {columns[name][i]}" if name in columns else "gave no value" for name in wanted - finite.keys()
        }
        rows.append((finite, errors))
    return rows


def _columns(
    scorer: Scorer, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None]
) -> dict[str, list[float]]:
    columns = {
        name: [float(value) for value in column] for name, column in scorer.score(golds, answers, categories).items()
    }
    short = next((name for name, column in columns.items() if len(column) != len(golds)), None)
    if short:
        raise ValueError(f"{short}: {len(columns[short])} values for {len(golds)} answers")
    return columns

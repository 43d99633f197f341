"""Paired comparisons of runs on the same questions: pairs, tables of comparisons, ties with the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.core.categories import Category, CategoryId
from eval.report.tables.summaries import categories_of, category_title, judge_error, questions_of
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import label, ranked
from eval.runs.read import Run
from eval.stats import Comparison, compare, holm
from memos.errors import DataError

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Paired:
    """Values of one metric of two runs on the questions that both have."""

    keys: list[tuple[str, int]]
    a: np.ndarray
    b: np.ndarray
    clusters: list[str]


def same_questions(a: Run, b: Run, *, shared: bool = False) -> int | None:
    """Check that two runs may be paired.

    Args:
        a: one run.
        b: the other.
        shared: allow runs of different subsets of the same questions; only those that both have are then compared.

    Returns:
        How many questions both have where their sets differ; None where the sets are equal.

    Raises:
        DataError: they are of different data, answer keys or questions; names what differs.
    """
    names = f"{a.folder} and {b.folder}"
    left, right = (run.summary.get("dataset") or {} for run in (a, b))
    for field, what in (("sha256", "data"), ("answer_key", "answer keys")):
        one, other = (d.get(field, "official" if field == "answer_key" else None) for d in (left, right))
        if one != other:
            raise DataError(
                f"{names}: of different {what} ({left.get('name')} {one}, {right.get('name')} {other}); nothing to pair"
            )
    theirs = b.question_digests
    for key, value in a.question_digests.items():
        if theirs.get(key, value) != value:
            raise DataError(
                f"{names}: question {key[0]} {key[1]} has another text, gold or evidence in each; nothing to pair"
            )
    both = a.search.keys() & b.search.keys()
    if len(both) == len(a.search) == len(b.search):
        return None
    if not shared or not both:
        raise DataError(
            f"{names}: of different questions ({len(a.search)} and {len(b.search)}, {len(both)} in both)"
            + ("; compare.py --shared compares these alone" if both else "; nothing to pair")
        )
    return len(both)


def paired(a: Run, b: Run, metric: str, category: CategoryId | None = None) -> Paired:
    """Line up two runs on one metric, by question, whatever order either has them in.

    Raises:
        DataError: a run lacks the metric, or the runs share no question. Whether they may be paired at all is asked of
            ``same_questions``.
    """
    for run in (a, b):
        if not run.column(metric):
            known = ", ".join(sorted(run.summary["metrics"]))
            raise DataError(f"{run.folder}: metric {metric!r} is not in this run; known: {known}")
    left, right = a.column(metric), b.column(metric)
    keys = [key for key in left if key in right and (category is None or a.categories[key] == category)]
    if not keys:
        raise DataError(f"{a.folder} and {b.folder} share no question with {metric}")
    first, second = (np.array([column[key] for key in keys], dtype=float) for column in (left, right))
    return Paired(keys, first, second, [sample_id for sample_id, _ in keys])


def compare_runs(a: Run, b: Run, metric: str, category: CategoryId | None = None) -> Comparison:
    """``eval.stats.compare`` of two runs; a judge's own error of both scores widens the interval."""
    pair = paired(a, b, metric, category)
    one, other = (judge_error(run.summary, metric) for run in (a, b))
    return compare(pair.a, pair.b, pair.clusters, extra_se=float(np.hypot(one, other)))


Tests = dict[CategoryId | None, list[tuple[Run, Comparison]]]
"""By category (None: overall): every other run with its comparison to the section's best."""


def against_best(runs: Sequence[Run], metric: str) -> Tests:
    """Compare every ranked run with the best of each category and of the whole on ``metric``; empty with fewer than two
    runs.

    Raises:
        DataError: the runs are of different questions (``questions_of`` says which are not).
    """
    taking = [r for r in runs if ranked(r.summary) and r.column(metric)]
    for other in taking[1:]:
        alike = questions_of(taking[0].summary) == questions_of(other.summary)
        if not alike or taking[0].column(metric).keys() != other.column(metric).keys():
            raise DataError(f"{taking[0].folder} and {other.folder}: of different questions; nothing to test")
    if len(taking) < 2:
        return {}
    categories = [None, *(c.id for c in _asked(taking) if any(_applies(r, metric, c.id) for r in taking))]
    made: Tests = {}
    for category in categories:
        best = max(taking, key=lambda r: _mean(r, metric, category))
        made[category] = [(r, compare_runs(best, r, metric, category)) for r in taking if r is not best]
    return made


def ties(tests: Tests) -> dict[CategoryId | None, set[str]]:
    """For the overall and each category: fingerprints of runs that cannot be told from the best one.

    Holm's adjustment is over one section of the table (each other run against the best of a category). With ten
    conversations the smallest possible p is 2/1,024, so a family of more than 25 tests could never find anything
    (:func:`apart_in_all` says what is left of a whole column).
    """
    tied: dict[CategoryId | None, set[str]] = {}
    for category, rows in tests.items():
        for (run, result), p in zip(rows, holm([c.p_sign_flip for _, c in rows]), strict=True):
            if result.tie() or p is None or p > ALPHA:
                tied.setdefault(category, set()).add(run.summary["fingerprint"])
    return tied


def apart_in_all(tests: Tests) -> tuple[int, int]:
    """How many tests a column of the whole table has, and how many of them Holm's adjustment over all of them leaves
    significant.
    """
    every = [result for rows in tests.values() for _, result in rows]
    adjusted = holm([result.p_sign_flip for result in every])
    return len(every), sum(
        p is not None and p <= ALPHA and not result.tie() for result, p in zip(every, adjusted, strict=True)
    )


def _asked(runs: Sequence[Run]) -> list[Category]:
    return categories_of(run.summary for run in runs)


def _applies(run: Run, metric: str, category: CategoryId | None) -> bool:
    """Whether a run has a value of a metric on some question of a category; a judge may know some kinds alone."""
    return any(category is None or run.categories[key] == category for key in run.column(metric))


def _mean(run: Run, metric: str, category: CategoryId | None) -> float:
    own = [value for key, value in run.column(metric).items() if category is None or run.categories[key] == category]
    return float(np.mean(own)) if own else float("-inf")


def comparison_table(a: Run, b: Run, metrics: Sequence[str], *, shared: bool = False) -> Table:
    """Two runs by category on several metrics: difference, interval, exact sign-flip p (Holm over the table), McNemar.

    Raises:
        DataError: the runs may not be paired (``same_questions``, also for ``shared``), or lack a metric.
    """
    both = same_questions(a, b, shared=shared)
    columns = (
        Column("metric", "Metric", "text"),
        Column("n", "n", "count"),
        Column("a", "A"),
        Column("b", "B"),
        Column("difference", "A-B", primary=True),
        Column("p", "p sign-flip", "text"),
        Column("p_holm", "p Holm", "text"),
        Column("p_mcnemar", "p McNemar", "text"),
        Column("a_better", "A better", "count"),
        Column("b_better", "B better", "count"),
        Column("smallest", "resolvable"),
        Column("verdict", "Verdict", "text"),
    )
    categories = [c for c in _asked((a, b)) if all(c.id in run.categories.values() for run in (a, b))]
    compared = [
        (c, m, paired(a, b, m, c and c.id), compare_runs(a, b, m, c and c.id))
        for c in (*categories, None)
        for m in metrics
        if c is None or all(_applies(run, m, c.id) for run in (a, b))
    ]
    adjusted = holm([result.p_sign_flip for *_, result in compared])
    sections: dict[str, list[tuple[Cell, ...]]] = {}
    for (category, metric, pair, result), p in zip(compared, adjusted, strict=True):
        sections.setdefault(category_title(category, result.n), []).append(_compare_row(metric, pair, result, p))
    names = [f"{side}: {label(r.summary)} ({r.summary['fingerprint']})" for side, r in (("A", a), ("B", b))]
    warning = (
        ()
        if both is None
        else (f"WARNING: the runs are of different questions; only the {both} that both have are compared.",)
    )
    notes = [
        *names,
        *warning,
        "Paired on the same questions. Brackets: 95 % interval clustered by conversation. p sign-flip: exact up to 16 "
        "conversations; Holm over this table. McNemar takes questions as independent: secondary. Resolvable: smallest "
        "difference found with 80 % power.",
    ]
    return Table(
        "compare", "Paired comparison", columns, tuple(Section(t, tuple(r)) for t, r in sections.items()), tuple(notes)
    )


def _compare_row(metric: str, pair: Paired, result: Comparison, p_holm: float | None) -> tuple[Cell, ...]:
    unresolved = result.tie() or p_holm is None or p_holm > ALPHA
    verdict = "tie" if unresolved else ("A better" if result.difference > 0 else "B better")
    figures: tuple[Any, ...] = (metric, result.n, float(pair.a.mean()), float(pair.b.mean()))
    return (
        *(Cell(v) for v in figures),
        Cell(result.difference, result.low, result.high),
        *(Cell(_p(p)) for p in (result.p_sign_flip, p_holm, result.p_mcnemar)),
        Cell(result.a_better),
        Cell(result.b_better),
        Cell(result.smallest),
        Cell(verdict),
    )


def _p(value: float | None) -> str | None:
    return None if value is None else ("<0.0001" if value < 0.0001 else f"{value:.4f}")

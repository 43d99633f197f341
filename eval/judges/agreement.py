"""How well a judge repeats recorded verdicts: rows, categories, systems' scores and their ranking.

See docs/judge.md#agreement.

Recorded verdicts are the shares of runs that said correct; a row's label is its majority. All shares are fractions, all
errors of scores are in points of percent.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from eval.core.categories import LOCOMO
from eval.core.judging import accepts


@dataclass(frozen=True)
class JudgedRows:
    """Rows of answers with the recorded share and the judge's outcome; arrays of one length."""

    system: np.ndarray
    sample_id: np.ndarray
    category: np.ndarray
    recorded: np.ndarray
    """Share of recorded runs that said correct."""
    judged: np.ndarray
    """The judge's label, 1 for correct."""
    chance: np.ndarray
    """The judge's score of the row, a probability or share of runs."""

    def take(self, mask: np.ndarray) -> JudgedRows:
        return JudgedRows(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    @property
    def majority(self) -> np.ndarray:
        return accepts(self.recorded).astype(int)


def kappa(first: np.ndarray, second: np.ndarray) -> float | None:
    """Cohen's kappa of two binary labellings; None where both are constant."""
    agree = float(np.mean(first == second))
    expected = first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean())
    return None if expected >= 1 else (agree - expected) / (1 - expected)


def auc(truth: np.ndarray, score: np.ndarray) -> float | None:
    """Area under the ROC curve by ranks; None where one class is missing."""
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return None
    ranks = stats.rankdata(score)
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def scores(table: JudgedRows) -> dict[str, tuple[float, float, float]]:
    """Per system its recorded score, the judge's score and the judge's mean probability, in percent."""
    out = {}
    for name in sorted(set(table.system)):
        part = table.take(table.system == name)
        out[str(name)] = (100 * part.recorded.mean(), 100 * part.judged.mean(), 100 * part.chance.mean())
    return out


def pairs_in_order(
    recorded: Sequence[float] | np.ndarray, judged: Sequence[float] | np.ndarray
) -> dict[str, tuple[int, int]]:
    """Pairs of systems that the judge orders as recorded, by the recorded gap: (in order, pairs)."""
    out = {"at least 5": [0, 0], "3 to 5": [0, 0], "below 3": [0, 0]}
    for i, j in itertools.combinations(range(len(recorded)), 2):
        gap = recorded[i] - recorded[j]
        if gap == 0:
            continue
        kind = "at least 5" if abs(gap) >= 5 else "3 to 5" if abs(gap) >= 3 else "below 3"
        out[kind][1] += 1
        out[kind][0] += gap * (judged[i] - judged[j]) > 0
    return {kind: (int(good), total) for kind, (good, total) in out.items()}


def measure(table: JudgedRows) -> dict[str, object]:
    """Every figure of the headline table."""
    rows = scores(table)
    recorded = np.array([row[0] for row in rows.values()])
    judged = np.array([row[1] for row in rows.values()])
    errors = np.abs(judged - recorded)
    tau: Any = stats.kendalltau(recorded, judged)[0] if len(rows) > 1 else None
    return {
        "n": len(table.recorded),
        "systems": len(rows),
        "row_accuracy": float(np.mean(table.majority == table.judged)),
        "kappa": kappa(table.majority, table.judged),
        "auc": auc(table.majority, table.chance),
        "score_error_mean": float(errors.mean()),
        "score_error_max": float(errors.max()),
        "tau": None if tau is None or np.isnan(tau) else float(tau),
        "pairs": pairs_in_order(recorded, judged),
        "category_error": category_error(table),
        "category_errors": category_errors(table),
        "by_category": by_category(table),
        "scores": {name: [round(value, 2) for value in row] for name, row in rows.items()},
    }


def category_error(table: JudgedRows) -> float:
    """Mean absolute error of a system's score in a category, in points."""
    return float(np.mean([gap for gaps in _category_gaps(table).values() for gap in gaps]))


def category_errors(table: JudgedRows) -> dict[str, float]:
    """The same of each category, by its name with its number."""
    gaps = _category_gaps(table)
    return {one.title: float(np.mean(gaps[one.id])) for one in LOCOMO if one.id in gaps}


def _category_gaps(table: JudgedRows) -> dict[Any, list[float]]:
    gaps: dict[Any, list[float]] = {}
    for name in sorted(set(table.system)):
        for category in sorted(set(table.category)):
            part = table.take((table.system == name) & (table.category == category))
            if len(part.recorded):
                gap = abs(part.judged.mean() - part.recorded.mean()) * 100
                gaps.setdefault(int(category), []).append(float(gap))
    return gaps


def by_category(table: JudgedRows) -> dict[str, dict[str, float | int | None]]:
    """Row accuracy and kappa of each category, named with its number."""
    out = {}
    for one in LOCOMO:
        part = table.take(table.category == one.id)
        if len(part.recorded):
            out[one.title] = {
                "n": len(part.recorded),
                "row_accuracy": float(np.mean(part.majority == part.judged)),
                "kappa": kappa(part.majority, part.judged),
            }
    return out


def intervals(
    table: JudgedRows,
    names: Sequence[str] = ("row_accuracy", "kappa", "auc", "score_error_mean", "category_error"),
    draws: int = 500,
    seed: int = 0,
) -> Mapping[str, tuple[float, float]]:
    """95 % intervals of figures by a bootstrap of whole conversations."""
    clusters = sorted(set(table.sample_id))
    where = {name: np.flatnonzero(table.sample_id == name) for name in clusters}
    chance = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(draws):
        chosen = chance.integers(len(clusters), size=len(clusters))
        part = table.take(np.concatenate([where[clusters[i]] for i in chosen]))
        rows = scores(part)
        figures = {
            "row_accuracy": float(np.mean(part.majority == part.judged)),
            "kappa": kappa(part.majority, part.judged),
            "auc": auc(part.majority, part.chance),
            "score_error_mean": float(np.mean([abs(row[1] - row[0]) for row in rows.values()])),
            "category_error": category_error(part) if "category_error" in names else 0.0,
        }
        for name in names:
            if figures[name] is not None:
                drawn[name].append(figures[name])
    return {
        name: (float(np.percentile(sample, 2.5)), float(np.percentile(sample, 97.5)))
        for name, sample in drawn.items()
        if sample
    }

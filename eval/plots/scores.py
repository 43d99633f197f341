"""Score against context size, and score by category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.plots.style import (
    PAPER,
    canvas,
    legend_below,
    look,
    percent_axis,
    place_labels,
    save,
)
from eval.sources import sources
from eval.tables.values import TABLE_CATEGORIES, Summary, count, judges, label, labels, metric_cell
from eval.types import CATEGORIES
from memos.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MOST_NAMES = 6
"""Up to this many points are named in the drawing; more go into a legend."""
CURVE = 3
"""From this many settings on, a method's points are one curve under one name."""


def primary_judge(summaries: Sequence[Summary]) -> str:
    """Metric name of the judge that most tables lead with.

    Raises:
        DataError: when no run was judged.
    """
    found = judges(summaries)
    if not found:
        raise DataError("no run has a judge's verdicts; run with judge=offline")
    return found[0]


def score_against_tokens(summaries: Sequence[Summary], stem: Path) -> list[Path]:
    """Judge score (percent, interval) against mean context words (NLTK, the paper's count; logarithmic).

    Runs without a context size are left out of the drawing. Where a run is comparable with the paper, the paper's rows that
    state a context size lie pale behind.
    """
    import pandas as pd

    from eval.reference import comparable, paper_points

    judge = primary_judge(summaries)
    rows, families = [], []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        score, words = metric_cell(summary, judge), metric_cell(summary, "memory_words")
        if score.value is not None and words.value is not None:
            rows.append((name, "ours", words.value, score.value, score.low, score.high))
            families.append(family(summary))
    if comparable(summaries):
        rows += [(name, "paper", words, score, None, None) for name, words, score in paper_points()]
    data = pd.DataFrame(rows, columns=["method", "source", "context_words", "score", "low", "high"])
    with canvas(height_cm=7.0) as (figure, axes):
        ours = data[data.source == "ours"].reset_index(drop=True)
        paper = data[data.source == "paper"]
        axes.set_xscale("symlog", linthresh=10, linscale=0.4)
        if len(paper):
            axes.scatter(
                paper.context_words, paper.score * 100, s=22, color=PAPER, marker="*", label="the paper's values"
            )
        crowded = len(ours) > MOST_NAMES
        joined = crowded and max(Counter(families).values()) >= CURVE
        series = families if joined else list(ours.method)
        order = list(dict.fromkeys(series))
        for i, name in enumerate(order):
            own = ours[[s == name for s in series]].sort_values("context_words")
            style = look(i) | {"linestyle": "-" if joined else "none", "label": name if crowded else None}
            axes.errorbar(own.context_words, own.score * 100, yerr=bars(own), capsize=1.5, elinewidth=0.6, **style)
        axes.set_xlabel("context of a question (NLTK words, log scale)")
        percent_axis(axes, f"score, judge {judge.removeprefix('judge_')}", top=100)
        axes.set_xlim(-2, 200_000)
        axes.set_xticks([0, 10, 100, 1000, 10_000], ["0", "10", "100", "1,000", "10,000"])
        legend_below(figure, axes)
        points = [(r.context_words, r.score * 100, r.method) for r in ours.itertuples()]
        ends = [(r.context_words, 100 * v) for r in ours.itertuples() for v in _along(r)]
        if not crowded:
            place_labels(axes, points, [look(i)["color"] for i in range(len(points))], ends)
        return save(figure, data, stem, sources(summaries))


def family(summary: Summary) -> str:
    """What a run is one setting of: RAG of a depth over chunk sizes, or a method over its depths."""
    display = summary.get("display", {})
    return f"RAG, top-{display['top_k']}" if display.get("chunk") and display.get("top_k") else label(summary)


def bars(own: pd.DataFrame) -> Any:
    """Error bars in percent points of rows with ``value`` or ``score``, ``low`` and ``high``; None where no row has an interval."""
    import numpy as np

    value = own["value"] if "value" in own else own["score"]
    reach = np.array([value - own.low, own.high - value], dtype=float) * 100
    return None if np.isnan(reach).all() else np.nan_to_num(reach)


def _along(row) -> list[float]:
    """Places along an error bar that labels keep clear of."""
    return (
        []
        if row.low != row.low or row.low is None
        else [row.low, (row.low + row.score) / 2, (row.high + row.score) / 2, row.high]
    )


def _reach(row) -> list[list[float]] | None:
    """Lengths of the error bar in percent points; None where there is no interval."""
    if row.low is None or row.low != row.low:
        return None
    return [[(row.score - row.low) * 100], [(row.high - row.score) * 100]]


def score_by_category(summaries: Sequence[Summary], stem: Path) -> list[Path]:
    """Judge score (percent, interval) of each method in each category and overall."""
    import pandas as pd

    judge = primary_judge(summaries)
    names = labels(summaries)
    groups = [c for c in TABLE_CATEGORIES if any(metric_cell(s, judge, c).value is not None for s in summaries)]
    rows = []
    for summary, name in zip(summaries, names, strict=True):
        for category in (*groups, None):
            cell = metric_cell(summary, judge, category)
            shown = "overall" if category is None else f"{category} {CATEGORIES[category]}"
            rows.append((name, shown, count(summary, category), cell.value, cell.low, cell.high))
    data = pd.DataFrame(rows, columns=["method", "category", "n", "score", "low", "high"])
    shown = list(dict.fromkeys(data.category))
    with canvas(height_cm=1.6 + len(shown) * max(1.0, 0.3 + 0.19 * len(names))) as (figure, axes):
        step = 0.84 / len(names)
        for i, name in enumerate(names):
            own = data[data.method == name].reset_index(drop=True)
            at = [k + (i - (len(names) - 1) / 2) * step for k in range(len(shown))]
            axes.plot(own.score * 100, at, linestyle="none", label=name, markersize=3.2, **look(i))
            for y, row in zip(at, own.itertuples(), strict=True):
                if _reach(row):
                    axes.errorbar(
                        row.score * 100,
                        y,
                        xerr=_reach(row),
                        fmt="none",
                        ecolor=look(i)["color"],
                        elinewidth=0.7,
                        capsize=1.2,
                    )
        sizes = data.groupby("category").n.max()
        axes.set_yticks(range(len(shown)), [f"{c}\nn = {sizes[c]}" for c in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        for k in range(1, len(shown)):
            axes.axhline(k - 0.5, color="#CCCCCC", linewidth=0.5)
        percent_axis(axes, f"score, judge {judge.removeprefix('judge_')}", vertical=False, top=100)
        axes.set_xlim(-2, 102)
        legend_below(figure, axes)
        return save(figure, data, stem, sources(summaries))

"""Score against context size, and score by category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.plots.overlay import PALE, PAPER_TEXT, beside, legend_name
from eval.report.plots.style import COLOURS, PAGE_CM, canvas, legend_below, look, percent_axis, place_labels, save
from eval.report.sources import sources
from eval.report.tables.summaries import categories_of, count, main_metrics, main_title, metric_cell
from eval.runs.labels import Summary, label, labels
from memos.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_NAMES = 6
"""Up to this many points are named in the drawing; more go into a legend."""
NARROW = 4
"""Contexts whose sizes differ by less than this factor are drawn on a plain axis."""
CURVE = 3
"""From this many settings on, a method's points are one curve under one name."""


def primary_judge(summaries: Sequence[Summary]) -> str:
    """Name of the metric that most tables lead with: the main judge, or the official metric of the data set.

    Raises:
        DataError: when no run was judged.
    """
    in_use = main_metrics(summaries)
    if not in_use:
        raise DataError("no run has a judge's verdicts; run with judge=offline")
    return in_use[0]


def score_against_tokens(summaries: Sequence[Summary], stem: Path, paper: bool = False) -> list[Path]:
    """Judge score (percent, interval) against mean context words (NLTK, the paper's count; logarithmic).

    Runs without a context size are left out of the drawing. Where a run is comparable with the paper, or ``paper`` asks
    for it, the paper's rows that state a context size lie pale behind.
    """
    import pandas as pd

    from eval.report.paper.reference import paper_points

    judge = primary_judge(summaries)
    rows, families = [], []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        score, words = metric_cell(summary, judge), metric_cell(summary, "memory_words")
        if score.value is not None and words.value is not None:
            rows.append((name, "ours", words.value, score.value, score.low, score.high))
            families.append(family(summary))
    if not rows:
        raise DataError("no run has both a judge's score and a context size (metric memory_words)")
    pale = legend_name(summaries, paper)
    if pale:
        rows += [(name, "paper", words, score, None, None) for name, words, score in paper_points()]
    frame = pd.DataFrame(rows, columns=["method", "source", "context_words", "score", "low", "high"])
    with canvas(height_cm=7.0) as (figure, axes):
        ours = frame.loc[frame.source == "ours"].reset_index(drop=True)
        theirs = frame.loc[frame.source == "paper"]
        if pale:
            axes.plot(theirs.context_words, theirs.score * 100, linestyle="none", label=pale, **PALE)
        crowded = len(ours) > MOST_NAMES
        joined = crowded and max(Counter(families).values()) >= CURVE
        series = families if joined else list(ours.method)
        for i, name in enumerate(dict.fromkeys(series)):
            own = ours.loc[[s == name for s in series]].sort_values("context_words")
            style = look(i) | {"linestyle": "-" if joined else "none", "label": name if crowded else None}
            axes.errorbar(own.context_words, own.score * 100, yerr=bars(own), capsize=1.5, elinewidth=0.6, **style)
        percent_axis(axes, f"score, {main_title(judge).replace('Judge', 'judge', 1)}", top=100)
        axes.set_ylim(-2, 100)
        _words_axis(axes, frame.context_words, room=10 if pale or not crowded else 1.6)
        legend_below(figure, axes)
        _name_points(axes, ours, theirs, named=not crowded)
        return save(figure, frame, stem, sources(summaries))


def _words_axis(axes: Axes, words: pd.Series, room: float) -> None:
    """A logarithmic axis that has a 0, up to ``room`` times the most words; a plain one where all contexts are about as
    long.
    """
    if 0 < words.max() < NARROW * words.min():
        axes.set_xlabel("context of a question (NLTK words)")
        axes.margins(x=0.12)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        return
    axes.set_xlabel("context of a question (NLTK words, log scale)")
    axes.set_xscale("symlog", linthresh=10, linscale=0.4)
    axes.set_xticks(ticks := [0, 10, 100, 1000, 10_000, 100_000], [f"{tick:,}" for tick in ticks])
    axes.set_xlim(-2, room * max(words.max(), 10))


def _name_points(axes: Axes, ours: Any, theirs: Any, named: bool) -> None:
    """Names beside the paper's points, and beside ours where there is room for them."""
    ends = [(r.context_words, 100 * v) for r in ours.itertuples() for v in _along(r)]
    colours = [look(i)["color"] for i in range(len(ours))] if named else []
    shown = [*(ours.itertuples() if named else ()), *theirs.itertuples()]
    if shown:
        points = [(r.context_words, r.score * 100, r.method) for r in shown]
        place_labels(axes, points, [*colours, *[PAPER_TEXT] * len(theirs)], ends)


def family(summary: Summary) -> str:
    """What a run is one setting of: RAG of a depth over chunk sizes, or a method over its depths."""
    display = summary.get("display", {})
    return f"RAG, top-{display['top_k']}" if display.get("chunk") and display.get("top_k") else label(summary)


def bars(own: pd.DataFrame) -> Any:
    """Error bars in percent points of rows with ``value`` or ``score``, ``low`` and ``high``; None where no row has an
    interval.
    """
    import numpy as np

    value = own["value"] if "value" in own else own["score"]
    reach = np.array([value - own.low, own.high - value], dtype=float) * 100
    return None if np.isnan(reach).all() else np.nan_to_num(reach)


def _along(row: Any) -> list[float]:
    """Places along an error bar that labels keep clear of, two percent points apart."""
    if row.low is None or row.low != row.low:
        return []
    steps = max(1, round((row.high - row.low) * 50))
    return [row.low + (row.high - row.low) * i / steps for i in range(steps + 1)]


def score_by_category(summaries: Sequence[Summary], stem: Path, paper: bool = False) -> list[Path]:
    """Judge score (percent, interval) of each method (row) in each category and overall (columns), over the width of a
    page.

    The paper's score of the same method and setting lies pale in its row where the run is comparable, or ``paper`` asks
    for it.
    """
    import pandas as pd

    judge, names = primary_judge(summaries), labels(summaries)
    groups = [
        c for c in categories_of(summaries) if any(metric_cell(s, judge, c.id).value is not None for s in summaries)
    ]
    rows, pale = [], []
    for category in (*groups, None):
        shown, own = ("overall", None) if category is None else (category.title, category.id)
        for summary, name in zip(summaries, names, strict=True):
            cell, theirs = metric_cell(summary, judge, own), beside(summary, judge, own, paper)
            rows.append((name, shown, count(summary, own), cell.value, cell.low, cell.high))
            if theirs is not None:
                pale.append((f"{name} (paper)", shown, count(summary, own), theirs, None, None))
    columns = ["method", "category", "n", "score", "low", "high"]
    ours = pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})
    theirs = pd.DataFrame(pale, columns=columns)
    panels_of = list(dict.fromkeys(ours.category))
    with canvas(
        1, len(panels_of), width_cm=PAGE_CM, height_cm=1.9 + 0.36 * len(names), sharex=True, sharey=True, squeeze=False
    ) as (
        figure,
        (panels,),
    ):
        for panel, shown in zip(panels, panels_of, strict=True):
            own, behind = ours.loc[ours.category == shown], theirs.loc[theirs.category == shown]
            panel.plot(
                behind.score * 100,
                [names.index(n.removesuffix(" (paper)")) for n in behind.method],
                linestyle="none",
                label=legend_name(summaries, paper),
                **PALE,
            )
            panel.errorbar(
                own.score * 100,
                range(len(names)),
                xerr=bars(own),
                linestyle="none",
                marker="o",
                markersize=3.2,
                color=COLOURS[0],
                elinewidth=0.8,
                capsize=1.2,
                label="ours, 95 % interval",
            )
            panel.set_title(f"{shown}\nn = {own.n.max()}")
            panel.set_xticks([0, 25, 50, 75, 100], ["0", "", "50", "", "100"])
            panel.set_xlim(-3, 103)
        panels[0].set_yticks(range(len(names)), names)
        panels[0].set_ylim(len(names) - 0.5, -0.5)
        panels[len(panels) // 2].set_xlabel(f"score, {main_title(judge).replace('Judge', 'judge', 1)} (%)")
        if len(theirs):
            legend_below(figure, panels[0])
        order = {name: i for i, name in enumerate(names)}
        frame = pd.concat(
            [ours.sort_values("method", key=lambda m: m.map(order), kind="stable"), theirs.astype(ours.dtypes)]
        )
        return save(figure, frame, stem, sources(summaries))

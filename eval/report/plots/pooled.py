"""Scores pooled over data sets, and which systems cannot be told apart on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.plots.scores import bars
from eval.report.plots.style import COLOURS, MARKERS, PAGE_CM, canvas, legend_below, save
from eval.report.pooling import Basis, bases, gather
from eval.report.sources import sources
from eval.runs.labels import label, ranked
from memos.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from eval.runs.read import Run

BAR_COLOUR = "#555555"


def alike(order: Sequence[str], basis: Basis) -> list[tuple[int, int]]:
    """Longest runs of neighbours in an order of which no two are told apart, as (first, last) places."""
    apart = {frozenset((pair.first, pair.second)) for pair in basis.pairs if pair.apart}
    runs: list[tuple[int, int]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and all(
            frozenset((order[i], order[last + 1])) not in apart for i in range(first, last + 1)
        ):
            last += 1
        if last > first and not any(a <= first and last <= b for a, b in runs):
            runs.append((first, last))
    return runs


def pooled_scores(runs: Sequence[Run], stem: Path) -> list[Path]:
    """One row a system, best first: its score on each data set and pooled with its 95 % interval; beside them a bar
    joins neighbours that Holm's test on the pooled data does not tell apart. Systems that see the gold evidence are
    left out.

    Raises:
        DataError: no two data sets of one track can be pooled.
    """
    import pandas as pd

    sets, _ = gather(runs)
    own = [one for one in sets if one.track == sets[0].track]
    if len(own) < 2:
        raise DataError("a figure of pooled scores needs finished runs on two data sets of one track")
    compared = bases(own)
    whole = next((basis for basis in compared if len(basis.sets) == len(own)), None)
    if whole is None:
        raise DataError("a figure of pooled scores needs a system with finished runs on all data sets")
    shown = [name for name in whole.scores if ranked(own[0].runs[name].summary)]
    order = sorted(shown, key=lambda name: -whole.scores[name].mean)
    names = {name: label(own[0].runs[name].summary) for name in order}
    rows = [
        (names[name], basis.title, basis.conversations, *_ends(basis, name))
        for basis in compared
        for name in order
        if name in basis.scores
    ]
    frame = pd.DataFrame(rows, columns=["method", "basis", "conversations", "score", "low", "high"])
    frame = frame.astype({"low": float, "high": float})
    with canvas(1, 2, width_cm=PAGE_CM, height_cm=1.9 + 0.42 * len(order), sharey=True, width_ratios=(5, 1)) as (
        figure,
        (left, right),
    ):
        _scores(left, frame, [one.name for one in own], whole.title, [names[name] for name in order])
        _bars(right, alike(order, whole))
        legend_below(figure, left)
        return save(figure, frame, stem, sources([run.summary for run in runs]))


def _ends(basis: Basis, name: str) -> tuple[float, float | None, float | None]:
    one = basis.scores[name]
    return one.mean, one.low, one.high


def _scores(axes: Axes, frame: pd.DataFrame, sets: Sequence[str], whole: str, names: Sequence[str]) -> None:
    for i, title in enumerate(sets):
        own = frame.loc[frame.basis == title]
        places = [names.index(name) for name in own.method]
        colour = COLOURS[1 + i % (len(COLOURS) - 1)]
        axes.plot(
            own.score * 100,
            places,
            linestyle="none",
            marker=MARKERS[1 + i % (len(MARKERS) - 1)],
            markersize=3.2,
            markerfacecolor="none",
            zorder=4,
            color=colour,
            label=f"{title} ({own.conversations.max()} conversations)",
        )
    own: Any = frame.loc[frame.basis == whole]
    axes.errorbar(
        own.score * 100,
        [names.index(name) for name in own.method],
        xerr=bars(own),
        linestyle="none",
        marker="o",
        markersize=4.2,
        color=COLOURS[0],
        elinewidth=0.9,
        capsize=1.4,
        label="pooled, 95 % interval",
    )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-3, 103)
    axes.set_xlabel("score (%)")


def _bars(axes: Axes, groups: Sequence[tuple[int, int]]) -> None:
    """A bar for each run of neighbours, from left to right."""
    for i, (first, last) in enumerate(groups):
        axes.plot([i, i], [first - 0.2, last + 0.2], color=BAR_COLOUR, linewidth=2.2, solid_capstyle="butt")
    axes.set_xlim(-0.7, max(len(groups), 1) - 0.3)
    axes.set_xticks([])
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)
    axes.set_xlabel(f"{'not' if groups else 'all'} told\napart (Holm)")

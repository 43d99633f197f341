"""What the choice of a judge does to every system's score."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.report.plots.style import PAGE_CM, canvas, legend_below, look, percent_axis, save
from eval.report.sources import sources


def judge_spread(summary: Mapping[str, Any], stem: Path) -> list[Path]:
    """One line a system: its score under every judge, joined from the lowest to the highest.

    Args:
        summary: ``summary.json`` of a judge matrix.
        stem: output path without suffix.
    """
    import pandas as pd

    systems, judges = summary["spreads"], list(summary["judges"])
    rows = [(one["system"], judge, one["scores"][judge]) for one in systems for judge in judges]
    data = pd.DataFrame(rows, columns=["system", "judge", "score"])
    names = [one["system"] for one in systems]
    height = 2.6 + 0.55 * len(names) + 0.4 * (1 + len(judges) // 3)
    with canvas(width_cm=PAGE_CM, height_cm=height) as (figure, axes):
        for place, one in enumerate(systems):
            low, high = (100 * side(one["scores"].values()) for side in (min, max))
            axes.hlines(place, low, high, color="#BBBBBB", linewidth=1.2, zorder=1)
        for number, judge in enumerate(judges):
            scores = [100 * one["scores"][judge] for one in systems]
            axes.plot(scores, range(len(names)), linestyle="none", markersize=4, label=judge, **look(number))
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        percent_axis(axes, "score on the same answers", vertical=False)
        legend_below(figure, axes)
        return save(figure, data, stem, sources([], judges=judges, answers=summary["runs"]))

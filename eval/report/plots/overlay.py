"""The paper's own values behind ours: whether they are drawn, what the legend calls them, and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.core.categories import CategoryId
from eval.report.comparable import beside_paper
from eval.report.paper.reference import paper_value
from eval.runs.labels import Summary

PAPER = "#BBBBBB"
"""Colour of the paper's own values, shown pale behind ours."""
PAPER_TEXT = "#767676"
"""Grey of words about the paper's values, dark enough to be read."""
PALE: Mapping[str, Any] = {"color": PAPER, "marker": "*", "markersize": 5, "zorder": 1}
MODELS = "paper (gpt-4o-mini)"
DEVICE = "paper (H800)"


def legend_name(
    summaries: Sequence[Summary], anyway: bool, metrics: Sequence[str] = ("judge_",), name: str = MODELS
) -> str | None:
    """What the legend calls the paper's values.

    Args:
        summaries: the runs drawn.
        anyway: whether the values were asked for also where they are not comparable; the name then says so.
        metrics: what is drawn; one that compares, of one run, is enough.
        name: who made the paper's values.

    Returns:
        None where they are not drawn.
    """
    if any(beside_paper(summary, metric) for summary in summaries for metric in metrics):
        return name
    return f"{name}, not comparable" if anyway and summaries else None


def beside(summary: Summary, metric: str, category: CategoryId | None, anyway: bool) -> float | None:
    """The paper's value of a run's own method and setting, where the two compare or it was asked for anyway."""
    return paper_value(summary, metric, category) if anyway or beside_paper(summary, metric) else None

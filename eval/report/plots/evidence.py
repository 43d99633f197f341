"""How often answers are right with all evidence in the context, and without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.report.plots.scores import primary_judge
from eval.report.plots.style import canvas, legend_below, look, save
from eval.report.sources import sources
from eval.runs.labels import Summary, labels
from memos.errors import DataError

GIVEN = {"evidence": "all evidence in the context", "no_evidence": "some of it missing"}


def correct_given_evidence(summaries: Sequence[Summary], stem: Path) -> list[Path]:
    """Score by the main judge (percent, with its interval) of questions whose context holds all gold turns, and of the
    rest.
    """
    import pandas as pd

    judge = primary_judge(summaries)
    rows = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        for key, entry in ((summary.get("retrieval") or {}).get("correct", {}).get(judge) or {}).items():
            low, high = entry["ci95"] or (None, None)
            rows.append((name, key, entry["mean"], low, high, entry["n"]))
    if not rows:
        raise DataError("no run says how often it was right with the evidence (retrieval.correct)")
    frame = pd.DataFrame(rows, columns=["method", "given", "correct", "low", "high", "n"])
    frame = frame.astype({"low": float, "high": float})
    names = list(dict.fromkeys(frame.method))
    with canvas(height_cm=1.6 + 0.6 * len(names)) as (figure, axes):
        for place, (key, title) in enumerate(GIVEN.items()):
            own, style = frame[frame.given == key], look(place)
            at = [names.index(name) + (place - 0.5) * 0.3 for name in own.method]
            axes.hlines(at, own.low * 100, own.high * 100, color=style["color"], linewidth=1.2)
            axes.plot(own.correct * 100, at, linestyle="none", label=title, markersize=3.5, **style)
        axes.set_xlim(0, 102)
        axes.set_xlabel(f"correct by judge {judge.removeprefix('judge_')} (%)")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        legend_below(figure, axes)
        return save(figure, frame, stem, sources(summaries))

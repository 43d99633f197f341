"""Who degrades and who slows as memory grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.report.plots.scores import primary_judge
from eval.report.plots.style import PAGE_CM, canvas, legend_below, log_axis, look, percent_axis, save
from eval.report.sources import sources
from eval.report.tables.growth import RECALL, Sized, steps
from eval.report.tables.summaries import metric_cell
from eval.runs.labels import label
from memos.errors import DataError


def growth_curves(sized: Sequence[Sized], stem: Path) -> list[Path]:
    """Four panels over the tokens of a conversation: score and recall (with intervals as bands), time of a search, and
    seconds of ingestion for a thousand tokens.

    Args:
        sized: summaries of runs with the sizes of their memories.
        stem: output path without suffix.

    Raises:
        DataError: there is one size only.
    """
    import pandas as pd

    if len(steps(sized)) < 2:
        raise DataError("one size of memory only; run: python run.py experiment=growth dataset.knobs.sessions=50,100")
    summaries = [summary for summary, _ in sized]
    judge = primary_judge(summaries)
    rows = []
    for tokens, own in steps(sized):
        for summary, memory in own:
            score, recall = metric_cell(summary, judge), metric_cell(summary, RECALL)
            latency = summary.get("latency_ms") or {}
            seconds = latency.get("ingest_s")
            each = None if seconds is None else 1000 * seconds / memory["tokens"]
            search = (latency.get("search") or {}).get("p50")
            shares = (score.number, score.low, score.high, recall.number, recall.low, recall.high)
            rows.append((label(summary), tokens, *shares, search, each))
    columns = ["method", "tokens", "score", "score_low", "score_high", "recall", "recall_low", "recall_high"]
    frame = pd.DataFrame(rows, columns=[*columns, "search_p50_ms", "ingest_s_per_1000_tokens"])
    numbers = frame.columns[1:]
    frame[numbers] = frame[numbers].astype(float)
    panels = (
        ("score", f"judge {judge.removeprefix('judge_')}"),
        ("recall", "evidence recall in 1,600 words"),
        ("search_p50_ms", "search, P50 (ms)"),
        ("ingest_s_per_1000_tokens", "ingest (s a thousand tokens)"),
    )
    with canvas(2, 2, width_cm=PAGE_CM, height_cm=10.5, sharex=True) as (figure, grid):
        for axes, (column, title) in zip(grid.flat, panels, strict=True):
            share = column in ("score", "recall")
            for place, name in enumerate(dict.fromkeys(frame.method)):
                line = frame[(frame.method == name) & frame[column].notna()]
                style = look(place)
                axes.plot(line.tokens, line[column] * (100 if share else 1), label=name, **style)
                if share:
                    low, high = line[f"{column}_low"] * 100, line[f"{column}_high"] * 100
                    axes.fill_between(line.tokens, low, high, color=style["color"], alpha=0.08, linewidth=0)
            axes.set_xscale("log")
            if share:
                percent_axis(axes, title)
            else:
                axes.set_yscale("log")
                axes.set_ylabel(title)
                log_axis(axes.yaxis, fine=True)
        for axes in grid[1]:
            axes.set_xlabel("memory (cl100k tokens of one conversation)")
            log_axis(axes.xaxis, fine=True)
        legend_below(figure, grid.flat[0])
        return save(figure, frame, stem, sources(summaries))

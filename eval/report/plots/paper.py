"""The paper's Figures 9 (ablation of memory size) and 10 (time to first token),
ours with the paper's where comparable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.paper import reference
from eval.report.plots.overlay import DEVICE, PALE, beside, legend_name
from eval.report.plots.scores import CURVE, bars, family, primary_judge
from eval.report.plots.style import canvas, legend_below, log_axis, look, save
from eval.report.sources import sources
from eval.report.tables.summaries import METRIC_TITLES, categories_of, metric_cell
from eval.runs.labels import Summary
from memos.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

TIMES = (("dir_ttft", "direct"), ("kv_ttft", "KV"), ("build", "build"))
LENGTHS = ("short", "medium", "long")


def ablation_data(summaries: Sequence[Summary], metrics: Sequence[str], paper: bool = False) -> pd.DataFrame:
    """One row a run, category and metric: series, chunk, top_k, mean context words, value, interval,
    the paper's value."""
    import pandas as pd

    rows = []
    for summary in summaries:
        display = summary.get("display", {})
        chunk, k = display.get("chunk"), display.get("top_k")
        words = metric_cell(summary, "memory_words").value
        if k is None or words is None:
            continue
        series = family(summary)
        for category in (*categories_of([summary]), None):
            shown, own = ("overall", None) if category is None else (category.title, category.id)
            for metric in metrics:
                cell = metric_cell(summary, metric, own)
                if cell.value is not None:
                    theirs = beside(summary, metric, own, paper)
                    rows.append((series, chunk, k, words, shown, metric, cell.value, cell.low, cell.high, theirs))
    columns = ["series", "chunk", "top_k", "context_words", "category", "metric", "value", "low", "high", "paper"]
    numbers = {name: float for name in ("context_words", "value", "low", "high", "paper")}
    return (
        pd.DataFrame(rows, columns=columns)
        .astype(numbers)
        .sort_values(["series", "metric", "category", "context_words"])
    )


def ablation(
    summaries: Sequence[Summary], stem: Path, metrics: Sequence[str] | None = None, paper: bool = False
) -> list[Path]:
    """Figure 9: two metrics (columns) by category (rows) against context size (logarithmic), one line for each method
    and depth.

    Args:
        summaries: runs that differ in chunk size or top-k; runs without a top-k are left out.
        stem: output path without suffix.
        metrics: two metric names; default the judge and F1.
        paper: draw the paper's values of the same settings also behind runs that are not comparable.
    """
    chosen = tuple(metrics or (primary_judge(summaries), "f1_memos"))
    frame = ablation_data(summaries, chosen, paper)
    if frame.empty or frame.groupby("series").context_words.nunique().max() < CURVE:
        raise DataError(f"no method has {CURVE} settings of chunk size or top-k; run: python run.py experiment=fig9")
    names = [c for c in (*(k.title for k in categories_of(summaries)), "overall") if (frame.category == c).any()]
    top = min(100, 20 * math.ceil(5 * frame[["value", "high", "paper"]].max(axis=None) + 0.15))
    with canvas(len(names), 2, height_cm=1.4 + 2.4 * len(names), sharex=True, sharey=True, squeeze=False) as (
        figure,
        panels,
    ):
        for row, category in enumerate(names):
            for panel, metric in zip(panels[row], chosen, strict=True):
                _ablation_panel(panel, frame, category, metric)
                if row == 0:
                    panel.set_title(METRIC_TITLES.get(metric, f"judge {metric.removeprefix('judge_')}") + " (%)")
            panels[row][0].set_ylabel(f"{category}\n(%)")
        panels[0][0].set_xscale("log")
        panels[0][0].minorticks_off()
        panels[0][0].set_ylim(0, top)
        panels[0][0].set_yticks([0, top / 2, top])
        log_axis(panels[0][0].xaxis)
        for panel in panels[-1]:
            panel.set_xlabel("context (NLTK words)")
        if frame.paper.notna().any():
            name = legend_name(summaries, paper, list(frame.metric.unique()))
            panels[0][0].plot([], [], linestyle=":", label=name, **PALE)
        legend_below(figure, panels[0][0])
        return save(figure, frame, stem, sources(summaries))


def _ablation_panel(panel: Any, frame: pd.DataFrame, category: str, metric: str) -> None:
    for i, name in enumerate(dict.fromkeys(frame.series)):
        own = frame.loc[(frame.series == name) & (frame.category == category) & (frame.metric == metric)]
        if own.paper.notna().any():
            panel.plot(own.context_words, own.paper * 100, linestyle=":", **PALE)
        panel.errorbar(
            own.context_words,
            own.value * 100,
            yerr=bars(own),
            label=name,
            elinewidth=0.5,
            capsize=1,
            markersize=3,
            **look(i),
        )


def ttft(
    cells: Sequence[Mapping[str, Any]], stem: Path, kv_summaries: Sequence[Mapping[str, Any]] = (), paper: bool = False
) -> list[Path]:
    """Figure 10: time to first token (seconds, logarithmic), direct, KV and build, by context, query and model.

    The paper's values of the same model lie pale behind where the device is the paper's, too. One row of panels for
    each model.

    Args:
        cells: from ``eval.runs.read.kv_cells``.
        stem: output path without suffix.
        kv_summaries: the runs, for the sources file.
        paper: draw the paper's values in any case, those of its smallest model behind a model it did not measure.
    """
    import pandas as pd

    if not cells:
        raise DataError("no kv_ttft results; run: python run.py experiment=kv_ttft")
    rows = [
        (
            str(c["model"]),
            c["context"],
            c["context_tokens"],
            c["query"],
            c["query_tokens"],
            *(c.get(k) for k, _ in TIMES),
            *(_paper_cell(c, paper).get(k) for k, _ in TIMES),
        )
        for c in cells
    ]
    columns = [
        "model",
        "context",
        "context_tokens",
        "query",
        "query_tokens",
        *(k for k, _ in TIMES),
        *(f"paper_{k}" for k, _ in TIMES),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    models = list(dict.fromkeys(frame.model))
    with canvas(len(models), 3, height_cm=1.5 + 3.8 * len(models), sharey="row", squeeze=False) as (figure, panels):
        for row, model in enumerate(models):
            for column, context in enumerate(LENGTHS):
                own = frame.loc[(frame.model == model) & (frame.context == context)]
                _ttft_panel(panels[row][column], own, titled=row == 0)
            log_axis(panels[row][0].yaxis, fine=True)
            panels[row][0].set_ylabel(f"{_short(model)}\ntime (s, log scale)")
        panels[-1][1].set_xlabel("query (tokens)")
        if frame[[f"paper_{k}" for k, _ in TIMES]].notna().to_numpy().any():
            panels[0][0].plot([], [], linestyle=":", label=_paper_name(cells), **PALE)
        legend_below(figure, panels[0][0])
        runs = [{k: s.get(k) for k in ("experiment", "model", "device", "fingerprint")} for s in kv_summaries]
        return save(figure, frame, stem, sources([]) | {"runs": runs})


def _ttft_panel(panel: Any, own: pd.DataFrame, titled: bool) -> None:
    own = own.sort_values("query_tokens").reset_index(drop=True)
    for i, (key, name) in enumerate(TIMES):
        panel.plot(own.index, own[f"paper_{key}"].astype(float), linestyle=":", **PALE)
        panel.plot(own.index, own[key], label=name, **look(i))
    panel.set_yscale("log")
    panel.set_xticks(own.index, [f"{q:.0f}" for q in own.query_tokens])
    panel.set_xlim(-0.4, len(own) - 0.6)
    if titled and len(own):
        panel.set_title(f"context\n{own.context_tokens.iloc[0]:,.0f} tokens", fontsize=7)


def _short(model: Any) -> str:
    return str(model).split("/")[-1]


def _comparable(cell: Mapping[str, Any]) -> bool:
    return not reference.foreign_kv(cell, _short(cell["model"])) and _short(cell["model"]) in _paper_models()


def _paper_models() -> list[str]:
    return list(dict.fromkeys(row["model"] for row in reference.load().rows(5)))


def _paper_cell(cell: Mapping[str, Any], anyway: bool) -> Mapping[str, Any]:
    """The paper's row of a cell's context and query; nothing where it must not stand beside ours."""
    if not anyway and not _comparable(cell):
        return {}
    models = _paper_models()
    model = _short(cell["model"]) if _short(cell["model"]) in models else models[0]
    rows = reference.load().rows(5)
    return next(
        (r for r in rows if (r["model"], r["context"], r["query"]) == (model, cell["context"], cell["query"])), {}
    )


def _paper_name(cells: Sequence[Mapping[str, Any]]) -> str:
    models = _paper_models()
    if all(map(_comparable, cells)):
        return DEVICE
    known = all(_short(c["model"]) in models for c in cells)
    return f"{DEVICE}, not comparable" if known else f"{DEVICE.replace('(', f'({models[0]}, ')}, not comparable"

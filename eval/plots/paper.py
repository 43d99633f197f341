"""The paper's Figures 9 (ablation of memory size) and 10 (time to first token), ours with the paper's where comparable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.plots.scores import CURVE, bars, family, primary_judge
from eval.plots.style import PAPER, canvas, legend_below, log_axis, look, save
from eval.sources import sources
from eval.tables.values import METRIC_TITLES, TABLE_CATEGORIES, Summary, metric_cell
from eval.types import CATEGORIES
from memos.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

TIMES = (("dir_ttft", "direct"), ("kv_ttft", "KV"), ("build", "build"))
LENGTHS = ("short", "medium", "long")


def ablation_data(summaries: Sequence[Summary], metrics: Sequence[str]) -> pd.DataFrame:
    """One row a run, category and metric: series, chunk, top_k, mean context words, value, interval, the paper's value."""
    import pandas as pd

    rows = []
    for summary in summaries:
        display = summary.get("display", {})
        chunk, k = display.get("chunk"), display.get("top_k")
        words = metric_cell(summary, "memory_words").value
        if k is None or words is None:
            continue
        series = family(summary)
        for category in (*TABLE_CATEGORIES, None):
            for metric in metrics:
                cell = metric_cell(summary, metric, category)
                if cell.value is not None:
                    shown = "overall" if category is None else f"{category} {CATEGORIES[category]}"
                    rows.append(
                        (
                            series,
                            chunk,
                            k,
                            words,
                            shown,
                            metric,
                            cell.value,
                            cell.low,
                            cell.high,
                            _paper(summary, category, metric),
                        )
                    )
    columns = ["series", "chunk", "top_k", "context_words", "category", "metric", "value", "low", "high", "paper"]
    numbers = {name: float for name in ("context_words", "value", "low", "high", "paper")}
    return (
        pd.DataFrame(rows, columns=columns)
        .astype(numbers)
        .sort_values(["series", "metric", "category", "context_words"])
    )


def _paper(summary: Summary, category: int | None, metric: str) -> float | None:
    """The paper's value of the same RAG setting (Table 4: overall score only), for comparable runs."""
    from eval.reference import load

    if summary.get("not_comparable") or category is not None or not metric.startswith("judge_"):
        return None
    display = summary.get("display", {})
    rows = [r for r in load().rows(4) if r.get("chunk") == display.get("chunk") and r["top_k"] == display.get("top_k")]
    return rows[0]["judge"] / 100 if rows and display.get("chunk") else None


def ablation(summaries: Sequence[Summary], stem: Path, metrics: Sequence[str] | None = None) -> list[Path]:
    """Figure 9: two metrics (columns) by category (rows) against context size (logarithmic), one line for each method and depth.

    Args:
        summaries: runs that differ in chunk size or top-k; runs without a top-k are left out.
        stem: output path without suffix.
        metrics: two metric names; default the judge and F1.
    """
    chosen = tuple(metrics or (primary_judge(summaries), "f1_memos"))
    data = ablation_data(summaries, chosen)
    if data.empty or data.groupby("series").context_words.nunique().max() < CURVE:
        raise DataError(f"no method has {CURVE} settings of chunk size or top-k; run: python run.py experiment=fig9")
    names = [c for c in (*(f"{k} {CATEGORIES[k]}" for k in TABLE_CATEGORIES), "overall") if (data.category == c).any()]
    series = list(dict.fromkeys(data.series))
    with canvas(len(names), 2, height_cm=1.4 + 2.4 * len(names), sharex=True, sharey=True, squeeze=False) as (
        figure,
        panels,
    ):
        for row, category in enumerate(names):
            for column, metric in enumerate(chosen):
                panel = panels[row][column]
                for i, name in enumerate(series):
                    own = data[(data.series == name) & (data.category == category) & (data.metric == metric)]
                    panel.plot(
                        own.context_words,
                        own.paper * 100,
                        color=PAPER,
                        marker="*",
                        markersize=5,
                        linestyle=":",
                        zorder=1,
                    )
                    panel.errorbar(own.context_words, own.value * 100, yerr=bars(own), label=name, elinewidth=0.5, capsize=1,
                                   markersize=3, **look(i))  # fmt: skip
                panel.set_xscale("log")
                panel.set_ylim(0, 100)
                panel.set_yticks([0, 50, 100])
                if row == 0:
                    panel.set_title(METRIC_TITLES.get(metric, f"judge {metric.removeprefix('judge_')}") + " (%)")
            panels[row][0].set_ylabel(f"{category}\n(%)")
        for panel in panels[-1]:
            log_axis(panel.xaxis)
            panel.set_xlabel("context (NLTK words)")
        if data.paper.notna().any():
            panels[0][0].plot([], [], color=PAPER, marker="*", linestyle=":", label="the paper's RAG")
        legend_below(figure, panels[0][0])
        return save(figure, data, stem, sources(summaries))


def ttft(cells: Sequence[Mapping[str, Any]], stem: Path, kv_summaries: Sequence[Mapping[str, Any]] = ()) -> list[Path]:
    """Figure 10: time to first token (seconds, logarithmic), direct, KV and build, by context, query and model.

    The paper's values of the same model lie pale behind. One row of panels for each model.

    Args:
        cells: from ``eval.records.kv_cells``.
        stem: output path without suffix.
        kv_summaries: the runs, for the sources file.
    """
    import pandas as pd

    if not cells:
        raise DataError("no kv_ttft results; run: python run.py experiment=kv_ttft")
    paper = _paper_ttft()
    rows = [
        (str(c["model"]), c["context"], c["context_tokens"], c["query"], c["query_tokens"], *(c.get(k) for k, _ in TIMES),
         *(paper.get((_short(c["model"]), c["context"], c["query"]), {}).get(k) for k, _ in TIMES))
        for c in cells
    ]  # fmt: skip
    columns = [
        "model",
        "context",
        "context_tokens",
        "query",
        "query_tokens",
        *(k for k, _ in TIMES),
        *(f"paper_{k}" for k, _ in TIMES),
    ]
    data = pd.DataFrame(rows, columns=columns)
    models = list(dict.fromkeys(data.model))
    with canvas(len(models), 3, height_cm=1.5 + 3.8 * len(models), sharey="row", squeeze=False) as (figure, panels):
        for row, model in enumerate(models):
            for column, context in enumerate(LENGTHS):
                own = data[(data.model == model) & (data.context == context)]
                _ttft_panel(panels[row][column], own, titled=row == 0)
            log_axis(panels[row][0].yaxis, fine=True)
            panels[row][0].set_ylabel(f"{_short(model)}\ntime (s, log scale)")
        panels[-1][1].set_xlabel("query (tokens)")
        if data[[f"paper_{k}" for k, _ in TIMES]].notna().any(axis=None):
            panels[0][0].plot([], [], color=PAPER, marker="*", linestyle=":", label="the paper's values")
        legend_below(figure, panels[0][0])
        runs = [{k: s.get(k) for k in ("experiment", "model", "device", "fingerprint")} for s in kv_summaries]
        return save(figure, data, stem, sources([]) | {"runs": runs})


def _ttft_panel(panel: Any, own: pd.DataFrame, titled: bool) -> None:
    own = own.sort_values("query_tokens").reset_index(drop=True)
    for i, (key, name) in enumerate(TIMES):
        panel.plot(own.index, own[f"paper_{key}"].astype(float), marker="*", color=PAPER, linestyle=":", zorder=1)
        panel.plot(own.index, own[key], label=name, **look(i))
    panel.set_yscale("log")
    panel.set_xticks(own.index, [f"{q:.0f}" for q in own.query_tokens])
    panel.set_xlim(-0.4, len(own) - 0.6)
    if titled and len(own):
        panel.set_title(f"context\n{own.context_tokens.iloc[0]:,.0f} tokens", fontsize=7)


def _short(model: Any) -> str:
    return str(model).split("/")[-1]


def _paper_ttft() -> dict[tuple[str, str, str], Mapping[str, Any]]:
    from eval.reference import load

    return {(r["model"], r["context"], r["query"]): r for r in load().rows(5)}

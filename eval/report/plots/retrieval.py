"""Evidence recall against budget, latency and its parts, cost by phase."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.plots.overlay import PALE, beside, legend_name
from eval.report.plots.style import COLOURS, COLUMN_CM, HATCHES, PAGE_CM, canvas, legend_below, log_axis, look, save
from eval.report.sources import sources
from eval.report.tables.recall_cost import PHASES, recall_metrics
from eval.report.tables.summaries import count, metric_cell
from eval.runs.labels import Summary, labels
from memos.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("search", "answer", "total")
TIMES = tuple(f"latency_ms.{part}.{quantile}" for part in ("search", "total") for quantile in ("p50", "p95"))
"""Times that the paper states too."""
MANY = 12
"""With more methods than this the recall takes the width of a page, and the rows of the latency lie closer."""


def recall_against_budget(summaries: Sequence[Summary], stem: Path) -> list[Path]:
    """Evidence recall (percent, interval as a band) against the number of hits, and against words of context."""
    import pandas as pd

    axes_of = {"recall at k": ("hits", "retrieved memories (k)"), "recall in words": ("words", "context (NLTK words)")}
    wanted = [(m, axes_of[kind][0], depth) for m, kind, depth in recall_metrics(summaries) if kind in axes_of]
    rows = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        for metric, kind, depth in wanted:
            cell = metric_cell(summary, metric)
            if cell.value is not None:
                rows.append((name, kind, depth, cell.value, cell.low, cell.high))
    frame = pd.DataFrame(rows, columns=["method", "budget", "depth", "recall", "low", "high"]).astype(
        {"low": float, "high": float}
    )
    if frame.empty:
        raise DataError("no run has evidence recall (metrics evidence_recall_…)")
    looks, many = _looks(frame), frame.method.nunique() > MANY
    low = min(80, 20 * int(5 * frame.recall.min()))
    with canvas(1, 2, width_cm=PAGE_CM if many else COLUMN_CM, height_cm=5.6 if many else 4.8, sharey=True) as (
        figure,
        panels,
    ):
        for panel, (kind, title) in zip(panels, axes_of.values(), strict=True):
            for name, (first, style) in looks.items():
                own = frame[(frame.method == first) & (frame.budget == kind)]
                panel.plot(own.depth, own.recall * 100, label=name, markersize=3, **style)
                if name == first:
                    panel.fill_between(
                        own.depth, own.low * 100, own.high * 100, color=style["color"], alpha=0.12, linewidth=0
                    )
            depths = sorted(set(frame[frame.budget == kind].depth))
            panel.set_xscale("log")
            panel.set_xticks(depths, [f"{d:,}" for d in depths])
            panel.minorticks_off()
            panel.set_xlabel(title)
        panels[0].set_ylabel("evidence recall (%)")
        panels[0].set_ylim(low, 102 - low / 50)
        legend_below(figure, panels[0])
        return save(figure, frame, stem, sources(summaries))


def _looks(frame: pd.DataFrame) -> dict[str, tuple[str, dict[str, Any]]]:
    """Method to the first method that finds exactly the same (its depth alone differs, say)
    and to the look they share."""
    looks: dict[str, tuple[str, dict[str, Any]]] = {}
    curves: dict[tuple, str] = {}
    for name, own in frame.groupby("method", sort=False):
        first = curves.setdefault(tuple(zip(own.budget, own.depth, own.recall, strict=True)), str(name))
        looks[str(name)] = (first, look(list(curves.values()).index(first)))
    return looks


def latency_parts(summaries: Sequence[Summary], stem: Path, paper: bool = False) -> list[Path]:
    """Search, answer and total time of a question: P50 as a dot, a line to P95 (milliseconds, logarithmic).

    The paper's search and total of the same method lie pale behind where the run is comparable, or ``paper`` asks for
    it.
    """
    import pandas as pd

    rows = [
        (name, part, spread["p50"], spread["p95"])
        for summary, name in zip(summaries, labels(summaries), strict=True)
        for part in PARTS
        if (spread := (summary.get("latency_ms") or {}).get(part))
    ]
    if not rows:
        raise DataError("no run has a latency pass (latency.questions)")
    names = list(dict.fromkeys(name for name, *_ in rows))
    theirs = _paper_latency(summaries, names, paper)
    frame = pd.DataFrame(
        rows + [(f"{name} (paper)", *rest) for name, *rest in theirs], columns=["method", "part", "p50_ms", "p95_ms"]
    )
    with canvas(height_cm=1.6 + (0.55 if len(names) > MANY else 0.75) * len(names)) as (figure, axes):
        for i, part in enumerate(PARTS):
            own = frame[(frame.part == part) & frame.method.isin(names)]
            at = [names.index(n) + (i - 1) * 0.24 for n in own.method]
            floor = own.loc[:, ["p50_ms", "p95_ms"]].clip(lower=0.01)
            axes.hlines(at, floor.p50_ms, floor.p95_ms, color=COLOURS[i], linewidth=1.2)
            axes.plot(floor.p50_ms, at, linestyle="none", label=f"{part}, P50", markersize=3.5, **look(i))
            axes.plot(floor.p95_ms, at, linestyle="none", marker="|", color=COLOURS[i], markersize=5)
        axes.plot([], [], linestyle="none", marker="|", color="#444444", markersize=5, label="P95")
        for name, part, p50, p95 in theirs:
            y = names.index(name) + (PARTS.index(part) - 1) * 0.24
            axes.hlines(y, p50, p95, color=PALE["color"], linewidth=1.2, zorder=1)
            axes.plot(p50, y, linestyle="none", label=legend_name(summaries, paper, TIMES), **PALE)
        axes.set_xscale("log")
        log_axis(axes.xaxis)
        axes.set_xlabel("time of a question (ms, log scale)")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        legend_below(figure, axes)
        return save(figure, frame, stem, sources(summaries))


def _paper_latency(
    summaries: Sequence[Summary], names: Sequence[str], paper: bool
) -> list[tuple[str, str, float, float]]:
    """(method, part, P50, P95) of the paper's Table 4 for the methods drawn."""
    latencies = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        for part in ("search", "total") if name in names else ():
            p50, p95 = (beside(summary, f"latency_ms.{part}.{q}", None, paper) for q in ("p50", "p95"))
            if p50 is not None and p95 is not None:
                latencies.append((name, part, p50, p95))
    return latencies


def cost_by_phase(summaries: Sequence[Summary], stem: Path) -> list[Path]:
    """Tokens a question by phase (prompt and completion together), ingestion and organising shared out over the
    questions.
    """
    import pandas as pd

    rows = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        for phase in PHASES:
            spent = (summary.get("ledger") or {}).get(phase, {})
            tokens = spent.get("prompt_tokens", 0) + spent.get("completion_tokens", 0)
            rows.append((name, phase, spent.get("calls", 0), tokens, tokens / max(1, count(summary))))
    frame = pd.DataFrame(rows, columns=["method", "phase", "calls", "tokens", "tokens_per_question"])
    if not frame.tokens.any():
        raise DataError("no run has counted a token: nothing was sent to a language model")
    names = list(dict.fromkeys(frame.method))
    with canvas(height_cm=1.8 + 0.5 * len(names)) as (figure, axes):
        left = [0.0] * len(names)
        for i, phase in enumerate(PHASES):
            own = frame[frame.phase == phase].tokens_per_question.to_list()
            if any(own):
                axes.barh(
                    range(len(names)),
                    own,
                    0.62,
                    left=left,
                    color=COLOURS[i],
                    hatch=HATCHES[i],
                    edgecolor="white",
                    linewidth=0.3,
                    label=phase,
                )
            left = [a + b for a, b in zip(left, own, strict=True)]
        for y, total in enumerate(left):
            axes.annotate(f"{total:,.0f}", (total, y), xytext=(3, 0), textcoords="offset points", va="center")
        axes.set_xlim(0, max(left) * 1.18)
        axes.set_xlabel("tokens a question (prompt and completion)")
        axes.locator_params(axis="x", nbins=5)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        legend_below(figure, axes)
        return save(figure, frame, stem, sources(summaries))

"""How far the judge can be trusted, and which systems can be told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.core.identity import digest
from eval.report.plots.style import COLOURS, canvas, legend_below, look, save
from eval.report.sources import sources
from eval.report.tables.summaries import questions_of
from eval.runs.labels import labels, ranked
from eval.stats import Ranking, ranking, wilson
from memos.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eval.runs.read import Run


MOST_TICKS = 10
"""Up to this many ranks each has a tick of its own."""


def calibration_bins(
    probabilities: Sequence[float], outcomes: Sequence[float], bins: int = 10
) -> list[dict[str, float]]:
    """Bins of a judge's probability with what a reference judge said: ``predicted`` and ``observed`` shares, interval,
    ``n``.

    Args:
        probabilities: the judge's probability of correct, one a verdict.
        outcomes: 1 where the reference verdict is correct, else 0.
        bins: number of bins of equal width; empty ones are left out.
    """
    p, y = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    where = np.minimum((p * bins).astype(int), bins - 1)
    rows = []
    for b in range(bins):
        mine = where == b
        n = int(mine.sum())
        if n:
            low, high = wilson(int(round(y[mine].sum())), n)
            rows.append(
                {
                    "predicted": float(p[mine].mean()),
                    "observed": float(y[mine].mean()),
                    "low": low,
                    "high": high,
                    "n": n,
                }
            )
    return rows


def calibration(cards: Sequence[Mapping[str, Any]], stem: Path) -> list[Path]:
    """Reliability diagram: share that the reference judge called correct against the judge's probability (percent).

    Args:
        cards: judge cards with ``judge``, ``reference`` and ``calibration`` (as ``calibration_bins`` gives).
        stem: output path without suffix.
    """
    import pandas as pd

    rows = [
        (c["judge"], c.get("reference", ""), *(b.get(k) for k in ("predicted", "observed", "low", "high", "n")))
        for c in cards
        for b in c.get("calibration") or ()
    ]
    if not rows:
        raise DataError("no judge card with calibration; run: python run.py experiment=judge_card judge=offline")
    frame = pd.DataFrame(rows, columns=["judge", "reference", "predicted", "observed", "low", "high", "n"])
    with canvas(2, 1, height_cm=8.6, sharex=True, height_ratios=(3, 1)) as (figure, (top, bottom)):
        top.plot([0, 100], [0, 100], color="#999999", linewidth=0.7, linestyle="--", label="perfect")
        for i, (judge, own) in enumerate(frame.groupby("judge", sort=False)):
            reach = np.array([own.observed - own.low, own.high - own.observed], dtype=float) * 100
            top.errorbar(
                own.predicted * 100,
                own.observed * 100,
                yerr=reach,
                label=judge,
                capsize=1.2,
                elinewidth=0.6,
                markersize=3,
                **look(i),
            )
            bottom.plot(own.predicted * 100, own.n, drawstyle="steps-mid", color=COLOURS[i], linewidth=0.9)
        references = ", ".join(dict.fromkeys(filter(None, frame.reference)))
        top.set_ylabel(f"called correct by\n{references or 'the reference'} (%)")
        top.set_ylim(0, 100)
        bottom.set_ylabel("verdicts (n)")
        bottom.set_ylim(0, None)
        bottom.set_xlabel("probability of correct (%)")
        bottom.set_xlim(0, 100)
        legend_below(figure, top)
        return save(
            figure,
            frame,
            stem,
            sources([], cards=[{k: c.get(k) for k in ("judge", "reference", "fingerprint")} for c in cards]),
        )


REFERENCES = ("judge_llm", "judge_recorded", "judge_longmemeval")
"""How the metrics of judges begin that others are measured against."""


def may_calibrate(runs: Sequence[Run]) -> bool:
    """Whether a run has verdicts of a reference judge and of another one; only summaries are read."""
    named = [[name for name in run.summary["metrics"] if name.startswith("judge_")] for run in runs]
    return any(any(name.startswith(REFERENCES) for name in names) and len(names) > 1 for names in named)


def cards_of_runs(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Calibration of judges that give a probability, on runs whose answers another judge has labelled as well."""
    pooled: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for run in (run for run in runs if may_calibrate([run])):
        for judge, verdicts in run.verdicts.items():
            graded = {k: r["score"] for k, r in verdicts.items() if r.get("score") is not None and not r.get("grades")}
            if all(value in (0, 1) for value in graded.values()):
                continue
            for other, labels_ in run.verdicts.items():
                if other == judge or not other.startswith(REFERENCES):
                    continue
                p, y = pooled.setdefault((judge.removeprefix("judge_"), other.removeprefix("judge_")), ([], []))
                for key, value in graded.items():
                    if labels_.get(key, {}).get("label") in ("correct", "wrong"):
                        p.append(value)
                        y.append(float(labels_[key]["label"] == "correct"))
    return [
        {"judge": j, "reference": r, "calibration": calibration_bins(p, y)} for (j, r), (p, y) in pooled.items() if p
    ]


def card_files(folder: Path) -> list[Path]:
    """The judge cards that lie in a folder (``judge_card_NAME.json``), without the sources beside them."""
    return sorted(path for path in Path(folder).glob("judge_card_*.json") if not path.name.endswith(".sources.json"))


def cards_of_folder(folder: Path) -> list[dict[str, Any]]:
    """The judge cards of a results folder (``cards/judge_card_*.json``) as ``calibration`` takes them, one a judge.

    A card has rows, mean score and the share recorded as correct for each tenth of the score; intervals are Wilson's.
    """
    cards = []
    for path in card_files(folder):
        card = json.loads(path.read_text(encoding="utf-8"))
        bins = []
        for row in card.get("calibration", ()):
            low, high = wilson(round(row["recorded"] * row["n"]), row["n"])
            bins.append(
                {"predicted": row["score"], "observed": row["recorded"], "low": low, "high": high, "n": row["n"]}
            )
        cards.append(
            {
                "judge": card["judge"],
                "reference": "recorded judges",
                "fingerprint": digest(card["identity"], 10),
                "calibration": bins,
            }
        )
    return cards


def critical_difference(runs: Sequence[Run], metric: str, stem: Path) -> list[Path]:
    """Average rank over conversations; a bar joins systems that cannot be told apart (Nemenyi, 5 %; Demšar 2006).

    Systems that see the gold evidence are left out.
    """
    import pandas as pd

    runs = [r for r in runs if ranked(r.summary)]
    if len({questions_of(r.summary) for r in runs}) > 1:
        raise DataError(
            "the runs were asked different questions; ranks over them would compare what cannot be compared"
        )
    names = labels([r.summary for r in runs])
    means = {
        n: pd.Series(column).groupby(level=0).mean()
        for n, r in zip(names, runs, strict=True)
        if (column := r.column(metric))
    }
    table = pd.DataFrame(means).dropna()
    if len(table.columns) < 2 or len(table) < 2:
        raise DataError(f"a critical-difference plot needs two systems with {metric} on two conversations")
    order = ranking({n: table[n].tolist() for n in table})
    groups = order.groups()
    frame = pd.DataFrame(
        {
            "method": order.names,
            "mean_rank": order.ranks,
            "conversations": order.conversations,
            "critical_difference": order.critical_difference,
            "p_friedman": order.p_friedman,
            "tied_with": [_tied(i, order.names, groups) for i in range(len(order.names))],
        }
    )
    with canvas(height_cm=2.9 + 0.36 * (len(order.names) + len(groups))) as (figure, axes):
        _draw_ranks(axes, order, groups)
        return save(figure, frame, stem, sources([r.summary for r in runs], metric=metric))


def _draw_ranks(axes: Axes, order: Ranking, groups: Sequence[tuple[int, int]]) -> None:
    """One row a system, best first, with its average rank; below them the bars, above them the critical difference."""
    k, reach = len(order.names), order.critical_difference
    for i, rank in enumerate(order.ranks):
        axes.plot(rank, i, marker="o", color=COLOURS[0], markersize=4)
        right = rank > (k + 1) / 2
        axes.annotate(
            f"{rank:.1f}",
            (rank, i),
            xytext=(-5 if right else 5, 0),
            textcoords="offset points",
            va="center",
            ha="right" if right else "left",
        )
    for j, (first, last) in enumerate(groups):
        ends = [order.ranks[first], order.ranks[last]]
        axes.plot(ends, [k + 0.2 + j] * 2, color="#333333", linewidth=2.2, solid_capstyle="butt")
    axes.errorbar(1 + reach / 2, -1.4, xerr=reach / 2, color="#333333", capsize=2, elinewidth=0.8)
    axes.annotate(f"critical difference {reach:.2f}", (1, -1.4), xytext=(0, 4), textcoords="offset points")
    axes.set_yticks(range(k), order.names)
    axes.set_ylim(k + len(groups), -2.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.7, max(k, 1 + reach) + 0.3)
    axes.set_xticks([n for n in range(1, k + 1) if k <= MOST_TICKS or n == 1 or n % 5 == 0])
    axes.figure.supxlabel(
        f"average rank over {order.conversations} conversations (1 = best)\nbars join systems that cannot be told "
        "apart",
        fontsize=7,
    )
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)


def _tied(position: int, names: Sequence[str], groups: Sequence[tuple[int, int]]) -> str:
    mates = {names[j] for a, b in groups if a <= position <= b for j in range(a, b + 1)} - {names[position]}
    return "; ".join(n for n in names if n in mates)

"""Tables of a judge matrix: agreement of each two judges, and every system's score under each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.report.tables.table import Cell, Column, Section, Table

Summary = Mapping[str, Any]


def agreement_table(summary: Summary) -> Table:
    """Each two judges: raw agreement, kappa with its interval, shift of the scores, order of the systems."""
    columns = (
        Column("first", "Judge", "text"),
        Column("second", "beside", "text"),
        Column("n", "answers", "count"),
        Column("agreement", "agree (%)"),
        Column("kappa", "kappa", "text"),
        Column("interval", "95 % interval", "text"),
        Column("shift", "shift of scores (points)", "text"),
        Column("tau", "order of systems (tau)", "text"),
    )
    rows = tuple(_pair(pair) for pair in summary["pairs"])
    notes = (
        f"{summary['questions']} questions of {len(summary['runs'])} runs of {summary['dataset']['name']}, each answer "
        "judged by all. An answer counts where the verdicts of both judges stand.",
        "Kappa: Cohen's; its interval resamples whole conversations. Shift: mean over the systems of the score by the "
        "second judge less that by the first. Tau: Kendall's, of the systems' scores.",
        *_lost(summary),
    )
    return Table("judge_matrix", "Agreement of judges on the same answers", columns, (Section("", rows),), notes)


def _pair(pair: Mapping[str, Any]) -> tuple[Cell, ...]:
    span = "" if pair["low"] is None else f"[{pair['low']:.2f}, {pair['high']:.2f}]"
    return (
        Cell(pair["first"]),
        Cell(pair["second"]),
        Cell(pair["n"]),
        Cell(pair["agreement"]),
        Cell(_number(pair["kappa"], "{:.3f}")),
        Cell(span),
        Cell(f"{100 * pair['shift']:+.1f}"),
        Cell(_number(pair["tau"], "{:.2f}")),
    )


def spread_table(summary: Summary) -> Table:
    """Every system under every judge, and how far the judges spread its score."""
    judges = list(summary["judges"])
    columns = (
        Column("system", "System", "text"),
        Column("n", "n", "count"),
        *(Column(f"judge_{summary['judges'][label]['name']}", label, better=1) for label in judges),
        Column("width", "spread (points)", "text"),
    )
    rows = tuple(
        (
            Cell(spread["system"]),
            Cell(spread["n"]),
            *(Cell(spread["scores"][label]) for label in judges),
            Cell(f"{100 * spread['width']:.1f}"),
        )
        for spread in summary["spreads"]
    )
    notes = (
        "Percent of all questions; an answer that failed, or has no verdict that stands, counts as wrong. Spread: the "
        "highest judge's score less the lowest's, on the very same answers.",
        *([f"Questions without an answer: {summary['unanswered']}."] if summary["unanswered"] else []),
        *_lost(summary),
    )
    title = "Every system's score under every judge"
    return Table("judge_matrix_scores", title, columns, (Section("", rows),), notes).marked()


def _number(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)


def _lost(summary: Summary) -> list[str]:
    """What has no verdict."""
    return [
        f"{label}: no verdict that stands on {own['failed']} answers."
        for label, own in summary["judges"].items()
        if own["failed"]
    ]

"""The end of a benchmark sweep: tables to the terminal and to files, and two plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.experiments.protocol import Outcome, summed_up
from eval.runs.write import write_json

if TYPE_CHECKING:
    from eval.report.groups import RunGroup

DRAWN = ("score_against_tokens", "score_by_category")
"""Figures of every finished sweep; ``scripts/figures.py`` draws the others."""


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``tables/<experiment>*``: scores, Table 4, recall, cost."""
    from eval.report.benchmark_tables import write_benchmark_tables
    from eval.report.tables import terminal

    return [terminal(table, width) for table in write_benchmark_tables(group, out)]


def finish(
    out: Path,
    name: str,
    outcomes: Sequence[Outcome],
    draw: bool = True,
    write_tables: Callable[[RunGroup, Path], list[str]] = tables,
) -> None:
    """Write ``tables/<name>*`` and ``figures/<name>*`` from the runs of a sweep and print the tables.

    Args:
        out: the results folder.
        name: of the experiment.
        outcomes: of its jobs.
        draw: whether figures are wanted.
        write_tables: of the experiment, where it has tables of its own.
    """
    from eval.report.groups import RunGroup

    folders = summed_up(outcomes)
    if not folders:
        return
    group = RunGroup(name, folders)
    for text in write_tables(group, out):
        print("\n" + text)
    stem = out / "figures" / name
    changed = any(o.get("fresh", True) for o in outcomes)
    if draw and (changed or not stem.with_name(f"{name}_score_by_category.png").exists()):
        from eval.report.figures import make_figures

        for line in make_figures([group], out, DRAWN)[1]:
            print(f"not drawn: {line}")
    write_json(out / "tables" / f"{name}.runs.json", [str(folder) for folder in folders])
    print(
        f"\ntables: {out}/tables/{name}.md, .csv, .tex and {name}_table4, {name}_recall"
        + (f"; figures: {out}/figures/{name}_*" if draw else "")
    )

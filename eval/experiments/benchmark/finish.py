"""The end of a benchmark sweep: tables to the terminal and to files, and two plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.runs.write import write_json

DRAWN = ("score_against_tokens", "score_by_category")
"""Figures of every finished sweep; ``scripts/figures.py`` draws the others."""


def finish(out: Path, name: str, outcomes: Sequence[Mapping[str, Any]], draw: bool = True) -> None:
    """Write ``tables/<name>*`` and ``figures/<name>*`` from the runs of a sweep and print the tables."""
    from eval.report.groups import Group, make_tables
    from eval.report.tables import terminal

    folders = [Path(o["folder"]) for o in outcomes if (Path(o["folder"]) / "summary.json").exists()]
    if not folders:
        return
    group = Group(name, tuple(folders))
    for table in make_tables(group, out):
        print("\n" + terminal(table))
    stem = out / "figures" / name
    changed = any(o.get("fresh", True) for o in outcomes)
    if draw and (changed or not stem.with_name(f"{name}_score_by_category.png").exists()):
        from eval.report.figures import make_figures

        for line in make_figures([group], out, DRAWN)[1]:
            print(f"not drawn: {line}")
    write_json(out / "tables" / f"{name}.runs.json", [str(folder) for folder in folders])
    print(f"\ntables: {out}/tables/{name}.md, .csv, .tex and {name}_table4, {name}_recall" + (f"; figures: {out}/figures/{name}_*" if draw else ""))


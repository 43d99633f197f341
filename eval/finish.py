"""The end of a benchmark sweep: tables to the terminal and to files, and two plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.store import write_json


def finish(out: Path, name: str, outcomes: Sequence[Mapping[str, Any]], draw: bool = True) -> None:
    """Write ``tables/<name>*`` and ``figures/<name>*`` from the runs of a sweep and print the tables."""
    from eval import tables
    from eval.sources import sources

    paths = [Path(o["folder"]) / "summary.json" for o in outcomes]
    summaries = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
    if not summaries:
        return
    folders = [str(path.parent) for path in paths if path.exists()]
    stem = out / "tables" / name
    made = {"": tables.table3(summaries), "_table4": tables.table4(summaries), "_recall": tables.recall_table(summaries),
            "_cost": tables.cost_table(summaries)}
    for suffix, table in made.items():
        tables.write(table, stem.with_name(stem.name + suffix), sources(summaries))
        print("\n" + tables.terminal(table))
    if draw:
        _draw(out / "figures" / name, summaries)
    write_json(out / "tables" / f"{name}.runs.json", folders)
    print(f"\ntables: {stem}.md, .csv, .tex and {name}_table4, {name}_recall" + (f"; figures: {out}/figures/{name}_*" if draw else ""))


def _draw(stem: Path, summaries: Sequence[Mapping[str, Any]]) -> None:
    from eval import plots

    stem.parent.mkdir(parents=True, exist_ok=True)
    plots.score_against_tokens(summaries, stem.with_name(stem.name + "_score_against_tokens"))
    plots.score_by_category(summaries, stem.with_name(stem.name + "_score_by_category"))

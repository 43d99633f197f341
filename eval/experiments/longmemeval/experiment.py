"""``experiment=longmemeval``: the benchmark's stages on LongMemEval, with its official report by type of question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.experiments.benchmark import finish as benchmark
from eval.experiments.benchmark.experiment import (
    alone,
    beside,
    changed,
    check,
    ended,
    foretell,
    run,
    up_to_date,
)
from eval.experiments.protocol import Outcome

if TYPE_CHECKING:
    from eval.report.groups import RunGroup

__all__ = [
    "alone",
    "beside",
    "changed",
    "check",
    "ended",
    "finish",
    "foretell",
    "run",
    "tables",
    "up_to_date",
]


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``tables/<experiment>_types*``, the official report, and the tables of every benchmark."""
    from eval.report.sources import sources
    from eval.report.tables.fitted import fitted_apart
    from eval.report.tables.longmemeval import types_table
    from eval.report.tables.write import terminal, write

    if not group.runs:
        return []
    table = fitted_apart({"types": types_table(group.summaries)}, group.recorded)["types"]
    write(table, out / "tables" / f"{group.experiment}_types", sources(group.summaries))
    return [*benchmark.tables(group, out, width), terminal(table, width)]


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Write ``tables/<name>*`` and ``figures/<name>*`` from the runs of a sweep and print the tables."""
    benchmark.finish(out, name, outcomes, draw, tables)

"""The tables of runs that measured the time to first token: Table 5, and its audit."""

from __future__ import annotations

from pathlib import Path

from eval.report import tables
from eval.report.groups import RunGroup
from eval.report.paper.kv_audit import kv_audit
from eval.report.sources import sources
from eval.report.tables.kv import table5
from eval.report.tables.table import Table
from eval.runs.read import kv_cells, load_summary


def write_kv_tables(group: RunGroup, out: Path) -> list[Table]:
    """Write ``tables/<experiment>_table5*`` and, of models that ran here, ``_audit*``;
    return the tables for printing."""
    cells = kv_cells(group.others)
    if not cells:
        return []
    summaries = [load_summary(folder) for folder in group.others]
    made = {"_table5": table5(cells)}
    local = [summary for summary in summaries if "random_weights" in summary]
    if local:
        made["_audit"] = kv_audit(local)
    named = [
        {key: summary.get(key) for key in ("experiment", "model", "device", "fingerprint")} for summary in summaries
    ]
    origin = sources([]) | {"runs": named}
    for suffix, table in made.items():
        tables.write(table, out / "tables" / f"{group.experiment}{suffix}", origin)
    return list(made.values())

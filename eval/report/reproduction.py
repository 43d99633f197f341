"""Every cell of the paper beside ours, and the paper's own sums, from all runs at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.report import tables
from eval.report.groups import RunGroup
from eval.report.paper import reference
from eval.report.paper.audit import Finding, audit, audit_table
from eval.report.sources import sources
from eval.runs.labels import Summary
from eval.runs.read import kv_cells


def make_check(
    batch: Sequence[RunGroup], out: Path, path: Path = reference.PAPER, others: Sequence[Summary] = ()
) -> tuple[list[reference.CellCheck], list[Finding]]:
    """Write ``tables/reproduction*`` and ``tables/audit*``: every cell of the paper beside ours, and the paper's own
    sums.

    Args:
        batch: groups of runs.
        out: the results folder.
        path: the paper's cells.
        others: rows that no run of ours made, such as published answers.
    """
    paper = reference.load(path)
    summaries = [*(s for group in batch for s in group.summaries), *others]
    checks = reference.check(paper, summaries, kv_cells([f for group in batch for f in group.others]))
    findings = audit(paper)
    origin = sources(summaries) | {"reference": path.name}
    tables.write(reference.check_table(checks), out / "tables" / "reproduction", origin)
    tables.write(audit_table(findings), out / "tables" / "audit", origin)
    return checks, findings

"""How far repeated answers move a score, beside what the judge and the choice of conversations do."""

from __future__ import annotations

from collections.abc import Sequence

from eval.report.tables.summaries import judges, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import Summary, labels

PARTS = (
    ("mean", "mean"),
    ("sd_runs", "runs"),
    ("sd_judge", "judge"),
    ("se_conversations", "conversations"),
    ("unequal", "unequal"),
)


def repeats_table(summaries: Sequence[Summary]) -> Table | None:
    """The parts of the spread of every judge's score; None where no run was repeated."""
    repeated = [summary for summary in summaries if summary.get("repeats")]
    if not repeated:
        return None
    shown = judges(repeated)
    columns = (
        Column("method", "Method", "text"),
        Column("runs", "runs", "count"),
        *(Column(f"{judge}_{key}", title, group=judge) for judge in shown for key, title in PARTS),
    )
    rows = []
    for summary, name in zip(repeated, labels(repeated), strict=True):
        metrics = summary["repeats"]["metrics"]
        cells = [Cell(metrics.get(judge, {}).get(key)) for judge in shown for key, _ in PARTS]
        rows.append((Cell(name), Cell(summary["repeats"]["runs"]), *cells))
    notes = [
        *origin_notes(repeated),
        "Percent, and points of percent. runs: standard deviation of the score of one run of answers over the same "
        "contexts; judge: the part of it that one run of the judge makes; conversations: standard error from their "
        "choice; unequal: questions whose verdict is not the same in all runs.",
    ]
    title = "Repeated answers: where the spread of a score comes from"
    return Table("repeats", title, columns, (Section("", tuple(rows)),), tuple(notes))

"""The paper's Tables 3, 4 and 5 as data, and the verdict on each cell of ours beside it.

See docs/protocol.md#reproduction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval.core.categories import CategoryId
from eval.core.places import paper_values
from eval.report import comparable
from eval.report.tables.summaries import metric_cell
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import Summary, part_name
from memos.errors import DataError

PAPER = paper_values()
VERDICTS = ("OK", "OKish", "DIFFERS", "NOT RUN", "NOT COMPARABLE")
MEANING = (
    "OK: within the tolerance of paper.yaml. OKish: the paper's value lies in our 95 % interval. DIFFERS: neither. NOT "
    "RUN: no finished run has this cell. NOT COMPARABLE: other models, data or settings than the paper's made ours; "
    "'why' gives the numbers of this cell's own reasons."
)
STAND_IN = (
    "synthetic: scripted replies stand in for a model that this cell rests on. Such a cell shows how the comparison "
    "works and nothing of the paper, so it is never OK: within the tolerance it says OKish."
)
_COLUMNS = {
    3: ("words", "judge", "f1", "rl", "b1", "b2", "meteor", "bert_f1", "sim"),
    4: ("words", "chunk", "judge", "search_p50", "search_p95", "total_p50", "total_p95"),
    5: ("build", "kv_ttft", "dir_ttft", "speedup"),
}
TRACKS = ("paper", "published")
"""Tracks whose rows may stand for a row of the paper."""
PERCENT = frozenset(_COLUMNS[3][1:]) | {"speedup"}
"""Columns in percent; the others are words, tokens, milliseconds (Table 4) or seconds (Table 5)."""


@dataclass(frozen=True, slots=True)
class PaperCell:
    """One number of the paper."""

    table: int
    row: Mapping[str, Any]
    """The row as in paper.yaml: method, system, category, chunk, top_k; or model, context, query."""
    column: str
    value: float
    command: str
    """The command that makes ours."""

    @property
    def category(self) -> int | None:
        """LOCOMO's category, None for overall and for Tables 4 and 5."""
        category = self.row.get("category")
        return category if isinstance(category, int) else None

    @property
    def name(self) -> str:
        """The row for people."""
        if self.table == 5:
            return f"{self.row['model']} {self.row['context']}/{self.row['query']}"
        if self.row["system"] == "rag":
            return f"{self.row['method']} {self.row['chunk']}/k{self.row['top_k']}"
        return str(self.row["method"])


@dataclass(frozen=True, slots=True)
class CellCheck:
    """One cell of ours beside the paper's, in the paper's unit."""

    cell: PaperCell
    ours: float | None
    low: float | None
    high: float | None
    verdict: str
    note: str
    """Why it is not run or not comparable: this cell's own reasons."""
    must: bool
    synthetic: bool = False
    """Whether scripted replies stand in for a model that the cell rests on."""
    reasons: tuple[str, ...] = ()
    """The reasons of ``note``, one by one, of a cell that is not comparable."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The content of paper.yaml."""

    raw: Mapping[str, Any]
    cells: tuple[PaperCell, ...]

    def rows(self, table: int) -> list[Mapping[str, Any]]:
        return list(self.raw[f"table{table}"])

    def tolerance(self, cell: PaperCell) -> float:
        """Distance within which a cell is OK, in the cell's unit."""
        rule = self.raw["tolerance"][cell.column]
        return float(rule["absolute"]) if "absolute" in rule else float(rule["relative"]) * abs(cell.value)


@cache
def load(path: Path = PAPER) -> Reference:
    """Read paper.yaml.

    Raises:
        DataError: the file is missing or a row lacks a field, with the place.
    """
    raw = comparable.paper(path)
    cells = []
    for table, columns in _COLUMNS.items():
        for number, row in enumerate(raw[f"table{table}"]):
            try:
                command = raw["commands"]["kv_ttft" if table == 5 else row["system"]].format(**row)
            except KeyError as error:
                raise DataError(f"{path}: table{table} row {number}: {error} is missing") from error
            stated = [c for c in columns if row.get(c) is not None]
            cells += [PaperCell(table, row, c, float(row[c]), command) for c in stated]
    return Reference(raw, tuple(cells))


def paper_points(path: Path = PAPER) -> list[tuple[str, float, float]]:
    """(method, context words, judge score as a fraction) of the paper's rows that state a measured context."""
    return [(r["method"], r["words"], r["judge"] / 100) for r in load(path).rows(4) if r.get("words")]


def paper_value(summary: Summary, metric: str, category: CategoryId | None = None) -> float | None:
    """The paper's value of a run's own method and setting (chunk and depth) in the run's unit; None where it states
    none.

    Args:
        summary: a LOCOMO run.
        metric: one of our metrics (any ``judge_<name>`` stands for the paper's judge), or
            ``latency_ms.<part>.<quantile>``.
        category: LOCOMO's category; None: overall.
    """
    reference, depth = load(), (summary.get("display") or {}).get("top_k")
    names = {name: column for column, name in reference.raw["metrics"].items()}
    column = names.get("judge" if metric.startswith("judge_") else metric)
    if column is None:
        return None
    rows = (
        row
        for table in (3, 4)
        for row in reference.rows(table)
        if row.get("category", "overall") == (category or "overall")
    )
    stated = [
        row[column]
        for row in rows
        if _fits(row, summary) and row["top_k"] in (None, depth) and row.get(column) is not None
    ]
    return float(stated[0]) / (100 if column in PERCENT else 1) if stated else None


def check(reference: Reference, summaries: Sequence[Summary], kv: Sequence[Mapping[str, Any]] = ()) -> list[CellCheck]:
    """Verdict on every cell of the paper.

    Args:
        reference: from ``load``.
        summaries: finished LOCOMO runs; of several that fit a cell, a comparable one counts, else the last.
        kv: cells of ``kv_ttft`` results (``eval.runs.read.kv_cells``).
    """
    return [_check_kv(reference, c, kv) if c.table == 5 else _check(reference, c, summaries) for c in reference.cells]


def _check(reference: Reference, cell: PaperCell, summaries: Sequence[Summary]) -> CellCheck:
    must = cell.column in (reference.raw.get("must") or {}).get(cell.row["system"], ())
    summary = _matching(reference, cell, summaries)
    if summary is None:
        return CellCheck(cell, None, None, None, "NOT RUN", "no finished run", must)
    ours = _value(reference, cell, summary)
    if ours.value is None:
        reason = (summary.get("missing") or {}).get(reference.raw["metrics"][cell.column], "not measured in this run")
        return CellCheck(cell, None, None, None, "NOT RUN", str(reason), must)
    reasons = comparable.reasons(summary, cell.column, cell.row, reference.raw)
    return _judge(reference, cell, ours, reasons, must, comparable.synthetic(summary, cell.column, reference.raw))


def _judge(
    reference: Reference,
    cell: PaperCell,
    ours: Cell,
    reasons: Sequence[str],
    must: bool = False,
    synthetic: bool = False,
) -> CellCheck:
    value = ours.number
    if value is None:
        return CellCheck(cell, None, None, None, "NOT RUN", "the value is missing", must)
    if reasons:
        verdict = "NOT COMPARABLE"
    elif abs(value - cell.value) <= reference.tolerance(cell) + 1e-9:
        verdict = "OKish" if synthetic else "OK"
    elif ours.low is not None and ours.high is not None and ours.low <= cell.value <= ours.high:
        verdict = "OKish"
    else:
        verdict = "DIFFERS"
    return CellCheck(cell, value, ours.low, ours.high, verdict, "; ".join(reasons), must, synthetic, tuple(reasons))


def _matching(reference: Reference, cell: PaperCell, summaries: Sequence[Summary]) -> Summary | None:
    """The run whose cell counts: of those that fit the row the first whose cell compares, a real one before a scripted
    one; else the last."""
    fitting = [s for s in summaries if s.get("complete") and s.get("track", "paper") in TRACKS and _fits(cell.row, s)]
    able = [s for s in fitting if not comparable.reasons(s, cell.column, cell.row, reference.raw)]
    able.sort(key=lambda s: comparable.synthetic(s, cell.column, reference.raw))
    return next(iter(able), fitting[-1] if fitting else None)


def _fits(row: Mapping[str, Any], summary: Summary) -> bool:
    if row["system"] != "rag":
        return summary["system"] == row["system"]
    display = summary.get("display", {})
    return summary["system"].startswith("rag") and (display.get("chunk"), display.get("top_k")) == (
        row["chunk"],
        row["top_k"],
    )


def _value(reference: Reference, cell: PaperCell, summary: Summary) -> Cell:
    """Our cell in the paper's unit."""
    path = reference.raw["metrics"][cell.column]
    if "." in path:
        entry: Any = summary
        for step in path.split("."):
            entry = (entry or {}).get(step)
        return Cell(entry)
    name = f"judge_{part_name(summary, 'judge')}" if path == "judge" else path
    ours = metric_cell(summary, name, cell.category)
    scale = 100 if cell.column in PERCENT else 1
    value, low, high = (None if v is None else v * scale for v in (ours.number, ours.low, ours.high))
    return Cell(value, low, high)


def _check_kv(reference: Reference, cell: PaperCell, kv: Sequence[Mapping[str, Any]]) -> CellCheck:
    keys = ("context", "query")
    same = [k for k in kv if all(k.get(key) == cell.row[key] for key in keys)]
    own = [k for k in same if str(k.get("model", "")).split("/")[-1] == cell.row["model"]]
    measured = (own or same or [None])[-1]
    if measured is None or measured.get(cell.column) is None:
        return CellCheck(cell, None, None, None, "NOT RUN", "no finished run", False)
    return _judge(reference, cell, Cell(measured[cell.column]), foreign_kv(measured, cell.row["model"]))


def foreign_kv(cell: Mapping[str, Any], model: str) -> list[str]:
    """Why a cell of ``kv_ttft`` cannot stand beside the paper's of a model; nothing where it can."""
    reasons = []
    if str(cell.get("model", "")).split("/")[-1] != model:
        reasons.append(f"model is {cell.get('model')}, the paper's is {model}")
    if "H800" not in str(cell.get("device", "")):
        reasons.append(f"device is {cell.get('device', 'unknown')}, the paper's is an H800")
    return reasons


def check_table(checks: Sequence[CellCheck]) -> Table:
    """All cells as a table: ours, interval, the paper's, difference, verdict."""
    columns = (
        Column("row", "Row", "text"),
        Column("column", "Column", "text"),
        Column("ours", "Ours", "text"),
        Column("interval", "95 % interval", "text"),
        Column("paper", "Paper", "text"),
        Column("difference", "Diff", "text"),
        Column("verdict", "Verdict", "text"),
        Column("must", "Must", "text"),
        Column("why", "Why", "text"),
    )
    groups: dict[str, list[tuple[Cell, ...]]] = {}
    numbers = {reason: str(n) for n, reason in enumerate(dict.fromkeys(r for c in checks for r in c.reasons), 1)}
    for c in checks:
        group = f"Table {c.cell.table}" + (f", category {c.cell.row['category']}" if c.cell.table == 3 else "")
        shown = "–" if c.ours is None else f"{c.ours:.2f}"
        span = "" if c.low is None or c.high is None else f"[{c.low:.2f}, {c.high:.2f}]"
        gap = "" if c.ours is None else f"{c.ours - c.cell.value:+.2f}"
        name = f"{c.cell.name} (synthetic)" if c.synthetic else c.cell.name
        texts = (name, c.cell.column, shown, span, f"{c.cell.value:g}", gap, c.verdict, "must" if c.must else "")
        why = Cell(" ".join(numbers[r] for r in c.reasons), full=c.note)
        groups.setdefault(group, []).append((*(Cell(t) for t in texts), why))
    counts = Counter(c.verdict for c in checks)
    notes = ["; ".join(f"{v}: {counts[v]}" for v in VERDICTS) + f"; cells: {len(checks)}.", MEANING]
    notes += [STAND_IN] if any(c.synthetic for c in checks) else []
    notes += [f"Not comparable ({number}): {reason}." for reason, number in numbers.items()]
    commands = dict.fromkeys(c.cell.command for c in checks if c.verdict in ("NOT RUN", "NOT COMPARABLE"))
    notes += [f"To make what is missing: {command}" for command in commands]
    sections = tuple(Section(name, tuple(rows)) for name, rows in groups.items())
    return Table(
        "reproduction", "Reproduction of the paper's Tables 3, 4 and 5, cell by cell", columns, sections, tuple(notes)
    )

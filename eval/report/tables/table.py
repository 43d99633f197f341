"""What a table is, apart from how it is written: columns, sections of rows, cells with intervals and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

MISSING = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    key: str
    """Name in the CSV."""
    title: str
    kind: str = "percent"
    """``text``, ``count``, ``mean`` (of counts), ``percent`` (cells hold fractions), ``ms`` (a time, in the unit its
    heading names), ``usd`` (dollars) or ``hours``.
    """
    better: int = 0
    """1 where larger is better, -1 where smaller is, 0 where cells are not ranked."""
    primary: bool = False
    """Whether its interval is printed even where space is short."""
    group: str = ""
    """Heading over neighbouring columns with the same group."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a value in the column's unit, or None where it is missing."""

    value: float | int | str | None = None
    low: float | None = None
    high: float | None = None
    mark: str = ""
    """``best``, ``second`` or nothing."""
    tied: bool = False
    """Whether a paired test cannot tell it from the best one."""
    flag: str = ""
    """A sign behind the value that a note explains."""
    full: str = ""
    """What the CSV says in place of a text that is shortened elsewhere."""

    @property
    def number(self) -> float | None:
        """The value where it is a number."""
        return None if self.value is None or isinstance(self.value, str) else float(self.value)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one heading, ranked among themselves."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]
    ranked: tuple[bool, ...] = ()
    """Per row whether it takes part in the ranking; empty: all do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be written. ``notes`` say who made the numbers and why cells are missing."""

    name: str
    title: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = field(default=())

    def noted(self, note: str) -> Table:
        """The same table with a further note."""
        return replace(self, notes=(*self.notes, note))

    def marked(self) -> Table:
        """The same table with best and second of each ranked column of each section marked
        (equal as printed: shared)."""
        return replace(self, sections=tuple(_mark(section, self.columns) for section in self.sections))


def _mark(section: Section, columns: Sequence[Column]) -> Section:
    rows = [list(row) for row in section.rows]
    taking = [i for i in range(len(rows)) if not section.ranked or section.ranked[i]]
    for j, column in enumerate(columns):
        numbers = {i: rows[i][j].number for i in taking}
        printed = {i: _printed(number, column) for i, number in numbers.items() if number is not None}
        if not column.better or len(printed) < 2:
            continue
        levels = sorted(set(printed.values()), reverse=column.better > 0)
        for i, value in printed.items():
            place = levels.index(value)
            if place < 2 and len(levels) > 1:
                rows[i][j] = replace(rows[i][j], mark=("best", "second")[place])
    return replace(section, rows=tuple(tuple(row) for row in rows))


def _printed(value: float, column: Column) -> float:
    return round(value * 100, 2) if column.kind == "percent" else round(value)


def show(cell: Cell, column: Column, *, digits: int = 2) -> str:
    """The value of a cell as text, without marks or interval."""
    if cell.value is None:
        return MISSING
    if isinstance(cell.value, str):
        return cell.value + cell.flag
    if column.kind == "percent":
        text = f"{cell.value * 100:.{digits}f}"
    elif column.kind == "usd":
        text = f"{cell.value:.2f}" if cell.value >= 0.1 or not cell.value else f"{cell.value:.4f}"
    elif column.kind == "mean":
        text = f"{cell.value:,.1f}"
    elif column.kind == "hours":
        text = f"{cell.value:.2f}"
    elif column.kind == "ms" and abs(cell.value) < 10:
        text = f"{cell.value:.1f}"
    else:
        text = f"{cell.value:,.0f}" if column.kind == "count" and cell.value >= 10_000 else f"{cell.value:.0f}"
    return text + cell.flag


def show_interval(cell: Cell, column: Column, *, digits: int = 2) -> str:
    """The interval of a cell as ``[low, high]``, or nothing."""
    if cell.low is None or cell.high is None or cell.value is None:
        return ""
    low, high = (show(Cell(v), column, digits=digits) for v in (cell.low, cell.high))
    return f"[{low}, {high}]"


def without_empty(table: Table) -> Table:
    """The table without the columns in which every cell is missing or 0."""
    full = [any(r[j].value not in (None, 0) for s in table.sections for r in s.rows) for j in range(len(table.columns))]

    def kept(items: tuple) -> tuple:
        return tuple(item for item, keep in zip(items, full, strict=True) if keep)

    sections = tuple(replace(s, rows=tuple(kept(row) for row in s.rows)) for s in table.sections)
    return replace(table, columns=kept(table.columns), sections=sections)


def column_groups(columns: tuple[Column, ...]) -> list[tuple[str, list[int]]]:
    """Neighbouring columns by group heading; a column without one stands alone."""
    groups: list[tuple[str, list[int]]] = []
    for j, column in enumerate(columns):
        if column.group and groups and groups[-1][0] == column.group:
            groups[-1][1].append(j)
        else:
            groups.append((column.group, [j]))
    return groups

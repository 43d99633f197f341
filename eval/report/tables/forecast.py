"""What a command is going to use, as a table: a row a phase, a sum a system, a sum over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.report.tables.table import Cell, Column, Section, Table

COLUMNS = (
    Column("method", "Method", "text"),
    Column("phase", "Phase", "text"),
    Column("model", "Model", "text"),
    Column("calls", "calls", "count", group="to be asked"),
    Column("prompt_tokens", "prompt", "count", group="to be asked"),
    Column("completion_tokens", "compl.", "count", group="to be asked"),
    Column("cached_calls", "from cache", "count"),
    Column("usd", "USD", "usd"),
    Column("hours", "hours", "hours"),
)


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """One phase of a method, or a sum."""

    method: str
    phase: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_calls: int
    usd: float | None
    """None: no price is known."""
    seconds: float | None
    """None: not known."""

    def cells(self) -> tuple[Cell, ...]:
        hours = None if self.seconds is None else self.seconds / 3600
        numbers = (self.calls, self.prompt_tokens, self.completion_tokens, self.cached_calls, self.usd, hours)
        return (Cell(self.method), Cell(self.phase), Cell(self.model), *map(Cell, numbers))


def forecast_table(rows: Sequence[ForecastRow], notes: Sequence[str]) -> Table:
    """The table of a forecast.

    Args:
        rows: phases and sums, in their order.
        notes: how the numbers were made.
    """
    title = "What this command is going to use"
    return Table("forecast", title, COLUMNS, (Section("", tuple(row.cells() for row in rows)),), tuple(notes))

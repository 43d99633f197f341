"""Tables from summaries: the shapes of the paper's Tables 3 and 4, evidence recall and cost, in four formats."""

from eval.tables.locomo import table3, table4
from eval.tables.model import Cell, Column, Section, Table
from eval.tables.more import cost_table, recall_table
from eval.tables.tex import latex
from eval.tables.write import markdown, terminal, write

__all__ = [
    "Cell",
    "Column",
    "Section",
    "Table",
    "cost_table",
    "latex",
    "markdown",
    "recall_table",
    "table3",
    "table4",
    "terminal",
    "write",
]

"""Tables from summaries: the shapes of the paper's Tables 3 and 4, evidence recall and cost, in four formats."""

from eval.report.tables.fitted import fitted_table
from eval.report.tables.locomo import table3, table4
from eval.report.tables.recall_cost import cost_table, recall_table
from eval.report.tables.repeats import repeats_table
from eval.report.tables.retrieval import evidence_table, retrieval_table
from eval.report.tables.table import Cell, Column, Section, Table
from eval.report.tables.tex import latex
from eval.report.tables.write import markdown, terminal, write

__all__ = [
    "Cell",
    "Column",
    "Section",
    "Table",
    "cost_table",
    "evidence_table",
    "fitted_table",
    "latex",
    "markdown",
    "recall_table",
    "repeats_table",
    "retrieval_table",
    "table3",
    "table4",
    "terminal",
    "write",
]

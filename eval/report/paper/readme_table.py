"""The README's table of results, made from the CSV files of a results folder: never written by hand."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from eval.report.paper import reference
from eval.report.tables.table import MISSING
from memos.errors import DataError

BEGIN, END = "<!-- results: python scripts/tables.py --readme -->", "<!-- end of results -->"
"""What stands before and after the table in the README."""
PAPER_ROWS = {
    "Full-Context": ("Full-Context", None, None),
    "langmem": ("langmem", None, None),
    "zep": ("zep", None, None),
    "openai": ("openai", None, None),
    "mem0": ("mem0", None, None),
    "MemOS": ("memos-0630", None, None),
}
"""First word of a method's name in our tables to method, chunk and top-k of the paper's Table 4; RAG names its own."""
HEADS = (
    "system",
    "context, NLTK words",
    "judge `offline`",
    "F1",
    "evidence recall at 20",
    "in 1,600 words",
    "the paper's judge score (gpt-4o-mini)",
)


def results_table(results: Path) -> str:
    """Markdown of the main table's overall rows, in percent, beside the paper's Table 4.

    Args:
        results: folder with ``tables/locomo.csv``, ``tables/locomo_recall.csv`` and
            ``figures/locomo_score_against_tokens.csv``.

    Raises:
        DataError: a file is missing or lacks a method of the first.
    """
    recalls = _rows(results / "tables" / "locomo_recall.csv", "section", "")
    sizes = _rows(results / "figures" / "locomo_score_against_tokens.csv", "source", "ours")
    lines = [_row(HEADS), _row(["---"] * len(HEADS))]
    for method, own in _rows(results / "tables" / "locomo.csv", "section", "overall").items():
        if method not in recalls or method not in sizes:
            raise DataError(
                f"{results}: {method} is not in all tables and figures; write them again: scripts/tables.py and "
                "figures.py"
            )
        recall = recalls[method]
        cells = (
            f"{float(sizes[method]['context_words']):,.0f}",
            _score(own, "judge_offline"),
            _one(own["f1_memos"]),
            _one(recall["evidence_recall_at_20"]),
            _one(recall["evidence_recall_words_1600"]),
            _paper(method),
        )
        lines.append(_row((method, *cells)))
    return "\n".join(lines) + "\n"


def stated(readme: str) -> str:
    """The table that stands between the two marks of a README's text.

    Raises:
        DataError: the marks are missing.
    """
    before, first, rest = readme.partition(BEGIN + "\n")
    table, last, _ = rest.partition(END)
    if not first or not last:
        raise DataError(f"README: the lines {BEGIN!r} and {END!r} are missing")
    return table


def replace_table(readme: Path, results: Path) -> None:
    """Put the table made from a results folder between the two marks of a README."""
    text = readme.read_text(encoding="utf-8")
    readme.write_text(
        text.replace(f"{BEGIN}\n{stated(text)}{END}", f"{BEGIN}\n{results_table(results)}{END}"), encoding="utf-8"
    )


def _rows(path: Path, column: str, start: str) -> dict[str, Mapping[str, str]]:
    """Rows by method of those whose ``column`` begins so."""
    if not path.exists():
        raise DataError(
            f"{path}: missing; run python run.py experiment=locomo, then scripts/tables.py and scripts/figures.py"
        )
    with path.open(encoding="utf-8", newline="") as file:
        return {row["method"]: row for row in csv.DictReader(file) if row[column].startswith(start)}


def _paper(method: str) -> str:
    """The judge score of the paper's row of the same method and setting."""
    name = method.split(" ")[0]
    key = PAPER_ROWS.get(name)
    if name.startswith("RAG-"):
        chunk, _, depth = name.removeprefix("RAG-").partition("/k")
        key = ("RAG", int(chunk), int(depth))
    for row in reference.load().rows(4):
        if key and row["method"] == key[0] and (key[1] is None or (row["chunk"], row["top_k"]) == key[1:]):
            return f"{row['judge']:.2f}"
    return MISSING


def _score(row: Mapping[str, str], key: str) -> str:
    return f"{_one(row[key])} [{_one(row[key + '_low'])}, {_one(row[key + '_high'])}]"


def _one(percent: str) -> str:
    return f"{float(percent):.1f}" if percent else MISSING


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cells) + " |"

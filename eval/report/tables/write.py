"""Writing tables: markdown, CSV, the terminal, and the sources file beside them; LaTeX is in
``eval.report.tables.tex``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.report.tables.table import Cell, Column, Table, column_groups, show, show_interval, without_empty
from eval.report.tables.tex import latex
from eval.runs.write import write_atomic
from memos.errors import on_one_line

GAP = "  "


def write(table: Table, stem: Path, sources: Mapping[str, Any]) -> list[Path]:
    """Write ``<stem>.md``, ``.csv``, ``.tex`` and ``.sources.json``; existing files are replaced.

    Args:
        table: what to write.
        stem: path without suffix; its folder is made.
        sources: what the numbers come from (``eval.report.sources.sources``).
    """
    stem = Path(stem)
    written = {".md": markdown(table), ".csv": to_csv(table), ".tex": latex(table)}
    written[".sources.json"] = json.dumps(sources, indent=1, ensure_ascii=False) + "\n"
    paths = []
    for suffix, text in written.items():
        path = stem.with_name(stem.name + suffix)
        write_atomic(path, text)
        paths.append(path)
    return paths


def markdown(table: Table) -> str:
    """GitHub markdown with intervals in every cell that has one."""
    sectioned = any(s.title for s in table.sections)
    heads = (["Category"] if sectioned else []) + [_pipe(_full_title(c)) for c in table.columns]
    lines = [f"### {on_one_line(table.title)}", "", _row(heads), _row(["---"] * len(heads))]
    for section in table.sections:
        for row in section.rows:
            cells = [_pipe(markdown_cell(c, column)) for c, column in zip(row, table.columns, strict=True)]
            lines.append(_row(([_pipe(section.title)] if sectioned else []) + cells))
    return "\n".join([*lines, "", *(f"- {on_one_line(note)}" for note in table.notes), ""])


def markdown_cell(c: Cell, column: Column) -> str:
    """A cell with its mark and interval."""
    text = {"best": "**{}**", "second": "<u>{}</u>"}.get(c.mark, "{}").format(show(c, column))
    return " ".join(filter(None, (text, "≈" if c.tied else "", show_interval(c, column, digits=1))))


def to_csv(table: Table) -> str:
    """Plain numbers, percent as percent, an empty field for a missing value, interval ends in columns of their own."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = ["section"]
    for column in table.columns:
        heads += [column.key, *([f"{column.key}_low", f"{column.key}_high"] if column.kind == "percent" else [])]
    writer.writerow(heads)
    for section in table.sections:
        for row in section.rows:
            fields = [section.title]
            for c, column in zip(row, table.columns, strict=True):
                fields.append(c.full or _number(c.value, column))
                if column.kind == "percent":
                    fields += [_number(c.low, column), _number(c.high, column)]
            writer.writerow(fields)
    return out.getvalue()


def terminal(table: Table, width: int = 120) -> str:
    """A table for ``width`` columns.

    All intervals are shown where they fit, else those of primary columns, else none; where space is still short,
    columns in which every cell is missing or 0 are left out (the notes say why they are empty).
    """
    ways = [(lambda c: True, False), (lambda c: c.primary, False), (lambda c: c.primary, True), (lambda c: False, True)]
    for intervals, drop in ways:
        text = _terminal(without_empty(table) if drop else table, intervals)
        if max(len(line) for line in text.splitlines()) <= width:
            break
    return "\n".join([table.title, text, *(_wrap(note, width) for note in table.notes), ""])


def _terminal(table: Table, intervals: Callable[[Column], bool]) -> str:
    def cell(c: Cell, column: Column) -> str:
        text = (
            on_one_line(show(c, column, digits=1))
            + {"best": "*", "second": "+"}.get(c.mark, "")
            + ("≈" if c.tied else "")
        )
        return " ".join(filter(None, (text, show_interval(c, column, digits=1) if intervals(column) else "")))

    sections = [[[cell(c, k) for c, k in zip(r, table.columns, strict=True)] for r in s.rows] for s in table.sections]
    heads = [_head(c.title) for c in table.columns]
    widths = [max(map(len, (*heads[j], *(r[j] for rows in sections for r in rows)))) for j in range(len(heads))]
    total = sum(widths) + len(GAP) * (len(widths) - 1)
    lines = [_terminal_groups(table.columns, widths)] if any(c.group for c in table.columns) else []
    lines += [_line([h[i] for h in heads], widths, table.columns) for i in (0, 1) if any(h[i] for h in heads)]
    lines.append("─" * total)
    for section, rows in zip(table.sections, sections, strict=True):
        lines += [f"── {section.title} ".ljust(total, "─")] if section.title else []
        lines += [_line(row, widths, table.columns) for row in rows]
    return "\n".join([*lines, "─" * total])


def _head(title: str) -> tuple[str, str]:
    """A heading on two lines: the last word, or what follows the last slash, below."""
    for sign in (" ", "/"):
        if sign in title:
            first, _, last = title.rpartition(sign)
            return first + sign.strip(), last
    return "", title


def _line(cells: list[str], widths: list[int], columns: tuple[Column, ...]) -> str:
    done = [c.ljust(w) if k.kind == "text" else c.rjust(w) for c, w, k in zip(cells, widths, columns, strict=True)]
    return GAP.join(done).rstrip()


def _terminal_groups(columns: tuple[Column, ...], widths: list[int]) -> str:
    headings = [
        group.center(sum(widths[j] for j in js) + len(GAP) * (len(js) - 1)) for group, js in column_groups(columns)
    ]
    return GAP.join(headings).rstrip()


def _full_title(column: Column) -> str:
    return f"{column.group} {column.title}".strip()


def _number(value: float | int | str | None, column: Column) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value * 100:.4f}" if column.kind == "percent" else f"{value:.10g}"


def _pipe(text: str) -> str:
    return on_one_line(text).replace("|", "\\|")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _wrap(note: str, width: int) -> str:
    import textwrap

    return textwrap.fill(on_one_line(note), width, initial_indent="  ", subsequent_indent="    ")

"""Writing tables: markdown, CSV, LaTeX (booktabs), the terminal, and the sources file beside them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.tables.model import Cell, Column, Table, show, show_interval

GAP = "  "


def write(table: Table, stem: Path, sources: Mapping[str, Any]) -> list[Path]:
    """Write ``<stem>.md``, ``.csv``, ``.tex`` and ``.sources.json``; existing files are replaced.

    Args:
        table: what to write.
        stem: path without suffix; its folder is made.
        sources: what the numbers come from (``eval.sources.sources``).
    """
    stem = Path(stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    written = {".md": markdown(table), ".csv": to_csv(table), ".tex": latex(table)}
    written[".sources.json"] = json.dumps(sources, indent=1, ensure_ascii=False) + "\n"
    paths = []
    for suffix, text in written.items():
        path = stem.with_name(stem.name + suffix)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def markdown(table: Table) -> str:
    """GitHub markdown with intervals in every cell that has one."""
    sectioned = any(s.title for s in table.sections)
    heads = (["Category"] if sectioned else []) + [_pipe(_full_title(c)) for c in table.columns]
    lines = [f"### {table.title}", "", _row(heads), _row(["---"] * len(heads))]
    for section in table.sections:
        for row in section.rows:
            cells = [_pipe(markdown_cell(c, column)) for c, column in zip(row, table.columns, strict=True)]
            lines.append(_row(([_pipe(section.title)] if sectioned else []) + cells))
    return "\n".join([*lines, "", *(f"- {note}" for note in table.notes), ""])


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
                fields.append(_number(c.value, column))
                if column.kind == "percent":
                    fields += [_number(c.low, column), _number(c.high, column)]
            writer.writerow(fields)
    return out.getvalue()


def latex(table: Table) -> str:
    r"""A ``table*`` that needs only ``\usepackage{booktabs}``; intervals of the primary column, headings stacked, notes below.

    The type is the largest of 7, 6 and 5 points at which the table should fit a text width of 16 cm; where it does not at 7, columns
    in which every cell is missing or 0 are left out (the notes say why they are empty).
    """
    if _latex_width(table, 7) > TEXT_WIDTH:
        table = _without_empty(table)

    def cell(c: Cell, column: Column) -> str:
        text = {"best": r"\textbf{%s}", "second": r"\underline{%s}"}.get(c.mark, "%s") % escape(show(c, column))
        half = rf"\,{{\tiny {show_interval(c, column, digits=1)}}}" if column.primary and c.low is not None else ""
        return text + (r"$^{\approx}$" if c.tied else "") + half

    width, rooms = len(table.columns), _latex_rooms(table)
    size = next((n for n in LETTER_WIDTH if _latex_width(table, n) <= TEXT_WIDTH), min(LETTER_WIDTH))
    align = "".join("l" if c.kind == "text" else "r" for c in table.columns)
    heads = [_stacked(c, int(room)) for c, room in zip(table.columns, rooms, strict=True)]
    body = [" & ".join(heads) + r" \\", r"\midrule"]
    if any(c.group for c in table.columns):
        body.insert(0, _latex_groups(table.columns))
    for i, section in enumerate(table.sections):
        if section.title:
            body += ([r"\midrule"] if i else []) + [
                rf"\multicolumn{{{width}}}{{l}}{{\emph{{{escape(section.title)}}}}} \\"
            ]
        body += [
            " & ".join(cell(c, col) for c, col in zip(row, table.columns, strict=True)) + r" \\" for row in section.rows
        ]
    notes = r" \\ ".join(escape(note) for note in table.notes)
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table*}[t]",
            rf"\centering\caption{{{escape(table.title)}}}",
            rf"\label{{tab:{table.name}}}",
            rf"\fontsize{{{size}}}{{{size + 1}}}\selectfont\setlength{{\tabcolsep}}{{{GAP_PT}pt}}",
            rf"\begin{{tabular}}{{{align}}}",
            r"\toprule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            rf"\\[2pt]\parbox{{\textwidth}}{{\tiny {notes}}}",
            r"\end{table*}",
            "",
        ]
    )


TEXT_WIDTH = 455
"""Width in points that a LaTeX table may take: 16 cm, both columns of a page."""
LETTER_WIDTH = {7: 4.0, 6: 3.67, 5: 3.4}
"""Width in points of a digit of Computer Modern by its size; small sizes are drawn wider."""
GAP_PT = 1.5
"""White space in points on each side of a column."""


def _latex_width(table: Table, size: int) -> float:
    """What a table takes in points, roughly."""
    return sum(_latex_rooms(table)) * LETTER_WIDTH[size] + 2 * GAP_PT * len(table.columns)


def _latex_rooms(table: Table) -> list[float]:
    """Letters that each column needs: its longest cell (an interval's are small) or the longest word of its heading."""
    rooms = []
    for j, column in enumerate(table.columns):
        cells = [row[j] for section in table.sections for row in section.rows]
        small = 0.75 if column.primary else 0
        longest = max((len(show(c, column)) + 2 * c.tied + small * len(show_interval(c, column, digits=1)) for c in cells), default=0)
        rooms.append(max(longest * (0.9 if column.kind == "text" else 1), *(len(word) for word in _words(column.title))))
    return rooms


def _words(title: str) -> list[str]:
    """The pieces between which a heading may be broken: at spaces and after slashes, hyphens and underscores."""
    return re.findall(r"[^\s/_-]+[/_-]?|[/_-]", title) or [""]


def _stacked(column: Column, room: int) -> str:
    """A heading broken into lines no longer than the column needs."""
    lines = [""]
    for word in _words(column.title):
        joined = lines[-1] + ("" if lines[-1].endswith(("/", "-", "_")) or not lines[-1] else " ") + word
        if len(joined) <= room or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    if len(lines) == 1:
        return escape(lines[0])
    side = "l" if column.kind == "text" else "r"
    return rf"\shortstack[{side}]{{" + r"\\".join(map(escape, lines)) + "}"


def terminal(table: Table, width: int = 120) -> str:
    """A table for ``width`` columns.

    All intervals are shown where they fit, else those of primary columns, else none; where space is still short, columns
    in which every cell is missing or 0 are left out (the notes say why they are empty).
    """
    ways = [(lambda c: True, False), (lambda c: c.primary, False), (lambda c: c.primary, True), (lambda c: False, True)]
    for intervals, drop in ways:
        text = _terminal(_without_empty(table) if drop else table, intervals)
        if max(len(line) for line in text.splitlines()) <= width:
            break
    return "\n".join([table.title, text, *(_wrap(note, width) for note in table.notes), ""])


def _without_empty(table: Table) -> Table:
    full = [any(r[j].value not in (None, 0) for s in table.sections for r in s.rows) for j in range(len(table.columns))]

    def kept(items: tuple) -> tuple:
        return tuple(item for item, keep in zip(items, full, strict=True) if keep)

    sections = tuple(replace(s, rows=tuple(kept(row) for row in s.rows)) for s in table.sections)
    return replace(table, columns=kept(table.columns), sections=sections)


def _terminal(table: Table, intervals: Callable[[Column], bool]) -> str:
    def cell(c: Cell, column: Column) -> str:
        text = show(c, column, digits=1) + {"best": "*", "second": "+"}.get(c.mark, "") + ("≈" if c.tied else "")
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
    parts = [group.center(sum(widths[j] for j in js) + len(GAP) * (len(js) - 1)) for group, js in _groups(columns)]
    return GAP.join(parts).rstrip()


def _latex_groups(columns: tuple[Column, ...]) -> str:
    cells, rules = [], []
    for group, js in _groups(columns):
        cells.append(rf"\multicolumn{{{len(js)}}}{{c}}{{{escape(group)}}}" if group else "")
        if group:
            rules.append(rf"\cmidrule(lr){{{js[0] + 1}-{js[-1] + 1}}}")
    return " & ".join(cells) + r" \\ " + "".join(rules)


def _groups(columns: tuple[Column, ...]) -> list[tuple[str, list[int]]]:
    """Neighbouring columns by group heading; a column without one stands alone."""
    found: list[tuple[str, list[int]]] = []
    for j, column in enumerate(columns):
        if column.group and found and found[-1][0] == column.group:
            found[-1][1].append(j)
        else:
            found.append((column.group, [j]))
    return found


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "×": r"$\times$",
    "…": r"\ldots{}",
    "<": r"$<$",
    ">": r"$>$",
    **{c: "\\" + c for c in "&%$#_{}"},
}


def escape(text: str) -> str:
    """Text for LaTeX; characters outside Latin-1 that it does not know become ``?``."""
    return "".join(_TEX.get(c, c if ord(c) < 256 else "?") for c in text)


def _full_title(column: Column) -> str:
    return f"{column.group} {column.title}".strip()


def _number(value: float | int | str | None, column: Column) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value * 100:.4f}" if column.kind == "percent" else f"{value:.10g}"


def _pipe(text: str) -> str:
    return text.replace("|", "\\|")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _wrap(note: str, width: int) -> str:
    import textwrap

    return textwrap.fill(note, width, initial_indent="  ", subsequent_indent="    ")

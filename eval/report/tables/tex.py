r"""Tables for LaTeX: ``table*`` floats that need only booktabs, fit a text width of 16 cm and a page each."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from eval.report.tables.table import Cell, Column, Section, Table, column_groups, show, show_interval, without_empty

TEXT_WIDTH = 452
"""Points a table may be wide: 16 cm, both columns of a page, less a little."""
TEXT_HEIGHT = 600
"""Points a table may be high with its caption and notes: a page of 24 cm, less some room."""
DIGIT = {7: 3.98, 6: 3.67, 5: 3.4}
"""Width in points of a digit of Computer Modern by its size; small sizes are drawn wider."""
NOTE_SIZE = 5
PROSE, LEAST = 40, 90
"""A text column with a cell longer than this many letters may be broken into lines, but not below this many points."""
BOLD = 1.15
_NO_NAME = re.compile(r"[^\w.:+-]", re.ASCII)
"""What may not stand in the name of a label."""
_WIDTHS = {
    **dict.fromkeys("ijl.,:;'|!", 0.56),
    **dict.fromkeys("ft()[]- r", 0.76),
    **dict.fromkeys("csze", 0.89),
    **dict.fromkeys("mW", 1.7),
    **dict.fromkeys("bdhnpquvxy", 1.1),
    **dict.fromkeys("wABCDEFGHKLNOPQRTUVXYZ&%#+=<>≈≤≥±×", 1.55),
    **dict.fromkeys("M–—", 1.8),
}
"""Width of a letter in digits, where it is not about one."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a table is set: type size, white space beside a column, points of each column (breaking prose), and what it
    takes.
    """

    size: int
    gap: float
    widths: tuple[float, ...]
    broken: frozenset[int]

    @property
    def total(self) -> float:
        return sum(self.widths) + 2 * self.gap * len(self.widths)


def latex(table: Table) -> str:
    r"""One ``table*``, or several where it is longer than a page; only ``\usepackage{booktabs}`` is needed.

    Intervals of the primary column alone are shown, headings are stacked, notes stand below (the last part). The type
    is the largest of 7,
    6 and 5 points at which the table fits, with long texts broken into lines; where it does not at 7, columns in which
    every
    cell is missing or 0 are left out (the notes say why they are empty).
    """
    if _fit(table, 7, 1.5).total > TEXT_WIDTH:
        table = without_empty(table)
    tries = [_fit(table, size, gap) for size, gap in ((7, 1.5), (6, 1.5), (5, 1.5), (5, 1.0), (5, 0.6))]
    fit = next((f for f in tries if f.total <= TEXT_WIDTH), tries[-1])
    pages = _parts(table, fit)
    written = [_part(table, fit, part, i, i == len(pages) - 1) for i, part in enumerate(pages)]
    engine = ", and XeLaTeX or LuaLaTeX with a font that has the letters" if beyond_latin("".join(written)) else ""
    return f"% needs \\usepackage{{booktabs}}{engine}\n" + "".join(written)


def _part(table: Table, fit: _Fit, sections: Sequence[Section], number: int, last: bool) -> str:
    heads = [_stacked(c, w / DIGIT[fit.size]) for c, w in zip(table.columns, fit.widths, strict=True)]
    body = [_latex_groups(table.columns)] if any(c.group for c in table.columns) else []
    end = r" \tabularnewline" if fit.broken else r" \\"
    columns = [(column, j in fit.broken) for j, column in enumerate(table.columns)]
    body += [" & ".join(heads) + r" \\", r"\midrule"]
    for i, section in enumerate(sections):
        if section.title:
            body += [r"\midrule"] if i else []
            body.append(rf"\multicolumn{{{len(table.columns)}}}{{l}}{{\emph{{{escape(section.title)}}}}} \\")
        body += [" & ".join(_cell(c, *k) for c, k in zip(row, columns, strict=True)) + end for row in section.rows]
    align = "".join(
        rf"p{{{w:.0f}pt}}" if j in fit.broken else "l" if c.kind == "text" else "r"
        for j, (c, w) in enumerate(zip(table.columns, fit.widths, strict=True))
    )
    setting = [
        rf"\fontsize{{{fit.size}}}{{{fit.size + 1}}}\selectfont\setlength{{\tabcolsep}}{{{fit.gap}pt}}",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
        *body,
        r"\bottomrule",
        r"\end{tabular}\\[2pt]",
    ]
    lines = [
        r"\begin{table*}[t]",
        rf"\centering\caption{{{escape(table.title)}{' (continued)' if number else ''}}}",
        *([] if number else [rf"\label{{tab:{_NO_NAME.sub('-', table.name)}}}"]),
        *(setting if sections else []),
        *([rf"\parbox{{\textwidth}}{{\tiny\raggedright {_notes(table)}}}"] if last and table.notes else []),
        r"\end{table*}",
        "",
    ]
    return "\n".join(lines)


def _notes(table: Table) -> str:
    return r" \\ ".join(escape(note) for note in table.notes)


def _cell(c: Cell, column: Column, broken: bool = False) -> str:
    text = {"best": r"\textbf{%s}", "second": r"\underline{%s}"}.get(c.mark, "%s") % escape(show(c, column))
    half = rf"\,{{\tiny {show_interval(c, column, digits=1)}}}" if column.primary and c.low is not None else ""
    whole = text + (r"$^{\approx}$" if c.tied else "") + half
    return rf"\raggedright {whole}" if broken else whole


def _fit(table: Table, size: int, gap: float) -> _Fit:
    """Widths at a size, with columns of prose narrowed (the longest first) until the table fits or they are at their
    least.
    """
    widths, prose = [], []
    for j, column in enumerate(table.columns):
        cells = [row[j] for section in table.sections for row in section.rows]
        longest = max((_cell_width(c, column, size) for c in cells), default=0.0)
        widths.append(max(longest, *(_width(word, size) for word in _words(column.title))))
        if column.kind == "text" and max((len(show(c, column)) for c in cells), default=0) > PROSE:
            prose.append(j)
    _widen(table, widths, size, gap)
    broken: set[int] = set()
    while prose and sum(widths) + 2 * gap * len(widths) > TEXT_WIDTH:
        widest = max(prose, key=lambda j: widths[j])
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
        broken.add(widest)
    return _Fit(size, gap, tuple(widths), frozenset(broken))


def _widen(table: Table, widths: list[float], size: int, gap: float) -> None:
    """Give the last column below a heading over several, and below a section's title, what the heading needs more."""
    spans = [(group, js) for group, js in column_groups(table.columns) if group]
    spans += [(section.title, list(range(len(widths)))) for section in table.sections]
    for text, js in spans:
        widths[js[-1]] += max(0.0, _width(text, size) - sum(widths[j] for j in js) - 2 * gap * (len(js) - 1))


def _cell_width(c: Cell, column: Column, size: int) -> float:
    width = _width(show(c, column), size) * (BOLD if c.mark == "best" else 1) + (5 if c.tied else 0)
    small = show_interval(c, column, digits=1) if column.primary else ""
    return width + (_width(small, NOTE_SIZE) + 1.5 if small else 0)


def _width(text: str, size: int) -> float:
    """Points that a text takes, roughly, at the unit of a digit."""
    return sum(_WIDTHS.get(letter, 1.0) for letter in text) * DIGIT[size]


def _parts(table: Table, fit: _Fit) -> list[list[Section]]:
    """The sections cut into parts that fit a page; a section that is cut goes on under its title. Notes too long for
    the last are alone.
    """
    line = fit.size + 1
    notes = sum(math.ceil(_width(note, NOTE_SIZE) / TEXT_WIDTH) for note in table.notes) * (NOTE_SIZE + 1)
    room = TEXT_HEIGHT - 6 * line
    pages: list[list[Section]] = [[]]
    used = 0.0
    for section in table.sections:
        title, begun = section.title, False
        rest = list(section.rows)
        while rest:
            head = 2 * line if title else 0
            fitting = _fitting(rest, fit, line, room - used - head)
            if not fitting and pages[-1]:
                pages.append([])
                used = 0.0
                continue
            own, rest = rest[: max(1, fitting)], rest[max(1, fitting) :]
            pages[-1].append(Section(f"{title} (continued)" if begun and title else title, tuple(own)))
            used += head + sum(_height(row, fit, line) for row in own)
            begun = True
    return [*pages, []] if used + notes > room else pages


def _fitting(rows: Sequence[tuple[Cell, ...]], fit: _Fit, line: float, room: float) -> int:
    """How many of the rows fit; a beginning of fewer than three is not worth it."""
    used, n = 0.0, 0
    for row in rows:
        used += _height(row, fit, line)
        if used > room:
            break
        n += 1
    return n if n == len(rows) or n >= 3 else 0


def _height(row: Sequence[Cell], fit: _Fit, line: float) -> float:
    lines = (math.ceil(1.3 * _width(str(row[j].value or ""), fit.size) / fit.widths[j]) for j in fit.broken)
    return line * max(1, *lines, 1)


def _words(title: str) -> list[str]:
    """The pieces between which a heading may be broken: at spaces and after slashes, hyphens,
    pluses and underscores."""
    return re.findall(r"[^\s/_+-]+[/_+-]?|[/_+-]", title) or [""]


def _stacked(column: Column, room: float) -> str:
    """A heading broken into lines no longer than the column needs."""
    lines = [""]
    for word in _words(column.title):
        joined = lines[-1] + ("" if lines[-1].endswith(("/", "-", "_", "+")) or not lines[-1] else " ") + word
        if _width(joined, 7) <= room * DIGIT[7] + 0.1 or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    if len(lines) == 1:
        return escape(lines[0])
    side = "l" if column.kind == "text" else "r"
    return rf"\shortstack[{side}]{{" + r"\\".join(map(escape, lines)) + "}"


def _latex_groups(columns: tuple[Column, ...]) -> str:
    cells, rules = [], []
    for group, js in column_groups(columns):
        cells.append(rf"\multicolumn{{{len(js)}}}{{c}}{{{escape(group)}}}" if group else "")
        if group:
            rules.append(rf"\cmidrule(lr){{{js[0] + 1}-{js[-1] + 1}}}")
    return " & ".join(cells) + r" \\ " + "".join(rules)


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "×": r"$\times$",
    "…": r"\ldots{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"\textbar{}",
    **{c: "\\" + c for c in "&%$#_{}"},
}


def escape(text: str) -> str:
    """Text for LaTeX. Control characters become blanks; other scripts stay as they are (``beyond_latin`` tells of
    them)."""
    return "".join(_TEX.get(c, " " if unicodedata.category(c) == "Cc" else c) for c in text)


def beyond_latin(text: str) -> bool:
    """Whether a text needs an engine that reads Unicode, XeLaTeX or LuaLaTeX with a font that has its letters."""
    return any(ord(c) > 255 and c not in _TEX for c in text)

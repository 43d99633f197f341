"""One static page for a set of runs: no server, no network, every number traceable to its question."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from eval import tables
from eval.report.pack import RunFiles, block, index, pack
from eval.store import write_atomic
from eval.tables.model import Table, show, show_interval
from eval.types import Dataset
from memos.errors import DataError

HERE = Path(__file__).parent


def write_page(target: Path, folders: Sequence[Path], dataset: Dataset, figures: Sequence[Path] = ()) -> Path:
    """Write the page of some finished runs.

    Args:
        target: the HTML file.
        folders: run folders, in the order of the columns.
        dataset: the dataset they were run on, for evidence texts; all categories.
        figures: PNG files to show in the overview.

    Raises:
        DataError: when a folder is no finished run or belongs to another dataset.
    """
    for folder in folders:
        for name in ("summary.json", "manifest.json"):
            if not (folder / name).exists():
                raise DataError(f"{folder}: no {name}; give folders of runs that have ended")
    runs = [RunFiles.read(folder) for folder in folders]
    _same_dataset(runs, dataset)
    ids = [f"s{n}" for n in range(len(runs))]
    summaries = [run.summary for run in runs]
    made = [tables.table3(summaries), tables.table4(summaries), tables.recall_table(summaries), tables.cost_table(summaries)]
    pictures = [
        {"title": p.stem.replace("_", " "), "src": "data:image/png;base64," + base64.b64encode(p.read_bytes()).decode()}
        for p in figures
    ]
    names = sorted({s["experiment"] for s in summaries})
    notes = [f"{len(runs)} runs of {', '.join(names)} on {dataset.name}; every number below is derived from the records shown."]
    title = f"Memory systems on {dataset.name}: {', '.join(names)}"
    contents = index(title, dataset, runs, ids, [_plain(t) for t in made], pictures, notes)
    data = [f'<script type="text/plain" id="data-index">{pack(contents)}</script>']
    data += [
        f'<script type="text/plain" id="data-{name}">{pack(block(run, dataset, runs))}</script>'
        for run, name in zip(runs, ids, strict=True)
    ]
    page = (HERE / "page.html").read_text(encoding="utf-8")
    page = page.replace("__TITLE__", html.escape(title))
    for mark, text in (("__CSS__", "page.css"), ("__JS__", "page.js")):
        page = page.replace(mark, (HERE / text).read_text(encoding="utf-8"))
    write_atomic(target, page.replace("__DATA__", "\n".join(data)))
    return target


def _same_dataset(runs: Sequence[RunFiles], dataset: Dataset) -> None:
    for run in runs:
        found = run.summary["dataset"]
        if found["name"] != dataset.name:
            raise DataError(f"{run.folder}: was run on {found['name']}, the page is made for {dataset.name}")
        known = {q.key for q in dataset.questions}
        foreign = next((key for key in run.search if key not in known), None)
        if foreign:
            raise DataError(f"{run.folder}: question {foreign[0]} {foreign[1]} is not in {dataset.path}")


def _plain(table: Table) -> dict:
    """A table as texts, one row a row, with its section as first column."""
    sectioned = any(section.title for section in table.sections)
    rows = []
    for section in table.sections:
        for row in section.rows:
            cells = [
                " ".join(filter(None, (show(c, column), show_interval(c, column, digits=1))))
                for c, column in zip(row, table.columns, strict=True)
            ]
            rows.append(([section.title] if sectioned else []) + cells)
    heads = [" ".join(filter(None, (c.group, c.title))) for c in table.columns]
    kinds = [c.kind != "text" for c in table.columns]
    return {
        "title": table.title,
        "columns": (["Category"] if sectioned else []) + heads,
        "numeric": ([False] if sectioned else []) + kinds,
        "rows": rows,
        "notes": list(table.notes),
    }

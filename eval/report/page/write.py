"""One static page for a set of runs: no server, no network, every number traceable to its question."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.core.types import Dataset
from eval.report import tables
from eval.report.benchmark_tables import significant_ties
from eval.report.groups import RunGroup
from eval.report.page.overview import category_rows, pairs, plain_table, system_entries
from eval.report.page.pack import answer_texts, asked, block, pack, question_index
from eval.report.paper import reference
from eval.runs.read import Run, kv_cells
from eval.runs.write import write_atomic
from memos.errors import DataError

HERE = Path(__file__).parent
SCRIPTS = ("base.js", "overview.js", "questions.js", "detail.js", "compare.js", "start.js")


WIDE_PIXELS = 1500
"""From this width in pixels on a figure takes the width of the window."""


def write_page(target: Path, group: RunGroup, figures: Sequence[Path] = ()) -> Path:
    """Write the page of some runs.

    Args:
        target: the HTML file.
        group: question-answering runs with their records, in the order of the columns; all of one dataset.
        figures: PNG files to show in the overview.

    Raises:
        DataError: a run has no records, its dataset cannot be found, or the runs are of different datasets.
    """
    runs = group.runs
    if not runs:
        raise DataError("no question-answering run among the folders; give folders below results/runs/<experiment>/")
    dataset = common_dataset(runs)
    ids = [f"s{n}" for n in range(len(runs))]
    questions = asked(dataset, runs)
    blocks: dict[str, Any] = {"index": _index(group, dataset, ids, figures)}
    blocks["answers"] = {name: answer_texts(run, questions) for run, name in zip(runs, ids, strict=True)}
    blocks |= {name: block(run, questions) for run, name in zip(runs, ids, strict=True)}
    page = (HERE / "page.html").read_text(encoding="utf-8")
    script = "".join((HERE / "js" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    substitutions = {
        "__TITLE__": html.escape(blocks["index"]["title"]),
        "__CSS__": (HERE / "page.css").read_text(encoding="utf-8"),
        "__JS__": script,
        "__DATA__": "\n".join(f'<script type="text/plain" id="data-{k}">{pack(v)}</script>' for k, v in blocks.items()),
    }
    page = re.sub("|".join(substitutions), lambda mark: substitutions[mark.group()], page)  # once: no text is a mark
    write_atomic(target, page)
    return target


def _index(group: RunGroup, dataset: Dataset, ids: Sequence[str], figures: Sequence[Path]) -> dict[str, Any]:
    runs, summaries = group.runs, group.summaries
    known = significant_ties(group)
    made = [category_rows(tables.table3(summaries, known)), tables.table4(summaries, known)]
    made += [tables.recall_table(summaries), tables.cost_table(summaries)]
    further = (tables.retrieval_table(summaries), tables.evidence_table(summaries), tables.fitted_table(group.recorded))
    made += [table for table in further if table is not None]
    names = ", ".join(sorted({str(s["experiment"]) for s in summaries}))
    counted = f"{len(runs)} run{'s' * (len(runs) != 1)}"
    return {
        "title": f"Memory systems on {dataset.name} ({names})",
        "notes": [
            f"{counted} of {names} on {dataset.name}, {len(asked(dataset, runs)):,} questions. Every score "
            "below is a link to the questions it is the mean of; from there to the evidence, the retrieved memories, "
            "the prompt, the answer and each judge's verdict."
        ],
        "systems": system_entries(runs, ids),
        "tables": [plain_table(t, summaries, ids) for t in made],
        "reproduction": plain_table(reference.check_table(_checks(group)), [], []),
        "figures": [_figure(path) for path in figures],
        "metrics": list(dict.fromkeys(m for s in summaries for m in s["metrics"] if not m.startswith("judge_"))),
        "pairs": pairs(runs, ids),
        **question_index(dataset, runs, ids),
    }


def _checks(group: RunGroup) -> list[reference.CellCheck]:
    """Verdict on every cell of the paper's tables, against these runs."""
    return reference.check(reference.load(), group.summaries, kv_cells(group.others))


def _figure(path: Path) -> dict[str, Any]:
    """A PNG as the page shows it; one drawn for both columns of a page in print is wide on the screen, too."""
    content = path.read_bytes()
    width = int.from_bytes(content[16:20], "big")
    source = "data:image/png;base64," + base64.b64encode(content).decode()
    title = path.stem.partition("_")[2].replace("_", " ") or path.stem
    return {"title": title, "src": source, "wide": width > WIDE_PIXELS}


def common_dataset(runs: Sequence[Run]) -> Dataset:
    """The dataset all runs were made from.

    Raises:
        DataError: naming the run that has no records or does not belong.
    """
    first = runs[0]
    for run in runs:
        if not run.search:
            raise DataError(
                f"{run.folder}: search.jsonl: missing or empty; the page needs the records of each question"
            )
    dataset = first.dataset
    if dataset is None:
        stated = (first.summary.get("dataset") or {}).get("name")
        raise DataError(f"{first.folder}: its dataset ({stated}) cannot be found here; name the file with --data")
    known = {q.key for q in dataset.questions}
    key = (first.summary.get("dataset") or {}).get("answer_key", "official")
    for run in runs:
        recorded = run.summary.get("dataset") or {}
        if recorded.get("sha256") != dataset.sha256:
            raise DataError(
                f"{run.folder}: was run on {recorded.get('name')} {recorded.get('sha256')}, not on {dataset.path} "
                f"({dataset.sha256})"
            )
        if recorded.get("answer_key", "official") != key:
            raise DataError(
                f"{run.folder}: scored with answer_key={recorded.get('answer_key', 'official')}, others with {key}"
            )
        foreign = next((k for k in run.search if k not in known), None)
        if foreign:
            raise DataError(f"{run.folder}: search.jsonl: question {foreign[0]} {foreign[1]} is not in {dataset.path}")
    return dataset

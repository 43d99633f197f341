"""``results/README.md``: a results folder's figures, tables and judge cards on one page, each with what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memos.errors import DataError

HEADINGS: Mapping[str, str] = {
    "locomo": "The main table",
    "generated": "The main table's systems on the generated benchmark",
    "growth": "Growing memories",
    "suite": "All systems on all data sets",
    "table4": "Chunk sizes and latency (the paper's Table 4)",
    "fig9": "Score against memory size (the paper's Figure 9)",
    "memos_ablation": "What each mechanism of MemOS contributes",
    "adversarial": "Questions without an answer (category 5)",
    "longmemeval": "LongMemEval",
    "kv_ttft": "Time to first token (the paper's Table 5 and Figure 10)",
    "judge_card": "How far the judges can be trusted",
    "reproduction": "Against the paper, cell by cell",
    "audit": "The paper's own arithmetic",
}
"""Experiment, or file of none, to its heading; in the page's order. Others follow under their own names."""
FIGURES: Mapping[str, str] = {
    "score_against_tokens": "Judge score against words of context, one point a system, with 95 % intervals.",
    "score_by_category": "Judge score by category of question.",
    "figure9": "Judge score and F1 against words of context, by category.",
    "figure9_generation": "ROUGE-L and BLEU-1 against words of context, by category.",
    "figure9_meaning": "METEOR and similarity against words of context, by category.",
    "recall": "Share of the evidence found, by number of hits and by words of context.",
    "evidence": "Judge score where all evidence was in the context, and where it was not.",
    "latency": "Search, answer and total time of a question: P50 as a dot, a line to P95.",
    "cost": "Tokens a question, by phase.",
    "critical_difference": "Average rank over conversations; a bar joins systems that cannot be told apart.",
    "curves": "Score, recall, time of a search and of ingestion against the tokens of a conversation.",
    "calibration": "What a reference judge said against the probability that the offline judge gave.",
    "pooled": "Score on each data set and pooled; a bar joins neighbours that cannot be told apart on the pooled data.",
    "figure10": "Time to first token, direct and on a cache, by context and query.",
}
"""Kind of figure (its file's name without the experiment) to what it shows."""
SUFFIXES = (
    "answers",
    "apart",
    "audit",
    "change",
    "cost",
    "evidence",
    "fitted",
    "pairs",
    "recall",
    "repeats",
    "retrieval",
    "table4",
    "table5",
    "types",
)
"""What an experiment's further tables end in."""
PAPER = "_paper"
"""Ending of figures that show the paper's values also where they are not comparable."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure, table or card of the page."""

    experiment: str
    markdown: str


def index_page(results: Path) -> str:
    """Markdown of the page, links relative to ``results``.

    Args:
        results: folder with ``figures/*.png``, ``tables/*.md`` and ``cards/*.md``.

    Raises:
        DataError: a table without a title, or a figure whose kind is not in ``FIGURES``.
    """
    entries = [
        *(_table(path) for path in sorted(results.glob("tables/*.md"))),
        *(_card(path) for path in sorted(results.glob("cards/*.md"))),
        *(_figure(path) for path in sorted(results.glob("figures/*.png"))),
    ]
    lines = [
        "# Results",
        "",
        "Every figure and table of this folder. `python scripts/tables.py --index` writes the page.",
        "Figures and tables have a CSV with their numbers, and a `.sources.json` with their runs, commit and command.",
        "Figures are also PDF, tables also LaTeX. [How they are made](../docs/tables_figures.md).",
    ]
    for experiment in [*HEADINGS, *sorted({entry.experiment for entry in entries} - HEADINGS.keys())]:
        own = [entry.markdown for entry in entries if entry.experiment == experiment]
        if own:
            lines += ["", f"## {HEADINGS.get(experiment, experiment)}", "", *own]
    return "\n".join(lines) + "\n"


def write_index(results: Path) -> Path:
    """Write ``README.md`` of a results folder; returns its path."""
    target = results / "README.md"
    target.write_text(index_page(results), encoding="utf-8")
    return target


def _table(path: Path) -> Entry:
    experiment, _ = _split(path.stem, SUFFIXES)
    return Entry(experiment, f"- [{path.stem}](tables/{path.name}) ([CSV](tables/{path.stem}.csv)): {_title(path)}")


def _card(path: Path) -> Entry:
    return Entry("judge_card", f"- [{path.stem}](cards/{path.name}): {_title(path)}; agreement, errors and probes")


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        title = file.readline()
    if not title.startswith("#"):
        raise DataError(f"{path}: the first line is no title, found {title.strip()!r:.60}")
    return title.lstrip("#").strip()


def _figure(path: Path) -> Entry:
    experiment, kind = _split(path.stem.removesuffix(PAPER), tuple(FIGURES))
    if not kind:
        raise DataError(f"{path}: no line says what this figure shows; add its kind to {__name__}.FIGURES")
    note = " The paper's values lie behind, comparable or not." if path.stem.endswith(PAPER) else ""
    return Entry(experiment, f"\n{FIGURES[kind]}{note}\n\n![{path.stem}](figures/{path.name})")


def _split(stem: str, kinds: Sequence[str]) -> tuple[str, str]:
    """Experiment and kind of a file's name; the kind is empty where the whole name is the experiment's."""
    for kind in sorted(kinds, key=len, reverse=True):
        if stem.endswith(f"_{kind}"):
            return stem.removesuffix(f"_{kind}"), kind
    return stem, ""

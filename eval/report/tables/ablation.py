"""What each channel, mechanism and layer of a system contributes to the evidence found and to answers, and its time.

The first run is the whole system; every other run has one part switched off (or one added), so its row says what that
part is worth. Printed for ``experiment=memos_ablation``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eval.report.tables.summaries import judges, main_title, metric_cell, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import labels
from eval.runs.read import Run
from eval.stats import Comparison

RECALL = (("evidence_recall_at_20", "recall at 20 hits"), ("evidence_recall_words_1600", "recall within 1,600 words"))
CATEGORIES = (1, 2, 3, 4)
Compare = Callable[[Run, Run, str], Comparison]


def ablation_table(runs: Sequence[Run], compare: Compare) -> Table:
    """One row a run in the order given: recall overall and by category, answers by the first judge and by F1, each with
    the change against the first run.

    Args:
        compare: two runs on a metric, paired by question.
    """
    summaries = [run.summary for run in runs]
    answers = [*((name, main_title(name)) for name in judges(summaries)[:1]), ("f1_memos", "F1")]
    columns = [Column("method", "Method", "text")]
    for name, title in (*RECALL, *answers):
        columns.append(Column(name, "all", better=1, group=title))
        columns.append(Column(f"{name}_change", "change", primary=True, group=title))
        if (name, title) in RECALL:
            columns += [Column(f"{name}_{one}", f"cat. {one}", better=1, group=title) for one in CATEGORIES]
    columns.append(Column("memory_words", "words", "count"))
    columns += [Column("ingest_s", "ingest (s)", "ms"), Column("search_p50_ms", "search (ms)", "ms")]
    rows = tuple(
        (
            Cell(name),
            *(
                cell
                for metric, _ in RECALL
                for cell in (*_cells(run, runs[0], metric, compare), *_by_category(run, metric))
            ),
            *(cell for metric, _ in answers for cell in _cells(run, runs[0], metric, compare)),
            _words(run),
            *_times(run),
        )
        for run, name in zip(runs, labels(summaries), strict=True)
    )
    notes = [
        *origin_notes(summaries),
        "Recall: percent of a question's gold turns. change: points against the first row on the same questions, with "
        "the 95 % interval over conversations; a judge's holds its own error. cat.: 1 multi-hop, 2 temporal, 3 "
        "open-domain, 4 single-hop. words: NLTK words of context a question. ingest: seconds for all conversations, "
        "embeddings from the cache where it holds them; search: median milliseconds of a question. Layers that act on "
        "statements (resolution) or on a model's readings (scheduler) change nothing where turns alone are stored "
        "(extractor=rules).",
    ]
    title = "What each channel, mechanism and layer contributes to the evidence found and to answers"
    return Table("ablation", title, tuple(columns), (Section("", rows),), tuple(notes)).marked()


def _cells(run: Run, whole: Run, metric: str, compare: Compare) -> tuple[Cell, Cell]:
    """The overall value, and how far it lies above that of the whole system."""
    own = Cell(metric_cell(run.summary, metric).number)
    if run is whole or not run.column(metric) or not whole.column(metric):
        return own, Cell()
    change = compare(run, whole, metric)
    return own, Cell(change.difference, change.low, change.high)


def _by_category(run: Run, metric: str) -> list[Cell]:
    return [Cell(metric_cell(run.summary, metric, category).value) for category in CATEGORIES]


def _times(run: Run) -> tuple[Cell, Cell]:
    """Seconds of ingestion and the median search, where times were taken."""
    latency = run.summary.get("latency_ms") or {}
    return Cell(latency.get("ingest_s")), Cell((latency.get("search") or {}).get("p50"))


def _words(run: Run) -> Cell:
    value = metric_cell(run.summary, "memory_words").number
    return Cell(None if value is None else round(value))

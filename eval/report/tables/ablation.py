"""What each channel and mechanism of a system contributes: evidence recall by category, held-out conversations apart.

The first run is the whole system; every other run has one part switched off (or one added), so its row says what that
part is worth. Printed for ``experiment=memos_ablation``.
"""

from __future__ import annotations

from collections.abc import Sequence

from eval.report.tables.summaries import metric_cell, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import labels
from eval.runs.read import Run

MEASURES = (("evidence_recall_at_20", "recall at 20 hits"), ("evidence_recall_words_1600", "recall within 1,600 words"))
CATEGORIES = (1, 2, 3, 4)
HELD_OUT = ("conv-47", "conv-48", "conv-49", "conv-50")
"""Conversations on which no weight was fitted (settings were chosen with them in view)."""


def ablation_table(runs: Sequence[Run]) -> Table:
    """One row a run in the order given: recall overall, by category and on ``HELD_OUT``, and the change of the overall
    value against the first run."""
    columns = [Column("method", "Method", "text")]
    for name, title in MEASURES:
        columns.append(Column(f"{name}_all", "all", better=1, group=title))
        columns.append(Column(f"{name}_change", "change", group=title))
        columns += [Column(f"{name}_{category}", f"cat. {category}", better=1, group=title) for category in CATEGORIES]
        columns.append(Column(f"{name}_held_out", "held out", better=1, group=title))
    columns.append(Column("memory_words", "words", "count"))
    columns += [Column("ingest_s", "ingest (s)", "ms"), Column("search_p50_ms", "search (ms)", "ms")]
    summaries = [run.summary for run in runs]
    rows = tuple(
        (
            Cell(name),
            *(cell for metric, _ in MEASURES for cell in _cells(run, runs[0], metric)),
            _words(run),
            *_times(run),
        )
        for run, name in zip(runs, labels(summaries), strict=True)
    )
    notes = [
        *origin_notes(summaries),
        "Percent of a question's gold turns. change: points against the first row. cat.: 1 multi-hop, 2 temporal, 3 "
        f"open-domain, 4 single-hop. held out: {', '.join(HELD_OUT)}, on which no weight was fitted (settings were "
        "chosen with them in view). words: NLTK words of context a question. ingest: seconds for all conversations, "
        "embeddings from the cache where it holds them; search: median milliseconds of a question. Layers that act on "
        "statements (resolution) or on a model's readings (scheduler) change nothing where turns alone are stored "
        "(extractor=rules).",
    ]
    title = "What each channel and mechanism contributes to the evidence found"
    return Table("ablation", title, tuple(columns), (Section("", rows),), tuple(notes)).marked()


def _cells(run: Run, whole: Run, metric: str) -> list[Cell]:
    own, first = (metric_cell(each.summary, metric).number for each in (run, whole))
    change = None if own is None or first is None or run is whole else own - first
    by_category = [Cell(metric_cell(run.summary, metric, category).value) for category in CATEGORIES]
    return [Cell(own), Cell(change), *by_category, Cell(held_out(run, metric))]


def held_out(run: Run, metric: str) -> float | None:
    """Mean over the held-out conversations' questions that have the metric; None where there are none."""
    scores = [
        metrics[metric] for (sample_id, _), metrics in run.values.items() if sample_id in HELD_OUT and metric in metrics
    ]
    return sum(scores) / len(scores) if scores else None


def _times(run: Run) -> tuple[Cell, Cell]:
    """Seconds of ingestion and the median search, where times were taken."""
    latency = run.summary.get("latency_ms") or {}
    return Cell(latency.get("ingest_s")), Cell((latency.get("search") or {}).get("p50"))


def _words(run: Run) -> Cell:
    value = metric_cell(run.summary, "memory_words").number
    return Cell(None if value is None else round(value))

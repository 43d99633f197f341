"""Tables in the shape of the paper's Table 3 (category by method by metric) and Table 4 (score and latency)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.core.categories import Category, CategoryId
from eval.report.tables.fitted_marks import method_cell
from eval.report.tables.recall_cost import INGESTION, USD, dollar_cells, dollar_columns, ingestion_cells
from eval.report.tables.summaries import (
    METRIC_TITLES,
    by_questions,
    categories_of,
    category_title,
    count,
    data_title,
    main_metrics,
    main_title,
    metric_cell,
    metrics,
    missing_notes,
    official_notes,
    origin_notes,
    row_names,
)
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import Summary, labels, ranked


@dataclass(frozen=True)
class Ties:
    """What paired tests say of the judges' columns; made by ``eval.report.significance``."""

    near: Mapping[tuple[str, CategoryId | None], Collection[str]]
    """(metric, category) to the fingerprints of runs that cannot be told from the best."""
    whole: Mapping[str, tuple[int, int]]
    """Metric to the number of its tests in all sections, and of those that stay significant when Holm's correction is
    over all of them.
    """

    def notes(self) -> list[str]:
        """What stands below a table with these marks."""
        if not self.whole:
            return []
        across = "; ".join(f"{main_title(name)}: {apart} of {tests}" for name, (tests, apart) in self.whole.items())
        return [
            TIED,
            f"Differences from the best that stay with Holm's correction over all sections of a column: {across}.",
        ]


INTERVALS = (
    "Brackets: 95 % interval, t over conversations (clustered). Scores are percent; a dash is a missing value, never 0."
)
MARKS = "Best bold (* in the terminal), second underlined (+); systems that see the gold evidence are not ranked."
TIED = (
    "≈: a paired sign-flip test over conversations cannot tell it from the best. Family of Holm's correction: the "
    "tests of one column in one section (every other system against that section's best); each section is a claim of "
    "its own."
)
WORDS = (
    "Chunk / Mem: chunk size in cl100k tokens for RAG, otherwise NLTK words of the retrieved context (the paper's "
    "count)."
)


def table3(summaries: Sequence[Summary], ties: Ties | None = None) -> Table:
    """Category by method by metric. One section for each category and the overall, for each track and each set of
    questions.

    Args:
        summaries: contents of ``summary.json`` of the runs, in printing order.
        ties: from ``eval.report.significance`` where per-question records are at hand.
    """
    shown = main_metrics(summaries)
    dollars = dollar_columns(summaries)
    scores = (*_judge_columns(shown), *(_score(k, t) for k, t in METRIC_TITLES.items()))
    columns = (*_head_columns(), *scores, *dollars)
    sections = []
    for heading, group in _groups(summaries):
        for category in (*_present(group), None):
            own = category and category.id
            rows = tuple(
                (*_row3(s, name, own, shown, ties), *_usd(s, dollars, whole=category is None))
                for s, name in zip(group, row_names(group), strict=True)
            )
            title = category_title(category, max(count(s, own) for s in group))
            sections.append(Section(f"{heading}{title}", rows, _ranked(group)))
    notes = (
        *_notes(summaries, {**{k: main_title(k) for k in shown}, **METRIC_TITLES}, ties),
        *([USD] if dollars else []),
    )
    return Table(
        "table3", f"{data_title(summaries)} by category, method and metric", columns, tuple(sections), notes
    ).marked()


def table4(summaries: Sequence[Summary], ties: Ties | None = None) -> Table:
    """Method, chunk or words, top-k, score, search and total latency at P50 and P95,
    and apart from them the ingestion."""
    shown = main_metrics(summaries)
    latency = tuple(
        Column(f"{part}_{q}_ms", q.upper(), "ms", group=f"{part} (ms)")
        for part in ("search", "total")
        for q in ("p50", "p95")
    )
    dollars = dollar_columns(summaries)
    columns = (*_head_columns(), *_judge_columns(shown), *latency, *INGESTION, *dollars)
    sections = []
    for heading, group in _groups(summaries):
        rows = tuple(
            (*_row4(s, name, shown, ties), *_usd(s, dollars, whole=True))
            for s, name in zip(group, row_names(group), strict=True)
        )
        sections.append(Section(f"{heading}{category_title(None, max(count(s) for s in group))}", rows, _ranked(group)))
    notes = list(_notes(summaries, {k: main_title(k) for k in shown}, ties))
    without = [
        name
        for s, name in zip(summaries, labels(summaries), strict=True)
        if not (s.get("latency_ms") or {}).get("total")
    ]
    if without:
        notes.append(f"Latency is missing for {', '.join(without)}: no latency pass was run (one question at a time).")
    notes += warm_notes(summaries)
    sampled = sorted({s["latency_ms"]["n"] for s in summaries if (s.get("latency_ms") or {}).get("n")})
    if sampled:
        notes.append(f"Latency: questions one at a time, nothing cached; sample of {' or '.join(map(str, sampled))}.")
        notes.append(
            "Ingest: seconds (embeddings from the cache where it holds them), model calls and their tokens for all "
            "stores."
        )
    if dollars:
        notes.append(USD)
    title = f"{data_title(summaries)} score and latency by method"
    return Table("table4", title, columns, tuple(sections), tuple(notes)).marked()


WARM = "†"
"""Behind a time of prompts whose beginning a prefix cache had."""


def warm_notes(summaries: Sequence[Summary]) -> list[str]:
    """What the sign of warm times means, with the questions of each row; nothing where all times are cold."""
    warm = [
        f"{name} {max(counts.values())} of {s['latency_ms']['n']}"
        for s, name in zip(summaries, labels(summaries), strict=True)
        if (counts := (s.get("latency_ms") or {}).get("cached"))
    ]
    if not warm:
        return []
    return [
        f"{WARM}: a prefix cache of the server or the model had the beginning of some timed prompts, so these times "
        f"are shorter than cold ones (questions: {', '.join(warm)})."
    ]


def _head_columns() -> tuple[Column, ...]:
    return (
        Column("method", "Method", "text"),
        Column("chunk_or_words", "Chunk/Mem", "count"),
        Column("top_k", "Top-k", "count"),
        Column("judged", "Judged", "count"),
        Column("failed", "Failed", "count"),
    )


def _judge_columns(names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(name, main_title(name), better=1, primary=i == 0) for i, name in enumerate(names))


def _score(key: str, title: str) -> Column:
    return Column(key, title, better=1)


def _head(summary: Summary, name: str, category: CategoryId | None, judge: str | None) -> tuple[Cell, ...]:
    display = summary.get("display", {})
    size = display.get("chunk")
    if size is None:
        size = metric_cell(summary, "memory_words", category).value
    own = metrics(summary, category)
    judged = own[judge].get("n") if judge is not None and judge in own else None
    every = (
        summary.get("judged") if category is None else (summary.get("judged_by_category") or {}).get(str(category))
    ) or {}
    if judge is not None and judge in every:
        judged = every[judge].get("correct", 0) + every[judge].get("wrong", 0)
    failed = summary.get("failed") if category is None else None
    return (method_cell(summary, name), Cell(size), Cell(display.get("top_k")), Cell(judged), Cell(failed))


def _judge_cells(
    summary: Summary, category: CategoryId | None, names: Sequence[str], ties: Ties | None
) -> tuple[Cell, ...]:
    return tuple(
        replace(
            metric_cell(summary, n, category),
            tied=ties is not None and summary["fingerprint"] in ties.near.get((n, category), ()),
        )
        for n in names
    )


def _row3(
    summary: Summary, name: str, category: CategoryId | None, shown: Sequence[str], ties: Ties | None
) -> tuple[Cell, ...]:
    head = _head(summary, name, category, shown[0] if shown else None)
    others = tuple(metric_cell(summary, metric, category) for metric in METRIC_TITLES)
    return (*head, *_judge_cells(summary, category, shown, ties), *others)


def _row4(summary: Summary, name: str, shown: Sequence[str], ties: Ties | None) -> tuple[Cell, ...]:
    latency = summary.get("latency_ms") or {}
    warm = latency.get("cached") or {}
    durations = tuple(
        Cell((latency.get(part) or {}).get(q), flag=WARM if warm.get(part) else "")
        for part in ("search", "total")
        for q in ("p50", "p95")
    )
    head = _head(summary, name, None, shown[0] if shown else None)
    return (*head, *_judge_cells(summary, None, shown, ties), *durations, *ingestion_cells(summary))


def _usd(summary: Summary, columns: Sequence[Column], *, whole: bool) -> tuple[Cell, ...]:
    """Dollars of a run where the table has columns for them; they belong to no category."""
    return dollar_cells(summary) if columns and whole else tuple(Cell(None) for _ in columns)


def _groups(summaries: Sequence[Summary]) -> list[tuple[str, list[Summary]]]:
    """Runs of the same track and the same questions (others never share a section), with a heading where there are
    several.
    """
    return [(heading, [summaries[i] for i in places]) for heading, places in by_questions(summaries)]


def _present(group: Sequence[Summary]) -> list[Category]:
    return [c for c in categories_of(group) if any(metrics(s, c.id) for s in group)]


def _ranked(group: Sequence[Summary]) -> tuple[bool, ...]:
    return tuple(ranked(s) for s in group)


def _notes(summaries: Sequence[Summary], names: Mapping[str, str], ties: Ties | None) -> tuple[str, ...]:
    legend = [INTERVALS, MARKS, *(ties.notes() if ties else []), WORDS]
    return (*official_notes(summaries), *origin_notes(summaries), *missing_notes(summaries, names), *legend)

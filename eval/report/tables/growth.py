"""Tables of ``experiment=growth``: every system at every size of memory, and what growing did to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from eval.report.tables.recall_cost import INGESTION, ingestion_cells
from eval.report.tables.summaries import count, judges, metric_cell, missing_notes, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.format.growth import MemorySize
from eval.runs.labels import Summary, label, ranked

Sized = tuple[Summary, MemorySize]
RECALL = "evidence_recall_words_1600"
"""The recall of the tables: within a budget of words, so that chunks and single facts compare."""
TOKENS = "memory_tokens"
TIMES = tuple(("search", q) for q in ("p50", "p95")) + (("total", "p50"),)


def steps(sized: Sequence[Sized]) -> list[tuple[float, list[Sized]]]:
    """Runs of the same data, with the cl100k tokens of one conversation on average, the smallest first."""
    by_data: dict[object, list[Sized]] = {}
    for summary, memory in sized:
        data = (summary.get("dataset") or {}).get("sha256"), memory["tokens"], memory["conversations"]
        by_data.setdefault(data, []).append((summary, memory))
    return sorted(((each_tokens(own[0][1]), own) for own in by_data.values()), key=lambda step: step[0])


def each_tokens(memory: MemorySize) -> float:
    """cl100k tokens of one conversation, on average."""
    return memory["tokens"] / memory["conversations"]


def growth_table(sized: Sequence[Sized]) -> Table:
    """One section a size; in it every system's scores, recall, tokens of context, times and cost of ingestion."""
    summaries = [summary for summary, _ in sized]
    shown = judges(summaries)
    columns = (
        Column("method", "Method", "text"),
        Column("tokens", "Tokens", "count"),
        *(
            Column(name, f"Judge {name.removeprefix('judge_')}", better=1, primary=i == 0)
            for i, name in enumerate(shown)
        ),
        Column(RECALL, "Recall", better=1),
        Column(TOKENS, "tokens", "count", group="context"),
        *(Column(f"{part}_{q}", q.upper(), "ms", better=-1, group=f"{part} (ms)") for part, q in TIMES),
        *INGESTION,
    )
    sections = []
    for tokens, own in steps(sized):
        memory = own[0][1]
        each = f"{memory['conversations']} of {memory['turns'] // memory['conversations']:,} turns"
        n = max(count(summary) for summary, _ in own)
        title = f"{tokens:,.0f} tokens a conversation ({each}, n = {n})"
        rows = tuple(_row(summary, tokens, shown) for summary, _ in own)
        sections.append(Section(title, rows, tuple(ranked(summary) for summary, _ in own)))
    notes = (
        *origin_notes(summaries),
        *missing_notes(summaries, {RECALL: "Recall"}),
        "Tokens: cl100k, of the turns of one conversation on average. Recall: share of a question's gold turns within "
        "1,600 words of context.",
        "Search and total: milliseconds of a question, one at a time, nothing cached. Ingest: seconds, model calls and "
        "tokens of all conversations of a size (embeddings from the cache where it holds them).",
        "Each size has conversations and questions of its own; only systems of one size answer the same questions.",
    )
    return Table("growth", "Every system at growing sizes of memory", columns, tuple(sections), notes).marked()


def _row(summary: Summary, tokens: float, shown: Sequence[str]) -> tuple[Cell, ...]:
    latency = summary.get("latency_ms") or {}
    return (
        Cell(label(summary)),
        Cell(tokens),
        *(metric_cell(summary, name) for name in shown),
        metric_cell(summary, RECALL),
        Cell(metric_cell(summary, TOKENS).value),
        *(Cell((latency.get(part) or {}).get(q)) for part, q in TIMES),
        *ingestion_cells(summary),
    )


def change_table(sized: Sequence[Sized]) -> Table:
    """From the smallest size of each system to its largest: points of score and recall, factors of times."""
    shown = judges([summary for summary, _ in sized])[:1]
    columns = (
        Column("method", "Method", "text"),
        Column("first_tokens", "from", "count", group="tokens"),
        Column("last_tokens", "to", "count", group="tokens"),
        *(
            Column(f"{name}_{end}", end, group=title, primary=end == "change")
            for name, title in (
                (*((name, f"Judge {name.removeprefix('judge_')}") for name in shown), (RECALL, "Recall"))
            )
            for end in ("first", "last", "change")
        ),
        Column("search_times", "search", "text", group="times as long"),
        Column("ingest_times", "ingest of a token", "text", group="times as long"),
    )
    rows = []
    for name, own in _by_system(sized).items():
        (first, small), (last, large) = own[0], own[-1]
        if len(own) < 2:
            continue
        cells: list[Cell] = []
        for metric in (*shown, RECALL):
            before, after = metric_cell(first, metric), metric_cell(last, metric)
            cells += [before, after, difference(before, after)]
        rows.append(
            (
                Cell(name),
                Cell(each_tokens(small)),
                Cell(each_tokens(large)),
                *cells,
                _times(_search(first), _search(last)),
                _times(_ingest(first, small), _ingest(last, large)),
            )
        )
    notes = (
        "Change: points, the largest size less the smallest; its interval is made of the two means' own (Zou and "
        "Donner 2008), whose conversations are different ones. Below 0: the system degrades.",
        "Times as long: P50 of a search, and seconds of ingestion for a token, at the largest size over the smallest; "
        "1.0 does not slow.",
    )
    return Table("growth_change", "What growing does to every system", columns, (Section("", tuple(rows)),), notes)


def _by_system(sized: Sequence[Sized]) -> Mapping[str, list[Sized]]:
    """The runs of each system, by its label, the smallest size first."""
    by_label: dict[str, list[Sized]] = {label(summary): [] for summary, _ in sized}
    for _, own in steps(sized):
        for summary, memory in own:
            by_label[label(summary)].append((summary, memory))
    return by_label


def difference(before: Cell, after: Cell) -> Cell:
    """Second mean less first, with an interval from those of two independent means (method of variance estimates
    recovery: Zou and Donner, Statistics in Medicine 27, 2008)."""
    if before.number is None or after.number is None:
        return Cell()
    change = after.number - before.number
    if None in (before.low, before.high, after.low, after.high):
        return Cell(change)
    assert before.low is not None and before.high is not None and after.low is not None and after.high is not None
    low = change - math.hypot(after.number - after.low, before.high - before.number)
    high = change + math.hypot(after.high - after.number, before.number - before.low)
    return Cell(change, low, high)


def _search(summary: Summary) -> float | None:
    return ((summary.get("latency_ms") or {}).get("search") or {}).get("p50")


def _ingest(summary: Summary, memory: MemorySize) -> float | None:
    seconds = (summary.get("latency_ms") or {}).get("ingest_s")
    return None if seconds is None else seconds / memory["tokens"]


def _times(before: float | None, after: float | None) -> Cell:
    return Cell(f"{after / before:.1f}" if before and after is not None else None)

"""What the paper does not have: evidence recall, the cost of ingestion, and calls and tokens by phase."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eval.report.tables.fitted_marks import method_cell
from eval.report.tables.summaries import by_questions, count, metric_cell, missing_notes, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import Summary, labels, ranked

PHASES = ("ingest", "organise", "search", "answer", "judge")
LOSSES = (
    ("items", "memories"),
    ("malformed", "malformed"),
    ("skipped", "skipped"),
    ("dropped", "dropped"),
    ("by_rules", "by rules"),
    ("search_malformed", "search"),
)
"""Numbers of ``lost`` in a summary, and their headings; of losses only those that occurred."""
INGESTION = (
    Column("ingest_s", "s", "ms", group="ingest"),
    Column("ingest_calls", "calls", "count", group="ingest"),
    Column("ingest_tokens", "tokens", "count", group="ingest"),
)
RECALL = re.compile(r"evidence_(recall|hit)_(at|words)_(\d+)")


def recall_metrics(summaries: Sequence[Summary]) -> list[tuple[str, str, int]]:
    """(metric name, ``recall at k`` or ``recall in words`` or ``hit at k``, depth) present in any run, in order."""
    kinds = {("recall", "at"): "recall at k", ("recall", "words"): "recall in words", ("hit", "at"): "hit at k"}
    names = {name for summary in summaries for name in summary["metrics"]}
    parsed = [(name, match) for name in names if (match := RECALL.fullmatch(name))]
    rows = [(name, kinds[match[1], match[2]], int(match[3])) for name, match in parsed if (match[1], match[2]) in kinds]
    return sorted(rows, key=lambda row: (list(kinds.values()).index(row[1]), row[2]))


def recall_table(summaries: Sequence[Summary]) -> Table:
    """Share of gold evidence turns among the first hits, by number of hits and by words of context."""
    wanted = recall_metrics(summaries)
    columns = (
        Column("method", "Method", "text"),
        Column("n", "n", "count"),
        *(
            Column(name, str(depth), better=1, group=group, primary=name.endswith("words_1600"))
            for name, group, depth in wanted
        ),
    )
    rows = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        counts = [summary["metrics"][m].get("n") for m, _, _ in wanted if m in summary["metrics"]]
        cells = (metric_cell(summary, m) for m, _, _ in wanted)
        rows.append((method_cell(summary, name), Cell(counts[0] if counts else None), *cells))
    sections = tuple(
        Section(heading.removesuffix(": "), tuple(rows[i] for i in places), tuple(ranked(summaries[i]) for i in places))
        for heading, places in by_questions(summaries)
    )
    title = "Evidence recall: share of a question's gold turns among the turns the retrieved memories come from"
    notes = [
        *origin_notes(summaries),
        *missing_notes(summaries, {m: f"{g} {d}" for m, g, d in wanted}),
        (
            "n: questions with resolvable evidence; the others are left out. Words: NLTK words of context, cut at the "
            "last whole hit."
        ),
        "Percent. Brackets: 95 % interval, t over conversations. It needs no model, so it is comparable between runs.",
    ]
    return Table("recall", title, columns, sections, tuple(notes)).marked()


def ingestion_cells(summary: Summary) -> tuple[Cell, Cell, Cell]:
    """Seconds, calls and tokens that building the stores took (the columns of ``INGESTION``), organising included."""
    spent = [phase for name in ("ingest", "organise") if (phase := (summary.get("ledger") or {}).get(name))]
    calls = sum(phase.get("calls", 0) for phase in spent) if spent else None
    tokens = (
        sum(phase.get("prompt_tokens", 0) + phase.get("completion_tokens", 0) for phase in spent) if spent else None
    )
    return Cell((summary.get("latency_ms") or {}).get("ingest_s")), Cell(calls), Cell(tokens)


USD = (
    "USD: at the prices of each run's configuration, as if every call had been made afresh; 1,000 q.: search and "
    "answers of a thousand questions. Empty where the price of a model is not known."
)
"""Note below a table with the columns of ``dollar_columns``."""


def cost_table(summaries: Sequence[Summary]) -> Table:
    """Model calls and tokens by phase, and prompt tokens a question for search and answer together.

    Phases in which no run called a model are left out, ingestion apart.
    """
    ledgers = [summary.get("ledger") or {} for summary in summaries]
    present = [
        p
        for p in (*PHASES, "latency")
        if any(p in ledger and (p == "ingest" or ledger[p].get("calls")) for ledger in ledgers)
    ]
    dollars = dollar_columns(summaries)
    losses = [summary.get("lost") or {} for summary in summaries]
    kept = [(key, title) for key, title in LOSSES if any(own.get(key) for own in losses)]
    kinds = (("calls", "calls"), ("prompt_tokens", "prompt"), ("completion_tokens", "compl."))
    columns = (
        Column("method", "Method", "text"),
        Column("ingest_s", "Ingest (s)", "ms"),
        *(Column(f"{phase}_{key}", title, "count", group=phase) for phase in present for key, title in kinds),
        Column("query_tokens", "tok/question", "count"),
        *dollars,
        *(Column(key, title, "count", group="stores") for key, title in kept),
    )
    rows = []
    for summary, name, ledger, own in zip(summaries, labels(summaries), ledgers, losses, strict=True):
        spent = [ledger.get(p, {}) for p in ("search", "answer")]
        total = sum(p.get("prompt_tokens", 0) + p.get("completion_tokens", 0) for p in spent)
        cells = tuple(Cell(ledger.get(phase, {}).get(key)) for phase in present for key, _ in kinds)
        seconds = ingestion_cells(summary)[0]
        each = Cell(total / count(summary) if count(summary) else None)
        usd = dollar_cells(summary) if dollars else ()
        rows.append((Cell(name), seconds, *cells, each, *usd, *(Cell(own.get(key)) for key, _ in kept)))
    silent = [phase for phase in PHASES if phase not in present]
    notes = [*origin_notes(summaries), "Tokens as the model reports them; local models that make no call count 0."]
    if silent:
        notes.append(f"No model was called to {_joined(silent)}.")
    if dollars:
        notes.append(USD)
    if kept:
        notes.append(
            "Stores: memories in all of them; extractions whose every attempt was malformed; decisions without effect; "
            "memories without a source; turns and conflicts left to the rules; malformed replies while searching."
        )
    notes += [f"{name}: {text}." for name, own in zip(labels(summaries), losses, strict=True) if (text := _why(own))]
    return Table("cost", "Calls and tokens by phase", columns, (Section("", tuple(rows)),), tuple(notes))


def dollar_columns(summaries: Sequence[Summary]) -> tuple[Column, ...]:
    """Dollars of all phases and of a thousand questions; no column where no call has a price."""
    if not any(phase.get("usd") for summary in summaries for phase in (summary.get("ledger") or {}).values()):
        return ()
    return (Column("usd", "all", "usd", group="USD"), Column("usd_1000", "1,000 q.", "usd", group="USD"))


def dollar_cells(summary: Summary) -> tuple[Cell, Cell]:
    """Dollars of all phases, and of searching and answering a thousand questions."""
    questions = count(summary)
    asked = {name: phase.get("usd") for name, phase in (summary.get("ledger") or {}).items() if phase.get("calls")}
    each = [asked[name] for name in ("search", "answer") if name in asked]
    whole = None if None in asked.values() else sum(asked.values())
    return Cell(whole), Cell(1000 * sum(each) / questions if each and None not in each and questions else None)


def _why(losses: Mapping[str, Any]) -> str:
    """The share of malformed extractions and their most frequent reason; empty where there were none."""
    if not losses.get("malformed"):
        return ""
    share = (
        f" of {losses['asked']:,} ({100 * losses['malformed'] / losses['asked']:.1f} %)" if losses.get("asked") else ""
    )
    first = (losses.get("reasons") or [None])[0]
    why = f", most often: {first['reason']}" if first else ""
    return f"{losses['malformed']:,}{share} extractions were malformed{why}"


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

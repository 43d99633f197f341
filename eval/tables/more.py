"""Tables the paper does not have: evidence recall, and calls and tokens by phase."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.tables.model import Cell, Column, Section, Table
from eval.tables.values import Summary, count, labels, metric_cell, missing_notes, origin_notes, ranked

PHASES = ("ingest", "organise", "search", "answer", "judge")
RECALL = re.compile(r"evidence_(recall|hit)_(at|words)_(\d+)")


def recall_metrics(summaries: Sequence[Summary]) -> list[tuple[str, str, int]]:
    """(metric name, ``recall at k`` or ``recall in words`` or ``hit at k``, depth) present in any run, in order."""
    kinds = {("recall", "at"): "recall at k", ("recall", "words"): "recall in words", ("hit", "at"): "hit at k"}
    found = {m for s in summaries for m in s["metrics"] if (p := RECALL.fullmatch(m)) and p.groups()[:2] in kinds}
    rows = [(name, kinds[p.groups()[:2]], int(p.group(3))) for name in found if (p := RECALL.fullmatch(name))]
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
        rows.append((Cell(name), Cell(counts[0] if counts else None), *(metric_cell(summary, m) for m, _, _ in wanted)))
    order = tuple(ranked(s) for s in summaries)
    title = "Evidence recall: share of a question's gold turns among the turns the retrieved memories come from"
    notes = [
        *origin_notes(summaries),
        *missing_notes(summaries, {m: f"{g} {d}" for m, g, d in wanted}),
        "n: questions with resolvable evidence; the others are left out. Words: NLTK words of context, cut at the last whole hit.",
        "Percent. Brackets: 95 % interval, t over conversations. It needs no model, so it is comparable between runs.",
    ]
    return Table("recall", title, columns, (Section("", tuple(rows), order),), tuple(notes)).marked()


def cost_table(summaries: Sequence[Summary]) -> Table:
    """Model calls and tokens by phase, and prompt tokens a question for search and answer together."""
    present = [p for p in PHASES if any(p in (s.get("ledger") or {}) for s in summaries)]
    kinds = (("calls", "calls"), ("prompt_tokens", "prompt"), ("completion_tokens", "compl."))
    columns = (
        Column("method", "Method", "text"),
        *(Column(f"{phase}_{key}", title, "count", group=phase) for phase in present for key, title in kinds),
        Column("query_tokens", "tok/question", "count"),
    )
    rows = []
    for summary, name in zip(summaries, labels(summaries), strict=True):
        ledger = summary.get("ledger") or {}
        spent = [ledger.get(p, {}) for p in ("search", "answer")]
        total = sum(p.get("prompt_tokens", 0) + p.get("completion_tokens", 0) for p in spent)
        cells = tuple(Cell(ledger.get(phase, {}).get(key)) for phase in present for key, _ in kinds)
        rows.append((Cell(name), *cells, Cell(total / count(summary) if count(summary) else None)))
    notes = (*origin_notes(summaries), "Tokens as the model reports them; local models that make no call count 0.")
    return Table("cost", "Calls and tokens by phase", columns, (Section("", tuple(rows)),), notes)

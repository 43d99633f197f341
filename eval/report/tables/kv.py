"""Table 5: time to first token with and without an injected key-value cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.report.tables.table import Cell, Column, Section, Table

LENGTHS = ("long", "medium", "short")


def table5(cells: Sequence[Mapping[str, Any]]) -> Table:
    """Model by context by query: Build, KV TTFT, Direct TTFT (seconds), speed-up (percent) and Direct / (Build + KV).

    Args:
        cells: from ``eval.runs.read.kv_cells``.
    """
    titles = {
        "context_tokens": "CtxTok",
        "query": "Qry",
        "query_tokens": "QryTok",
        "build": "Build (s)",
        "kv_ttft": "KV TTFT (s)",
        "dir_ttft": "Dir TTFT (s)",
        "speedup": "Speedup (%)",
        "ratio": "Dir/(Build+KV)",
    }
    columns = (Column("context", "Ctx", "text"), *(Column(k, t, "text") for k, t in titles.items()))
    sections = []
    for model, device in dict.fromkeys((c.get("model"), c.get("device")) for c in cells):
        own = [c for c in cells if (c.get("model"), c.get("device")) == (model, device)]
        own.sort(key=lambda c: (LENGTHS.index(c["context"]), LENGTHS.index(c["query"])))
        sections.append(Section(f"{model} on {device}", tuple(_row(c, titles) for c in own)))
    notes = (
        "Speed-up: (Direct - KV) / Direct. It leaves Build out; Direct / (Build + KV) far from 1 means a weak Direct "
        "arm.",
        "Time from the query's text to the first token.",
    )
    return Table(
        "table5", "Time to first token: memory as text (direct) or as key-value cache", columns, tuple(sections), notes
    )


def _row(cell: Mapping[str, Any], titles: Mapping[str, str]) -> tuple[Cell, ...]:
    known = dict(cell)
    if all(known.get(k) for k in ("build", "kv_ttft", "dir_ttft")):
        known["ratio"] = known["dir_ttft"] / (known["build"] + known["kv_ttft"])
    form = {"context_tokens": "{:.0f}", "query_tokens": "{:.1f}", "speedup": "{:.1f}", "query": "{}", "ratio": "{:.2f}"}
    shown = (None if known.get(k) is None else form.get(k, "{:.3f}").format(known[k]) for k in titles)
    return (Cell(str(cell["context"])), *(Cell(v) for v in shown))

"""Every cell of Table 5 beside the paper's, the arithmetic's limit, the naive way and the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.report.tables.table import Cell, Column, Section, Table

_AUDIT = (
    ("speedup", "Speedup (%)", "{:.1f}"),
    ("paper", "Paper, Qwen3-8B (%)", "{:.1f}"),
    ("allowed", "Arithmetic allows (%)", "{:.1f}"),
    ("share", "Share of that", "{:.2f}"),
    ("peer", "Against peer Direct (%)", "{:.1f}"),
    ("naive", "KV / naive KV", "{:.2f}"),
    ("ratio", "Dir/(Build+KV)", "{:.2f}"),
    ("flag", "", "{}"),
    ("paper_ratio", "Paper's", "{:.2f}"),
    ("peak", "Of matrix peak", "{:.2f}"),
    ("quickest", "Quickest of best peak", "{:.2f}"),
    ("floor", "Limit (s)", "{:.4f}"),
    ("reached", "Reached", "{:.2f}"),
    ("uses", "Pays after (uses)", "{:.0f}"),
    ("load", "Load bf16 / Build", "{:.4f}"),
    ("int8", "int8 KL", "{:.1e}"),
    ("memory", "Peak memory (MB)", "{:.0f}"),
    ("same", "Same answer", "{}"),
)


def kv_audit(summaries: Sequence[Mapping[str, Any]]) -> Table:
    """Every cell against the paper, the arithmetic's limit, the naive way and the machine."""
    paper, sections = paper_cells(), []
    for summary in summaries:
        rows = tuple(_row(cell, paper.get((cell["context"], cell["query"]), {})) for cell in summary["cells"])
        marked = " (random weights)" if summary["random_weights"] else ""
        sections.append(Section(f"{summary['model']}{marked} on {summary['device']}, {summary['dtype']}", rows))
    columns = (Column("cell", "Ctx/Qry", "text"), *(Column(key, title, "text") for key, title, _ in _AUDIT))
    notes = (
        "Medians over rounds with the arms in random order. Dir/(Build+KV) should be near 1: one prefill of both parts "
        "costs what the two parts cost; the paper's reaches 1.94, so its percentages rest on a slow direct arm. 'flag' "
        "marks cells outside 0.75-1.15.",
        "Limit: the larger of the query tokens' arithmetic at the same run's matrix peak and the bytes of weights and "
        "cache at its bandwidth.",
        "Of matrix peak: a round's KV pass against the best product right after it; and the quickest pass against the "
        "run's best product.",
        "Load: file to ready cache, its pages already in memory. Same answer: greedy tokens of both arms.",
    )
    return Table(
        "kv_audit",
        "Key-value injection against the limits and against the paper's Table 5",
        columns,
        tuple(sections),
        notes,
    )


def _row(cell: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Cell, ...]:
    bound, store = cell.get("limit", {}), cell.get("store", {})
    figures = {
        "speedup": cell["speedup"],
        "paper": paper.get("speedup"),
        "allowed": bound.get("allowed_speedup"),
        "share": bound.get("speedup_over_allowed"),
        "peer": cell.get("speedup_against_peer", {}).get("p50"),
        "naive": cell.get("kv_over_naive", {}).get("p50"),
        "ratio": cell["ratio"],
        "flag": "flag" if cell.get("ratio_flag") else "",
        "paper_ratio": paper["dir_ttft"] / (paper["build"] + paper["kv_ttft"]) if paper else None,
        "peak": bound.get("of_matrix_peak", {}).get("p50"),
        "quickest": bound.get("quickest_of_matrix_peak"),
        "floor": bound.get("floor_s"),
        "reached": bound.get("reached"),
        "uses": cell.get("break_even_uses"),
        "load": store.get("bf16", {}).get("load_over_build"),
        "int8": store.get("int8", {}).get("kl"),
        "memory": cell["peak_memory_bytes"] / 1e6 if "peak_memory_bytes" in cell else None,
        "same": _same(cell),
    }
    return (
        Cell(f"{cell['context']}/{cell['query']}"),
        *(Cell(None if figures[key] is None else form.format(figures[key])) for key, _, form in _AUDIT),
    )


def _same(cell: Mapping[str, Any]) -> str | None:
    if "identical" not in cell:
        return None
    return f"{cell['compared_tokens']} tokens" if cell["identical"] else f"parts at {cell['first_divergence']}"


def paper_cells() -> dict[tuple[str, str], Mapping[str, Any]]:
    from eval.report.paper.reference import load

    return {(row["context"], row["query"]): row for row in load().rows(5) if row["model"] == "Qwen3-8B"}

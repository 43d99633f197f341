"""Arithmetic audit of the paper's own tables: do they add up, and does the prose say what they say?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.report.paper.reference import Reference
from eval.report.tables.table import Cell, Column, Section, Table

SCORES = ("judge", "f1", "rl", "b1", "b2", "meteor", "bert_f1", "sim")
PLAUSIBLE = (0.75, 1.15)
"""Direct / (Build + KV): one prefill of context and query costs about what the two parts cost.

See docs/kv.md#one-prefill.
"""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim checked by arithmetic."""

    topic: str
    claim: str
    holds: bool
    numbers: str


def audit(reference: Reference) -> list[Finding]:
    """Every check of the paper's own numbers, in printing order."""
    t3, t4, t5 = (reference.rows(t) for t in (3, 4, 5))
    overall = {r["method"]: r for r in t3 if r["category"] == "overall"}
    return [
        *_recombination(reference, t3, overall),
        _agreement(overall, t4),
        _seconds(t3),
        *_prose(t3, overall, {r["method"]: r for r in t4}),
        *_kv(t5),
    ]


def _recombination(reference: Reference, rows: Sequence[Row], overall: Mapping[str, Row]) -> list[Finding]:
    """Overall is the micro-average over 1,540 questions (docs/protocol.md#reproduction), to within the rounding of five
    numbers."""
    sizes = reference.raw["n_by_category"]
    total = sum(sizes.values())
    out = []
    for column in (*SCORES, "words"):
        worst, method = 0.0, ""
        for name, row in overall.items():
            by_category = {r["category"]: r[column] for r in rows if r["method"] == name and r["category"] != "overall"}
            gap = abs(sum(by_category[c] * n for c, n in sizes.items()) / total - row[column])
            if gap >= worst:
                worst, method = gap, name
        holds = worst <= (1.0 if column == "words" else 0.0101)
        claim = (
            f"Table 3, {column}: the overall is the mean of the categories weighted by "
            f"{'/'.join(map(str, sizes.values()))}"
        )
        out.append(Finding("weighted means", claim, holds, f"largest gap {worst:.3f} ({method})"))
    return out


def _agreement(overall: Mapping[str, Row], t4: Sequence[Row]) -> Finding:
    shared = [r for r in t4 if r["method"] in overall]
    same = all(
        r["judge"] == overall[r["method"]]["judge"] and r["words"] == overall[r["method"]]["words"] for r in shared
    )
    return Finding(
        "weighted means", "Table 4 repeats Table 3's overall score and words", same, f"{len(shared)} methods"
    )


def _seconds(rows: Sequence[Row]) -> Finding:
    """What the paper underlines is the second largest value of its column and category."""
    wrong, total = [], 0
    for category in dict.fromkeys(r["category"] for r in rows):
        group = [r for r in rows if r["category"] == category]
        for column in SCORES:
            total += 1
            second = sorted((r[column] for r in group), reverse=True)[1]
            marked = [r for r in group if column in r["second"]]
            if [r[column] for r in marked] != [second]:
                names = ", ".join(f"{r['method']} {r[column]}" for r in marked) or "nothing"
                wrong.append(f"category {category} {column}: {names} underlined, second is {second}")
    return Finding("marks", "Table 3 underlines the second best", not wrong, "; ".join(wrong) or f"{total} columns")


def _prose(rows: Sequence[Row], overall: Mapping[str, Row], t4: Mapping[str, Row]) -> list[Finding]:
    ours, mem0, zep, full = (t4[m] for m in ("memos-0630", "mem0", "zep", "Full-Context"))
    ratio = ours["search_p50"] / mem0["search_p50"]
    best = [c for c in SCORES if max(overall.values(), key=lambda r: r[c])["method"] == "memos-0630"]
    lost = [c for c in SCORES if c not in best]
    places = [_place(rows, category, c) for category in (4, 1, 3, 2) for c in SCORES]
    return [
        Finding(
            "prose",
            "Table 3: MemOS is best on average on every metric",
            not lost,
            f"best on {len(best)} of {len(SCORES)}; not on {', '.join(lost) or 'none'}"
            + (f" (sim: {_sim_order(overall)})" if "sim" in lost else ""),
        ),
        Finding(
            "prose",
            "Table 3: MemOS is first or second in nearly every category and metric",
            sum(p <= 2 for p in places) >= 0.9 * len(places),
            f"first in {places.count(1)}, second in {places.count(2)}, lower in {sum(p > 2 for p in places)} of "
            f"{len(places)}",
        ),
        Finding(
            "prose",
            "Table 4: MemOS surpasses full context in score",
            ours["judge"] > full["judge"],
            f"{ours['judge']} against {full['judge']}",
        ),
        Finding(
            "prose",
            "Table 4: … at significantly lower latency than full context",
            ours["total_p50"] < full["total_p50"] and ours["total_p95"] < full["total_p95"],
            f"total P50 {ours['total_p50']} against {full['total_p50']} ms, P95 {ours['total_p95']} against "
            f"{full['total_p95']} ms",
        ),
        Finding(
            "prose",
            "Table 4: MemOS's search time stays close to mem0's (within 10 %)",
            abs(ratio - 1) <= 0.1,
            f"P50 {ours['search_p50']} against {mem0['search_p50']} ms, {100 * (ratio - 1):+.0f} %",
        ),
        Finding(
            "prose",
            "Table 4: Zep has substantial search delays beside MemOS",
            zep["search_p50"] > ours["search_p50"],
            f"P50 zep {zep['search_p50']}, memos {ours['search_p50']} ms",
        ),
    ]


def _sim_order(overall: Mapping[str, Row]) -> str:
    """The similarity column, best first."""
    ordered = sorted(overall.values(), key=lambda r: -r["sim"])
    return ", ".join(f"{r['method']} {r['sim']}" for r in ordered[:3])


def _place(rows: Sequence[Row], category: int, column: str) -> int:
    group = [r for r in rows if r["category"] == category]
    mine = next(r[column] for r in group if r["method"] == "memos-0630")
    return 1 + sum(r[column] > mine for r in group)


def _kv(rows: Sequence[Row]) -> list[Finding]:
    by = {(r["model"], r["context"], r["query"]): r for r in rows}
    models = list(dict.fromkeys(r["model"] for r in rows))
    cells = list(dict.fromkeys((r["context"], r["query"]) for r in rows))
    slower = [c for c in cells if by[models[0], *c]["dir_ttft"] > by[models[1], *c]["dir_ttft"]]
    ratios = {m: [r["dir_ttft"] / (r["build"] + r["kv_ttft"]) for r in rows if r["model"] == m] for m in models}
    odd = [r for r in rows if not PLAUSIBLE[0] <= r["dir_ttft"] / (r["build"] + r["kv_ttft"]) <= PLAUSIBLE[1]]
    off = [r for r in rows if not _speedup_fits(r)]
    return [
        Finding(
            "Table 5",
            "the speed-up is (Direct - KV) / Direct, to within rounding",
            not off,
            _names(off) or f"{len(rows)} rows",
        ),
        Finding(
            "Table 5",
            "the 8B model is faster than the 32B model",
            not slower,
            f"8B slower in {len(slower)} of {len(cells)} cells (long/long {by[models[0], 'long', 'long']['dir_ttft']} "
            f"against {by[models[1], 'long', 'long']['dir_ttft']} s): not the same hardware, precision or kernel",
        ),
        Finding(
            "Table 5",
            f"Direct costs about Build + KV (ratio {PLAUSIBLE[0]} to {PLAUSIBLE[1]})",
            not odd,
            "; ".join(f"{m} {min(v):.2f} to {max(v):.2f}" for m, v in ratios.items())
            + f"; outside in {len(odd)} of {len(rows)}",
        ),
        *_outliers(rows),
        Finding(
            "Table 5", "Qwen2.5-72B fits one 80 GB GPU in 16 bit", False, "72.7 billion weights of 2 bytes are 145 GB"
        ),
    ]


def _speedup_fits(row: Row) -> bool:
    """Whether some durations that round to the printed ones give the printed speed-up."""
    ends = [
        100 * (d - k) / d
        for k in (row["kv_ttft"] - 0.005, row["kv_ttft"] + 0.005)
        for d in (row["dir_ttft"] - 0.005, row["dir_ttft"] + 0.005)
    ]
    return min(ends) - 0.05 <= row["speedup"] <= max(ends) + 0.05


def _outliers(rows: Sequence[Row]) -> list[Finding]:
    """Within a model and context, Build should not depend on the query and KV should grow with it."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["context"]), []).append(row)
    build, growth = [], []
    for group in groups.values():
        ordered = sorted(group, key=lambda r: r["query_tokens"])
        middle = sorted(r["build"] for r in ordered)[1]
        build += [r for r in ordered if abs(r["build"] - middle) > 0.05 * middle]
        growth += [a for a, b in zip(ordered, ordered[1:], strict=False) if a["kv_ttft"] > b["kv_ttft"]]

    def show(outliers: list[Row], key: Callable[[Row], str]) -> str:
        return "; ".join(f"{_names([r])}: {key(r)}" for r in outliers) or "no exception"

    return [
        Finding(
            "Table 5",
            "Build does not depend on the query (within 5 %)",
            not build,
            show(build, lambda r: f"{r['build']} s"),
        ),
        Finding("Table 5", "KV TTFT grows with the query", not growth, show(growth, lambda r: f"{r['kv_ttft']} s")),
    ]


def _names(rows: Sequence[Row]) -> str:
    return ", ".join(f"{r['model']} {r['context']}/{r['query']}" for r in rows)


def audit_table(findings: Sequence[Finding]) -> Table:
    """The findings as a table."""
    columns = tuple(Column(k, t, "text") for k, t in (("claim", "Claim"), ("holds", "Holds"), ("numbers", "Numbers")))
    groups: dict[str, list[tuple[Cell, ...]]] = {}
    for f in findings:
        groups.setdefault(f.topic, []).append((Cell(f.claim), Cell("yes" if f.holds else "NO"), Cell(f.numbers)))
    sections = tuple(Section(name, tuple(rows)) for name, rows in groups.items())
    return Table("audit", "Arithmetic audit of the paper's own tables", columns, sections)

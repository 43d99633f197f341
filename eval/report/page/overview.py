"""What the report page says about runs as a whole: tables whose numbers link to questions, pairs, provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from eval.report.comparable import described
from eval.report.significance import compare_runs
from eval.report.tables.summaries import by_questions, categories_of, main_metrics, models_asked, questions_of
from eval.report.tables.table import Cell, Column, Section, Table, show, show_interval
from eval.runs.labels import Summary, full_label, label, labels
from eval.runs.read import Run

NOWHERE = "not recorded"


def plain_table(table: Table, summaries: Sequence[Summary], ids: Sequence[str]) -> dict[str, Any]:
    """A table as the page draws it: sections of rows of cells, with where each number leads.

    A cell is [value, interval, mark, link]; a link is [system, category or "", metric], where the metric ``failed``
    leads to the questions without an answer. Rows without a run behind them (the paper's) have no links.
    """
    groups = sorted(by_questions(summaries), key=lambda group: -len(group[0]))
    sections, known = [], categories_of(summaries)
    for section in table.sections:
        own = (places for head, places in groups if head and f"{section.title}: ".startswith(head))
        rows = next(own, list(range(len(summaries))))
        linked = len(rows) == len(section.rows)
        category = next((str(c.id) for c in known if f"{c.title} (" in section.title), "")
        sections.append(
            {
                "title": section.title,
                "rows": [
                    [
                        _cell(
                            c, column, summaries[rows[i]] if linked else None, ids[rows[i]] if linked else "", category
                        )
                        for c, column in zip(row, table.columns, strict=True)
                    ]
                    for i, row in enumerate(section.rows)
                ],
            }
        )
    return {
        "title": table.title,
        "columns": [[c.group, c.title, c.kind != "text"] for c in table.columns],
        "sections": sections,
        "notes": list(table.notes),
    }


def _cell(cell: Cell, column: Column, summary: Summary | None, system: str, category: str) -> list[Any]:
    text = show(cell, column) + (" ≈" if cell.tied else "")
    link = None
    if summary is not None and cell.value is not None:
        if column.key in summary["metrics"]:
            link = [system, category, column.key]
        elif column.key == "failed" and cell.value:
            link = [system, category, "failed"]
        elif column.key == "method":
            link = [system, category, ""]
    return [text, show_interval(cell, column, digits=1), cell.mark, link]


def category_rows(table: Table) -> Table:
    """The same table with its overall sections first: what a reader looks for at once."""

    def last(section: Section) -> bool:
        return "overall" not in section.title

    return Table(table.name, table.title, table.columns, tuple(sorted(table.sections, key=last)), table.notes)


def system_entries(runs: Sequence[Run], ids: Sequence[str]) -> list[dict[str, Any]]:
    """One entry a system: its name, what it is made of, and its whole configuration and provenance as JSON text."""
    names = labels([run.summary for run in runs])
    return [_system(run, i, name) for run, i, name in zip(runs, ids, names, strict=True)]


def _system(run: Run, system: str, name: str) -> dict[str, Any]:
    shown_entries = {k: run.manifest[k] for k in ("sessions", "hardware", "dataset", "packages") if k in run.manifest}
    return {
        "id": system,
        "label": name,
        "short": label(run.summary) if len(name) > 24 else name,
        "facts": [[key, str(value)] for key, value in _facts(run.summary, run.manifest)],
        "config": json.dumps(run.manifest.get("config", {}), indent=1, ensure_ascii=False),
        "provenance": json.dumps(shown_entries, indent=1, ensure_ascii=False),
    }


def _dollars(phase: Mapping[str, Any]) -> str:
    """What a phase cost, where its models have prices above nothing."""
    return f", ${phase['usd']:.4f}" if phase.get("usd") else ""


def _facts(s: Summary, m: Mapping[str, Any]) -> list[tuple[str, Any]]:
    sessions, dataset, hardware = m.get("sessions") or [{}], s.get("dataset") or {}, m.get("hardware") or {}
    code = sessions[-1].get("code") or {}
    spent = [
        f"{phase}: {v['calls']:,} calls, {v['prompt_tokens']:,} + {v['completion_tokens']:,} tokens{_dollars(v)}"
        for phase, v in (s.get("ledger") or {}).items()
        if v.get("calls")
    ]
    machine = [
        hardware.get("cpu"),
        f"{hardware['cores']} cores" if hardware.get("cores") else None,
        f"{hardware['memory_gib']} GiB" if hardware.get("memory_gib") else None,
        *(hardware.get("gpus") or []),
    ]
    return [
        ("state", "complete" if s.get("complete") else "unfinished: its numbers will change"),
        ("questions", f"{s['n']:,}, {s.get('failed', 0):,} failed"),
        (
            "failures by part",
            ", ".join(f"{name}: {count:,}" for name, count in (s.get("failures") or {}).items()) or "none",
        ),
        ("system", full_label(s)),
        ("track", s.get("track", NOWHERE)),
        ("answer prompt", (s.get("prompts") or {}).get("answer") or m.get("prompt", NOWHERE)),
        ("answerer", s.get("answerer", NOWHERE)),
        (
            "language models",
            "; ".join(f"{role}: {', '.join(names)}" for role, names in models_asked([s]).items()) or "none",
        )
        if "made_by" in s
        else ("language model", s.get("llm", NOWHERE)),
        ("embedder", s.get("embedder", NOWHERE)),
        ("judge", s.get("judge", NOWHERE)),
        (
            "dataset",
            f"{dataset.get('name')} {dataset.get('sha256')}, answer key {dataset.get('answer_key', 'official')}"
            + (", captions shown" if dataset.get("captions") else ""),
        ),
        ("run fingerprint", s["fingerprint"]),
        ("seed", m.get("seed", NOWHERE)),
        ("commit", (code.get("commit") or NOWHERE) + (", with uncommitted changes" if code.get("dirty") else "")),
        ("command", "python " + " ".join(sessions[-1]["command"]) if sessions[-1].get("command") else NOWHERE),
        ("started", ", ".join(x["started"] for x in sessions if "started" in x) or NOWHERE),
        ("machine", ", ".join(filter(None, machine)) or NOWHERE),
        ("model calls", "; ".join(spent) or "none"),
        ("paid", "; ".join(_paid(row) for row in s.get("spent") or ()) or NOWHERE),
        ("stores", _stores(s.get("lost") or {})),
        (
            "against the paper",
            "not comparable: " + "; ".join(reasons) if (reasons := described(s)) else "comparable",
        ),
    ]


def _paid(row: Mapping[str, Any]) -> str:
    """What a model really cost on behalf of a role."""
    replayed = f" ({row['replayed_calls']:,} more from the cache)" if row["replayed_calls"] else ""
    tokens = f"{row['prompt_tokens']:,} + {row['completion_tokens']:,} tokens"
    return f"{row['role']}, {row['model']}: {row['calls']:,} calls, {tokens}{replayed}"


def _stores(lost: Mapping[str, Any]) -> str:
    """What ingestion made and lost, with the reasons."""
    if not lost:
        return NOWHERE
    names = {
        "malformed": f"of {lost['asked']:,} extractions malformed",
        "empty": "stores without a memory",
        "failed": "conversations failed",
        "skipped": "decisions without effect",
        "dropped": "memories without a source",
        "by_rules": "turns and conflicts left to the rules",
        "search_malformed": "malformed replies while searching",
    }
    counts = [f"{lost[key]:,} {text}" for key, text in names.items() if lost[key]]
    reasons = [f"{one['reason']} ({one['count']:,} times, as in {one['example'][:120]!r})" for one in lost["reasons"]]
    return "; ".join([f"{lost['items']:,} memories in {lost['stores']:,} stores", *counts, *reasons])


def pairs(runs: Sequence[Run], ids: Sequence[str]) -> dict[str, dict[str, list[float | None]]]:
    """For every two systems of the same questions and every judge both have: difference, interval and sign-flip p on
    all questions.

    Returns:
        ``"s0 s1"`` to judge to [difference A minus B, low, high, p]; fractions, None where no interval can be given.
    """
    columns: dict[str, dict[str, list[float | None]]] = {}
    names = main_metrics([run.summary for run in runs])
    for (x, a), (y, b) in combinations(zip(ids, runs, strict=True), 2):
        if questions_of(a.summary) != questions_of(b.summary) or a.search.keys() != b.search.keys():
            continue
        own = {}
        for name in names:
            if name in a.frame and name in b.frame:
                c = compare_runs(a, b, name)
                own[name.removeprefix("judge_")] = [_round(v) for v in (c.difference, c.low, c.high, c.p_sign_flip)]
        columns[f"{x} {y}"] = own
    return columns


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 5)

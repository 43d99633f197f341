"""The sign and the notes of rows that were fitted or tuned on what they are measured on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from eval.report.tables.table import Cell
from eval.runs.labels import Summary, labels

MARK = "‡"
"""Behind the name of a system whose memory was fitted on some of the measured conversations."""
MEMORY, ANSWERER = "memory", "answerer"


def fitted_conversations(summary: Summary, roles: Collection[str] = (MEMORY, ANSWERER)) -> set[str]:
    """Measured conversations that weights of some roles were fitted on."""
    return {
        sample_id
        for one in (summary.get("fitted_on") or {}).values()
        if not set(roles).isdisjoint(one["roles"])
        for sample_id, copy in one["conversations"].items()
        if copy["use"] == "fitted"
    }


def method_cell(summary: Summary, name: str) -> Cell:
    """The name of a row with its sign."""
    return Cell(name, flag=MARK if fitted_conversations(summary, (MEMORY,)) else "")


def fitted_notes(summaries: Sequence[Summary]) -> list[str]:
    """Which parts were fitted or tuned on what is measured, and on how many questions of which rows; or that none
    was.
    """
    met: dict[tuple[str, str], list[str]] = {}
    apart: dict[str, dict[str, int]] = {}
    for summary, name in zip(summaries, labels(summaries), strict=True):
        for component, one in (summary.get("fitted_on") or {}).items():
            if one["conversations"]:
                met.setdefault((component, _met(one, summary["n"])), []).append(name)
            else:
                apart[component] = one["data"]
    notes = []
    if met:
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (component, text), rows in met.items():
            alike.setdefault((text, tuple(rows)), []).append(component)
        listed = [
            f"{', '.join(components)} {text}{'' if len(rows) == len(summaries) else ', of ' + ', '.join(rows)}"
            for (text, rows), components in alike.items()
        ]
        notes.append(f"FITTED ON WHAT IS MEASURED: {'; '.join(listed)}.")
    if any(fitted_conversations(summary, (MEMORY,)) for summary in summaries):
        notes.append(f"{MARK}: weights of this row's memory were fitted on some of the measured conversations.")
    if apart:
        data = ", ".join(dict.fromkeys(name for one in apart.values() for name in one))
        notes.append(f"Fitted on {data}, on none of the conversations measured here: {', '.join(apart)}.")
    return notes


def _met(one: Mapping[str, Any], questions: int) -> str:
    """In whose role a component works, and what of its data is measured."""
    uses = [copy["use"] for copy in one["conversations"].values()]
    said = {"fitted": "weights on", "tuned": "settings with"}
    counted = [
        f"{said[use]} {uses.count(use)} conversations ({one['questions'][use]:,} of {questions:,} questions)"
        for use in said
        if use in uses
    ]
    others = [(key, copy["of"]) for key, copy in one["conversations"].items() if copy["of"].partition("/")[2] != key]
    copied = f", as copies (such as {others[0][0]} of {others[0][1]})" if others else ""
    return f"({', '.join(one['roles'])}): {' and '.join(counted)}{copied}"

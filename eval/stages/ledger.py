"""Calls and tokens of a run by phase, role and model, from its records, so that resumed runs sum up whole.

The ledger says what the row would have cost fresh: replies that the response cache gave count as if they had been asked
for. What was really paid is in ``eval.stages.spending``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.runs.format.summary import Ledger, LedgerRow
from eval.stages.bench import Bench
from memos.types import Usage

PHASES = ("ingest", "organise", "search", "answer", "judge", "latency")
Records = Iterable[Mapping[str, Any]]


def ledger_rows(
    bench: Bench,
    ingested: Records,
    searched: Records,
    answers: Records,
    verdicts: Mapping[str, Records],
    timed: Records,
) -> list[LedgerRow]:
    """One row for each phase, role and model that was asked anything.

    Args:
        bench: the run.
        ingested, searched, answers, timed: records of these stages, failed ones included.
        verdicts: judge metric (``judge_<name>``) to its records.
    """
    memory = bench.system_spec.get("model") or bench.config["llm"].get("model") or bench.config["llm"]["name"]
    total: dict[tuple[str, str, str], Usage] = {}
    batched: dict[tuple[str, str, str], Usage] = {}

    def add(
        phase: str, role: str, model: str, usage: Mapping[str, int] | None, halved: Mapping[str, int] | None = None
    ) -> None:
        if halved:
            batched[phase, role, model] = batched.get((phase, role, model), Usage()) + Usage(**halved)
        spent = Usage(**(usage or {}))
        if spent.calls or spent.prompt_tokens or spent.completion_tokens:
            total[phase, role, model] = total.get((phase, role, model), Usage()) + spent

    for record in ingested:
        for ledger in (record.get("usage", {}), record.get("earlier_usage", {})):
            for phase, usage in ledger.items():
                add(phase, "memory", memory, usage)
    for record in searched:
        add("search", "memory", memory, record.get("usage"))
    for record in answers:
        add("answer", "answerer", record.get("model") or memory, record.get("usage"), record.get("batched"))
    for name, own in verdicts.items():
        for record in own:
            role, model = f"judge {name.removeprefix('judge_')}", record.get("model") or memory
            add("judge", role, model, record.get("usage"), record.get("batched"))
    for record in timed:
        add("latency", "memory", memory, record.get("search_usage"))
        add("latency", "answerer", record.get("model") or memory, record.get("usage"))
    order = sorted(total, key=lambda key: (PHASES.index(key[0]) if key[0] in PHASES else len(PHASES), *key))
    return [_row(*key, total[key], batched.get(key)) for key in order]


def _row(phase: str, role: str, model: str, usage: Usage, batched: Usage | None) -> LedgerRow:
    row: LedgerRow = {
        "phase": phase,
        "role": role,
        "model": model,
        "calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
    }
    if batched is not None:
        row["batched_prompt_tokens"] = batched.prompt_tokens
        row["batched_completion_tokens"] = batched.completion_tokens
    return row


def by_phase(rows: Sequence[LedgerRow]) -> dict[str, Ledger]:
    """The rows summed by phase; the latency pass only where it asked a model."""
    total: dict[str, Ledger] = {
        phase: {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0} for phase in PHASES if phase != "latency"
    }
    for row in rows:
        own = total.setdefault(row["phase"], {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0})
        own["calls"] += row["calls"]
        own["prompt_tokens"] += row["prompt_tokens"]
        own["completion_tokens"] += row["completion_tokens"]
    for phase, own in total.items():
        dollars = [row.get("usd") for row in rows if row["phase"] == phase]
        if dollars and None not in dollars:
            own["usd"] = sum(usd for usd in dollars if usd is not None)
    return total

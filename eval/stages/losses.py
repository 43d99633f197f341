"""What ingestion lost: counted from the ingest records, told in one line, and too much of it is no success."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.runs import lineage
from eval.runs.format.summary import LossReason, Lost

REASONS = 5
"""Reasons that a summary keeps, the most frequent first."""
SHOWN = 120
"""Characters of a raw reply in a message."""
SKIPPED = ("events_skipped", "events_relation_skipped", "edges_refused")
"""Numbers of systems: decisions that name no stored memory or entity, or have no text. Rules make such ones too; they
count where a model was asked."""


def lost(ingested: Mapping[str, Mapping[str, Any]], searched: Mapping[Any, Mapping[str, Any]], extracts: bool) -> Lost:
    """The losses of a run, over all its stores.

    Args:
        ingested: conversation to its ingest record, failed ones included.
        searched: question to its search record.
        extracts: whether the system makes memories of its own, so that a store without any is a loss.
    """
    finished = [record for record in ingested.values() if lineage.good(record)]
    counted = [record.get("losses") or {"malformed": _number(record, "malformed")} for record in finished]
    modelled = [record for record, own in zip(finished, counted, strict=True) if own.get("asked")]
    made = [_number(record, "fine" if "fine" in record.get("stats", {}) else "items") for record in finished]
    return {
        "stores": len(finished),
        "failed": len(ingested) - len(finished),
        "empty": made.count(0) if extracts else 0,
        "items": sum(_number(record, "items") for record in finished),
        "asked": sum(own.get("asked", 0) for own in counted),
        "malformed": sum(own.get("malformed", 0) for own in counted),
        "skipped": sum(_number(record, *SKIPPED) for record in modelled),
        "dropped": sum(_number(record, "dropped") for record in finished),
        "by_rules": sum(_number(record, "failed_turns", "malformed_verdicts") for record in finished),
        "search_malformed": sum(record.get("malformed", 0) for record in searched.values()),
        "reasons": _reasons(counted),
    }


def _number(record: Mapping[str, Any], *names: str) -> int:
    """The sum of some of a system's numbers about its store; what it does not give counts 0."""
    stats = record.get("stats", {})
    return sum(int(stats[name]) for name in names if isinstance(stats.get(name), (int, float)))


def _reasons(counted: Sequence[Mapping[str, Any]]) -> list[LossReason]:
    """Reasons of all stores together, each with the first example."""
    merged: dict[str, LossReason] = {}
    for one in counted:
        for entry in one.get("reasons", ()):
            known = merged.get(entry["reason"])
            count = entry["count"] + (known["count"] if known else 0)
            example = known["example"] if known else entry["example"]
            merged[entry["reason"]] = {"reason": entry["reason"], "count": count, "example": example}
    return sorted(merged.values(), key=lambda entry: (-entry["count"], entry["reason"]))[:REASONS]


def has_losses(record: Mapping[str, Any], extracts: bool) -> bool:
    """Whether a conversation's ingest record says that something of it was lost and may come when asked again; one that
    failed is ingested again anyway.
    """
    return lineage.good(record) and retries(lost({"": record}, {}, extracts))


def retries(losses: Lost | None) -> bool:
    """Whether ``retry_ingest`` has something to do."""
    return losses is not None and bool(losses["malformed"] or losses["empty"] or losses["by_rules"])


def share(losses: Lost) -> float:
    """Malformed extractions among those asked for; 0 where a model was asked for none."""
    return losses["malformed"] / losses["asked"] if losses["asked"] else 0.0


def too_many(losses: Lost | None, max_lost: float) -> str | None:
    """Why a finished run is no success, in one line; None where it is one. Older summaries have no losses."""
    if losses is None:
        return None
    if losses["stores"] and losses["empty"] == losses["stores"]:
        nothing = f"the extraction produced no memory at all in {losses['stores']} conversations"
        return f"{nothing}{_most_often(losses)}; {REMEDY}"
    if share(losses) > max_lost:
        return f"{_malformed(losses)}, more than max_lost={max_lost:g}{_most_often(losses)}; {REMEDY}"
    return None


REMEDY = "retry_ingest=true extracts these conversations again"


def line(losses: Lost | None) -> str:
    """All that was lost, in one line; empty where nothing was."""
    if losses is None:
        return ""
    counts = (
        (losses["malformed"], _malformed(losses)),
        (losses["empty"], f"{losses['empty']} of {losses['stores']} stores without a memory"),
        (losses["skipped"], f"{losses['skipped']:,} decisions without effect"),
        (losses["dropped"], f"{losses['dropped']:,} memories without a source dropped"),
        (losses["by_rules"], f"{losses['by_rules']:,} turns and conflicts left to the rules"),
        (losses["search_malformed"], f"{losses['search_malformed']:,} malformed replies while searching"),
    )
    return ", ".join(text for count, text in counts if count)


def _malformed(losses: Lost) -> str:
    if not losses["asked"]:
        return f"{losses['malformed']:,} extractions malformed"
    return f"{losses['malformed']:,} of {losses['asked']:,} extractions malformed ({100 * share(losses):.1f} %)"


def _most_often(losses: Lost) -> str:
    """The most frequent reason with what a model wrote; empty where none is kept."""
    if not losses["reasons"]:
        return ""
    first = losses["reasons"][0]
    return f", most often: {first['reason']} ({first['count']:,} times, as in {first['example'][:SHOWN]!r})"

"""Extraction rounds: a store that is made again with the same identity has another number, and so have its searches.

A store's identity says what it is made from, not what a model replied. ``retry_ingest=true`` makes those with losses
again; what was searched in the earlier store then counts as absent, as with any record whose parents changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eval.core.identity import digest
from eval.runs import lineage
from eval.runs.find import aside
from eval.runs.write import Journal, RunDir
from eval.stages.bench import Bench
from eval.stages.losses import has_losses
from eval.stages.state import StateFolder
from memos.types import Conversation, Usage


def state_of(bench: Bench, conversation: Conversation) -> StateFolder:
    """The saved store of a conversation, which every run with the same ingest fingerprint shares."""
    identity = {"sample_id": conversation.sample_id, "fingerprint": bench.ingest_fingerprint(conversation)}
    return StateFolder(bench.state_folder(conversation), identity)


def ingest_journal(run: RunDir) -> Journal:
    """The journal of stores, by conversation."""
    return run.journal("ingest", lambda record: record["sample_id"])


def store_link(fingerprint: str, number: int) -> str:
    """What records say of the store they are made from: its fingerprint, in later rounds with their number."""
    return digest([fingerprint, number]) if number else fingerprint


def round_of(record: Mapping[str, Any] | None) -> int:
    """The round that an ingest record, or the progress of a store, is of."""
    return (record or {}).get("round", 0)


def store_links(bench: Bench, run: RunDir) -> dict[str, str]:
    """Conversation to the link of its store, in the round that the run's ingest journal is at."""
    records = ingest_journal(run).records
    return {
        c.sample_id: store_link(bench.ingest_fingerprint(c), round_of(_own(bench, c, records)))
        for c in bench.dataset.conversations
    }


def ingested_now(bench: Bench, run: RunDir) -> dict[str, dict[str, Any]]:
    """Ingest records of these stores."""
    records = ingest_journal(run).records
    own = {c.sample_id: _own(bench, c, records) for c in bench.dataset.conversations}
    return {name: record for name, record in own.items() if record is not None}


def _own(bench: Bench, conversation: Conversation, records: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """A conversation's record, where it is of this store in any round."""
    record = records.get(conversation.sample_id)
    link = store_link(bench.ingest_fingerprint(conversation), round_of(record))
    return record if record is not None and lineage.current(record, lineage.of_store(link)) else None


def ingest_line(
    bench: Bench, conversation: Conversation, record: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The journal's line of a store: its record, what its earlier rounds cost, and what it is made from.

    Args:
        record: of a finished store, or of a failure.
        before: the conversation's line until now.
    """
    number = round_of(record) if lineage.good(record) else round_of(before)
    kept: dict[str, Any] = {"round": number} if number else {}
    if before and "earlier_usage" in before and round_of(before) == number:
        kept["earlier_usage"] = before["earlier_usage"]
    made_from = lineage.of_store(store_link(bench.ingest_fingerprint(conversation), number))
    return {"sample_id": conversation.sample_id, **record, **kept, "made_from": made_from}


def extract_again(bench: Bench, run: RunDir) -> list[str]:
    """Put aside the stores whose extraction lost something, so that the next stage makes them again.

    A store that another run has made again meanwhile is taken as it is. What the earlier round cost stays counted.

    Returns the conversations.
    """
    journal, chosen = ingest_journal(run), []
    for conversation in bench.dataset.conversations:
        state, record = state_of(bench, conversation), _own(bench, conversation, journal.records)
        with state.writing():
            saved = state.recover()
            made = {"status": "ok", **(saved or {})} if record is None else record
            if (record is None and saved is None) or not has_losses(made, bench.extracts):
                continue
            number = round_of(record)
            if round_of(saved) <= number:
                number = max(round_of(saved), number) + 1
                if saved is not None:
                    os.rename(state.path, aside(state.path))
            else:
                number = round_of(saved)
        link = lineage.of_store(store_link(bench.ingest_fingerprint(conversation), number))
        waiting = {"status": "error", "error": "to be extracted again (retry_ingest)", "round": number}
        spent = {"earlier_usage": sum_usage(made.get("usage"), made.get("earlier_usage"))}
        journal.append({"sample_id": conversation.sample_id, **waiting, **spent, "made_from": link})
        chosen.append(conversation.sample_id)
    return chosen


def sum_usage(*ledgers: Mapping[str, Mapping[str, int]] | None) -> dict[str, dict[str, int]]:
    """Calls and tokens by phase of several ledgers together, as JSON."""
    total: dict[str, Usage] = {}
    for ledger in ledgers:
        for phase, usage in (ledger or {}).items():
            total[phase] = total.get(phase, Usage()) + Usage(**usage)
    return {phase: asdict(usage) for phase, usage in total.items()}

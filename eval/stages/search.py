"""Search: every question against its conversation's store; contexts and memories are stored once each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from eval.core.config import wants
from eval.core.progress import bar
from eval.core.protocols import MemorySystem
from eval.core.types import Question
from eval.runs import lineage
from eval.runs.write import RunDir
from eval.stages.bench import Bench
from eval.stages.boundary import Failed, attempt
from eval.stages.ingest import Store
from eval.stages.rounds import ingest_journal, store_links
from memos import tokens
from memos.llm.losses import Losses
from memos.operation.retrieval.budget import fit
from memos.types import Query, Retrieved

CONTEXT_SEPARATOR = "\n"


def make_query(bench: Bench, question: Question) -> Query:
    gold = question.evidence if bench.system_class.sees_gold else ()
    return Query(question.text, gold_turns=gold, asked=question.asked)


def render(bench: Bench, retrieved: Retrieved) -> tuple[str, int]:
    """The context the answerer reads and how many hits are in it.

    In a track with a budget: the first whole hits that fit, one after the other, for every system alike (the
    full-context row is by definition without a budget). Otherwise the system's own rendering of its own top-k.
    """
    budget = bench.track.budget_words
    if budget is None or bench.system_spec["name"] == "full_context":
        return retrieved.rendered(), retrieved.used
    used = fit([hit.text for hit in retrieved.hits], budget).count
    return CONTEXT_SEPARATOR.join(hit.text for hit in retrieved.hits[:used]), used


def searched_now(bench: Bench, run: RunDir) -> dict[tuple[str, int], dict[str, Any]]:
    """Search records, failed ones included, of these stores and queries; good ones only where the folder still holds
    their context and memories."""
    journals = (ingest_journal(run), run.journal("search"), run.contexts, run.memories)
    return run.kept("searched", journals, lambda: _searched_now(bench, run))


def _searched_now(bench: Bench, run: RunDir) -> dict[tuple[str, int], dict[str, Any]]:
    searched, stores, out = run.journal("search"), store_links(bench, run), {}
    for question in bench.dataset.questions:
        record = searched.records.get(question.key)
        if record is None:
            continue
        links = _links(bench, question, stores[question.sample_id])
        if lineage.current(record, links) and (not lineage.good(record) or run.readable(record)):
            out[question.key] = record
    return out


def _links(bench: Bench, question: Question, store: str) -> dict[str, Any]:
    """What a search record is made from."""
    return lineage.of_search(store, question, make_query(bench, question).gold_turns)


def waiting(bench: Bench, run: RunDir) -> list[Question]:
    """The questions that have no good search record yet."""
    done = {key for key, record in searched_now(bench, run).items() if lineage.good(record)}
    return [question for question in bench.dataset.questions if question.key not in done]


def _nothing(question: Question, record: dict[str, Any]) -> None:
    """Nobody waits for the questions that were searched."""


def search(
    bench: Bench,
    run: RunDir,
    stores: Iterable[Store],
    then: Callable[[Question, dict[str, Any]], None] = _nothing,
) -> None:
    """Write a search record for every question that has no good one yet, and close the stores.

    Args:
        then: is given every question that was searched well, with its record, once that is on disk.
    """
    searched = run.journal("search")
    total = len(bench.dataset.questions)
    progress = bar(f"{bench.system_spec['name']}: ingest, search", total, total - len(waiting(bench, run)))
    for store in stores:
        asked = [q for q in waiting(bench, run) if q.sample_id == store.conversation.sample_id]
        if store.failure is None and wants(bench.system_class, "embedder"):
            attempt(
                lambda texts=[q.text for q in asked]: bench.embedder().encode(texts)
            )  # a question tells its own failure
        made_of = store_links(bench, run)[store.conversation.sample_id]
        for question in asked:
            record = _search_one(bench, run, store, question)
            links = _links(bench, question, made_of)
            key = {"sample_id": question.sample_id, "qa_index": question.qa_index}
            searched.append({**key, **record, "made_from": links})
            progress.update()
            if lineage.good(record):
                then(question, searched.records[question.key])
        store.system.close()
    progress.close()


def _search_one(bench: Bench, run: RunDir, store: Store, question: Question) -> dict[str, Any]:
    """The record of one search without its key."""
    if store.failure is not None:
        return {"status": "error", "error": f"ingestion failed: {store.failure['error']}"}
    start, lost_before = time.perf_counter(), _malformed(store.system)
    retrieved = attempt(lambda: store.system.search(make_query(bench, question)))
    elapsed = (time.perf_counter() - start) * 1000
    if isinstance(retrieved, Failed):
        return retrieved.record
    read = attempt(lambda: _read(bench, retrieved))
    if isinstance(read, Failed):
        return read.record
    context, used, memories, usage = read
    hits = run.intern_memories(question.sample_id, memories)
    return {
        "status": "ok",
        "context_id": run.intern_context(context),
        "context_words": tokens.count_words(context),
        "context_tokens": tokens.count_tokens(context),
        "used": used,
        "hits": hits,
        "hits_digest": run.hits_digest(hits),
        "ms": elapsed,
        "usage": usage,
        **({"malformed": lost} if (lost := _malformed(store.system) - lost_before) else {}),
    }


def _malformed(system: MemorySystem) -> int:
    """Replies of no use that a system has met so far."""
    losses = getattr(system, "losses", None)
    return losses.malformed if isinstance(losses, Losses) else 0


def _read(
    bench: Bench, retrieved: Retrieved
) -> tuple[str, int, list[tuple[str, tuple[str, ...], int]], dict[str, int]]:
    """Context, hits in it, memories (text, turn ids, words) and usage of what a system returned."""
    context, used = render(bench, retrieved)
    memories = [(hit.text, tuple(hit.turn_ids), tokens.count_words(hit.text)) for hit in retrieved.hits]
    return context, used, memories, asdict(retrieved.usage)

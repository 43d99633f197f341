"""Search: every question against its conversation's store; contexts and memories are stored once each."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from eval.bench import Bench
from eval.identity import digest
from eval.progress import bar
from eval.protocols import MemorySystem
from eval.schema import wants
from eval.stages.boundary import attempt
from eval.stages.ingest import Ingestion
from eval.store import RunDir
from eval.types import Question
from memos import tokens
from memos.types import Query, Retrieved

CONTEXT_SEPARATOR = "\n"


def make_query(bench: Bench, question: Question) -> Query:
    gold = question.evidence if bench.system_class.sees_gold else ()
    return Query(question.text, gold_turns=gold)


def render(bench: Bench, retrieved: Retrieved) -> tuple[str, int]:
    """The context the answerer reads and how many hits are in it.

    In a track with a budget: the first whole hits that fit, one after the other, for every system alike (the
    full-context row is by definition without a budget). Otherwise the system's own rendering of its own top-k.
    """
    budget = bench.track.budget_words
    if budget is None or bench.system_spec["name"] == "full_context":
        return retrieved.rendered(), retrieved.used
    used, words = 0, 0
    for hit in retrieved.hits:
        words += tokens.count_words(hit.text)
        if words > budget:
            break
        used += 1
    return CONTEXT_SEPARATOR.join(hit.text for hit in retrieved.hits[:used]), used


def search(bench: Bench, run: RunDir) -> None:
    """Ingest where needed and write a search record for every question that has none yet."""
    ingested = run.journal("ingest", lambda r: r["sample_id"])
    searched = run.journal("search")
    done = searched.ok()
    todo = [q for q in bench.dataset.questions if q.key not in done]
    progress = bar(f"{bench.system_spec['name']}: ingest, search", len(bench.dataset.questions), len(done))
    wanted = {q.sample_id for q in todo} | ({c.sample_id for c in bench.dataset.conversations} - ingested.ok())
    conversations = [c for c in bench.dataset.conversations if c.sample_id in wanted]
    ingestion = Ingestion(bench, conversations)
    for conversation in conversations:
        waiting = [q for q in todo if q.sample_id == conversation.sample_id]
        system, record, failure = ingestion.bring(conversation)
        ingested.append(record or {"sample_id": conversation.sample_id, **failure})
        if failure is None and wants(bench.system_class, "embedder"):
            bench.embedder().encode([q.text for q in waiting])
        for question in waiting:
            searched.append(_search_one(bench, run, system, question, failure))
            progress.update()
        system.close()
    progress.close()


def _search_one(
    bench: Bench, run: RunDir, system: MemorySystem, question: Question, failure: dict | None
) -> dict[str, Any]:
    key = {"sample_id": question.sample_id, "qa_index": question.qa_index}
    if failure is not None:
        return {**key, "status": "error", "error": f"ingestion failed: {failure['error']}"}
    start = time.perf_counter()
    retrieved, problem = attempt(lambda: system.search(make_query(bench, question)))
    elapsed = (time.perf_counter() - start) * 1000
    if problem:
        return {**key, **problem}
    context, used = render(bench, retrieved)
    memories = [(hit.text, tuple(hit.turn_ids), tokens.count_words(hit.text)) for hit in retrieved.hits]
    context_id = digest(context)
    if context_id not in run.contexts.records:
        run.contexts.append({"id": context_id, "text": context})
    return {
        **key,
        "status": "ok",
        "context_id": context_id,
        "context_words": tokens.count_words(context),
        "context_tokens": tokens.count_tokens(context),
        "used": used,
        "hits": run.intern_memories(question.sample_id, memories),
        "ms": elapsed,
        "usage": asdict(retrieved.usage),
    }

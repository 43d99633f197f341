"""Latency: a seeded sample of questions asked one at a time, warm, with no response or embedding cache in the way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eval.core.progress import bar
from eval.core.protocols import Answerer, MemorySystem
from eval.core.types import Question
from eval.datasets.selection import stratified
from eval.runs import lineage
from eval.runs.write import RunDir
from eval.stages.answer import answer_task
from eval.stages.bench import Bench
from eval.stages.boundary import Failed, attempt
from eval.stages.ingest import check_drained
from eval.stages.rounds import state_of, store_links
from eval.stages.search import make_query, render
from memos.types import Usage


def latency(bench: Bench, run: RunDir) -> None:
    """Write search and answer times of each sampled question (milliseconds, wall clock)."""
    times, sample, todo = run.journal("latency"), _sample(bench), to_time(bench, run)
    if not todo:
        return
    answerer = bench.answerer(latency=True)
    progress = bar(f"{bench.system_spec['name']}: latency", len(sample), len(sample) - len(todo))
    for conversation in bench.dataset.conversations:
        waiting = [q for q in todo if q.sample_id == conversation.sample_id]
        if not waiting:
            continue
        state = state_of(bench, conversation)
        with state.reading():
            if not (state.read() or {}).get("finished"):
                continue
            system = bench.new_system(latency=True)
            loaded = attempt(lambda s=system, p=state.store: s.load(p))
        warming: dict[str, Any] = {}
        if not isinstance(loaded, Failed):
            check_drained(system, conversation.sample_id)
            warming = _ask(bench, system, answerer, waiting[0])
        store = store_links(bench, run)[conversation.sample_id]
        for question in waiting:
            record = loaded.record if isinstance(loaded, Failed) else _ask(bench, system, answerer, question)
            record, warming = _with_usage_of(record, warming), {}
            key = {"sample_id": question.sample_id, "qa_index": question.qa_index}
            times.append({**key, **record, "made_from": lineage.of_latency(store, question, bench.prompt)})
            progress.update()
        system.close()
    progress.close()
    answerer.close()


def _sample(bench: Bench) -> list[Question]:
    questions = list(bench.dataset.questions)
    return stratified(questions, min(bench.latency.questions, len(questions)), bench.seed)


def to_time(bench: Bench, run: RunDir) -> list[Question]:
    """The questions of the sample that have no times yet."""
    if not bench.latency.questions:
        return []
    done = {key for key, record in timed_now(bench, run).items() if lineage.good(record)}
    return [question for question in _sample(bench) if question.key not in done]


def timed_now(bench: Bench, run: RunDir) -> dict[tuple[str, int], dict[str, Any]]:
    """Latency records, failed ones included, of these stores, questions and this prompt."""
    records, store = run.journal("latency").records, store_links(bench, run)
    return {
        q.key: record
        for q in bench.dataset.questions
        if (record := records.get(q.key)) is not None
        and lineage.current(record, lineage.of_latency(store[q.sample_id], q, bench.prompt))
    }


def _ask(bench: Bench, system: MemorySystem, answerer: Answerer, question: Question) -> dict[str, Any]:
    """Times of one question, or the failure's record; without its key."""
    start = time.perf_counter()
    retrieved = attempt(lambda: system.search(make_query(bench, question)))
    if isinstance(retrieved, Failed):
        return retrieved.record
    spent = {"search_usage": asdict(retrieved.usage)}
    rendered = attempt(lambda: render(bench, retrieved)[0])
    if isinstance(rendered, Failed):
        return {**rendered.record, **spent}
    searched = time.perf_counter()
    task = answer_task(bench, question, rendered)
    outcome = attempt(lambda: next(iter(answerer.answer([task])))[1])
    end = time.perf_counter()
    if isinstance(outcome, Failed):
        return {**outcome.record, **spent}
    return {
        "status": outcome.status,
        "search_ms": (searched - start) * 1000,
        "answer_ms": (end - searched) * 1000,
        "cached_tokens": {"search": retrieved.usage.cached_tokens, "answer": outcome.usage.cached_tokens},
        "model": outcome.model,
        "usage": asdict(outcome.usage),
        **spent,
    }


def _with_usage_of(record: dict[str, Any], warming: Mapping[str, Any]) -> dict[str, Any]:
    """A record that counts what warming up cost besides."""
    names = [name for name in ("usage", "search_usage") if name in warming]
    return record | {name: asdict(Usage(**record.get(name, {})) + Usage(**warming[name])) for name in names}

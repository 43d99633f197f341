"""Latency: a seeded sample of questions asked one at a time, warm, with no response or embedding cache in the way."""

from __future__ import annotations

import time

from eval.bench import Bench
from eval.progress import bar
from eval.selection import stratified
from eval.stages.boundary import attempt
from eval.stages.ingest import check_drained, state_of
from eval.stages.search import make_query, render
from eval.store import RunDir
from eval.types import AnswerTask, Question
from memos.types import Conversation


def latency(bench: Bench, run: RunDir) -> None:
    """Write search and answer times of each sampled question (milliseconds, wall clock)."""
    times = run.journal("latency")
    questions = list(bench.dataset.questions)
    sample = stratified(questions, min(bench.latency.questions, len(questions)), bench.seed)
    todo = [q for q in sample if q.key not in times.ok()]
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
            system.load(state.store)
        check_drained(system, conversation.sample_id)
        _ask(bench, system, answerer, conversation, waiting[0])
        for question in waiting:
            times.append(_ask(bench, system, answerer, conversation, question))
            progress.update()
        system.close()
    progress.close()
    answerer.close()


def _ask(bench: Bench, system, answerer, conversation: Conversation, question: Question) -> dict:
    key = {"sample_id": question.sample_id, "qa_index": question.qa_index}
    start = time.perf_counter()
    retrieved, problem = attempt(lambda: system.search(make_query(bench, question)))
    if problem:
        return {**key, **problem}
    context, _ = render(bench, retrieved)
    searched = time.perf_counter()
    task = AnswerTask(question.text, context, conversation.speakers, bench.prompt)
    outcome = next(iter(answerer.answer([task])))[1]
    end = time.perf_counter()
    return {
        **key,
        "status": outcome.status,
        "search_ms": (searched - start) * 1000,
        "answer_ms": (end - searched) * 1000,
    }

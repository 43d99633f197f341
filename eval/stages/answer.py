"""Answer: every searched question, through the one answerer of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from eval.bench import Bench
from eval.progress import bar
from eval.store import Journal, RunDir
from eval.types import Answer, AnswerTask, Question


def answer(bench: Bench, run: RunDir) -> None:
    """Write an answer record for every question that was searched and has no good answer yet."""
    answer_tasks(bench, run, run.journal("answers"), lambda question: question.text)


def answer_tasks(bench: Bench, run: RunDir, answers: Journal, ask: Callable[[Question], str | None]) -> None:
    """Put the searched questions to the answerer, as ``ask`` words them (None: not at all), and write the answers."""
    searched = run.journal("search")
    done, ready = answers.ok(), searched.ok()
    wordings = {q.key: ask(q) for q in bench.dataset.questions}
    todo = [q for q in bench.dataset.questions if q.key in ready and q.key not in done and wordings[q.key] is not None]
    if not todo:
        return
    speakers = {c.sample_id: c.speakers for c in bench.dataset.conversations}
    tasks = [
        AnswerTask(
            question=wordings[q.key],
            context=run.contexts.records[searched.records[q.key]["context_id"]]["text"],
            speakers=speakers[q.sample_id],
            prompt=bench.prompt,
        )
        for q in todo
    ]
    answerer = bench.answerer()
    progress = bar(f"{bench.system_spec['name']}: {answers.path.stem}", len(bench.dataset.questions), len(done))
    for index, outcome in answerer.answer(tasks):
        answers.append(_record(todo[index], outcome))
        progress.update()
    progress.close()
    answerer.close()


def _record(question: Question, outcome: Answer) -> dict[str, Any]:
    record = {
        "sample_id": question.sample_id,
        "qa_index": question.qa_index,
        "status": outcome.status,
        "answer": outcome.text,
        "model": outcome.model,
        "prompt_hash": outcome.prompt_hash,
        "usage": asdict(outcome.usage),
        "ms": outcome.latency_ms,
        "cut_tokens": outcome.cut_tokens,
        "from_cache": outcome.from_cache,
    }
    return {**record, "error": outcome.error} if outcome.error else record

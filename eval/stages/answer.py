"""Answer: every searched question, through the one answerer of the run."""

from __future__ import annotations

from dataclasses import asdict

from eval.bench import Bench
from eval.progress import bar
from eval.store import RunDir
from eval.types import AnswerTask


def answer(bench: Bench, run: RunDir) -> None:
    """Write an answer record for every question that was searched and has no good answer yet."""
    answers, searched = run.journal("answers"), run.journal("search")
    done, ready = answers.ok(), searched.ok()
    todo = [q for q in bench.dataset.questions if q.key in ready and q.key not in done]
    if not todo:
        return
    speakers = {c.sample_id: c.speakers for c in bench.dataset.conversations}
    tasks = [
        AnswerTask(
            question=q.text,
            context=run.contexts.records[searched.records[q.key]["context_id"]]["text"],
            speakers=speakers[q.sample_id],
            prompt=bench.prompt,
        )
        for q in todo
    ]
    answerer = bench.answerer()
    progress = bar(f"{bench.system_spec['name']}: answer", len(bench.dataset.questions), len(done))
    for index, outcome in answerer.answer(tasks):
        record = {
            "sample_id": todo[index].sample_id,
            "qa_index": todo[index].qa_index,
            "status": outcome.status,
            "answer": outcome.text,
            "model": outcome.model,
            "prompt_hash": outcome.prompt_hash,
            "usage": asdict(outcome.usage),
            "ms": outcome.latency_ms,
            "cut_tokens": outcome.cut_tokens,
            "from_cache": outcome.from_cache,
        }
        if outcome.error:
            record["error"] = outcome.error
        answers.append(record)
        progress.update()
    progress.close()
    answerer.close()

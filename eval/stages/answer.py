"""Answer: every searched question, through the one answerer of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from eval.core.progress import bar
from eval.core.types import Answer, AnswerTask, BatchedAnswer, Question
from eval.runs import lineage
from eval.runs.write import Journal, RunDir
from eval.stages.bench import Bench
from eval.stages.boundary import Failed, attempt, outcomes
from eval.stages.search import searched_now
from memos.errors import DataError
from memos.types import as_fields

Key = tuple[str, int]


def asked_as_is(question: Question) -> str:
    """The wording of the benchmark itself."""
    return question.text


def answer(bench: Bench, run: RunDir) -> None:
    """Write an answer record for every question that was searched and has no good answer yet."""
    answer_tasks(bench, run, run.journal("answers"), asked_as_is)


def links(bench: Bench, searched: dict[str, Any], question: Question, wording: str) -> dict[str, str]:
    """What the answer to a question is made from."""
    speakers = bench.speakers[question.sample_id]
    return lineage.of_answer(searched["context_id"], question, wording, speakers, bench.prompt)


def answer_task(bench: Bench, question: Question, context: str, wording: str | None = None) -> AnswerTask:
    """What the answerer is asked; ``wording``: the question as it is put, None: as the data set words it."""
    return AnswerTask(
        question=question.text if wording is None else wording,
        context=context,
        speakers=bench.speakers[question.sample_id],
        prompt=bench.prompt,
        asked=question.asked,
        options=question.options,
        instruction=question.instruction,
    )


def answers_now(
    bench: Bench, run: RunDir, answers: Journal, ask: Callable[[Question], str | None] = asked_as_is
) -> dict[Key, dict[str, Any]]:
    """Answer records, failed ones included, that were made from the contexts and wordings as they are now."""
    searched, out = searched_now(bench, run), {}
    for question in bench.dataset.questions:
        record, searched_record, wording = answers.records.get(question.key), searched.get(question.key), ask(question)
        if record is None or wording is None or searched_record is None or not lineage.good(searched_record):
            continue
        if lineage.current(record, links(bench, searched_record, question, wording)):
            out[question.key] = record
    return out


def answer_tasks(
    bench: Bench, run: RunDir, answers: Journal, ask: Callable[[Question], str | None], repeat: int = 0
) -> None:
    """Put the searched questions to the answerer, as ``ask`` words them (None: not at all), and write the answers.

    Args:
        repeat: number of the run of answers, from 0; each is a sample of its own.
    """
    answering = Answering(bench, run, answers, ask)
    todo = answering.waiting()
    if not todo:
        return
    answerer, progress = bench.answerer(repeat=repeat), answering.progress(len(todo))
    for index, outcome in outcomes(answerer.answer, [answering.task(*asked) for asked in todo]):
        answering.write(*todo[index], outcome)
        progress.update()
    progress.close()
    answerer.close()


class Answering:
    """The questions of a run as they are worded, with the journal of the answers."""

    def __init__(self, bench: Bench, run: RunDir, answers: Journal, ask: Callable[[Question], str | None]) -> None:
        self.bench, self.run, self.answers = bench, run, answers
        self._wordings = {q.key: wording for q in bench.dataset.questions if (wording := ask(q)) is not None}
        self._ask = ask

    def waiting(self) -> list[tuple[Question, dict[str, Any]]]:
        """The questions that were searched and have no good answer yet, with their search records."""
        searched, answered = (
            searched_now(self.bench, self.run),
            answers_now(self.bench, self.run, self.answers, self._ask),
        )
        done = {key for key, record in answered.items() if lineage.good(record)}
        asked = [q for q in self.bench.dataset.questions if q.key in self._wordings and q.key not in done]
        return [(q, searched[q.key]) for q in asked if lineage.good(searched.get(q.key))]

    def progress(self, left: int) -> tqdm:
        """A bar over all questions, with so many of them left."""
        total = len(self.bench.dataset.questions)
        return bar(f"{self.bench.system_spec['name']}: {self.answers.path.stem}", total, total - left)

    def task(self, question: Question, searched: dict[str, Any]) -> AnswerTask:
        """What the answerer is asked."""
        return answer_task(self.bench, question, _context(self.run, searched), self._wordings[question.key])

    def write(self, question: Question, searched: dict[str, Any], outcome: Answer | Failed) -> str | None:
        """Write the record of an answer; returns its text where it is good."""
        made = outcome if isinstance(outcome, Failed) else attempt(lambda: _record(outcome))
        record = {"answer": "", **made.record} if isinstance(made, Failed) else made
        made_from = links(self.bench, searched, question, self._wordings[question.key])
        self.answers.append(
            {"sample_id": question.sample_id, "qa_index": question.qa_index, **record, "made_from": made_from}
        )
        return self.answers.records[question.key]["answer"] if lineage.good(record) else None


def _context(run: RunDir, searched: dict[str, Any]) -> str:
    """The context of a good search record, which ``searched_now`` gives only where the folder holds it."""
    text = run.context(searched["context_id"])
    if text is None:
        raise DataError(f"{run.path}: contexts.jsonl: no context {searched['context_id']}")
    return text


def _record(outcome: Answer) -> dict[str, Any]:
    if outcome.status == "ok" and not isinstance(outcome.text, str):
        raise TypeError(f"the answer is no text: {outcome.text!r:.100}")
    record = {
        "status": outcome.status,
        "answer": outcome.text,
        "model": outcome.model,
        "prompt_hash": outcome.prompt_hash,
        "usage": as_fields(outcome.usage),
        "ms": outcome.latency_ms,
        "cut_tokens": outcome.cut_tokens,
        "from_cache": outcome.from_cache,
    }
    if isinstance(outcome, BatchedAnswer):
        record["batched"] = as_fields(outcome.batched)
    spare = {"raw": outcome.raw, "error": outcome.error}
    return record | {name: text for name, text in spare.items() if text}

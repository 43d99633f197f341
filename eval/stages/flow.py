"""Answers and verdicts as the questions come, where they wait for a server: a question is answered as soon as it is
searched, and judged as soon as it is answered, so that no stage waits for the slowest call of the one before.

Local models answer and judge in stages of their own, whole batches at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Generic, TypeVar

from tqdm import tqdm

from eval.core.progress import bar
from eval.core.types import Question
from eval.runs.write import RunDir
from eval.stages.answer import Answering, asked_as_is
from eval.stages.bench import Bench
from eval.stages.boundary import outcomes
from eval.stages.concurrency import patience, waits
from eval.stages.judging import task, unjudged, write_verdict
from eval.stages.roles import Part
from eval.stages.score import answers_to_judge, judge_journal
from memos.at_once import Pool

Item = TypeVar("Item")
Searched = Callable[[Question, dict[str, Any]], None]
"""Takes a question that was searched well, with its record."""
BATCH = 8
"""Questions that one thread puts to a component together."""


def flowing(bench: Bench) -> list[Part]:
    """The parts that take questions as they come: the answerer and the judges that wait for a server.

    Nothing flows past an answerer that works here; what a server takes in batches waits for a whole stage.
    """
    parts = (bench.answerer_part, *bench.judge_parts)
    parts = [part for part in parts if part.asks and waits(part.llm) and not part.llm.get("batch")]
    return parts if bench.answerer_part in parts else []


@contextmanager
def flow(bench: Bench, run: RunDir, parts: Sequence[Part]) -> Iterator[Searched]:
    """Answer and judge what is given, and what an earlier session left; all is on disk when the context ends.

    Raises:
        What ends a run, such as BudgetExceeded: where a question is given, or when the context ends.
    """
    made = _Flow(bench, run, parts)
    try:
        yield made.answer
        made.finish()
    finally:
        made.close()


class _Stage(Generic[Item]):
    """One component, to which threads put items in batches."""

    def __init__(self, work: Callable[[Sequence[Item]], None], pool: Pool, progress: tqdm) -> None:
        self.work, self.pool, self.progress = work, pool, progress
        self._waiting: deque[Item] = deque()

    def put(self, *items: Item) -> None:
        self._waiting.extend(items)
        for _ in items:
            self.pool.submit(self._next)

    def _next(self) -> None:
        """Take what waits, at most a batch; others may have taken it already."""
        batch: list[Item] = []
        while self._waiting and len(batch) < BATCH:
            try:
                batch.append(self._waiting.popleft())
            except IndexError:
                break
        if batch:
            self.work(batch)


class _Flow:
    def __init__(self, bench: Bench, run: RunDir, parts: Sequence[Part]) -> None:
        self.bench = bench
        self._errors: list[BaseException] = []
        self._lock = Lock()
        most = max(int(part.llm.get("concurrency") or BATCH) for part in parts)
        self._pool = Pool(len(parts) * (most * 3 // (2 * BATCH) + 1), "flow")
        self._answering = Answering(bench, run, run.journal("answers"), asked_as_is)
        self._answerer = bench.answerer()
        waiting = self._answering.waiting()
        self._answers = self._stage(self._answer, self._answering.progress(len(waiting)))
        self._judges = [self._judge(run, part) for part in parts if part is not bench.answerer_part]
        self._answers.put(*waiting)

    def _stage(self, work: Callable[[Sequence[Any]], None], progress: tqdm) -> _Stage[Any]:
        return _Stage(lambda batch: self._guarded(lambda: work(batch)), self._pool, progress)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Keep an error that ends the run for the thread that may raise it, and begin nothing more."""
        try:
            if not self._errors:
                work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the run can end
            self._errors.append(error)
            self._pool.drop()

    def answer(self, question: Question, record: dict[str, Any]) -> None:
        """Have a searched question answered, and then judged."""
        if self._errors:
            raise self._errors[0]
        self._answers.put((question, record))

    def _answer(self, batch: Sequence[tuple[Question, dict[str, Any]]]) -> None:
        for index, outcome in outcomes(self._answerer.answer, [self._answering.task(*asked) for asked in batch]):
            text = self._answering.write(*batch[index], outcome)
            self._count(self._answers)
            if text is not None:
                for stage in self._judges:
                    stage.put((batch[index][0], text))

    def _judge(self, run: RunDir, part: Part) -> _Stage[tuple[Question, str]]:
        referee, verdicts = self.bench.judge(part.spec), judge_journal(self.bench, run, part.spec)
        categories = self.bench.dataset.categories

        def work(batch: Sequence[tuple[Question, str]]) -> None:
            for index, verdict in outcomes(referee.judge, [task(categories, *answered) for answered in batch]):
                write_verdict(verdicts, *batch[index], verdict)
                self._count(stage)

        answers = answers_to_judge(self.bench, run)
        left, total = unjudged(answers, verdicts.records), len(self.bench.dataset.questions)
        title = f"{self.bench.system_spec['name']}: judge {part.spec['name']}"
        stage = self._stage(work, bar(title, total, len(answers) - len(left)))
        stage.put(*((question, answers[question]) for question in left))
        return stage

    def _count(self, stage: _Stage[Any]) -> None:
        with self._lock:
            stage.progress.update()

    def finish(self) -> None:
        """Wait for all that was given."""
        self._pool.rest()
        if self._errors:
            raise self._errors[0]

    def close(self) -> None:
        """Begin nothing more, and wait for what is under way: its replies are paid for."""
        self._pool.drop()
        self._pool.rest(patience())
        for stage in (self._answers, *self._judges):
            stage.progress.close()

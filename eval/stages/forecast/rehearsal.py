"""A run in memory: every conversation ingested and searched, every question answered and judged, nothing written.

The stages are those of a run, by the system's, the answerer's and the judges' own code; only the models behind them are
others, and what they are asked is counted. What a run has on disk already is not done again: finished and half-finished
stores, answers and verdicts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from eval.core.config import wants
from eval.core.protocols import MemorySystem
from eval.core.types import Question
from eval.datasets.selection import stratified
from eval.runs import lineage
from eval.stages.answer import answer_task, asked_as_is
from eval.stages.bench import Bench
from eval.stages.forecast.model import Place
from eval.stages.forecast.tally import ANSWER, ANSWERER, INGEST, LATENCY, MEMORY, SEARCH
from eval.stages.ingest import state_of
from eval.stages.judging import task
from eval.stages.roles import Part
from eval.stages.search import make_query, render
from memos.errors import LLMError
from memos.types import Conversation

Key = tuple[str, int]
Item = TypeVar("Item")
Wording = Callable[[Question], str | None]
"""How a question is put to the answerer; None: not at all."""
ANSWERS = "answers"


@dataclass
class Rehearsed:
    """What a rehearsal saw besides the calls."""

    machine_s: dict[str, float] = field(default_factory=dict)
    """Conversation to seconds of processor time that its ingestion and searches took here."""
    questions: dict[str, int] = field(default_factory=dict)
    """Conversation to the questions that were put."""
    troubles: dict[str, int] = field(default_factory=dict)
    """What calls or conversations failed of, to how often; the real run would meet it too."""

    def note(self, trouble: str) -> None:
        self.troubles[trouble] = self.troubles.get(trouble, 0) + 1


class Work(Protocol):
    """What the jobs of an experiment do, and how it is rehearsed."""

    @property
    def ingests(self) -> bool:
        """Whether a system is given conversations and asked questions; else there are only answers to be judged."""
        ...

    def asking(self, bench: Bench) -> list[Part]:
        """Answerer and judges that ask a language model."""
        ...

    def rehearse(
        self,
        bench: Bench,
        place: Place,
        sample_ids: Iterable[str] | None = None,
        most_questions: int | None = None,
        latency: bool = True,
        most_sessions: int | None = None,
    ) -> Rehearsed:
        """Do a job's work with a bench whose models count (``rehearse``)."""
        ...


def _as_is(bench: Bench) -> Mapping[str, Wording]:
    return {ANSWERS: asked_as_is}


@dataclass(frozen=True)
class Questions:
    """Conversations ingested, questions searched and answered, answers judged, a sample of them timed."""

    wordings: Callable[[Bench], Mapping[str, Wording]] = _as_is
    """Journal of answers to how they word a question; those in ``answers`` are judged."""
    judged: bool = True
    timed: bool = True

    @property
    def ingests(self) -> bool:
        return True

    def asking(self, bench: Bench) -> list[Part]:
        return [part for part in bench.asking_parts() if self.judged or part is bench.answerer_part]

    def rehearse(
        self,
        bench: Bench,
        place: Place,
        sample_ids: Iterable[str] | None = None,
        most_questions: int | None = None,
        latency: bool = True,
        most_sessions: int | None = None,
    ) -> Rehearsed:
        return rehearse(bench, place, sample_ids, most_questions, latency and self.timed, most_sessions, self)


@dataclass(frozen=True)
class OnDisk:
    """Good records of a run folder that was begun."""

    answers: Mapping[str, Mapping[Key, str]] = field(default_factory=dict)
    """Journal to its answers by question."""
    judged: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    """Judge to the questions it has judged."""
    timed: frozenset[Key] = frozenset()

    @classmethod
    def of(cls, bench: Bench, journals: Iterable[str]) -> OnDisk:
        """Those of a bench's folder; nothing where there is none, and the folder is not touched.

        Args:
            journals: of answers.
        """
        folder = bench.folder
        if not folder.exists():
            return cls({name: {} for name in journals})
        judged = {}
        for spec in bench.judge_specs:
            name = f"judge_{spec['name']}-{bench.judge_fingerprint(spec)}.jsonl"
            judged[spec["name"]] = frozenset(good_records(folder / "scores" / name))
        answers = {
            name: {key: record.get("answer", "") for key, record in good_records(folder / f"{name}.jsonl").items()}
            for name in journals
        }
        return cls(answers, judged, frozenset(good_records(folder / "latency.jsonl")))


def good_records(path: Path) -> dict[Key, dict[str, Any]]:
    """The last record of each question, where it is good; lines that are no records are skipped."""
    records: dict[Key, dict[str, Any]] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
            records[record["sample_id"], record["qa_index"]] = record
        except (ValueError, KeyError, TypeError):
            continue
    return {key: record for key, record in records.items() if lineage.good(record)}


def rehearse(
    bench: Bench,
    place: Place,
    sample_ids: Iterable[str] | None = None,
    most_questions: int | None = None,
    latency: bool = True,
    most_sessions: int | None = None,
    work: Questions | None = None,
) -> Rehearsed:
    """Run the stages of a bench whose models count.

    Args:
        bench: whose models are those of a forecast.
        place: told where the run is, so that calls are counted for it.
        sample_ids: conversations; None: all.
        most_questions: of each conversation, evenly spread; None: all.
        latency: whether the latency pass is run too.
        most_sessions: of each conversation, the first ones; None: all.
        work: what is done with the questions; None: all that a benchmark does.
    """
    work = work or Questions()
    wordings = work.wordings(bench)
    seen, disk = Rehearsed(), OnDisk.of(bench, wordings)
    wanted = None if sample_ids is None else set(sample_ids)
    timed = _timed(bench, disk) if latency else {}
    answerer = bench.answerer()
    for conversation in bench.dataset.conversations:
        name = conversation.sample_id
        if wanted is not None and name not in wanted:
            continue
        place.sample_id = name
        questions = spread(bench.questions(name), most_questions)
        seen.questions[name] = len(questions)
        unanswered = {
            journal: [q for q in questions if ask(q) is not None and q.key not in disk.answers[journal]]
            for journal, ask in wordings.items()
        }
        still_open = {q.key for asked in unanswered.values() for q in asked}
        open_questions = [q for q in questions if q.key in still_open]
        contexts: dict[Key, str] = {}
        if open_questions or timed.get(name):
            started = time.process_time()
            with closing(bench.new_system()) as system:
                if _ingested(bench, conversation, system, place, seen, most_sessions):
                    contexts = _search(bench, open_questions, system, place, seen)
                    _latency(bench, conversation, timed.get(name, []), system, place, seen)
            seen.machine_s[name] = time.process_time() - started
        for journal, asked in unanswered.items():
            answers = {q.key: disk.answers[journal][q.key] for q in questions if q.key in disk.answers[journal]}
            answers |= _answer(bench, answerer, asked, wordings[journal], contexts, place, seen)
            if work.judged and journal == ANSWERS:
                _judge(bench, questions, answers, disk, place)
    answerer.close()
    return seen


def spread(items: Sequence[Item], most: int | None) -> list[Item]:
    """At most so many of some items, evenly spread; None: all."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[number * len(items) // most] for number in range(most)]


def _timed(bench: Bench, disk: OnDisk) -> dict[str, list[Question]]:
    """Conversation to the questions of the latency pass that have no time yet."""
    questions = list(bench.dataset.questions)
    out: dict[str, list[Question]] = {}
    for question in stratified(questions, min(bench.latency.questions, len(questions)), bench.seed):
        if question.key not in disk.timed:
            out.setdefault(question.sample_id, []).append(question)
    return out


def _ingested(
    bench: Bench,
    conversation: Conversation,
    system: MemorySystem,
    place: Place,
    seen: Rehearsed,
    most_sessions: int | None,
) -> bool:
    """Bring a system to a conversation's finished store; whether that was possible."""
    place.phase, place.role = INGEST, MEMORY
    folder = bench.state_folder(conversation)
    state = state_of(bench, conversation)
    saved = state.read() if folder.exists() else None
    try:
        if saved:
            system.load(state.store)
        else:
            system.start(conversation)
        if not (saved and saved["finished"]):
            for session in conversation.sessions[saved["sessions"] if saved else 0 : most_sessions]:
                system.add(session)
            system.finish()
    except LLMError as error:
        seen.note(f"ingestion of {conversation.sample_id}: {error}")
        return False
    return True


def _search(
    bench: Bench, questions: Sequence[Question], system: MemorySystem, place: Place, seen: Rehearsed
) -> dict[Key, str]:
    """Question to its context."""
    place.phase, place.role = SEARCH, MEMORY
    if questions and wants(bench.system_class, "embedder"):
        bench.embedder().encode([question.text for question in questions])
    contexts = {}
    for question in questions:
        try:
            contexts[question.key] = render(bench, system.search(make_query(bench, question)))[0]
        except LLMError as error:
            seen.note(f"search: {error}")
    return contexts


def _latency(
    bench: Bench,
    conversation: Conversation,
    questions: Sequence[Question],
    system: MemorySystem,
    place: Place,
    seen: Rehearsed,
) -> None:
    """The latency pass on one conversation: its first question twice, since one warms up."""
    place.phase, place.timed = LATENCY, True
    answerer = bench.answerer(latency=True)
    for question in [*questions[:1], *questions]:
        place.role = MEMORY
        try:
            context = render(bench, system.search(make_query(bench, question)))[0]
        except LLMError:
            continue
        place.role = ANSWERER
        list(answerer.answer([answer_task(bench, question, context)]))
    place.timed = False


def _answer(
    bench: Bench,
    answerer: Any,
    questions: Sequence[Question],
    ask: Wording,
    contexts: Mapping[Key, str],
    place: Place,
    seen: Rehearsed,
) -> dict[Key, str]:
    place.phase, place.role = ANSWER, ANSWERER
    asked = [q for q in questions if q.key in contexts]
    tasks = [answer_task(bench, q, contexts[q.key], ask(q)) for q in asked]
    answers = {}
    if not bench.answerer_part.asks:
        return {q.key: q.gold for q in asked}  # answered without a model: about as long as the key
    for index, outcome in answerer.answer(tasks):
        if outcome.status == "ok":
            answers[asked[index].key] = outcome.text
        else:
            seen.note(f"answer: {outcome.error}")
    return answers


def _judge(bench: Bench, questions: Sequence[Question], answers: Mapping[Key, str], disk: OnDisk, place: Place) -> None:
    for part in bench.judge_parts:
        if not part.asks:
            continue
        place.phase = place.role = part.role
        done = disk.judged.get(part.spec["name"], frozenset())
        waiting = [q for q in questions if q.key in answers and q.key not in done]
        judge = bench.judge(part.spec)
        for _ in judge.judge([task(bench.dataset.categories, q, answers[q.key]) for q in waiting]):
            pass
        judge.close()

"""Ingest: a conversation into a store, session by session, saved so that a crash repeats and loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import asdict, dataclass
from threading import Event
from typing import Any

from eval.core.protocols import MemorySystem
from eval.core.types import Question
from eval.runs import lineage
from eval.runs.write import RunDir
from eval.stages.bench import Bench
from eval.stages.boundary import Failed, attempt
from eval.stages.concurrency import conversations_at_once, patience
from eval.stages.rounds import ingest_journal, ingest_line, ingested_now, round_of, state_of
from eval.stages.state import StateFolder
from memos.at_once import Pool
from memos.errors import DataError
from memos.llm.losses import Losses
from memos.locks import LockBusy
from memos.types import Conversation, Session, Usage

SAVE_EVERY_S = 5.0
"""Seconds between saves while sessions are ingested."""


def check_drained(system: MemorySystem, sample_id: str) -> None:
    """Refuse to search a system that says (``pending``) that work of its ingestion still waits.

    Raises:
        DataError: naming the conversation and the number of tasks.
    """
    waiting = getattr(system, "pending", int)()
    if waiting:
        raise DataError(
            f"{sample_id}: {type(system).__name__} still has {waiting} waiting tasks; finish() must drain them"
        )


@dataclass(frozen=True, slots=True)
class Store:
    """A conversation and the system that holds it."""

    conversation: Conversation
    system: MemorySystem
    failure: Mapping[str, Any] | None
    """The record of what went wrong while it was ingested; such a system is not to be searched."""


def ingest(bench: Bench, run: RunDir, asked: Iterable[Question]) -> Generator[Store, None, None]:
    """The stage: a store at a time, in the order of the conversations; whoever takes it closes its system.

    Where a system waits for a server, conversations are ingested at once (``at_once``), ahead of their turn, and
    each is loaded when its turn has come.

    Args:
        bench: the run.
        run: its folder; an ingest record is written for each store whose record is not there yet.
        asked: the questions still to be searched. Conversations without any get a store only where they have no good
            ingest
            record yet.
    """
    journal, earlier = ingest_journal(run), ingested_now(bench, run)
    built = {name for name, record in earlier.items() if lineage.good(record)}
    wanted = {question.sample_id for question in asked} | ({c.sample_id for c in bench.dataset.conversations} - built)
    conversations = [c for c in bench.dataset.conversations if c.sample_id in wanted]
    rounds = {name: round_of(record) for name, record in earlier.items()}
    with closing(Ingestion(bench, conversations, rounds)) as ingestion:
        for conversation in conversations:
            system, record, failure = ingestion.bring(conversation)
            made = record or failure or {}
            line = ingest_line(bench, conversation, made, earlier.get(conversation.sample_id))
            if line != journal.records.get(conversation.sample_id):  # a run that goes on says nothing twice
                journal.append(line)
            yield Store(conversation, system, failure)


class Stopped(Exception):
    """The run ends while a conversation is ingested by a thread of its own; what it has read is saved."""


class Ingestion:
    """The conversations of a run in order. While another run ingests the next one, this one ingests ahead.

    Records come in the order of the conversations all the same, so that a run gives what it gives alone.
    """

    def __init__(
        self, bench: Bench, conversations: Sequence[Conversation], rounds: Mapping[str, int] | None = None
    ) -> None:
        self.bench = bench
        self._rounds = rounds or {}
        """Conversation to the extraction round of its store; the first where it has none."""
        self._left = list(conversations)
        self._stopping = Event()
        at_once = conversations_at_once(bench)
        self._pool = Pool(at_once, "ingest")
        self._begun: dict[str, Future[bool]] = {}
        """Conversations whose ingestion is under way in threads, or ended there."""
        self._ahead: dict[str, dict[str, Any] | None] = {}
        """Conversations that need no work ahead of their turn any more, with the failure's record where it failed."""

        if at_once > 1 and len(conversations) > 1:
            for conversation in conversations:
                self._begun[conversation.sample_id] = self._pool.submit(lambda c=conversation: self._went_ahead(c))

    def close(self) -> None:
        """Let threads that still ingest end after the session they are at; what they have read by then is saved."""
        self._stopping.set()
        self._pool.drop()
        self._pool.rest(patience())

    def bring(self, conversation: Conversation) -> tuple[MemorySystem, dict[str, Any] | None, dict[str, Any] | None]:
        """The system with the conversation's finished store, its ingest record, and the failure where it failed."""
        self._left.remove(conversation)
        if conversation.sample_id in self._begun:
            self._begun[conversation.sample_id].result()
        while self._busy(conversation) and any(self._went_ahead(other) for other in self._left):
            pass
        system = self.bench.new_system()
        if failure := self._ahead.get(conversation.sample_id):
            return system, None, failure
        number = self._rounds.get(conversation.sample_id, 0)
        try:
            made = attempt(lambda: ingest_conversation(self.bench, conversation, system, number=number))
        except BaseException:  # the run ends; a connection that stays open would be complained of
            system.close()
            raise
        return (system, None, _failed(made, system)) if isinstance(made, Failed) else (system, made, None)

    def _busy(self, conversation: Conversation) -> bool:
        try:
            with state_of(self.bench, conversation).reading(wait=False):
                return False
        except LockBusy:
            return True

    def _went_ahead(self, conversation: Conversation) -> bool:
        """Ingest a conversation that nobody has finished or is at; whether there was anything to do."""
        if conversation.sample_id in self._ahead:
            return False
        state, failure = state_of(self.bench, conversation), None
        try:
            with state.reading(wait=False):
                finished = (state.read() or {}).get("finished", False)
            if not finished:
                with closing(self.bench.new_system()) as system:
                    number, stopping = self._rounds.get(conversation.sample_id, 0), self._stopping.is_set
                    made = attempt(
                        lambda: ingest_conversation(
                            self.bench, conversation, system, wait=False, number=number, stopping=stopping
                        )
                    )
                    failure = _failed(made, system) if isinstance(made, Failed) else None
        except LockBusy:
            return False
        self._ahead[conversation.sample_id] = failure
        return not finished


def ingest_conversation(
    bench: Bench,
    conversation: Conversation,
    system: MemorySystem,
    *,
    wait: bool = True,
    number: int = 0,
    stopping: Callable[[], bool] = bool,
) -> dict[str, Any]:
    """Bring a fresh system to the finished store of a conversation, from what is saved where possible.

    One process at a time works on a store; those that come later load what it finished, or go on where it died.

    Args:
        wait: until another process is through with this store; otherwise LockBusy.
        number: the extraction round of a store that is begun.
        stopping: whether to end early, with Stopped, once a session is read.

    Returns the ingest record: seconds of work (over all sessions of all runs that worked on it), stats, usage by phase.
    """
    state = state_of(bench, conversation)
    with state.reading(wait=wait):
        saved = state.read()
        if saved and saved["finished"]:
            system.load(state.store)
            check_drained(system, conversation.sample_id)
            return _record(conversation, saved)
    with state.writing(wait=wait):
        return _record(conversation, _finish(conversation, system, state, number, stopping))


def _failed(made: Failed, system: MemorySystem) -> dict[str, Any]:
    """The record of a failed ingestion, with what was spent until then."""
    return {**made.record, "usage": {phase: asdict(usage) for phase, usage in system.usage().items()}}


def _finish(
    conversation: Conversation,
    system: MemorySystem,
    state: StateFolder,
    number: int,
    stopping: Callable[[], bool],
) -> dict[str, Any]:
    """Ingest what the saved store lacks; returns its record."""
    saved = state.recover()
    progress = saved or {"sessions": 0, "finished": False, "seconds": 0.0, "stats": {}, "usage": {}}
    if saved:
        system.load(state.store)
    elif number:
        progress["round"] = number
    if not progress["finished"]:
        earlier = {phase: Usage(**usage) for phase, usage in progress["usage"].items()}
        loaded = dict(system.usage()) if saved else {}
        before, clock = progress["seconds"], time.perf_counter()
        if not saved:
            system.start(conversation)

        def snapshot(sessions: int, finished: bool) -> None:
            usage = dict(earlier)
            for phase, total in system.usage().items():
                spent = total - loaded.get(phase, Usage())  # a loaded system may bring its ledger along
                usage[phase] = usage.get(phase, Usage()) + spent
            progress.update(
                sessions=sessions,
                finished=finished,
                seconds=before + time.perf_counter() - clock,
                stats=dict(system.stats()),
                usage={phase: asdict(u) for phase, u in usage.items()},
                **_losses(system),
            )
            state.save(system, progress)

        getattr(system, "expect", _nothing)(conversation.sessions[progress["sessions"] :])
        last_save = clock
        for number, session in enumerate(conversation.sessions, 1):
            if number <= progress["sessions"]:
                continue
            system.add(session)
            if (stop := stopping()) or time.perf_counter() - last_save > SAVE_EVERY_S:
                snapshot(number, False)
                last_save = time.perf_counter()
            if stop:
                raise Stopped(f"after session {number} of {conversation.sample_id}")
        system.finish()
        check_drained(system, conversation.sample_id)
        snapshot(len(conversation.sessions), True)
    else:
        check_drained(system, conversation.sample_id)
    return progress


def _nothing(sessions: Sequence[Session]) -> None:
    """A system that begins nothing early."""


def _record(conversation: Conversation, progress: dict[str, Any]) -> dict[str, Any]:
    return {
        "sample_id": conversation.sample_id,
        "status": "ok",
        "seconds": progress["seconds"],
        "stats": progress["stats"],
        "usage": progress["usage"],
        **{name: progress[name] for name in ("losses", "round") if progress.get(name)},
    }


def _losses(system: MemorySystem) -> dict[str, Any]:
    """What a model's replies were of no use for, of systems that count it."""
    losses = getattr(system, "losses", None)
    return {"losses": losses.state()} if isinstance(losses, Losses) else {}

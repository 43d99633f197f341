"""Work that waits: fine readings, relations named by a model, organising, through the scheduler's queue (paper 5.4.2).

Fast memories are there at once and carry the tag ``fine:pending`` until their task is done, so the vault itself says
what
waits: a crash or a restart loses none. Tasks of one user's memory run in the order they were submitted; users take
turns.
A reading that fails is tried again; when it has failed for good its memories carry ``fine:dead``, stay as they are, and
wait
for ``revive``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memos.cube import MemCube, Source
from memos.cube.clock import Clock, Ids
from memos.errors import BudgetExceeded, ConfigError, MissingDependency
from memos.infrastructure.vault import Tagged, Vault
from memos.interface.reader_fine import FineReader
from memos.llm.base import LLM
from memos.operation.inserted import Inserted
from memos.operation.operator import MemOperator
from memos.operation.scheduler.queue import Counters, DeadLetter, MemQueue, QueueTimeout, Task

PENDING = "fine:pending"
"""Tag of fast memories that wait for the fine reading."""
DEAD = "fine:dead"
"""Tag of fast memories whose fine reading failed for good."""
READ, RELATE, ORGANISE = "read", "relate", "organise"
"""Labels of the tasks."""
FATAL = (BudgetExceeded, ConfigError, MissingDependency)
"""Errors that every further task would meet too: ``drain`` raises them and the tasks stay."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What a ``drain`` did."""

    read: int
    """Fast memories whose fine reading is done."""
    made: int
    """Fine memories made."""
    failed: int
    """Fast memories whose fine reading failed for good; they stay as they are until ``revive``."""
    errors: tuple[str, ...] = ()
    """What the failed tasks said."""
    related: int = 0
    """Relations a model named."""
    parents: int = 0
    """Concepts and topics made."""
    dropped: int = 0
    """What the model stated without naming a line it was shown; without a source nothing is stored."""


class _ReadElsewhere(Exception):
    """Another process has read the same memories finely."""


class MemWork:
    """The queue of one MemOS with its handlers."""

    def __init__(
        self,
        queue: MemQueue.Config,
        reader: FineReader.Config,
        *,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        operator: Callable[[str], MemOperator],
        llm: Callable[[], LLM],
        relate: bool = False,
    ) -> None:
        """
        Args:
            queue, reader: settings.
            operator: gives the operator of a user's namespace.
            llm: gives the model when a task needs it; raises ConfigError where there is none.
            relate: have the model name the relations of new fine memories.
        """
        self.queue = MemQueue(queue, clock=clock, fatal=FATAL)
        self.queue.on(READ, self._read, self._dead)
        self.queue.on(RELATE, self._relate)
        self.queue.on(ORGANISE, self._organise)
        self.reader_config, self.relate = reader, relate
        self.vault, self.clock, self.ids = vault, clock, ids
        self.operator, self.llm = operator, llm
        self._queued: set[tuple[str, ...]] = set()
        self._tries: dict[tuple[str, ...], int] = {}
        self._lock, self._draining = threading.RLock(), threading.Lock()
        """Held while the queue is filled, and while it is drained. Who holds them may take the vault's, not the other
        way round.
        """
        self._tally = {"read": 0, "made": 0, "related": 0, "parents": 0, "dropped": 0}

    # -- submitting --------------------------------------------------------------------------------------------
    def read(self, user: str, cubes: Sequence[MemCube]) -> None:
        """Have fast memories of one session, tagged ``PENDING``, read finely later."""
        ids = tuple(cube.cube_id for cube in cubes)
        with self._lock:
            if ids and ids not in self._queued:
                self._queued.add(ids)
                self.queue.submit(Task(READ, user, user, {"cubes": ids}))

    def organise(self, user: str) -> None:
        """Have a user's memories organised later, after what was submitted for the user before."""
        self.queue.submit(Task(ORGANISE, user, user))

    def recover(self) -> int:
        """Submit what the vault says is pending and the queue does not hold (left by a crash); gives the sessions."""
        with self._lock:
            known = {cube_id for ids in self._queued for cube_id in ids}
            left = [cube_id for cube_id in self.vault.find(Tagged(PENDING)) if cube_id not in known]
            groups = sessions(self.vault.get_many(left))
            for group in groups:
                self.read(group[0].governance.namespace, group)
            return len(groups)

    def revive(self) -> int:
        """Put failed tasks back, those of earlier processes included; gives the number of readings and other tasks."""
        with self._lock:
            self.queue.dead = [letter for letter in self.queue.dead if letter.task.label != READ]
            others = self.queue.revive()
            self._retag(self.vault.find(Tagged(DEAD)), DEAD, PENDING, "revive")
            return others + self.recover()

    # -- running -----------------------------------------------------------------------------------------------
    def drain(self, timeout: float | None = None) -> Drained:
        """Run all tasks, those that the vault says are pending included. One thread drains at a time.

        Raises:
            QueueTimeout: after ``timeout`` seconds; what is left stays in the queue.
            BudgetExceeded, ConfigError: from a task, which stays in the queue.
        """
        end = None if timeout is None else time.monotonic() + timeout
        if not self._draining.acquire(timeout=-1 if timeout is None else max(timeout, 0.0)):
            raise QueueTimeout(f"scheduler: not drained after {timeout} s: another thread is draining")
        try:
            return self._drain(None if end is None else end - time.monotonic())
        finally:
            self._draining.release()

    def _drain(self, timeout: float | None) -> Drained:
        self.recover()
        before, dead = dict(self._tally), len(self.queue.dead)
        self.queue.drain(timeout)
        letters = self.queue.dead[dead:]
        failed = sum(len(letter.task.content.get("cubes", ())) for letter in letters if letter.task.label == READ)
        done = {name: count - before[name] for name, count in self._tally.items()}
        return Drained(failed=failed, errors=tuple(letter.error for letter in letters), **done)

    def counters(self) -> Counters:
        return self.queue.counters()

    @property
    def waiting(self) -> int:
        """Tasks that wait or run."""
        counters = self.queue.counters()
        return counters.pending + counters.running

    # -- handlers ----------------------------------------------------------------------------------------------
    def _read(self, task: Task) -> None:
        ids = task.content["cubes"]
        group = [cube for cube in self.vault.get_many(ids) if PENDING in cube.descriptive.tags]
        if group:
            sample = self._tries.get(ids, 0)
            self._tries[ids] = sample + 1
            result = FineReader(self.reader_config, llm=self.llm()).read(
                group, ids=self.ids, clock=self.clock, sample=sample
            )
            made = self._store(task.user, [cube.cube_id for cube in group], result.cubes)
            if made is not None:
                self._tally["read"] += len(group)
                self._tally["made"] += len(result.cubes)
                self._tally["dropped"] += result.dropped
                fresh = tuple(one.cube_id for one in made if one.status != "duplicate")
                if self.relate and len(fresh) > 0:
                    self.queue.submit(Task(RELATE, task.cube, task.user, {"cubes": fresh}))
        self._forget(ids)

    def _store(self, user: str, read: Sequence[str], cubes: Sequence[MemCube]) -> list[Inserted] | None:
        """Store what was read from fast memories; None where another process did so meanwhile."""
        operator = self.operator(user)
        vectors = operator.embedded(cubes) if cubes else None
        try:
            with self.vault.transaction():
                if self._retag(read, PENDING, "", "read:fine") < len(read):
                    raise _ReadElsewhere
                return operator.insert(cubes, actor=user, cause="read:fine", vectors=vectors)
        except _ReadElsewhere:
            return None
        except BaseException:
            operator.refresh()  # what was undone has left the vault, not the index
            raise

    def _relate(self, task: Task) -> None:
        cubes = self.vault.get_many(task.content["cubes"])
        self._tally["related"] += self.operator(task.user).relate(cubes, self.llm())

    def _organise(self, task: Task) -> None:
        done = self.operator(task.user).organise()
        self._tally["parents"] += done.concepts + done.topics

    def _dead(self, letter: DeadLetter) -> None:
        ids = letter.task.content["cubes"]
        self._retag(ids, PENDING, DEAD, "read:failed")
        self._forget(ids)

    def _forget(self, ids: tuple[str, ...]) -> None:
        with self._lock:
            self._queued.discard(ids)
            self._tries.pop(ids, None)

    def _retag(self, cube_ids: Sequence[str], old: str, new: str, cause: str) -> int:
        """Give those that have the old tag now the new one; gives their number."""
        with self.vault.transaction():
            cubes = [cube for cube in self.vault.get_many(cube_ids) if old in cube.descriptive.tags]
            for cube in cubes:
                tags = [tag for tag in cube.descriptive.tags if tag != old] + ([new] if new else [])
                changed = cube.revise(self.clock(), descriptive={"tags": tuple(tags)})
                self.vault.update(changed, actor=cube.governance.namespace, cause=cause)
            return len(cubes)


def sessions(cubes: Sequence[MemCube]) -> list[list[MemCube]]:
    """Memories by namespace, dialogue and session, each in the order of the dialogue."""
    groups: dict[tuple[str, str, str], list[MemCube]] = {}
    for cube in cubes:
        source = cube.descriptive.sources[0] if cube.descriptive.sources else Source()
        groups.setdefault((cube.governance.namespace, source.dialogue, source.session), []).append(cube)
    return [sorted(group, key=lambda cube: cube.descriptive.position or 0) for group in groups.values()]

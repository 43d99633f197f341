"""The scheduler's task queue, in the process: labels, order a cube, turns among users, retries, dead letters,
``drain``.

* Tasks of one cube run in the order they were submitted, one at a time; a retry keeps its place.
* Users take turns: with any backlog, a user's next runnable task waits for at most one task of every other user.
* A task counts as done only when its handler returned; a handler that raises is run again up to ``attempts`` times,
  then the task is kept as a dead letter. No task is lost.
* Errors named as ``fatal`` (a used-up budget, say) and interrupts say nothing about the task: it keeps its place, and
  ``drain`` raises.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from memos.cube.clock import Clock, SystemClock
from memos.errors import ConfigError, MemosError


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of background work."""

    label: str
    """Chooses the handler, such as read, organise, update, archive."""
    cube: str
    """The memory (or other thing) whose tasks keep their order."""
    user: str
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A task that failed for good."""

    task: Task
    attempts: int
    error: str
    cause: Exception | None = field(default=None, compare=False, repr=False)
    """What the handler raised last."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Where the submitted tasks are: ``submitted == done + dead + pending + running``."""

    submitted: int = 0
    done: int = 0
    dead: int = 0
    pending: int = 0
    running: int = 0
    retried: int = 0


Handler = Callable[[Task], None]
OnDead = Callable[[DeadLetter], None]


class QueueTimeout(MemosError):
    """``drain`` ran out of time; the counters in the message say what is left."""


class MemQueue:
    """Runs tasks when it is drained, or in worker threads between ``start`` and ``stop``."""

    @dataclass
    class Config:
        attempts: int = field(default=3, metadata={"help": "runs of a failing task before it becomes a dead letter"})
        workers: int = field(default=1, metadata={"help": "threads that ``start`` runs"})

        def __post_init__(self) -> None:
            for name in ("attempts", "workers"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"scheduler.{name}: {getattr(self, name)} is not positive")

    def __init__(
        self, config: Config | None = None, *, clock: Clock | None = None, fatal: tuple[type[Exception], ...] = ()
    ) -> None:
        self.config = config or self.Config()
        self.clock = clock or SystemClock()
        self.fatal = fatal
        self.dead: list[DeadLetter] = []
        self._broken: Exception | None = None
        self._handlers: dict[str, Handler] = {}
        self._on_dead: dict[str, OnDead] = {}
        self._waiting: OrderedDict[str, OrderedDict[str, deque[tuple[Task, int]]]] = OrderedDict()
        self._busy: set[str] = set()
        self._counts = {"submitted": 0, "done": 0, "retried": 0}
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._periodic: list[tuple[float, Task, float]] = []

    def on(self, label: str, handler: Handler, dead: OnDead | None = None) -> None:
        """Set the handler of a label. A handler may submit further tasks;
        ``dead`` hears of tasks that failed for good."""
        self._handlers[label] = handler
        if dead is not None:
            self._on_dead[label] = dead

    def submit(self, task: Task) -> None:
        """Put a task into the queue.

        Raises:
            ConfigError: no handler has its label.
        """
        if task.label not in self._handlers:
            known = ", ".join(sorted(self._handlers)) or "none"
            raise ConfigError(f"scheduler: no handler for label {task.label!r} (known: {known})")
        with self._changed:
            cubes = self._waiting.setdefault(task.user, OrderedDict())
            cubes.setdefault(task.cube, deque()).append((task, 0))
            self._counts["submitted"] += 1
            self._changed.notify_all()

    def every(self, seconds: float, task: Task) -> None:
        """Have ``tick`` submit the task each time this many seconds have passed."""
        if not seconds > 0:
            raise ConfigError(f"scheduler: a period of {seconds} s")
        self._periodic.append((seconds, task, self.clock().timestamp() + seconds))

    def tick(self) -> int:
        """Submit the periodic tasks that are due by the clock (each once); gives their number."""
        now, due = self.clock().timestamp(), 0
        for place, (seconds, task, at) in enumerate(self._periodic):
            if now >= at:
                self.submit(task)
                self._periodic[place] = (seconds, task, now + seconds)
                due += 1
        return due

    def counters(self) -> Counters:
        with self._changed:
            pending = sum(len(tasks) for cubes in self._waiting.values() for tasks in cubes.values())
            running = len(self._busy)
            return Counters(
                self._counts["submitted"],
                self._counts["done"],
                len(self.dead),
                pending - running,
                running,
                self._counts["retried"],
            )

    def revive(self) -> int:
        """Put the dead letters back into the queue, with all their attempts before them; gives their number."""
        letters, self.dead = self.dead, []
        with self._changed:
            self._counts["submitted"] -= len(letters)
        for letter in letters:
            self.submit(letter.task)
        return len(letters)

    def drain(self, timeout: float | None = None) -> Counters:
        """Run (or wait) until nothing is pending or running, tasks submitted meanwhile included.

        Raises:
            QueueTimeout: after ``timeout`` seconds; what is left stays in the queue.
            Exception: one of the ``fatal`` kinds, as a handler raised it; its task stays in the queue.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            if self._broken is not None:
                broken, self._broken = self._broken, None
                raise broken
            if end is not None and time.monotonic() > end:
                raise QueueTimeout(f"scheduler: not drained after {timeout} s ({self.counters()})")
            if self._run_next():
                continue
            with self._changed:
                if not self._waiting:
                    break
                self._changed.wait(0.1 if end is None else max(0.0, min(0.1, end - time.monotonic())))
        return self.counters()

    def start(self) -> None:
        """Run tasks in background threads until ``stop``."""
        if not self._threads:
            self._stopping = False
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.config.workers)]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """End the threads after their present task; waiting tasks stay and can be drained."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _work(self) -> None:
        while not self._stopping:
            try:
                ran = self._broken is None and self._run_next()
            except self.fatal as error:
                self._broken, ran = error, False
            if not ran:
                with self._changed:
                    if not self._stopping:
                        self._changed.wait(0.05)

    def _take(self) -> tuple[Task, int] | None:
        """The next task whose cube is free, of the user whose turn it is; that user then goes to the back."""
        with self._changed:
            for user, cubes in self._waiting.items():
                cube = next((cube for cube in cubes if cube not in self._busy), None)
                if cube is not None:
                    self._busy.add(cube)
                    self._waiting.move_to_end(user)
                    cubes.move_to_end(cube)
                    return cubes[cube][0]
        return None

    def _run_next(self) -> bool:
        taken = self._take()
        if taken is None:
            return False
        task, failures = taken
        left: tuple[Task, int] | None = taken  # a fatal error, or an interrupt, says nothing about the task
        letter = None
        try:
            self._handlers[task.label](task)
            left = None
        except self.fatal:
            raise
        except Exception as error:  # noqa: BLE001 - any failure of a handler is recorded: retried, then a dead letter
            left = (task, failures + 1)
            if failures + 1 >= self.config.attempts:
                left, letter = None, DeadLetter(task, failures + 1, f"{type(error).__name__}: {error}", error)
        finally:
            self._settle(task, left, letter)
        if letter is not None and task.label in self._on_dead:
            self._on_dead[task.label](letter)
        return True

    def _settle(self, task: Task, left: tuple[Task, int] | None, letter: DeadLetter | None) -> None:
        """Enter what became of a run: ``left`` stays first in its cube's line; without it the task is done, or dead by
        ``letter``."""
        with self._changed:
            cubes = self._waiting[task.user]
            tasks = cubes[task.cube]
            self._busy.discard(task.cube)
            if left is not None:
                self._counts["retried"] += left[1] - tasks[0][1]
                tasks[0] = left
            else:
                tasks.popleft()
                if letter is None:
                    self._counts["done"] += 1
                else:
                    self.dead.append(letter)
                if not tasks:
                    del cubes[task.cube]
                if not cubes:
                    del self._waiting[task.user]
            self._changed.notify_all()

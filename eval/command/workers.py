"""Processes that work side by side: spawned once, each doing one task after the other with its libraries loaded.

A worker ends with the command that started it, however that one ends, so that the same command can be given again at
once. What a task prints comes back with its result; its progress bars have a line of the terminal to themselves.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from eval.core import device, progress
from memos.secret_values import hidden

R = TypeVar("R")

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What numeric libraries take their number of threads from when they are loaded."""


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """What came of a task."""

    result: R | None
    """None where the task raised, or its process ended."""
    printed: str
    """What it wrote to standard output."""
    failure: str | None = None
    """The traceback, or how the process ended."""
    lost: bool = False
    """Whether the process ended in the middle of it: killed, or out of memory."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What a worker is told when it starts."""

    number: int
    """Its line of progress, from 0."""
    count: int
    """Workers there are."""
    bars: Any
    """The lock that all processes hold while they draw."""
    timing_threads: int
    """Threads of the command's own process, in which times are measured."""


class Workers:
    """A context of so many processes, which are ended with it.

    Args:
        count: processes; each gets an equal share of the cores for the threads of its numeric libraries, unless the
            environment already says how many they are to take.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._context = multiprocessing.get_context("spawn")
        self._bars = self._context.RLock()
        self._idle: list[_Worker] = []
        self._numbers = list(range(count))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._idle:
            worker.end()
        self._idle.clear()

    def each(self, work: Callable[[Any], R], tasks: Sequence[Any]) -> Iterator[tuple[int, Done[R]]]:
        """Do every task; yields index and outcome as they finish. Tasks start in their order.

        Args:
            work: a function of a module, found there by its name in the other process.
            tasks: its arguments, plain values.
        """
        left = list(enumerate(tasks))[::-1]
        busy: dict[Connection, tuple[_Worker, int]] = {}
        try:
            while left or busy:
                while left and len(busy) < self.count:
                    index, task = left.pop()
                    worker = self._take()
                    worker.pipe.send((work, task))
                    busy[worker.pipe] = (worker, index)
                for pipe in wait(list(busy)):
                    worker, index = busy.pop(pipe)  # pyright: ignore[reportArgumentType]  # these are its keys
                    done = worker.receive()
                    if done.lost:
                        self._numbers.append(worker.number)
                    else:
                        self._idle.append(worker)
                    yield index, done
        finally:
            for worker, _ in busy.values():
                worker.end()

    def _take(self) -> _Worker:
        """A worker that waits for a task, else a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.is_alive():
                return worker
            self._numbers.append(worker.number)
        return self._start()

    def _start(self) -> _Worker:
        share = max(1, device.threads() // self.count)
        place = _Place(self._numbers.pop(0), self.count, self._bars, device.threads())
        with _environment({name: str(share) for name in THREAD_VARIABLES if name not in os.environ}):
            return _Worker(self._context, place)


class _Worker:
    """One process, seen from the command's own."""

    def __init__(self, context: Any, place: _Place) -> None:
        self.number = place.number
        self.pipe, other = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(other, place))
        self.process.start()
        other.close()

    def receive(self) -> Done[Any]:
        """The outcome of the task that was sent."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return Done(None, "", f"its process ended with code {self.process.exitcode}", lost=True)

    def end(self) -> None:
        """Kill it: all that it wrote is on disk, line by line, and what it was at is made again."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


@contextlib.contextmanager
def _environment(added: dict[str, str]) -> Iterator[None]:
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _serve(pipe: Connection, place: _Place) -> None:
    """A worker's life: tasks from the pipe until it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command's own process is interrupted, and ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    progress.share_terminal(place.number, place.count, place.bars)
    device.time_with(place.timing_threads)
    while True:
        try:
            work, task = pipe.recv()
        except EOFError:
            return
        pipe.send(_attempt(work, task))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _attempt(work: Callable[[Any], Any], task: Any) -> Done[Any]:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            return Done(work(task), hidden(printed.getvalue()))
    except Exception:  # noqa: BLE001 - whatever it is, it is told where the command runs
        return Done(None, hidden(printed.getvalue()), hidden(traceback.format_exc()))

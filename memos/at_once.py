"""Work done at once by threads that wait for a server. They end with the process: nobody joins them, and work that has
not begun is dropped, so that an interrupted command spends nothing more.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Pool:
    """Threads that do work in the order in which it is given.

    Args:
        threads: most of them at once; each is made when there is work for it.
        name: of the threads, for people.
        linger_s: how long a thread waits for further work before it ends: starting one costs as much as a short piece
            of work.
    """

    def __init__(self, threads: int, name: str, linger_s: float = 0.0) -> None:
        self.threads, self.name, self.linger_s = threads, name, linger_s
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._busy, self._idle = 0, 0
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        """Told of work that an idle thread may take."""
        self._rest = threading.Condition(self._lock)
        """Told when a thread has nothing more to do."""

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have something done; its result, or what it raised, is in the future."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, work))
            if self._idle >= len(self._waiting):
                self._work.notify()
            elif self._busy + self._idle < self.threads:
                self._busy += 1
                threading.Thread(target=self._serve, name=self.name, daemon=True).start()
        return future

    def drop(self) -> None:
        """Cancel what has not begun."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
            self._rest.notify_all()
        for future, _ in waiting:
            future.cancel()

    def rest(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs and nothing waits, at most ``timeout`` seconds; whether that is so."""
        with self._lock:
            return self._rest.wait_for(lambda: not self._busy and not self._waiting, timeout)

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._waiting and not self._awaited():
                    return
                future, work = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001 - whoever takes the result is told, whatever it is
                    future.set_exception(error)

    def _awaited(self) -> bool:
        """Whether there was work again before a thread that had none was to end; wants the lock."""
        self._busy -= 1
        self._rest.notify_all()
        if not self.linger_s:
            return False
        self._idle += 1
        try:
            if not self._work.wait_for(lambda: self._waiting, self.linger_s):
                return False
        finally:
            self._idle -= 1
        self._busy += 1
        return True


MOST = 8
"""Pieces of work that ``together`` does at once."""


def together(works: Sequence[Callable[[], T]], *, at_once: bool = True) -> list[T]:
    """Results of independent pieces of work, in their order.

    Args:
        works: none may depend on what another does.
        at_once: whether they are done by threads, MOST at once; else one after the other.

    Raises:
        The error of the first piece that raised one, once all have ended.
    """
    if not at_once or len(works) < 2:
        return [work() for work in works]
    pool = Pool(min(len(works), MOST), "together")
    futures = [pool.submit(work) for work in works]
    pool.rest()
    return [future.result() for future in futures]

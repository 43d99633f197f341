"""How many calls wait at once: the waits of all, over the time in which there was one.

Time in which the machine works and nobody waits counts nowhere, so that a busy machine tells the same as an idle one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Overlap:
    """Waits of calls, in whichever threads they are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting, self._begun = 0, 0.0
        self._each_s, self._any_s = 0.0, 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Inside, one call waits."""
        began = time.monotonic()
        with self._lock:
            if not self._waiting:
                self._begun = began
            self._waiting += 1
        try:
            yield
        finally:
            ended = time.monotonic()
            with self._lock:
                self._waiting -= 1
                self._each_s += ended - began
                if not self._waiting:
                    self._any_s += ended - self._begun

    @property
    def at_once(self) -> float:
        """The mean number of calls that wait while there is one; 1 where none ever waited."""
        with self._lock:
            return max(1.0, self._each_s / self._any_s) if self._any_s else 1.0

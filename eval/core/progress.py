"""Progress bars with rate and remaining time, on standard error, silent where that is no terminal.

Processes that work side by side draw one below the other (``share_terminal``); what is printed meanwhile goes above.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO
from weakref import WeakSet

from tqdm import tqdm

from memos.secret_values import hidden

_LINES: list[int] = []
"""Line of this process's first bar, and lines between its bars; empty where it has the terminal to itself."""
_BARS: WeakSet[tqdm] = WeakSet()
_SPENDING: list[Callable[[], str]] = []


def share_terminal(line: int, processes: int, lock: Any) -> None:
    """Draw this process's bars on lines of their own, and only while holding the lock of all processes.

    Args:
        line: number of this process, from 0.
        processes: how many share the terminal.
    """
    _LINES[:] = [line, processes]
    tqdm.set_lock(lock)


def _position() -> int | None:
    if not _LINES:
        return None
    return _LINES[0] + _LINES[1] * sum(not drawn.disable for drawn in _BARS)


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line, on standard output by default, without breaking the bars."""
    stream = stream or sys.stdout
    with tqdm.get_lock():
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        print(hidden(text), file=stream, flush=True)


@contextmanager
def showing(spending: Callable[[], str]) -> Iterator[None]:
    """Bars that move meanwhile tell behind their numbers what was spent, such as ``$1.24, 3.1M tokens``."""
    _SPENDING.append(spending)
    try:
        yield
    finally:
        _SPENDING.remove(spending)


class SpendingBar(tqdm):
    """A bar that shows what the command has spent so far."""

    def update(self, n: float | None = 1) -> bool | None:
        if _SPENDING and not self.disable:
            self.set_postfix_str(_SPENDING[-1](), refresh=False)
        return super().update(n)


def bar(what: str, total: int, done: int = 0, unit: str = "q") -> tqdm:
    """A bar that starts at the work already done by an earlier session."""
    made = SpendingBar(
        desc=what,
        total=total,
        initial=done,
        unit=unit,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
        dynamic_ncols=True,
        leave=False,
        position=_position(),
        mininterval=0.5,
    )
    _BARS.add(made)
    return made

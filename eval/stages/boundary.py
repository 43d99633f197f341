"""The one place where an error of a system, a model or a judge becomes a recorded state instead of ending the run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from eval.core.machine import ends_the_run
from memos.errors import BudgetExceeded, ConfigError, MissingDependency
from memos.locks import LockBusy

T = TypeVar("T")
Task = TypeVar("Task")


@dataclass(frozen=True, slots=True)
class Failed:
    """What stands in the place of a result where a foreign component failed."""

    record: dict[str, Any]
    """Status, error (its first line) and traceback, as they are written into a journal."""


def attempt(work: Callable[[], T]) -> T | Failed:
    """Run work of a foreign component.

    Returns the result, or the error's record. A used-up budget, a configuration error, a full disk and a missing
    package end the run, since every other question would fail the same way; a busy lock is the caller's to wait for.
    """
    try:
        return work()
    except (BudgetExceeded, ConfigError, MissingDependency, LockBusy):
        raise
    except Exception as error:  # noqa: BLE001 - a foreign component may raise anything; it is recorded whole
        if ends_the_run(error):
            raise
        return Failed(
            {
                "status": "error",
                "error": (f"{type(error).__name__}: {error}".splitlines() or [""])[0][:500],
                "traceback": traceback.format_exc(limit=20),
            }
        )


def outcomes(
    work: Callable[[Sequence[Task]], Iterable[tuple[int, T]]], tasks: Sequence[Task]
) -> Iterator[tuple[int, T | Failed]]:
    """Every task's result, or its error's record, as they finish: each index once.

    Args:
        work: a component that takes many tasks and yields (index, result) in any order. Where it raises, or ends before
            all are done, the tasks that are left are given to it one by one, so that only those which fail are
            failures.
        tasks: what it is asked.
    """
    left = dict.fromkeys(range(len(tasks)))
    if not left:
        return
    rows = iter(work(tasks))
    while left:
        row = attempt(lambda: next(rows, None))
        if row is None or isinstance(row, Failed):
            break
        index, result = row
        if index in left:
            del left[index]
            yield index, result
    for index in left:
        made = attempt(lambda i=index: dict(work([tasks[i]])))
        if isinstance(made, Failed):
            yield index, made
        elif 0 in made:
            yield index, made[0]
        else:
            yield index, Failed({"status": "error", "error": "gave no result", "traceback": ""})

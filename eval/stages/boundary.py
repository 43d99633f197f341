"""The one place where an error of a system, a model or a judge becomes a recorded state instead of ending the run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from memos.errors import BudgetExceeded, ConfigError, MissingDependency
from memos.locks import LockBusy

T = TypeVar("T")
Task = TypeVar("Task")


def attempt(work: Callable[[], T]) -> tuple[T | None, dict[str, Any] | None]:
    """Run work of a foreign component.

    Returns the result and None, or None and the error's record. A used-up budget, a configuration error and a missing
    package end the run, since every other question would fail the same way; a busy lock is the caller's to wait for.
    """
    try:
        return work(), None
    except (BudgetExceeded, ConfigError, MissingDependency, LockBusy):
        raise
    except Exception as error:  # noqa: BLE001 - a foreign component may raise anything; it is recorded whole
        return None, {
            "status": "error",
            "error": (f"{type(error).__name__}: {error}".splitlines() or [""])[0][:500],
            "traceback": traceback.format_exc(limit=20),
        }


def outcomes(
    work: Callable[[Sequence[Task]], Iterable[tuple[int, T]]], tasks: Sequence[Task]
) -> Iterator[tuple[int, T | None, dict[str, Any] | None]]:
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
        row, failure = attempt(lambda: next(rows, None))
        if failure is not None or row is None:
            break
        index, result = row
        if index in left:
            del left[index]
            yield index, result, None
    for index in left:
        result, failure = attempt(lambda i=index: dict(work([tasks[i]])))
        if failure is None and 0 not in (result or {}):
            failure = {"status": "error", "error": "gave no result", "traceback": ""}
        yield index, None if failure else result[0], failure

"""The one place where an error of a system, a model or a judge becomes a recorded state instead of ending the run."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from memos.errors import BudgetExceeded, ConfigError, MissingDependency
from memos.locks import LockBusy

T = TypeVar("T")


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
            "error": f"{type(error).__name__}: {error}".splitlines()[0][:500],
            "traceback": traceback.format_exc(limit=20),
        }

"""What every script under ``scripts/`` does with an error that a user can act on."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

from memos.errors import MemosError

P = ParamSpec("P")


def told(main: Callable[P, int | None]) -> Callable[P, int]:
    """Decorate a script's ``main``: such an error is one line on stderr and exit status 1; no status is 0."""

    @functools.wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs) or 0
        except MemosError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1

    return run

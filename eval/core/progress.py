"""Progress bars with rate and remaining time, on standard error, silent where that is no terminal."""

from __future__ import annotations

import sys

from tqdm import tqdm


def bar(what: str, total: int, done: int = 0, unit: str = "q") -> tqdm:
    """A bar that starts at the work already done by an earlier session."""
    return tqdm(
        desc=what,
        total=total,
        initial=done,
        unit=unit,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
        dynamic_ncols=True,
        leave=False,
        mininterval=0.5,
    )

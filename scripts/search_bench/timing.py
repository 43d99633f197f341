"""Clocks, medians, and how busy the machine is."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Timing:
    """How a call is timed."""

    clock: str = "wall"
    """wall, or cpu for this process's own time on a busy machine."""
    rounds: int = 3
    """Rounds of all queries; the quickest of a query's calls counts, as other programs only ever add. 1: plain medians.
    """
    most: float = 60.0
    """Seconds after which a figure makes do with the calls it has."""

    def now(self) -> float:
        """Seconds."""
        return CLOCKS[self.clock]()

    def p50(self, run: Callable[[int], object], count: int) -> float:
        """Median milliseconds over ``count`` calls, each the quickest of the rounds;
        two calls before are not counted."""
        for warming in (0, 1):
            run(warming)
        best, end = [inf] * count, time.monotonic() + self.most
        for _ in range(self.rounds):
            for number in range(count):
                start = self.now()
                run(number + 2)
                best[number] = min(best[number], 1000 * (self.now() - start))
                if time.monotonic() > end and number >= 4:
                    return statistics.median(value for value in best if value < inf)
        return statistics.median(best)

    def yardstick(self) -> float:
        """Milliseconds of a fixed loop: how fast this core is just now (about 50 on a quiet one)."""
        start, total = self.now(), 0
        for number in range(1_000_000):
            total += number * number % 7
        return 1000 * (self.now() - start)


def gigabytes() -> float:
    """Memory this process has in use, GB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e9

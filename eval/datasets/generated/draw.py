"""Seeded draws that give the same result on every machine and every Python.

Python promises that ``random.Random.random`` keeps its sequence for a seed; it does not promise it for ``choice``,
``sample`` or ``shuffle``. Everything here is therefore built on ``random()`` alone, and seeds are strings, whose
digest Python takes with SHA-512 and not with ``hash``.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of draws named by its seed; streams of different names are independent."""

    def __init__(self, *name: str | int) -> None:
        self._random = Random()
        self._random.seed("/".join(str(step) for step in name), version=2)
        self.unit = self._random.random

    def below(self, count: int) -> int:
        """An integer from 0 to ``count - 1``."""
        return int(self.unit() * count)

    def between(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in ``share`` of the draws."""
        return self.unit() < share

    def pick(self, items: Sequence[T]) -> T:
        """One item."""
        return items[int(self.unit() * len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a drawn order (Fisher-Yates)."""
        out = list(items)
        for last in range(len(out) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            out[last], out[other] = out[other], out[last]
        return out

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """At most ``count`` different items in a drawn order."""
        return self.shuffled(items)[:count]

    def weighted(self, items: Sequence[T], weights: Sequence[float]) -> T:
        """One item with chances in proportion to ``weights``."""
        point = self.unit() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            point -= weight
            if point < 0:
                return item
        return items[-1]

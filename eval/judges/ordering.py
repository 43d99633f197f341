"""Orders of events: which line of an answer names which item, and how near its order comes to the rubric's.

Ranks are over all items and all lines that name none. What one of the two lists lacks is tied behind its last entry: an
invented line costs something, several missing items do, and a single missing item at the end does not, so F1 stands
beside. Kendall's tau-b is scaled from -1…1 to 0…1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"^\s*(?:[-*•]+|\(?\d{1,3}[.):])\s*")


@dataclass(frozen=True, slots=True)
class Ordering:
    """How near an answer's order comes to that of the rubric; fractions."""

    tau: float
    """Kendall's tau-b, scaled to 0…1; 0 where nothing of the rubric is named."""
    f1: float
    """Of the items that are named."""

    @property
    def measures(self) -> dict[str, float]:
        """What stands beside tau."""
        return {"order_f1": self.f1, "order_tau_f1": self.tau * self.f1}


def lines(answer: str) -> list[str]:
    """The lines of an answer that say something, without bullets and numbers."""
    stripped = [_NUMBER.sub("", line).strip() for line in answer.splitlines()]
    return [line for line in stripped if line]


def matched(pairs: Mapping[tuple[int, int], bool], count: int, items: int) -> list[int | None]:
    """The item of each line: the first one that fits and that no line before has taken; None where there is none.

    Args:
        pairs: (line, item) to whether the line names the item.
        count: number of lines.
        items: number of items.
    """
    taken: set[int] = set()
    out: list[int | None] = []
    for line in range(count):
        fits = next((item for item in range(items) if item not in taken and pairs.get((line, item))), None)
        if fits is not None:
            taken.add(fits)
        out.append(fits)
    return out


def compare(items: int, named: Sequence[int | None]) -> Ordering:
    """An answer's order against that of the rubric.

    Args:
        items: number of the rubric's items, in their right order.
        named: of each line of the answer the item it names, or None.
    """
    right = sum(item is not None for item in named)
    if not right:
        return Ordering(0.0, 0.0)
    precision, recall = right / len(named), right / items
    f1 = 2 * precision * recall / (precision + recall)
    entries = [*range(items), *(("line", i) for i, item in enumerate(named) if item is None)]
    behind = len(entries) + 1
    place = {(("line", i) if item is None else item): i + 1 for i, item in enumerate(named)}
    ours = [place.get(entry, behind) for entry in entries]
    theirs = [entry + 1 if isinstance(entry, int) else behind for entry in entries]
    return Ordering(_scaled_tau(theirs, ours), f1)


def _scaled_tau(one: Sequence[int], other: Sequence[int]) -> float:
    """Kendall's tau-b from 0 to 1; 1 where there is one entry alone, which has no order to miss."""
    if len(one) < 2:
        return 1.0
    from scipy.stats import kendalltau

    tau: Any = kendalltau(one, other, variant="b")[0]
    return 0.0 if tau != tau else (float(tau) + 1) / 2

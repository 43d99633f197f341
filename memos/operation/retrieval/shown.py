"""What a user sees of a hit: a rendered passage with the memories and turns it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memos.operation.retrieval.retrieve import UnitHit
from memos.operation.retrieval.units import render


@dataclass(frozen=True, slots=True)
class Memory:
    """One search result."""

    text: str
    cube_ids: tuple[str, ...]
    turn_ids: tuple[str, ...]
    score: float


def shown(hits: Sequence[UnitHit], dates: str, without: frozenset[str] = frozenset()) -> list[Memory]:
    """Hits as results.

    Args:
        dates: style of the date before each line.
        without: ids of memories that are left out of the texts.
    """
    out = []
    for hit in hits:
        units = [unit for unit in hit.units if unit.unit_id not in without]
        turns = tuple(dict.fromkeys(turn for unit in units for turn in unit.turn_ids))
        if units:
            out.append(Memory(render(units, dates), tuple(unit.unit_id for unit in units), turns, hit.score))
    return out

"""The flow of a chat or search (paper section 5.2): a memory call is planned, searched, and told as it happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memos.infrastructure.vault import Where
from memos.operation.retrieval.call import MemoryCall
from memos.operation.retrieval.retrieve import UnitHit
from memos.operation.retrieval.route import WORKING, Plan

Recall = Callable[[int, Where | None], list[UnitHit]]
"""Searches for so many hits under a condition."""
Passing = Callable[[Where, Sequence[str]], frozenset[str]]
"""Which memories meet a condition."""
_FURTHER = 10
"""Hits beyond those asked for, at least, from which the places of a plan take theirs."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What became of one call."""

    call: MemoryCall
    plan: Plan
    taken: tuple[int, ...] = ()
    """Of the hits given, how many lie in each place of the plan; the last place holds all."""
    others: tuple[str, ...] = ()
    """Users whose shared memories were searched too."""
    notes: tuple[str, ...] = ()
    """What else was done, in words."""

    def explain(self) -> str:
        """What was read in the utterance, where was looked, and what that gave, a line each. No memory's text."""
        call = self.call
        read = [f"intent {call.intent}", f"kind {call.kind}", f"scope {call.scope}"]
        if call.entities:
            read.append(f"names {', '.join(call.entities)}")
        if call.window is not None:
            read.append(f"time of the {call.tense}")
        if call.anchors:
            read.append(f"rests on an earlier message ({len(call.anchors)})")
        if not self.plan.steps:
            return "\n".join([self.plan.explain(), *self.notes])
        lines = ["read: " + ", ".join(read)]
        planned = self.plan.explain().splitlines()
        counts = (f" – {_hits(count)}" for count in self.taken) if self.taken else ("" for _ in planned)
        lines += [f"{line}{count}" for line, count in zip(planned, counts, strict=True)]
        if self.taken:
            lines.append(f"found: {_hits(self.taken[-1])}")
        if self.others:
            lines.append(f"also searched: what {len(self.others)} other users share")
        return "\n".join([*lines, *self.notes])


def follow(
    plan: Plan, k: int, *, recall: Recall, passing: Passing, where: Where | None = None
) -> tuple[list[UnitHit], tuple[int, ...]]:
    """The hits of a plan: what lies in its first place comes first, and so on; how many lie in each.

    Args:
        plan: of a call that needs memory.
        k: hits at most.
        where: a further condition that every hit meets.
    """
    where = plan.within if where is None else where if plan.within is None else where & plan.within
    narrow = plan.steps[:-1]
    far = any(step.where != WORKING for step in narrow)
    hits = recall(max(2 * k, k + _FURTHER) if far else k, where)
    ids = [unit.unit_id for hit in hits for unit in hit.units]
    lying: list[frozenset[str]] = []
    for step in reversed(narrow):  # sorting is stable, so the place that is sorted by last counts most
        inside = passing(step.filter, ids) if step.filter is not None else frozenset(ids)
        lying.insert(0, inside)
        reach = k if step.where == WORKING else len(hits)
        hits = sorted(hits[:reach], key=lambda hit, inside=inside: not _lies(hit, inside)) + hits[reach:]
    hits = hits[:k]
    return hits, (*(sum(_lies(hit, inside) for hit in hits) for inside in lying), len(hits))


def _lies(hit: UnitHit, inside: frozenset[str]) -> bool:
    return any(unit.unit_id in inside for unit in hit.units)


def _hits(count: int) -> str:
    return f"{count} hit" + "s" * (count != 1)


def merged(own: Sequence[UnitHit], others: Sequence[UnitHit], worth: Callable[[UnitHit], float]) -> list[UnitHit]:
    """Hits of several stores as one list. Each list keeps its order; of two heads the worthier comes first, of equal
    ones that of the first list.

    Args:
        worth: on one scale for all stores, as scores of different stores are not.
    """
    out, first, second = [], list(own), list(others)
    while first and second:
        out.append((second if worth(second[0]) > worth(first[0]) else first).pop(0))
    return out + first + second

"""Replaying a trace of uses under a policy: how often the working set held what was needed (docs/memos.md C25, C29)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from memos.operation.scheduler.policy import Policy, PolicyCandidate, PolicyScene


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One question of a trace."""

    needed: tuple[str, ...]
    """Ids of the memories it used."""
    scene: PolicyScene | None = None
    """What is known of the question beforehand (vector, labels); None: nothing."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a policy achieved on a trace."""

    policy: str
    needed: int
    hits: int
    """Needed memories that the working set held before the step."""
    loaded_tokens: int
    """Tokens of the memories brought into the working set ahead of a step."""
    wasted_tokens: int
    """Of those, tokens of memories that left the set again without having been needed."""
    shares: tuple[float, ...] = ()
    """Share of each step's needed memories that were held; one number a step that needed any."""
    waste: tuple[int, ...] = ()
    """Tokens that turned out wasted at each step (and, in the last, at the end); they sum to ``wasted_tokens``."""

    @property
    def hit_rate(self) -> float:
        return self.hits / self.needed if self.needed else 0.0


def replay(
    policy: Policy,
    candidates: Mapping[str, PolicyCandidate],
    trace: Sequence[TraceStep],
    *,
    capacity: int,
    start: datetime,
) -> Replayed:
    """Before each step the working set is the policy's best ``capacity`` memories, judged by the uses so far.

    A memory that was never used and for which a policy has nothing to say (score 0 or none) is not loaded, so a policy
    may leave room unused.

    Args:
        candidates: all memories by id; their counters start as given and are counted on here.
        trace: the steps, one a minute from ``start``.
        capacity: memories the working set holds.
    """
    state, recent = dict(candidates), ()
    held: dict[str, bool] = {}
    needed = hits = loaded = 0
    shares: list[float] = []
    waste: list[int] = []
    for number, step in enumerate(trace):
        now = start + timedelta(minutes=number)
        scene = replace(step.scene or PolicyScene(now), now=now, recent=recent)
        ranked = policy.rank(list(state.values()), scene)[:capacity]
        chosen = [one.cube_id for one in ranked if _speaks(one.score) or state[one.cube_id].last_access is not None]
        waste.append(sum(state[one].tokens for one, used in held.items() if one not in chosen and not used))
        loaded += sum(state[one].tokens for one in chosen if one not in held)
        held = {one: held.get(one, False) for one in chosen}
        present = [one for one in step.needed if one in held]
        needed, hits = needed + len(step.needed), hits + len(present)
        if step.needed:
            shares.append(len(present) / len(step.needed))
        for one in step.needed:
            if one in held:
                held[one] = True
            state[one] = replace(state[one], access_count=state[one].access_count + 1, last_access=now)
        recent = (*recent, *step.needed)[-32:]
        observe = getattr(policy, "observe", None)
        if observe is not None:
            observe(step.needed)
    if waste:
        waste[-1] += sum(state[one].tokens for one, used in held.items() if not used)
    return Replayed(policy.name, needed, hits, loaded, sum(waste), tuple(shares), tuple(waste))


def _speaks(score: float) -> bool:
    return score != 0 and not math.isinf(score)

"""Replaying a trace of uses under a policy: how often the working set held what was needed (memos.md C25, C29)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from memos.operation.scheduler.policy import Candidate, Policy, Scene


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a trace."""

    needed: tuple[str, ...]
    """Ids of the memories it used."""
    scene: Scene | None = None
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

    @property
    def hit_rate(self) -> float:
        return self.hits / self.needed if self.needed else 0.0


def replay(policy: Policy, candidates: Mapping[str, Candidate], trace: Sequence[Step], *, capacity: int,
           start: datetime) -> Replayed:  # fmt: skip
    """Before each step the working set is the policy's best ``capacity`` memories, judged by the uses so far.

    Args:
        candidates: all memories by id; their counters start as given and are counted on here.
        trace: the steps, one a minute from ``start``.
        capacity: memories the working set holds.
    """
    state, recent = dict(candidates), ()
    held: dict[str, bool] = {}
    needed = hits = loaded = wasted = 0
    for number, step in enumerate(trace):
        now = start + timedelta(minutes=number)
        scene = replace(step.scene or Scene(now), now=now, recent=recent)
        chosen = [one.cube_id for one in policy.rank(list(state.values()), scene)[:capacity]]
        wasted += sum(state[one].tokens for one, used in held.items() if one not in chosen and not used)
        loaded += sum(state[one].tokens for one in chosen if one not in held)
        held = {one: held.get(one, False) for one in chosen}
        for one in step.needed:
            needed += 1
            if one in held:
                hits += 1
                held[one] = True
            state[one] = replace(state[one], access_count=state[one].access_count + 1, last_access=now)
        recent = (*recent, *step.needed)[-32:]
        observe = getattr(policy, "observe", None)
        if observe is not None:
            observe(step.needed)
    wasted += sum(state[one].tokens for one, used in held.items() if not used)
    return Replayed(policy.name, needed, hits, loaded, wasted)

"""What a memory takes over from those it was made from: the strictest of their rules (docs/memos.md#derivation).

Pure functions over headers. ``vault.following`` applies them whenever a derived memory is stored or a source changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, get_args

from memos.cube.cube import MemCube
from memos.cube.errors import AccessDenied, CubeError
from memos.cube.header import Governance, Grant, Layer, Right, Sensitivity
from memos.infrastructure.access import Caller, decide
from memos.infrastructure.licence import licence_of

LAYERS: tuple[Layer, ...] = get_args(Layer)
"""Strictest first."""
LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)
"""Strictest last."""
_RIGHTS: tuple[Right, ...] = get_args(Right)
_SLACK = 1e-6
"""Seconds a derived memory ends before its sources, so that rounding never lets it outlive them."""


def end_of(cube: MemCube) -> float | None:
    """When a memory's time to live ends, in seconds since the epoch; None: never, as while it is frozen."""
    return None if cube.frozen else cube.expires_at


def loosest(rules: Governance) -> Governance:
    """The rules a derived memory starts from: whose it is and where it lies; all else comes from its sources."""
    return Governance(
        owner=rules.owner,
        namespace=rules.namespace,
        layer="global",
        sensitivity="public",
        decay_floor=0.0,
        priority=rules.priority,
        watermark=rules.watermark,
        licence=rules.licence,
    )


def heir_rules(sources: Sequence[MemCube], at: datetime, **own: Any) -> dict[str, Any]:
    """Governance fields (``new_cube(governance=…)``) of a memory made from others, in the namespace of the first.

    Args:
        at: record time of the new memory.
        own: fields that do not come from the sources, such as namespace or priority.
    """
    start = replace(loosest(sources[0].governance), **own)
    rules = inherited(start, at, sources)
    return {one.name: getattr(rules, one.name) for one in fields(rules) if one.name != "owner"}


def inherited(rules: Governance, at: datetime, sources: Sequence[MemCube], provenance: str = "") -> Governance:
    """The strictest of a memory's own rules and those of its sources.

    A copy that somebody gave away by the right to share (it has the provenance id of its source) has an owner and
    rights of its own; only sensitivity and end of life come from the source.

    Args:
        rules: the memory's own; ``loosest`` where all is to come from the sources.
        at: record time of the memory's content, from which its time to live counts.
        sources: the memories it was made from.
        provenance: its provenance id.

    Raises:
        CubeError: a source's time is over, or no context allows all of them.
    """
    if not sources:
        return rules
    owned = [cube for cube in sources if cube.descriptive.provenance_id != provenance]
    every = [rules, *(cube.governance for cube in owned)]
    half_lives = [one.decay_half_life for one in every if one.decay_half_life is not None]
    levels = [rules.sensitivity, *(cube.governance.sensitivity for cube in sources)]
    return replace(
        rules,
        layer=min((one.layer for one in every), key=LAYERS.index),
        acl=_grants(every),
        contexts=_contexts(every),
        read_only=any(one.read_only for one in every),
        ttl_seconds=_lifetime(rules.ttl_seconds, at, sources),
        decay_half_life=min(half_lives, default=None),
        decay_floor=max(one.decay_floor for one in every),
        sensitivity=max(levels, key=LEVELS.index),
        findings=tuple(dict.fromkeys(kind for one in every for kind in one.findings)),
        licence="\n".join(dict.fromkeys(one.licence for one in every if one.licence)),
    )


def require_owner(made: MemCube, sources: Sequence[MemCube]) -> None:
    """That the owner of a derived memory may read what it was made from.

    Raises:
        AccessDenied: naming the memory, the source and the rule.
    """
    owner = made.governance.owner
    for cube in sources:
        if cube.descriptive.provenance_id == made.descriptive.provenance_id:
            continue
        decision = decide(Caller(owner), replace(cube.governance, contexts=()), "read", cube.cube_id)
        if not decision.allowed:
            raise AccessDenied(f"cube {made.cube_id}: {owner} may own nothing made from it: {decision.rule}")
        if owner != cube.governance.owner and licence_of(cube.governance.licence).limited:
            rule = f"a licence limits reading {cube.cube_id}"
            raise AccessDenied(f"cube {made.cube_id}: {owner} may own nothing made from it: {rule}")


def _lifetime(own: float | None, at: datetime, sources: Sequence[MemCube]) -> float | None:
    ends = [(end, cube.cube_id) for cube in sources if (end := end_of(cube)) is not None]
    if not ends:
        return own
    end, first = min(ends)
    left = end - at.timestamp() - _SLACK
    if left <= 0:
        raise CubeError(f"its source {first} has outlived its time")
    return left if own is None else min(own, left)


def _contexts(every: Sequence[Governance]) -> tuple[str, ...]:
    limited = [one.contexts for one in every if one.contexts]
    common = [context for context in limited[0] if all(context in one for one in limited)] if limited else []
    if limited and not common:
        raise CubeError("no calling context allows all of its sources")
    return tuple(common)


def _grants(every: Sequence[Governance]) -> tuple[Grant, ...]:
    """Grants that hold for all: what one denies is denied, and allowed is what each allows."""
    if all(one.acl == every[0].acl for one in every):
        return every[0].acl
    denied = [grant for one in every for grant in one.acl if grant.effect == "deny"]
    allowed: dict[str, list[Right]] = {}
    for right in _RIGHTS:
        for name in _common([_principals(one, right) for one in every]):
            allowed.setdefault(name, []).append(right)
    owner = every[0].owner
    given = [Grant(name, tuple(rights)) for name, rights in sorted(allowed.items()) if name != owner]
    return (*dict.fromkeys(denied), *given)


def _principals(rules: Governance, right: Right) -> set[str]:
    """Who has a right by these rules: their owner, those with a grant, everybody (``*``) in the global layer."""
    names = (
        {grant.principal for grant in rules.acl if right in grant.rights and grant.effect == "allow"}
        if rules.layer != "private"
        else set()
    )
    if right == "read" and rules.layer == "global" and rules.sensitivity != "restricted":
        names.add("*")
    return names | {rules.owner}


def _common(every: Sequence[set[str]]) -> set[str]:
    named = set().union(*every)
    return {name for name in named if all(name in one or "*" in one for one in every)}

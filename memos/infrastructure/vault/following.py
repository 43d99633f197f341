"""What is derived follows what it was made from, in the transaction of the change (docs/memos.md#derivation).

Every adapter calls these from ``add``, ``place``, ``update`` and ``purge``, so that no door and no maker can leave a
summary, a merge or a copy behind that says more than its sources may say now:

- its rights, sensitivity and time to live are the strictest of its sources, when it is stored and when one changes;
- it leaves the search when a source is archived, expires, is restricted or says something else, and comes back with it;
- it is purged with a source that is purged.

Whoever made it may write its text again from the sources that are left (``vault.following.renewed``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from memos.cube.cube import LIVE, MemCube
from memos.cube.errors import AccessDenied, CubeError, FrozenCube, IllegalTransition
from memos.cube.header import Governance
from memos.infrastructure.audit import AuditEntry
from memos.infrastructure.inheritance import inherited, loosest, require_owner
from memos.infrastructure.vault.base import Edge
from memos.infrastructure.vault.filters import DerivedFrom, Is

if TYPE_CHECKING:
    from memos.infrastructure.vault.base import Vault


WITHDREW = "withdrew"
"""Relation from a source to what was made from it and had to leave the search because of it."""
DUPLICATE = "duplicate"
"""Attribute of a ``merged_into`` edge whose target said the same already: it has no text from its source."""
_HELD = (*LIVE, "merged")
"""States of a source in which its text may stand in what was made from it."""

_SEVERITY = ("expired", "archived", "restricted", "changed", "replaced")
"""Why something was withdrawn, gravest last: what a source says otherwise does not come back with it."""


# -- storing -------------------------------------------------------------------------------------------------------
def admitted(vault: Vault, cubes: Sequence[MemCube], *, owners: bool = True) -> list[MemCube]:
    """New memories under the strictest rules of what they were made from; others are left as they are.

    Args:
        owners: also refuse a memory whose owner may not read a source; what an adapter stores it does not ask.

    Raises:
        AccessDenied, CubeError: naming the memory and the source that forbids it.
    """
    if not any(cube.parents for cube in cubes):
        return list(cubes)
    batch: dict[str, MemCube] = {}
    for cube in cubes:
        made = cube
        if cube.parents:
            sources = sources_of(vault, cube, batch)
            if owners:
                require_owner(cube, sources)
            rules = _ruled(cube, cube.governance, sources)
            if rules != cube.governance:
                made = replace(cube, governance=rules).as_first_version()
        batch[cube.cube_id] = made
    return list(batch.values()) if len(batch) == len(cubes) else list(cubes)


def sources_of(vault: Vault, cube: MemCube, batch: dict[str, MemCube] | None = None) -> list[MemCube]:
    """The memories a memory has its text from, as far as they are there; of a duplicate it has none."""
    near = batch or {}
    stored = [name for name in cube.parents if name not in near]
    there = vault.find(Is("cube_id", *stored), live=False) if stored else []
    equal = {edge.source for edge in _duplicates(vault, cube.cube_id, "in")} if there else set()
    found_here = [near[name] for name in cube.parents if name in near]
    return found_here + vault.get_many([name for name in there if name not in equal])


def _ruled(cube: MemCube, rules: Governance, sources: Sequence[MemCube]) -> Governance:
    try:
        return inherited(rules, cube.descriptive.updated_at, sources, cube.descriptive.provenance_id)
    except CubeError as error:
        raise CubeError(f"cube {cube.cube_id}: {error}") from error


def _duplicates(vault: Vault, cube_id: str, direction: Any) -> list[Edge]:
    edges = vault.edges([cube_id], relations=["merged_into"], direction=direction)
    return [edge for edge in edges if edge.attributes.get(DUPLICATE)]


def made_from(vault: Vault, cube_id: str) -> list[MemCube]:
    """Memories that have text from a memory, directly."""
    ids = vault.find(DerivedFrom(cube_id), live=False)
    if not ids:
        return []
    equal = {edge.target for edge in _duplicates(vault, cube_id, "out")}
    return vault.get_many([one for one in ids if one not in equal])


# -- changes -------------------------------------------------------------------------------------------------------
def after_place(vault: Vault, before: MemCube, after: MemCube) -> None:
    """A memory has changed its state or was frozen or thawed."""
    if before.state in _HELD and after.state not in _HELD:
        for child in made_from(vault, after.cube_id):
            withdraw(vault, child, after.cube_id, after.state)
    elif after.state in LIVE and before.state not in _HELD:
        blocking = vault.edges([after.cube_id], relations=[WITHDREW], direction="in")
        if blocking:
            source, why = blocking[0].source, blocking[0].attributes["why"]
            raise IllegalTransition(f"cube {after.cube_id} cannot become {after.state}: its source {source} is {why}")
        for edge in vault.edges([after.cube_id], relations=[WITHDREW], direction="out"):
            if edge.attributes["why"] in ("archived", "expired"):
                _bring_back(vault, edge)
    if before.frozen != after.frozen:
        _rule_children(vault, before, after)


def after_update(vault: Vault, before: MemCube, after: MemCube) -> None:
    """A memory has a new version."""
    if after.parents:
        rules = _ruled(after, after.governance, sources_of(vault, after))
        if rules != after.governance:
            vault.update(after.revise(after.descriptive.updated_at, governance=_changes(after.governance, rules)))
            return
    if before.text != after.text:
        for child in made_from(vault, after.cube_id):
            withdraw(vault, child, after.cube_id, "changed")
    if before.governance != after.governance or after.governance.ttl_seconds is not None:
        _rule_children(vault, before, after)


def with_descendants(vault: Vault, cube_ids: Iterable[str]) -> list[str]:
    """The memories and all that have text from them, directly or not.

    Raises:
        FrozenCube: one that would go with them is frozen.
    """
    named = dict.fromkeys(cube_ids)
    front = list(named)
    while front:
        children = [child for one in front for child in made_from(vault, one) if child.cube_id not in named]
        frozen = next((child.cube_id for child in children if child.frozen), None)
        if frozen is not None:
            raise FrozenCube(f"cube {frozen} is frozen and would be purged with its source; un-freeze it first")
        front = list(dict.fromkeys(child.cube_id for child in children))
        named.update(dict.fromkeys(front))
    return list(named)


def withdraw(vault: Vault, child: MemCube, source: str, why: str) -> None:
    """Take a derived memory out of search because of a source; what was made from it follows by its own change."""
    was = child.state
    for edge in vault.edges([child.cube_id], relations=[WITHDREW], direction="in"):
        if edge.source == source:
            was = edge.attributes["was"]
            why = max(why, edge.attributes["why"], key=_SEVERITY.index)
    vault.link([Edge(source, child.cube_id, WITHDREW, attributes={"why": why, "was": was})])
    if child.state in _HELD:
        vault.place(child.cube_id, state="archived")
        _log(vault, child, "archived", f"source {source} is {why}")


def _bring_back(vault: Vault, edge: Edge) -> None:
    """A source is there again: what was withdrawn for it alone is there again too."""
    state = vault.get(edge.source).state
    if state not in _HELD:
        vault.link([replace(edge, attributes={**edge.attributes, "why": state})])
        return
    vault.unlink([edge])
    child, was = vault.get(edge.target), edge.attributes["was"]
    others = vault.edges([edge.target], relations=[WITHDREW], direction="in")
    if was not in _HELD or child.state != "archived":
        return
    if others:
        vault.link([replace(others[0], attributes={**others[0].attributes, "was": was})])
        return
    vault.place(child.cube_id, state=was)
    _log(vault, child, was, f"source {edge.source} is back")


def _rule_children(vault: Vault, before: MemCube, after: MemCube) -> None:
    for child in made_from(vault, after.cube_id):
        _rule(vault, child, before, after)


def _rule(vault: Vault, child: MemCube, before: MemCube, after: MemCube) -> None:
    """Give a derived memory the rules that its sources now ask for.

    One that had just their rules follows them both ways; one that its owner made stricter only becomes stricter.
    """
    sources = sources_of(vault, child)
    earlier = [before if one.cube_id == before.cube_id else one for one in sources]
    own = loosest(child.governance) if _follows(child, earlier) else child.governance
    at = vault.clock()
    edges = vault.edges([child.cube_id], relations=[WITHDREW], direction="in")
    restricted = [edge for edge in edges if edge.attributes["why"] == "restricted"]
    try:
        if restricted or _owned(child, earlier):
            require_owner(child, sources)
        rules = inherited(own, at, sources, child.descriptive.provenance_id)
    except (AccessDenied, CubeError):
        withdraw(vault, child, after.cube_id, "restricted")
        return
    if _plain(rules) != _plain(child.governance) or rules.ttl_seconds != child.governance.ttl_seconds:
        if child.frozen:
            withdraw(vault, child, after.cube_id, "restricted")
            return
        revised = child.revise(at, governance=_changes(child.governance, rules))
        vault.update(revised, actor="lineage", cause=f"source {after.cube_id} changed")
    for edge in restricted:
        if edge.source == after.cube_id:
            _bring_back(vault, edge)


def _follows(child: MemCube, sources: Sequence[MemCube]) -> bool:
    try:
        rules = _ruled(child, loosest(child.governance), sources)
    except CubeError:
        return False
    return _plain(rules) == _plain(child.governance)


def _owned(child: MemCube, sources: Sequence[MemCube]) -> bool:
    """Whether a memory's owner could read its sources so far."""
    try:
        require_owner(child, sources)
    except AccessDenied:
        return False
    return True


def _plain(rules: Governance) -> Governance:
    """Rules without what depends on the moment."""
    return replace(rules, ttl_seconds=None)


def _changes(old: Governance, new: Governance) -> dict[str, Any]:
    names = [one.name for one in fields(Governance)]
    return {name: getattr(new, name) for name in names if getattr(new, name) != getattr(old, name)}


def _log(vault: Vault, cube: MemCube, to: str, cause: str) -> None:
    details = {"from": cube.state, "to": to}
    vault.append_audit(
        AuditEntry(vault.clock(), "lineage", "transition", cube.cube_id, cube.kind, cause, details=details)
    )


# -- writing again -------------------------------------------------------------------------------------------------
def renewed(vault: Vault, cube_id: str) -> None:
    """The text of a withdrawn memory was written again from what is left: nothing keeps it from the search."""
    vault.unlink(vault.edges([cube_id], relations=[WITHDREW], direction="in"))


def replaced(vault: Vault, cube_id: str) -> None:
    """Another memory stands in for a withdrawn one, which therefore does not come back with its sources."""
    edges = vault.edges([cube_id], relations=[WITHDREW], direction="in")
    vault.link(replace(edge, attributes={**edge.attributes, "why": "replaced"}) for edge in edges)

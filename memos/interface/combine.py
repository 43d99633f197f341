"""How texts of memories are joined: a new one with the old, or those of several (paper section 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from memos.cube.clock import Clock, Ids
from memos.cube.cube import MemCube, new_cube
from memos.cube.errors import CubeError
from memos.infrastructure.inheritance import heir_rules

UpdateMode = Literal["append", "merge", "overwrite"]


def composed(cubes: Sequence[MemCube], separator: str, *, owner: str, ids: Ids, clock: Clock) -> MemCube:
    """A cube of the texts of several, in their order, under the strictest of their rules.

    Where these cannot stand together (the time of one is over), it is private and restricted; no vault stores it then.
    """
    try:
        rules = heir_rules(cubes, clock()) if cubes else {}
    except CubeError:
        rules = {"sensitivity": "restricted"}
    return new_cube(
        separator.join(cube.text for cube in cubes),
        owner=owner,
        ids=ids,
        clock=clock,
        governance=rules,
        derived_from=[cube.cube_id for cube in cubes],
        origin="inference",
        trigger="compose",
    )


def combined(old: str, new: str, mode: UpdateMode) -> str:
    """The text after an update: replaced, with the new one after it, or with those sentences that are not there yet.

    Raises:
        CubeError: there is no such mode.
    """
    if mode == "overwrite":
        return new
    if mode == "append":
        return f"{old}\n{new}"
    if mode == "merge":
        seen = {line.strip().casefold() for line in _sentences(old)}
        fresh = [line for line in _sentences(new) if line.strip().casefold() not in seen]
        return "\n".join([old, *fresh])
    raise CubeError(f"update mode {mode!r} is none of append, merge, overwrite")


def _sentences(text: str) -> list[str]:
    sentences = [
        part for line in text.splitlines() for part in line.replace("? ", "?\n").replace(". ", ".\n").splitlines()
    ]
    return [part.strip() for part in sentences if part.strip()]

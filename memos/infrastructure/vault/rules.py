"""What every adapter checks before it stores, and how it counts uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memos.cube.codec import digest_of
from memos.cube.cube import MemCube
from memos.cube.errors import ChainBroken, CubeError, FrozenCube, VersionConflict
from memos.cube.header import Behavioural
from memos.cube.versions import Version, chain_digest, verify_chain
from memos.infrastructure.vault.base import Use

if TYPE_CHECKING:
    import numpy as np


def check_new(cube: MemCube) -> None:
    """A new cube starts its version chain.

    Raises:
        CubeError: it is a later version, or was not built by ``new_cube``.
    """
    if cube.version != 1:
        raise CubeError(f"cube {cube.cube_id}: version {cube.version} cannot be added; add version 1 and update it")
    if not cube.behavioural.digest:
        raise CubeError(f"cube {cube.cube_id}: no digest; build cubes with new_cube")


def check_revision(old: MemCube, new: MemCube) -> str:
    """That ``new`` is the next version of ``old``; gives its content.

    Raises:
        FrozenCube, VersionConflict, CubeError, ChainBroken.
    """
    if old.frozen:
        raise FrozenCube(f"cube {old.cube_id} is frozen; un-freeze it before changing it")
    if new.version != old.version + 1:
        raise VersionConflict(
            f"cube {old.cube_id} is at version {old.version}; version {new.version} is not based on it, read it again"
        )
    for name in ("provenance_id", "created_at", "origin"):
        if getattr(new.descriptive, name) != getattr(old.descriptive, name):
            raise CubeError(f"Descriptive.{name} of {old.cube_id}: fixed for life")
    if new.governance.namespace != old.governance.namespace:
        raise CubeError(f"cube {old.cube_id}: the namespace is fixed; copy the cube into {new.governance.namespace!r}")
    content = new.content()
    digest = digest_of(content)
    expected = chain_digest(old.behavioural.digest, old.cube_id, new.version, new.descriptive.updated_at, digest)
    if digest != new.behavioural.content_digest or expected != new.behavioural.digest:
        raise ChainBroken(f"cube {old.cube_id}: version {new.version} does not continue the stored chain; use revise")
    return content


def check_restored(cube: MemCube, versions: Sequence[Version]) -> None:
    """That the versions verify and end in the cube.

    Raises:
        ChainBroken: naming what does not fit.
    """
    verify_chain(versions)
    last = versions[-1] if versions else None
    if last is None or (last.version, last.digest) != (cube.version, cube.behavioural.digest):
        raise ChainBroken(f"cube {cube.cube_id}: its versions do not end in version {cube.version}")
    if last.content != cube.content() or any(version.cube_id != cube.cube_id for version in versions):
        raise ChainBroken(f"cube {cube.cube_id}: its content is not that of its last version")


def checked_vector(value: Any, dim: int) -> np.ndarray:
    """A vector as float32.

    Args:
        dim: dimensions the vault's vectors have; 0 where it has none yet.

    Raises:
        CubeError: for another shape or a value that is not finite.
    """
    import numpy as np

    vector = np.ascontiguousarray(value, dtype=np.float32)
    if vector.ndim != 1 or not vector.size or (dim and vector.size != dim):
        raise CubeError(f"vector of shape {vector.shape} where {dim or 'some'} dimensions are expected")
    if not np.isfinite(vector).all():
        raise CubeError("vector with a value that is not finite")
    return vector


def use_counts(behaviour: Behavioural, at: datetime, use: Use, half_life: float) -> Behavioural:
    """The counters after one more use. Reading and injecting count as access; feedback does not."""
    if use in ("helpful", "unhelpful"):
        return replace(behaviour, **{use: getattr(behaviour, use) + 1})
    if use not in ("access", "injection"):
        raise CubeError(f"use {use!r} is none of access, injection, helpful, unhelpful")
    last = behaviour.last_access
    passed = max(0.0, (at - last).total_seconds()) if last is not None else 0.0
    return Behavioural(  # replace() takes four times as long, and a search counts every memory that it shows
        behaviour.access_count + 1,
        at if last is None or at > last else last,
        behaviour.heat * 0.5 ** (passed / half_life) + 1.0,
        behaviour.injections + (use == "injection"),
        behaviour.helpful,
        behaviour.unhelpful,
        behaviour.fingerprint,
        behaviour.version,
        behaviour.parent_version,
        behaviour.derived_from,
        behaviour.content_digest,
        behaviour.digest,
    )


def used_once_more(cube: MemCube, at: datetime, use: Use, half_life: float) -> MemCube:
    """The cube with its counters after one more use."""
    counts = use_counts(cube.behavioural, at, use, half_life)
    return MemCube(cube.payload, cube.descriptive, cube.governance, counts, cube.state, cube.tier, cube.frozen)

"""The version chain: each version's digest covers its content and the digest before it, so no link can be changed
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memos.cube.codec import canonical, digest_of
from memos.cube.errors import ChainBroken


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a cube as the vault keeps it."""

    cube_id: str
    version: int
    parent_version: int | None
    at: datetime
    content: str
    """Canonical JSON of payload, descriptive and governance header (``MemCube.content``)."""
    content_digest: str
    digest: str
    actor: str = ""
    cause: str = ""


def chain_digest(parent_digest: str, cube_id: str, version: int, at: datetime, content_digest: str) -> str:
    """Digest of a version: over its content and its parent's digest (empty for the first)."""
    return digest_of(canonical([parent_digest, cube_id, version, at.isoformat(), content_digest]))


def verify_chain(versions: Sequence[Version]) -> None:
    """Check a cube's versions, oldest first.

    Raises:
        ChainBroken: naming the cube and the first version that does not verify.
    """
    parent = ""
    for number, version in enumerate(versions, 1):
        place = f"cube {version.cube_id}, version {version.version}"
        if version.version != number or version.parent_version != (number - 1 or None):
            raise ChainBroken(f"{place}: expected version {number}")
        if digest_of(version.content) != version.content_digest:
            raise ChainBroken(f"{place}: content does not match its digest")
        expected = chain_digest(parent, version.cube_id, number, version.at, version.content_digest)
        if expected != version.digest:
            raise ChainBroken(f"{place}: link to the version before does not match")
        parent = version.digest

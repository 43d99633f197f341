"""What an insertion did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inserted:
    """What became of one memory."""

    cube_id: str
    status: str
    """added, duplicate (its sources went to ``other``), replaced (``other`` was archived), outdated (``other`` is
    newer) or withdrawn (with what it was made from)."""
    other: str = ""

"""From cubes to the index's units, and from units to the text a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from memos.cube import MemCube
from memos.cube.clock import UNSET
from memos.errors import ConfigError
from memos.operation.retrieval.index import Unit

_MADE = ("read:fine", "read:preference", "organise")
"""Triggers of memories made from turns."""
DATE_STYLES = ("iso", "long", "none")


def unit_of(cube: MemCube, words: int = 0) -> Unit:
    """The unit under which a plaintext cube is indexed. What was made from turns later is no neighbour of theirs."""
    head = cube.descriptive
    said_at = head.attributes.get("said_at")
    source = head.sources[0] if head.sources else None
    group = ""
    if source is not None and head.trigger not in _MADE and (source.dialogue or source.session):
        group = f"{source.dialogue}\x1f{source.session}"
    event = (head.event_start, head.event_end or head.event_start) if head.event_start else None
    return Unit(
        unit_id=cube.cube_id,
        text=cube.text,
        speaker=head.speaker,
        group=group,
        time=datetime.fromisoformat(said_at) if said_at else _recorded(head.created_at),
        event=event,
        turn_ids=cube.turn_ids,
        tags=head.tags,
        words=words,
    )


def _recorded(moment: datetime) -> datetime | None:
    """When a memory was recorded; None where the clock of the reader was never set (``SessionClock``)."""
    return None if moment == UNSET else moment.replace(tzinfo=None)


def check_style(style: str, where: str) -> None:
    """Raises ConfigError for an unknown date style."""
    if style not in DATE_STYLES:
        raise ConfigError(f"{where}: {style!r} is none of {', '.join(DATE_STYLES)}")


def stamp(time: datetime | None, style: str) -> str:
    """A date before a line: ``2023-05-08 | `` (iso), ``8 May 2023 | `` (long) or nothing."""
    if time is None or style == "none":
        return ""
    return f"{time:%Y-%m-%d} | " if style == "iso" else f"{time.day} {time:%B %Y} | "


def line(unit: Unit, style: str) -> str:
    """A unit on one line: date, speaker and what was said, without line breaks."""
    return stamp(unit.time, style) + " ".join(unit.line().split())


def render(units: Sequence[Unit], style: str) -> str:
    """A passage: one line a unit."""
    return "\n".join(line(unit, style) for unit in units)

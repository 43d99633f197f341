"""The three header groups of a MemCube (paper section 4.2; docs/memos.md#header)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from memos.cube.errors import CubeError
from memos.language.scripts import lone_surrogate

Origin = Literal["user_input", "inference", "retrieval", "fine_tuning"]
Layer = Literal["private", "shared", "global"]
Right = Literal["read", "write", "share"]
Sensitivity = Literal["public", "internal", "confidential", "restricted"]
SEMANTIC_TYPES = (
    "fact",
    "episode",
    "preference",
    "task_prompt",
    "summary",
    "topic",
    "concept",
    "skill",
    "tool",
    "trajectory",
    "profile",
)
"""Semantic types this project makes; others are allowed."""


def event_seconds(moment: datetime) -> float:
    """An event time as seconds: wall-clock times count as UTC, aware times are moved to UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def check_sound(header: object, names: tuple[str, ...]) -> None:
    """Raises CubeError where a text (or one of several) under a name holds a lone surrogate, which no file can hold."""
    for name in names:
        value = getattr(header, name)
        for text in (value,) if isinstance(value, str) else value:
            if not text.isascii() and (place := lone_surrogate(text)) is not None:
                raise CubeError(f"{type(header).__name__}.{name}: lone surrogate at character {place}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a memory comes from: a turn (or a span of its characters) of a dialogue, or another document."""

    dialogue: str = ""
    session: str = ""
    turn: str = ""
    start: int | None = None
    end: int | None = None
    uri: str = ""

    def __post_init__(self) -> None:
        check_sound(self, ("dialogue", "session", "turn", "uri"))


@dataclass(frozen=True, slots=True)
class Grant:
    """A right given to (or taken from) a principal: a user id, ``group:NAME`` or ``*`` for everybody."""

    principal: str
    rights: tuple[Right, ...] = ("read",)
    effect: Literal["allow", "deny"] = "allow"

    def __post_init__(self) -> None:
        check_sound(self, ("principal",))


_TEXTS = tuple(
    "cube_id provenance_id semantic_type key tags topic concept speaker entities trigger model links".split()
)


@dataclass(frozen=True, slots=True)
class Descriptive:
    """What the memory is. ``cube_id``, ``provenance_id``, ``created_at`` and ``origin`` never change."""

    cube_id: str
    provenance_id: str
    created_at: datetime
    """Record time, aware, UTC."""
    updated_at: datetime
    event_start: datetime | None = None
    """When what the memory tells of happened (wall clock of the dialogue, or aware)."""
    event_end: datetime | None = None
    """End of the interval, not part of it; None: an instant, or open."""
    origin: Origin = "user_input"
    semantic_type: str = "fact"
    key: str = ""
    """A short title."""
    tags: tuple[str, ...] = ()
    topic: str = ""
    concept: str = ""
    speaker: str = ""
    entities: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    position: int | None = None
    """Place in its dialogue or document, for neighbours."""
    trigger: str = ""
    """What caused the memory to be made (operation or call id)."""
    model: str = ""
    """Model that made it, where one did."""
    links: tuple[str, ...] = ()
    """External references."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Further facts a memory kind needs, as JSON values."""

    def __post_init__(self) -> None:
        if not self.cube_id or not self.provenance_id:
            raise CubeError("Descriptive: cube_id and provenance_id must not be empty")
        if self.created_at.tzinfo is None or self.updated_at.tzinfo is None:
            raise CubeError(f"Descriptive.created_at/updated_at of {self.cube_id}: record times need a time zone")
        if not self.semantic_type:
            raise CubeError(f"Descriptive.semantic_type of {self.cube_id}: empty")
        check_sound(self, _TEXTS)
        if self.event_end is not None:
            if self.event_start is None:
                raise CubeError(f"Descriptive.event_end of {self.cube_id}: given without event_start")
            if event_seconds(self.event_end) < event_seconds(self.event_start):
                raise CubeError(f"Descriptive.event_end of {self.cube_id}: before event_start")


@dataclass(frozen=True, slots=True)
class Governance:
    """Who may use the memory, how long it lives, and what must be watched."""

    owner: str
    namespace: str = "default"
    layer: Layer = "private"
    acl: tuple[Grant, ...] = ()
    contexts: tuple[str, ...] = ()
    """Calling contexts in which the memory may be used; empty: any."""
    read_only: bool = False
    ttl_seconds: float | None = None
    """Expires this long after its last content change; None: never."""
    decay_half_life: float | None = None
    """Seconds in which an unused memory's strength halves; None: no decay."""
    decay_floor: float = 0.05
    """Strength below which a decaying memory is archived."""
    priority: int = 0
    sensitivity: Sensitivity = "internal"
    findings: tuple[str, ...] = ()
    """Kinds of sensitive content detected in the payload."""
    watermark: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if not self.owner or not self.namespace:
            raise CubeError("Governance: owner and namespace must not be empty")
        check_sound(self, ("owner", "namespace", "contexts", "watermark", "licence"))
        for name in ("ttl_seconds", "decay_half_life"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise CubeError(f"Governance.{name}: {value} is not positive")
        if not 0 <= self.decay_floor < 1:
            raise CubeError(f"Governance.decay_floor: {self.decay_floor} is not in [0, 1)")


@dataclass(frozen=True, slots=True)
class Behavioural:
    """How the memory was used, and its version. Counters belong to the vault; versions to ``MemCube.revise``."""

    access_count: int = 0
    last_access: datetime | None = None
    heat: float = 0.0
    """Exponentially decayed count of uses as of ``last_access``."""
    injections: int = 0
    helpful: int = 0
    unhelpful: int = 0
    fingerprint: str = ""
    """Light signature of the content (64-bit simhash of its words), for drift and near-duplicates."""
    version: int = 1
    parent_version: int | None = None
    derived_from: tuple[str, ...] = ()
    """Ids of the cubes this one was made from (merge, summary, distillation, copy)."""
    content_digest: str = ""
    digest: str = ""
    """Digest of the version chain up to here."""

    def __post_init__(self) -> None:
        if self.last_access is not None and self.last_access.tzinfo is None:
            raise CubeError(f"Behavioural.last_access: {self.last_access.isoformat()} needs a time zone")

"""What a reader of utterances asks of the operator: the memory call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Intent = Literal["none", "recall", "remember", "correct", "forget", "withhold", "summarise", "prefer", "procedure"]
Scope = Literal["private", "shared", "global"]
Kind = Literal["fact", "preference", "skill", "episode"]
Tense = Literal["event", "telling", "state"]
"""What the time of a call is the time of: what happened then, what was said then, or what held then."""


@dataclass(frozen=True, slots=True)
class Window:
    """Time asked about, [start, end); None leaves a side open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class MemoryCall:
    """What the operator is asked to do."""

    intent: Intent
    query: str
    """The utterance with references to its speaker resolved."""
    caller: str = ""
    window: Window | None = None
    tense: Tense = "event"
    entities: tuple[str, ...] = ()
    kind: Kind = "fact"
    scope: Scope = "private"
    access: Literal["none", "read", "write"] = "read"
    anchors: tuple[str, ...] = ()
    """Earlier utterances the call refers to ("and when was that?")."""

    @property
    def needs_memory(self) -> bool:
        return self.intent != "none"

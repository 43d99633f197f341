"""Light, frozen types that the memory OS, the baselines and the harness share. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and calls spent on language models. Sums with ``+``."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that a key-value prefix cache served (a part of ``prompt_tokens``)."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
        )

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.calls - other.calls,
            self.prompt_tokens - other.prompt_tokens,
            self.completion_tokens - other.completion_tokens,
            self.cached_tokens - other.cached_tokens,
        )


def as_fields(record: Any) -> dict[str, Any]:
    """A frozen record's fields by name, for a file, and those of records in it; ``dataclasses.asdict`` would copy every
    value besides.
    """
    values = ((name, getattr(record, name)) for name in record.__dataclass_fields__)
    return {name: as_fields(value) if hasattr(value, "__dataclass_fields__") else value for name, value in values}


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message as sent to a language model."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue."""

    turn_id: str
    """Id unique in its conversation, LOCOMO's ``dia_id``, such as ``D3:7``."""
    speaker: str
    text: str
    caption: str | None = None
    """Caption of an image shared with the utterance; None where there is none or captions are switched off."""
    time: datetime | None = None
    """When it was said, where the source times each utterance; None: at its session's time."""

    @property
    def said(self) -> str:
        """The utterance with its caption, the way a participant would have perceived it."""
        return f"{self.text} [shared an image: {self.caption}]" if self.caption else self.text


@dataclass(frozen=True, slots=True)
class Session:
    """Consecutive turns that share one timestamp."""

    session_id: str
    time: datetime | None
    """Wall-clock time of the session (LOCOMO gives no time zone); None where the source gives none."""
    time_text: str
    """The timestamp as the dataset prints it, such as ``1:56 pm on 8 May, 2023``."""
    turns: tuple[Turn, ...]

    def time_of(self, turn: Turn) -> datetime | None:
        """When one of its turns was said."""
        return turn.time or self.time

    def time_text_of(self, turn: Turn) -> str:
        """The same as text: that of the session, or of the turn where it has a time of its own."""
        return self.time_text if turn.time is None else time_text(turn.time)

    def line(self, turn: Turn) -> str:
        """``1:56 pm on 8 May, 2023 | Ann: …``; without the time where none is known."""
        time = self.time_text_of(turn)
        return f"{time} | {turn.speaker}: {turn.said}" if time else f"{turn.speaker}: {turn.said}"


def time_text(moment: datetime | None) -> str:
    """A moment as LOCOMO prints it, ``1:56 pm on 8 May, 2023``; empty where there is none."""
    if moment is None:
        return ""
    clock = f"{moment.hour % 12 or 12}:{moment.minute:02} {'am' if moment.hour < 12 else 'pm'}"
    return f"{clock} on {moment.day} {_MONTHS[moment.month - 1]}, {moment.year}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A long dialogue; what a memory system ingests."""

    sample_id: str
    speakers: tuple[str, ...]
    """Who talks: two people mostly, or a user and an assistant, or a group."""
    sessions: tuple[Session, ...]

    def turns(self) -> list[tuple[Session, Turn]]:
        """Every turn with its session, in order."""
        return [(session, turn) for session in self.sessions for turn in session.turns]


@dataclass(frozen=True, slots=True)
class Query:
    """What the harness asks of a memory system."""

    text: str
    depth: int = 200
    """How many ranked hits to return at most. Deeper than a system's own top-k, so that recall curves can be drawn."""
    gold_turns: tuple[str, ...] = ()
    """Ids of the gold evidence turns. Filled only for systems with ``sees_gold = True`` (the oracle)."""
    asked: datetime | None = None
    """When the question is asked, where the data set says it; None: after everything."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One retrieved memory."""

    text: str
    turn_ids: tuple[str, ...]
    """The turns the memory was made from (provenance)."""
    score: float = 0.0
    memory_id: str = ""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The outcome of a search."""

    hits: tuple[Hit, ...]
    """Ranked, best first, up to ``Query.depth``."""
    used: int
    """How many of the first hits are in the system's own context (its top-k)."""
    context: str | None = None
    """The context as the system's authors render it (``track=paper``). None: the texts of the used hits, one a line."""
    usage: Usage = field(default_factory=Usage)

    def rendered(self) -> str:
        """The context an answerer reads in the paper's track."""
        return "\n".join(hit.text for hit in self.hits[: self.used]) if self.context is None else self.context

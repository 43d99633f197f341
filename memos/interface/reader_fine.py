"""MemReader, fine extraction: memories a language model states, each with the turns it comes from (docs/memos.md C10).

Fast memories are there at once; the fine ones are made from them later. A reply that cannot be repaired after the
retries raises, and the fast memories stay as they are, so nothing is ever lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from memos.cube import MemCube, new_cube
from memos.cube.clock import Clock, Ids
from memos.errors import ConfigError
from memos.infrastructure.inheritance import heir_rules
from memos.language import dates
from memos.llm.base import LLM, Request
from memos.llm.early import begin
from memos.llm.structured import complete_json
from memos.types import Message, Usage

SCHEMA = {
    "type": "object",
    "properties": {
        "memories": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "minLength": 1},
                    "kind": {"type": "string", "enum": ["fact", "preference", "profile"]},
                    "about": {"type": "string"},
                    "lines": {"type": "array", "items": {"type": "integer"}},
                    "when": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "kind", "lines"],
            },
        }
    },
    "required": ["memories"],
}
_ASK = """From the numbered lines of a conversation below, write down what is worth remembering.
Each memory is one sentence in the third person that can be understood alone: full names instead of pronouns, calendar
dates instead of words such as yesterday (the date before each line is when it was said). Leave out greetings and \
small talk.
kind is preference for likes, dislikes and habits of taste, profile for lasting traits of a person, fact for all else.
about is the person it concerns; lines are the numbers of the lines it comes from; when is the date of the event, \
if known;
tags are up to three plain words for its subject, such as work, family or health, and may be left out.
Reply with JSON: {"memories": [{"text": ..., "kind": ..., "about": ..., "lines": [...], "when": ..., "tags": [...]}]}

"""


@dataclass(frozen=True, slots=True)
class FineRead:
    """What a reading gave."""

    cubes: tuple[MemCube, ...]
    usage: Usage
    dropped: int
    """Items whose line numbers named no given line; without a source nothing is stored."""


class FineReader:
    """Reads windows of fast memories with a language model."""

    @dataclass
    class Config:
        window: int = field(default=10, metadata={"help": "lines a model call reads"})
        overlap: int = field(default=2, metadata={"help": "lines of the window before that are shown again"})
        retries: int = field(default=2, metadata={"help": "how often a malformed reply is asked for again"})
        max_tokens: int = field(default=1024, metadata={"help": "longest reply in tokens"})

        def __post_init__(self) -> None:
            if self.window < 1 or not 0 <= self.overlap < self.window:
                raise ConfigError(f"reader.overlap: {self.overlap} must lie in [0, reader.window={self.window})")
            if self.retries < 0:
                raise ConfigError(f"reader.retries: must not be negative, found {self.retries}")

    def __init__(self, config: Config | None = None, *, llm: LLM) -> None:
        self.config = config or self.Config()
        self.llm = llm

    def windows(self, cubes: Sequence[MemCube]) -> list[Sequence[MemCube]]:
        """Windows that cover the cubes; each begins with the last ``overlap`` of the one before."""
        size, step = self.config.window, self.config.window - self.config.overlap
        starts = range(0, max(len(cubes) - self.config.overlap, 1), step)
        return [cubes[start : start + size] for start in starts if cubes[start : start + size]]

    def requests(self, cubes: Sequence[MemCube], sample: int = 0) -> list[Request]:
        """What is asked of each window; none depends on another's reply, nor on what is stored. A try takes up as many
        samples as it may ask for, so that no retry of one try equals a retry of the next.
        """
        limit, first = self.config.max_tokens, sample * (self.config.retries + 1)
        return [
            Request((Message("user", _ASK + _listing(part)),), max_tokens=limit, sample_index=first)
            for part in self.windows(cubes)
        ]

    def expect(self, cubes: Sequence[MemCube], sample: int = 0) -> None:
        """Begin what ``read`` will ask, where the model's calls wait for a server."""
        for request in self.requests(cubes, sample):
            begin(self.llm, replace(request, json_schema=SCHEMA))

    def read(self, cubes: Sequence[MemCube], *, ids: Ids, clock: Clock, sample: int = 0) -> FineRead:
        """Memories of consecutive turns of one session.

        Args:
            cubes: fast memories, in order.
            ids, clock: for the new memories.
            sample: number of earlier tries, so that a response cache does not give the same useless reply again.

        Raises:
            LLMError: when a window could not be read; no memory of any window is returned then.
        """
        out: list[MemCube] = []
        usage, dropped, seen = Usage(), 0, set()
        speakers = {
            cube.descriptive.speaker.lower(): cube.descriptive.speaker for cube in cubes if cube.descriptive.speaker
        }
        self.expect(cubes, sample)
        for part, request in zip(self.windows(cubes), self.requests(cubes, sample), strict=True):
            reply = complete_json(self.llm, request, SCHEMA, self.config.retries)
            usage += reply.usage
            for item in reply.value["memories"]:
                sources = [part[line - 1] for line in dict.fromkeys(item["lines"]) if 1 <= line <= len(part)]
                text = " ".join(item["text"].split())
                if not sources or not text:
                    dropped += 1
                elif text.lower() not in seen:
                    seen.add(text.lower())
                    out.append(self._cube(item, text, sources, speakers, reply.completion.model, ids, clock))
        return FineRead(tuple(out), usage, dropped)

    def _cube(
        self,
        item: dict,
        text: str,
        sources: Sequence[MemCube],
        speakers: dict[str, str],
        model: str,
        ids: Ids,
        clock: Clock,
    ) -> MemCube:
        first = sources[0]
        about = str(item.get("about", "")).strip()
        named = [name for cube in sources for name in cube.descriptive.entities] + [about] * bool(about)
        said = first.descriptive.attributes.get("said_at")
        event = _event(str(item.get("when", "")), text, said)
        attributes = {"said_at": said} if said else {}
        return new_cube(
            text,
            owner=first.governance.owner,
            ids=ids,
            clock=clock,
            governance=heir_rules(sources, clock()),
            derived_from=[cube.cube_id for cube in sources],
            state="activated",
            tier="user" if item["kind"] != "fact" else "long_term",
            origin="inference",
            semantic_type=item["kind"],
            speaker=speakers.get(about.lower(), ""),
            tags=_tags(item.get("tags", ())),
            sources=tuple(dict.fromkeys(source for cube in sources for source in cube.descriptive.sources)),
            entities=tuple(dict.fromkeys(named)),
            event_start=event.start if event else None,
            event_end=event.end if event else None,
            trigger="read:fine",
            model=model,
            attributes=attributes,
        )


def _tags(given: Sequence[str]) -> tuple[str, ...]:
    """At most three of a model's tags, in lower case and as plain words: marks such as ``fine:pending`` are the
    scheduler's.
    """
    plain = (" ".join(re.findall(r"\w+", tag.lower())) for tag in given)
    return tuple(dict.fromkeys(tag for tag in plain if tag))[:3]


def _event(when: str, text: str, said: object) -> dates.Mention | None:
    now = datetime.fromisoformat(str(said)) if said else None
    mentions = dates.find(when, now) or dates.find(text, now)
    return mentions[0] if mentions else None


def _listing(cubes: Sequence[MemCube]) -> str:
    lines = []
    for number, cube in enumerate(cubes, 1):
        when = cube.descriptive.attributes.get("time_text") or cube.descriptive.attributes.get("said_at") or ""
        who = f"{cube.descriptive.speaker}: " if cube.descriptive.speaker else ""
        lines.append(f"{number}. [{when}] {who}{cube.text}" if when else f"{number}. {who}{cube.text}")
    return "\n".join(lines)

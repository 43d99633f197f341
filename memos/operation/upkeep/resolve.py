"""Duplicates and conflicts, looked for on every insert (docs/memos.md C21).

A duplicate adds its sources to the memory that is there. A contradiction archives the older statement and keeps a
``contradicts`` edge, so that both can be shown. Nothing is deleted, and what is not sure coexists. Rules decide, with
a small model over interpretable features (docs/updates.md); a language model may decide instead, and where its reply is
no use the rules do; a model that cannot be reached fails the insert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from memos.cube import MemCube
from memos.errors import ConfigError, MalformedOutput
from memos.language.updates.judge import Standing, stands
from memos.llm.base import LLM, Request
from memos.llm.early import begin
from memos.plaintext.preference import stands_to
from memos.types import Message

Verdict = Literal["duplicate", "contradiction", "independent"]
SCHEMA = {
    "type": "object",
    "properties": {"relation": {"type": "string", "enum": ["duplicate", "contradiction", "independent"]}},
    "required": ["relation"],
}
_VERDICTS: dict[Standing, Verdict] = {
    "supersedes": "contradiction",
    "duplicate": "duplicate",
    "coexists": "independent",
}


def compare(old: str, new: str, cosine: float) -> Verdict:
    """How a new statement stands to an old one, by rules and a small fitted model (``memos.language.updates``)."""
    return _VERDICTS[stands(old, new, round(cosine, 6))]


class Resolver:
    """Decides on a new memory against its nearest old ones."""

    @dataclass
    class Config:
        neighbours: int = field(default=5, metadata={"help": "nearest old memories a new one is compared with"})
        related: float = field(default=0.75, metadata={"help": "llm: least cosine at which the model is asked"})
        kinds: tuple[str, ...] = field(
            default=("fact", "preference", "profile"),
            metadata={"help": "semantic types that are resolved; turns are not"},
        )

        def __post_init__(self) -> None:
            if self.neighbours < 1:
                raise ConfigError(f"resolve.neighbours: must be at least 1, found {self.neighbours}")
            if not 0 <= self.related <= 1:
                raise ConfigError(f"resolve.related: must lie in [0, 1], found {self.related}")

    def __init__(self, config: Config | None = None, *, llm: LLM | None = None) -> None:
        self.config = config or self.Config()
        self.llm = llm
        self.checked = 0
        """New memories checked so far."""
        self.fallbacks = 0
        """Model replies that were no use, so that the rules decided."""

    def decide(self, new: MemCube, olds: Sequence[tuple[MemCube, float]]) -> list[tuple[MemCube, Verdict]]:
        """The verdict on each old memory that is a duplicate or a contradiction; duplicates, then nearest, first.

        Args:
            new: the memory being inserted.
            olds: old memories with their cosine to it.
        """
        self.checked += 1
        self._expect(new, olds)
        out = []
        for old, cosine in olds:
            if not _comparable(old, new):
                continue
            if new.descriptive.semantic_type == "preference":
                verdict = stands_to(old, new)
            else:
                verdict = self._verdict(old.text, new.text, cosine)
            if verdict == "contradiction" or (verdict == "duplicate" and _same_rules(old, new)):
                out.append((old, verdict))
        return sorted(out, key=lambda pair: pair[1] != "duplicate")

    def _expect(self, new: MemCube, olds: Sequence[tuple[MemCube, float]]) -> None:
        """Begin what the model will be asked, where its calls wait for a server: one old memory says nothing of
        another.
        """
        if self.llm is None or new.descriptive.semantic_type == "preference":
            return
        asked = [old for old, cosine in olds if _comparable(old, new) and cosine >= self.config.related]
        for old in asked if len(asked) > 1 else ():
            begin(self.llm, replace(_request(old.text, new.text), json_schema=SCHEMA), soon=True)

    def _verdict(self, old: str, new: str, cosine: float) -> Verdict:
        if self.llm is None or cosine < self.config.related:
            return compare(old, new, cosine)
        from memos.llm.structured import complete_json

        try:
            return complete_json(self.llm, _request(old, new), SCHEMA).value["relation"]
        except MalformedOutput:
            self.fallbacks += 1
            return compare(old, new, cosine)


def _request(old: str, new: str) -> Request:
    ask = (
        'Two notes about the same person or thing are given. Reply with JSON: {"relation": "duplicate"} when they '
        'say the same, "contradiction" when both cannot be true now, "independent" otherwise.\n'
        f"Earlier note: {old}\nNewer note: {new}"
    )
    return Request((Message("user", ask),), max_tokens=30)


def _comparable(old: MemCube, new: MemCube) -> bool:
    """Whether one could repeat or contradict the other."""
    return old.descriptive.semantic_type == new.descriptive.semantic_type and _same_subject(old, new)


def _same_subject(old: MemCube, new: MemCube) -> bool:
    """Same owner, and not said by (or about) two different speakers."""
    if old.governance.owner != new.governance.owner:
        return False
    a, b = old.descriptive.speaker, new.descriptive.speaker
    return not a or not b or a == b


def _same_rules(old: MemCube, new: MemCube) -> bool:
    """Whether the same people may read both, for as long: else one cannot stand for the other."""
    a, b = old.governance, new.governance
    return (a.layer, a.acl, a.contexts, a.ttl_seconds) == (b.layer, b.acl, b.contexts, b.ttl_seconds)


def newer(a: MemCube, b: MemCube) -> tuple[MemCube, MemCube]:
    """(winner, loser) of a contradiction: the later statement wins; at equal times the first argument, the one being
    inserted.
    """
    first, second = _spoken(a), _spoken(b)
    return (a, b) if (first, a.descriptive.created_at) >= (second, b.descriptive.created_at) else (b, a)


def _spoken(cube: MemCube) -> str:
    said = cube.descriptive.attributes.get("said_at")
    return str(said) if said else cube.descriptive.updated_at.replace(tzinfo=None).isoformat()

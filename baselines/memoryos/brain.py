"""The decisions that MemoryOS leaves to a model, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.backbone import Backbone
from baselines.memoryos.pages import Page
from baselines.memoryos.topics import Theme


@dataclass(frozen=True, slots=True)
class KnowledgeLine:
    """One lasting fact, and the turns it comes from."""

    text: str
    turn_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopicAnalysis:
    """What the pages of a hot session say about the two speakers."""

    profile: str = ""
    knowledge: tuple[KnowledgeLine, ...] = ()
    assistant: str = ""


class MemoryOSBrain(Protocol):
    """Chains, summaries and analyses of pages, and keywords."""

    def expect(self, page: Page, before: Page | None) -> None:
        """Begin what hangs on pages alone: whether one continues the one before, and its themes."""

    def continues(self, page: Page, before: Page) -> bool: ...

    def meta(self, page: Page, before: str) -> str: ...

    def themes(self, page: Page) -> list[Theme]:
        """At most two; none where no reply could be read."""
        ...

    def keywords(self, text: str) -> tuple[str, ...]: ...

    def analyse(self, pages: Sequence[Page], profile: str) -> TopicAnalysis:
        """Look through pages; the profile that comes back takes the place of the one so far."""
        ...

    def asked(self, question: str, backbone: Backbone) -> tuple[str, ...]:
        """Keywords of a question."""
        ...

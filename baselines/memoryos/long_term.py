"""MemoryOS' long-term memory: a profile of the first speaker, facts, and what is known of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from baselines.memories import MemoryStore, hit
from baselines.memoryos.brain import TopicAnalysis
from baselines.memoryos.pages import Page
from memos.embed.base import Embedder
from memos.types import Hit


class LongTerm:
    """What analyses of hot sessions leave. Facts are added and never changed."""

    def __init__(self, embedder: Embedder) -> None:
        self._facts = MemoryStore(embedder, "k")
        self.profile = ""
        self.assistant: list[str] = []
        self._profile_turns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._facts)

    def take(self, analysis: TopicAnalysis, pages: Sequence[Page]) -> None:
        """Keep what an analysis of some pages says, dated by the last of them."""
        turns = [turn for page in pages for turn in page.turn_ids]
        if analysis.profile:
            self.profile = analysis.profile
            self._profile_turns = tuple(dict.fromkeys([*self._profile_turns, *turns]))
        for line in analysis.knowledge:
            self._facts.add(line.text, pages[-1].time_text, line.turn_ids)
        if analysis.assistant:
            self.assistant.append(analysis.assistant)

    def search(self, vector, limit: int, least: float) -> list[Hit]:
        """The nearest facts. They rank behind every page, so their scores lie one below their cosines."""
        ranking = self._facts.search(vector, limit)
        return [hit(fact, score - 1.0) for fact, score in ranking if score >= least]

    def profile_hit(self) -> list[Hit]:
        """The profile as a memory, behind everything else that is shown."""
        return [Hit(self.profile, self._profile_turns, -1.0, "profile")] if self.profile else []

    def lines(self) -> list[str]:
        """The facts in order."""
        return [fact.text for fact in self._facts.items.values()]

    def state(self) -> dict[str, Any]:
        """Everything but the facts, as JSON."""
        return {"profile": self.profile, "turns": self._profile_turns, "assistant": self.assistant}

    def save(self, folder: Path) -> None:
        self._facts.save(folder, "knowledge")

    def load(self, state: Mapping[str, Any], folder: Path) -> None:
        self.profile, self._profile_turns = state["profile"], tuple(state["turns"])
        self.assistant = list(state["assistant"])
        self._facts.load(folder, "knowledge")

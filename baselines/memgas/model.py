"""What MemGAS leaves to a model, as a contract, and what it asks (docs/systems.md#memgas)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.heard import HeardTurn

SUMMARY_PROMPT = """Sum up a session of a dialogue: who told what, with names, places, numbers and times.

Reply with JSON: {"summary": text}"""
KEYWORDS_PROMPT = """List the keywords by which a session of a dialogue could be searched: names, things, places and \
topics.

Reply with JSON: {"keywords": [text, …]}"""
FILTER_PROMPT = """Some sessions of a dialogue were looked up for a question. Copy from them, with their times, what \
bears on the question, and leave out the rest. Do not answer it.

Reply with JSON: {"relevant": text}"""

SUMMARY = record(summary=TEXT)
KEYWORDS = record(keywords=listed(TEXT))
FILTERED = record(relevant=TEXT)


class MemGASBrain(Protocol):
    """Summary and keywords of a session; what of some sessions bears on a question."""

    def expect(self, text: str) -> None:
        """Begin what a session's text alone asks for."""

    def summary(self, text: str, turns: Sequence[HeardTurn]) -> str | None:
        """None where no reply could be read."""
        ...

    def keywords(self, text: str, turns: Sequence[HeardTurn]) -> list[str] | None: ...

    def filtered(self, question: str, blocks: Sequence[str], backbone: Backbone) -> str:
        """Empty where nothing was left out."""
        ...


class ModelMemGASBrain:
    """Two calls a session, one a question where the filter is on."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def expect(self, text: str) -> None:
        self._backbone.begin_json(SUMMARY_PROMPT, text, SUMMARY)
        self._backbone.begin_json(KEYWORDS_PROMPT, text, KEYWORDS)

    def summary(self, text: str, turns: Sequence[HeardTurn]) -> str | None:
        reply = self._backbone.json("ingest", SUMMARY_PROMPT, text, SUMMARY)
        return reply["summary"].strip() if reply else None

    def keywords(self, text: str, turns: Sequence[HeardTurn]) -> list[str] | None:
        reply = self._backbone.json("ingest", KEYWORDS_PROMPT, text, KEYWORDS)
        return [word.strip() for word in reply["keywords"] if word.strip()] if reply else None

    def filtered(self, question: str, blocks: Sequence[str], backbone: Backbone) -> str:
        asking = "\n\n".join([*blocks, f"Question: {question}"])
        reply = backbone.json("search", FILTER_PROMPT, asking, FILTERED)
        return reply["relevant"].strip() if reply else ""

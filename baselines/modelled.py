"""What systems that make memories with a model, or by rules in its place, have in common."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, Protocol

from baselines.backbone import Backbone
from baselines.extract.people import listener_of
from baselines.memories import STATE_VERSION
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.llm.losses import Losses
from memos.types import Conversation, Usage

FIDELITIES = ("released", "fixed")


def check_choice(system: str, field: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a word that is none of the choices.

    Raises:
        ConfigError: naming the field and its values.
    """
    if value not in choices:
        raise ConfigError(f"{system}: {field}={value!r} is unknown; use {' or '.join(choices)}")


class ExtractorConfig(Protocol):
    """The fields that every such system has."""

    extractor: str
    retries: int


class ModelledSystem:
    """A memory system with a language model or rules, its ledger of calls, and counts of what happened.

    Args:
        config: the system's own configuration.
        embedder: texts to unit vectors.
        llm: the model; None where the system works by rules.
    """

    part_id = ""
    version = "1"
    sees_gold = False
    at_once = True
    prompt = "rag"

    def __init__(self, config: ExtractorConfig, *, embedder: Embedder, llm: LLM | None = None) -> None:
        self._embedder = embedder
        self._backbone = Backbone(llm, self.part_id, config.extractor, config.retries)
        self._speakers: tuple[str, ...] = ("", "")
        self._events: dict[str, int] = {}
        self._lock = Lock()

    def start(self, conversation: Conversation) -> None:
        self._speakers = conversation.speakers
        self._clear()

    def _clear(self) -> None:
        """Forget all that was stored; a system's own stores go here."""

    def _listener(self, speaker: str) -> str:
        """Whom a speaker speaks to."""
        return listener_of(speaker, self._speakers)

    def _count(self, event: str, times: int = 1) -> None:
        with self._lock:
            self._events[event] = self._events.get(event, 0) + times

    @property
    def losses(self) -> Losses:
        """Extractions asked of the model, and those that came to nothing."""
        return self._backbone.losses

    def _counts(self) -> dict[str, int | float]:
        """What ``stats`` of every such system holds."""
        events = {f"events_{name}": count for name, count in sorted(self._events.items())}
        return {"malformed": self._backbone.malformed, **events}

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": Usage(), "organise": Usage(), **self._backbone.usage}

    def _common_state(self) -> dict[str, Any]:
        """Speakers, counts and ledger as JSON."""
        events = dict(sorted(self._events.items()))
        backbone = self._backbone.state()
        return {"version": STATE_VERSION, "speakers": self._speakers, "events": events, "backbone": backbone}

    def _restore_common(self, state: Mapping[str, Any]) -> None:
        self._speakers, self._events = tuple(state["speakers"]), dict(state["events"])
        self._backbone.restore(state["backbone"])

    def close(self) -> None:
        """Ask no more of what was begun early."""
        self._backbone.drop()

"""Chat over a user's memories: the message is read, wishes about memory are done, memories go into cache or prompt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from memos.cube import MemCube
from memos.cube.clock import Clock
from memos.errors import ConfigError
from memos.infrastructure.vault import Vault
from memos.interface.intents import wish_of
from memos.llm.base import LLM, Request
from memos.operation.operator import Inserted, MemOperator
from memos.operation.retrieval.budget import fit
from memos.operation.retrieval.retrieve import UnitHit
from memos.operation.retrieval.shown import shown
from memos.operation.retrieval.units import line, unit_of
from memos.types import Message
from memos.wishes import Wishes

if TYPE_CHECKING:
    from memos.activation.manager import ActivationManager, Changes


class ChatSettings(Protocol):
    """The settings of MemOS that a chat reads."""

    intents: bool
    context_words: int
    dates: str


class Conversing(ABC):
    """The part of the facade that talks to a user."""

    vault: Vault
    clock: Clock
    llm: LLM | None
    activation: ActivationManager | None
    wishes: Wishes

    @property
    @abstractmethod
    def chat_settings(self) -> ChatSettings:
        """Settings."""

    @abstractmethod
    def operator(self, user: str) -> MemOperator:
        """The operator of a user's memories."""

    @abstractmethod
    def add(self, text: str, *, user: str = "default", speaker: str = "") -> list[Inserted]:
        """Remember a text of a user."""

    @abstractmethod
    def recall(self, query: str, k: int, *, user: str = "default") -> list[UnitHit]:
        """The best memories for a query."""

    @abstractmethod
    def _cacheable(self, user: str) -> list[MemCube]:
        """The memories that a cache of the user's may hold."""

    @abstractmethod
    def _need_llm(self, what: str) -> LLM:
        """The model; ConfigError where there is none."""

    def chat(self, message: str, *, user: str = "default", k: int = 20) -> str:
        """Answer with the user's memories; the message itself is remembered when it tells something.

        A wish about memory itself (forget, correct, do not store) is done and said (``memos.wishes``).
        Memories that ``schedule`` made a cache of are read from it and are not put into the prompt as well.
        """
        from memos.interface.reader import MemReader

        now, read = self.clock().replace(tzinfo=None), MemReader([n for n in self.operator(user).index.speakers if n])
        call, said = read.read(message, caller=user, now=now), ""
        if self.chat_settings.intents:
            wish, settled = wish_of(message), self.wishes.answered(user, message)
            if settled is not None:
                return settled
            if wish is not None and wish.kind == "forget":
                return self.wishes.forget(user, message, wish, now)
        if call.intent == "withhold":
            said = "I did not store that."
            for sentence in self.wishes.still_told(message) if self.chat_settings.intents else ():
                self.add(sentence, user=user, speaker=user)
        elif call.intent == "correct":
            made = self.add(message, user=user, speaker=user)[0]
            if self.chat_settings.intents:
                said = self.wishes.correct(user, message, made)
        if said and self.llm is None:
            return said
        activation = self.activation
        cached = activation.hot(user) if activation is not None else ()
        lines = self._lines(call.query, user, k, frozenset(cached)) if call.needs_memory else ""
        if activation is not None and cached:
            reply = activation.reply(user, message, lines)
        else:
            reply = self._reply(lines, message)
        if call.intent in ("remember", "prefer"):
            self.add(message, user=user, speaker=user)
        return f"{reply}\n{said}" if said else reply

    def _reply(self, lines: str, message: str) -> str:
        system = "Answer the user. Use the dated notes from memory where they help, and say so when they do not answer."
        prompt = f"{system}\n\nNotes from memory:\n{lines or '(none)'}"
        return self._need_llm("chat").complete(Request((Message("system", prompt), Message("user", message)))).text

    def schedule(self, *, user: str = "default") -> Changes:
        """One window of the scheduler: hot, stable memories become a key-value cache, cold ones plain text again.

        Raises:
            ConfigError: MemOS was opened without ``activation=``.
        """
        if self.activation is None:
            raise ConfigError("schedule needs activation memory; pass activation= to MemOS")
        return self.activation.observe(
            user, self._cacheable(user), self.clock(), text=lambda cube: line(unit_of(cube), self.chat_settings.dates)
        )

    def _lines(self, query: str, user: str, k: int, cached: frozenset[str]) -> str:
        texts = [memory.text for memory in shown(self.recall(query, k, user=user), self.chat_settings.dates, cached)]
        return "\n".join(texts[: fit(texts, self.chat_settings.context_words).count])

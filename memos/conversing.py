"""What a MemOS does in a conversation: it explains a search, answers with what it remembers, does what is wished of
memory, and keeps caches warm.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memos.errors import ConfigError
from memos.interface.intents import wish_of
from memos.keeping import VaultKeeper
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


class Conversing(VaultKeeper):
    """The part of the facade that talks. One thread at a time uses the caches of activation memory."""

    config: Any
    llm: LLM | None
    _caches: threading.RLock
    """Held while activation memory is used."""
    activation: ActivationManager | None
    wishes: Wishes

    @abstractmethod
    def operator(self, user: str) -> MemOperator: ...

    @abstractmethod
    def recall(self, query: str, k: int, *, user: str = "default") -> list[UnitHit]: ...

    @abstractmethod
    def add(self, text: str, *, user: str = "default", speaker: str = "") -> list[Inserted]: ...

    def explain(self, utterance: str, *, user: str = "default", now: datetime | None = None) -> str:
        """What would be searched for an utterance, where and in which order, in words."""
        from memos.interface.reader import MemReader
        from memos.operation.retrieval.route import plan

        reader = MemReader(self.operator(user).speakers())
        return plan(reader.read(utterance, caller=user, now=now or self.clock().replace(tzinfo=None))).explain()

    def chat(self, message: str, *, user: str = "default", k: int = 20) -> str:
        """Answer with the user's memories; the message itself is remembered when it tells something.

        A wish about memory itself (forget, correct, do not store) is done and said (``memos.wishes``).
        Memories that ``schedule`` made a cache of are read from it and are not put into the prompt as well.
        """
        from memos.interface.reader import MemReader

        now = self.clock().replace(tzinfo=None)
        call, said = MemReader(self.operator(user).speakers()).read(message, caller=user, now=now), ""
        if self.config.intents:
            wish, settled = wish_of(message), self.wishes.answered(user, message)
            if settled is not None:
                return settled
            if wish is not None and wish.kind == "forget":
                return self.wishes.forget(user, message, wish, now)
        if call.intent == "withhold":
            said = "I did not store that."
            for sentence in self.wishes.still_told(message) if self.config.intents else ():
                self.add(sentence, user=user, speaker=user)
        elif call.intent == "correct":
            made = self.add(message, user=user, speaker=user)[0]
            if self.config.intents:
                said = self.wishes.correct(user, message, made)
        if said and self.llm is None:
            return said
        query = call.query if call.needs_memory else None
        reply = self._cached_reply(query, message, user, k)
        if reply is None:
            reply = self._reply(self._lines(query, user, k), message)
        if call.intent in ("remember", "prefer"):
            self.add(message, user=user, speaker=user)
        return f"{reply}\n{said}" if said else reply

    def _cached_reply(self, query: str | None, message: str, user: str, k: int) -> str | None:
        """The reply from a user's cache; None where there is none."""
        if self.activation is None:
            return None
        with self._caches:
            cached = self.activation.hot(user)
            if not cached:
                return None
            return self.activation.reply(user, message, self._lines(query, user, k, frozenset(cached)))

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
        with self._caches:
            return self.activation.observe(
                user, self._cacheable(user), self.clock(), text=lambda cube: line(unit_of(cube), self.config.dates)
            )

    def _lines(self, query: str | None, user: str, k: int, cached: frozenset[str] = frozenset()) -> str:
        if query is None:
            return ""
        texts = [memory.text for memory in shown(self.recall(query, k, user=user), self.config.dates, cached)]
        return "\n".join(texts[: fit(texts, self.config.context_words).count])

    def _need_llm(self, what: str) -> LLM:
        if self.llm is None:
            raise ConfigError(f"{what} needs a language model; pass llm= to MemOS")
        return self.llm

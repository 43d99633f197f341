"""What a MemOS does in a conversation: it answers with what it remembers and what was said before, does what is wished
of memory, and keeps caches warm.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memos.errors import ConfigError
from memos.finding import Searching
from memos.flow import Flow
from memos.infrastructure.access import Caller, licensed_to
from memos.infrastructure.vault import Is
from memos.interface.intents import wish_of
from memos.layers import waits_for_a_server
from memos.llm.base import LLM, Request
from memos.operation.inserted import Inserted
from memos.operation.retrieval.budget import fit
from memos.operation.retrieval.call import MemoryCall
from memos.operation.retrieval.retrieve import UnitHit
from memos.operation.retrieval.route import plan
from memos.operation.retrieval.shown import shown
from memos.operation.retrieval.units import line, unit_of
from memos.operation.upkeep.tiers import EVICTIONS
from memos.talk import Exchange, Talk
from memos.types import Message
from memos.wishes import Wishes

if TYPE_CHECKING:
    from memos.activation.manager import ActivationManager, Changes


class Conversing(Searching):
    """The part of the facade that talks. One thread at a time uses the caches of activation memory."""

    llm: LLM | None
    _caches: threading.RLock
    """Held while activation memory is used."""
    activation: ActivationManager | None
    wishes: Wishes
    _talks: dict[str, Talk]
    """The present conversation of each user."""

    @abstractmethod
    def _add(
        self,
        text: str,
        user: str,
        speaker: str,
        kind: str,
        at: datetime | None,
        tags: Sequence[str],
        rules: Mapping[str, Any],
        tier: str,
    ) -> list[Inserted]: ...

    def chat(self, message: str, *, user: str = "default", k: int = 20) -> str:
        """Answer with the user's memories; the message itself is remembered when it tells something.

        Earlier messages of the conversation are gone by ("and when was that?"), until nothing is said for a while. What
        is told in it lies in working memory meanwhile. ``explain()`` tells what was done.

        A wish about memory itself (forget, correct, do not store) is done and said (``memos.wishes``).
        Memories that ``schedule`` made a cache of are read from it and are not put into the prompt as well.
        """
        from memos.interface.reader import MemReader

        self._admit(user)
        self._age()
        now = self.clock().replace(tzinfo=None)
        earlier = self._conversation(user)
        reader = MemReader(self.operator(user).speakers())
        call, said = reader.read(message, caller=user, now=now, history=[one.message for one in earlier]), ""
        self._flows[user] = Flow(call, plan(call))
        self._heard(user, call.intent)
        if self.config.intents:
            wish, settled = wish_of(message), self.wishes.answered(user, message)
            if settled is not None:
                return settled
            if wish is not None and wish.kind == "forget":
                return self.wishes.forget(user, message, wish, now)
        made: list[Inserted] = []
        if call.intent == "withhold":
            said = "I did not store that."
            for sentence in self.wishes.still_told(message) if self.config.intents else ():
                self._told(sentence, user)
        elif call.intent == "correct":
            made = self._told(message, user)
            if self.config.intents:
                said = self.wishes.correct(user, message, made[0])
        if said and self.llm is None:
            return said
        reply, shown_ids = self._answer(call, message, user, k, earlier)
        if call.intent in ("remember", "prefer"):
            made = self._told(message, user)
            said = self._otherwise(made)
        self._note(user, *(f"remembered: {one.status}" for one in made))
        if call.intent != "withhold":
            ids = [one.other if one.status in ("duplicate", "outdated") else one.cube_id for one in made]
            self._keep(user, message, reply, [*shown_ids, *ids])
        return f"{reply}\n{said}" if said else reply

    # -- the conversation --------------------------------------------------------------------------------------
    def _conversation(self, user: str) -> list[Exchange]:
        """The earlier exchanges that still hold; none where the conversation is over."""
        talk = self._talks.setdefault(user, Talk(self.config.history, self.config.conversation_idle))
        if talk.over(self.clock()):
            talk.end()
        return talk.exchanges(self.vault, self._governance().readable(Caller(user)) if self.governed else None)

    def _keep(self, user: str, message: str, reply: str, rests_on: Sequence[str]) -> None:
        """Keep an exchange for the next message, unless it shows what may be read so many times only."""
        cubes = self.vault.get_many(self.vault.find(Is("cube_id", *rests_on)) if rests_on else [])
        if not (self.governed and any(licensed_to(Caller(user), cube) for cube in cubes)):
            self._talks[user].say(message, reply, cubes, self.clock())

    def _told(self, text: str, user: str) -> list[Inserted]:
        """Remember what was told in the conversation, in working memory; what no longer fits there moves on."""
        if not self.vault.read_only:
            tiers = self.config.operator.tiers
            kept = 0 if self._talks[user].over(self.clock()) else max(tiers.working - 1, 0)
            surplus = self.vault.crowd(user, "working") - kept
            if surplus > 0:
                order = EVICTIONS[tiers.eviction]
                for cube_id in self.vault.find(Is("tier", "working"), namespaces=[user], order=order, limit=surplus):
                    self.vault.place(cube_id, tier="long_term")
        return self._add(text, user, user, "fact", None, (), {}, "working")

    def _otherwise(self, made: Sequence[Inserted]) -> str:
        """What was told earlier and no longer holds, in words; empty where nothing was."""
        old = [self.vault.get(one.other).text for one in made if one.status == "replaced"]
        return f"Earlier you said: {'; '.join(f'“{text}”' for text in old)}." if old else ""

    def _heard(self, user: str, intent: str) -> None:
        """Log that a user spoke; not what was said."""
        if self.governed and not self.vault.read_only:
            self._governance().log(Caller(user), "chat", intent=intent)

    def _note(self, user: str, *notes: str) -> None:
        """Add to what ``explain()`` tells of a user's call."""
        flow = self._flows[user]
        self._flows[user] = replace(flow, notes=(*flow.notes, *notes))

    # -- answering ---------------------------------------------------------------------------------------------
    def _answer(
        self, call: MemoryCall, message: str, user: str, k: int, earlier: Sequence[Exchange]
    ) -> tuple[str, list[str]]:
        """The reply, and the ids of the memories that it was given."""
        if self.activation is not None:
            with self._caches:
                cached = self.activation.hot(user)
                if cached:
                    lines, ids = self._lines(call, user, k, frozenset(cached))
                    self._note(user, f"read from a key-value cache: {len(cached)} memories")
                    if not self.vault.read_only:
                        self.vault.touch(cached, self.clock(), "injection", user)
                    past = "".join(f"User: {one.message}\nYou: {one.reply}\n" for one in earlier)
                    asked = f"Earlier in this conversation:\n{past}\n{message}" if past else message
                    return self.activation.reply(user, asked, lines), [*ids, *cached]
        lines, ids = self._lines(call, user, k)
        return self._reply(lines, message, earlier), ids

    def _reply(self, lines: str, message: str, earlier: Sequence[Exchange]) -> str:
        system = "Answer the user. Use the dated notes from memory where they help, and say so when they do not answer."
        prompt = f"{system}\n\nNotes from memory:\n{lines or '(none)'}"
        past = [part for one in earlier for part in (Message("user", one.message), Message("assistant", one.reply))]
        asked = (Message("system", prompt), *past, Message("user", message))
        return self._need_llm("chat").complete(Request(asked)).text

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

    def _lines(
        self, call: MemoryCall, user: str, k: int, cached: frozenset[str] = frozenset()
    ) -> tuple[str, list[str]]:
        """The context of a call and the memories in it."""
        if not call.needs_memory:
            return "", []
        hits = shown(self._sendable(self.recall(call.query, k, user=user, call=call), user), self.config.dates, cached)
        used = fit([hit.text for hit in hits], self.config.context_words).count
        self._note(user, f"in the prompt: {used} of {len(hits)} passages")
        return "\n".join(hit.text for hit in hits[:used]), [one for hit in hits[:used] for one in hit.cube_ids]

    def _sendable(self, hits: list[UnitHit], user: str) -> list[UnitHit]:
        """Hits as the model may be shown them, which may be on another machine."""
        if not self.governed or self.llm is None or not waits_for_a_server(self.llm):
            return hits
        governance, caller = self._governance(), Caller(user)
        cubes = self.vault.get_many(list(dict.fromkeys(unit.unit_id for hit in hits for unit in hit.units)))
        how = {cube.cube_id: governance.sendable(caller, cube) for cube in cubes}
        kept = len([way for way in how.values() if way is None])
        if kept:
            self._note(user, f"not shown to a model on another machine: {kept} memories")
        out = []
        for hit in hits:
            units = [(unit, how[unit.unit_id]) for unit in hit.units]
            sent = tuple(replace(unit, text=way(unit.text)) for unit, way in units if way is not None)
            out += [UnitHit(sent, hit.score)] if sent else []
        return out

    def _need_llm(self, what: str) -> LLM:
        if self.llm is None:
            raise ConfigError(f"{what} needs a language model; pass llm= to MemOS")
        return self.llm

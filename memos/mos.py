"""The facade: a memory operating system in five lines.

from memos import MemOS
memory = MemOS("memory.sqlite")
memory.add("I moved to Porto last May.", user="ana")
print(memory.search("Where does Ana live?", user="ana")[0].text)
memory.close()
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.conversing import Conversing
from memos.cube import MemCube
from memos.cube.clock import Clock, Ids, RandomIds, SystemClock
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.handling import Handling
from memos.infrastructure.access import Caller, check_user
from memos.infrastructure.governance import MemGovernance
from memos.interface.reader_fast import read_session
from memos.interface.reader_fine import FineReader
from memos.interface.reader_text import preference_cubes, text_cube
from memos.llm.base import LLM
from memos.operation.inserted import Inserted
from memos.operation.operator import MemOperator
from memos.operation.retrieval.index import Unit
from memos.operation.retrieval.units import check_style, line, unit_of
from memos.operation.scheduler.queue import MemQueue
from memos.operation.upkeep.lifecycle import MemLifecycle
from memos.operation.upkeep.organise import Organised
from memos.rules import rules_of
from memos.sharing import Sharing
from memos.tokens import count_words
from memos.types import Session, Turn
from memos.wishes import Wishes
from memos.work import PENDING, Drained, MemWork

if TYPE_CHECKING:
    from memos.activation.manager import ActivationManager


class MemOS(Conversing, Sharing, Handling):
    """Memories of any number of users in one vault. Threads may share one, processes may open one file: a write that
    returned is kept, and every search that begins later sees it (docs/memos.md#at-once).
    """

    @dataclass
    class Config:
        operator: MemOperator.Config = field(
            default_factory=MemOperator.Config, metadata={"help": "retrieval, tiers, resolution"}
        )
        preferences: bool = field(default=True, metadata={"help": "note preferences said outright"})
        relations: str = field(
            default="rules", metadata={"help": "relations of fine memories: by rules or also by the model (llm)"}
        )
        queue: MemQueue.Config = field(default_factory=MemQueue.Config, metadata={"help": "the scheduler's queue"})
        reader: FineReader.Config = field(default_factory=FineReader.Config, metadata={"help": "the fine reading"})
        intents: bool = field(
            default=True, metadata={"help": "wishes about memory (forget, correct, do not store) are done"}
        )
        governance: bool = field(
            default=True, metadata={"help": "rights, sensitivity of new texts, and a log of adds and searches"}
        )
        lifecycle: bool = field(
            default=True,
            metadata={"help": "what has expired, decayed or lain idle leaves at a use of memory"},
        )
        states: MemLifecycle.Config = field(
            default_factory=MemLifecycle.Config, metadata={"help": "idle times after which memories are archived"}
        )
        protection: MemGovernance.Config = field(
            default_factory=MemGovernance.Config, metadata={"help": "calls a minute, detection of what is sensitive"}
        )
        flow: bool = field(
            default=True, metadata={"help": "what a query names (time, people, scope, kind) constrains its search"}
        )
        history: int = field(default=6, metadata={"help": "earlier exchanges of a conversation that a chat goes by"})
        conversation_idle: float = field(
            default=3600.0, metadata={"help": "seconds of silence after which a conversation is over"}
        )
        ageing_every: float = field(
            default=60.0, metadata={"help": "seconds after which a use looks again for what has expired or decayed"}
        )
        context_words: int = field(default=1600, metadata={"help": "words of memory in a chat prompt at most"})
        dates: str = field(default="iso", metadata={"help": "date before each line: iso, long or none"})

        def __post_init__(self) -> None:
            if self.relations not in ("rules", "llm"):
                raise ConfigError(f"memos.relations: {self.relations!r} is neither rules nor llm")
            for name, least in (("context_words", 1), ("history", 0), ("conversation_idle", 0), ("ageing_every", 0)):
                if getattr(self, name) < least:
                    raise ConfigError(f"memos.{name}: must be at least {least}, found {getattr(self, name)}")
            check_style(self.dates, "memos.dates")

    def __init__(
        self,
        path: str | Path = ":memory:",
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        llm: LLM | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        activation: ActivationManager | None = None,
        decider: LLM | None = None,
    ) -> None:
        """Open (or make) a vault.

        Args:
            path: the vault's file, or ``:memory:``.
            config: settings.
            embedder: default is the embedded MiniLM.
            llm: needed by ``chat`` and by the fine reading.
            clock, ids: injected for tests.
            decider: decides on duplicates and conflicts and writes summaries; None: rules do.
            activation: keeps hot memories as key-value caches; ``schedule`` feeds it and ``chat`` reads from it.
        """
        from memos.infrastructure.vault.sqlite import SqliteVault

        self.config = config or self.Config()
        self.clock, self.ids = clock or SystemClock(), ids or RandomIds()
        if embedder is None:
            from memos.embed.minilm import MiniLM

            embedder = MiniLM()
        self.embedder, self.llm, self.decider = embedder, llm, decider
        self.vault, self._operators = SqliteVault(path, clock=self.clock), {}
        self.governed = self.config.governance
        self.work = MemWork(
            self.config.queue,
            self.config.reader,
            vault=self.vault,
            clock=self.clock,
            ids=lambda: self.ids(),
            operator=self.operator,
            llm=lambda: self._need_llm("the fine reading"),
            relate=self.config.relations == "llm",
        )
        self.wishes = Wishes(vault=self.vault, operator=self.operator, forget=self.forget)
        self.activation, self._caches = activation, threading.RLock()
        self._flows, self._talks, self._aged = {}, {}, None
        if activation is not None and activation.vault is None:
            activation.vault = self.vault

    def operator(self, user: str) -> MemOperator:
        """The operator of a user's memories: index, tiers, resolution, organiser."""
        if user not in self._operators:
            check_user(user)
        return self._space(user)

    def _space(self, namespace: str) -> MemOperator:
        with self.vault.lock:
            if namespace not in self._operators:
                self._check_embedder()
                self._operators[namespace] = MemOperator(
                    self.config.operator,
                    vault=self.vault,
                    embedder=self.embedder,
                    clock=self.clock,
                    namespace=namespace,
                    llm=self.decider,
                    unit=self._unit,
                )
            return self._operators[namespace]

    def _unit(self, cube: MemCube) -> Unit:
        return unit_of(cube, count_words(line(unit_of(cube), self.config.dates)))

    # -- writing -----------------------------------------------------------------------------------------------
    def add(
        self,
        text: str,
        *,
        user: str = "default",
        speaker: str = "",
        kind: str = "fact",
        at: datetime | None = None,
        tags: Sequence[str] = (),
        **rules: Any,
    ) -> list[Inserted]:
        """Remember a text of a user, at once.

        Args:
            text: what to remember.
            user: whose memory it is (a namespace of its own).
            speaker: who said it, where it is an utterance.
            kind: semantic type, such as fact or episode.
            at: wall-clock time it was said; now where None.
            tags: labels.
            rules: layer, rights, ttl, decay, priority, sensitivity, licence and contexts, as fields of ``Rules``.

        Returns:
            One outcome for each memory made, the preference memories found in the text included; one of status
            ``withheld``, without an id, where the user's text says that it is not to be stored.

        Raises:
            ConfigError: naming the rule and its value; nothing is stored.
        """
        return self._add(text, user, speaker, kind, at, tags, rules, "long_term")

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
    ) -> list[Inserted]:
        header = rules_of(rules, user)
        self._admit(user)
        self._age()
        if self.config.intents and speaker in ("", user) and self._withheld(user, text):
            return [Inserted("", "withheld")]
        said = at or self.clock().replace(tzinfo=None)
        made: dict[str, Any] = {"user": user, "said": said, "ids": self.ids, "clock": self.clock}
        first = text_cube(text, speaker=speaker, kind=kind, tags=tuple(tags), rules=header, tier=tier, **made)
        cubes = [first]
        if self.config.preferences:
            cubes += preference_cubes(text, holder=speaker or user, derived_from=(first.cube_id,), **made)
        return self.insert(user, cubes, "add")

    def insert(self, user: str, cubes: Sequence[MemCube], cause: str) -> list[Inserted]:
        """Remember ready cubes of a user's namespace. Every way of adding goes through here: governance, tiers,
        resolution, relations, the log; all or nothing."""
        if not self.config.governance:
            return self.operator(user).insert(cubes, actor=user, cause=cause)
        governance = self._governance()
        fields = [governance.classify(cube) for cube in cubes]
        judged = [cube.governed(**given) if given else cube for cube, given in zip(cubes, fields, strict=True)]
        operator = self.operator(user)
        vectors = operator.embedded(judged) if judged else None
        try:
            with self.vault.transaction():
                out = operator.insert(judged, actor=user, cause=cause, vectors=vectors)
                governance.log(Caller(user), "add", cause=cause, cubes=[one.cube_id for one in out])
        except BaseException:
            operator.refresh()  # what was undone has left the vault, not the index
            raise
        return out

    def add_dialogue(
        self,
        turns: Sequence[tuple[str, str]],
        *,
        user: str = "default",
        session: str = "",
        at: datetime | None = None,
        fine: bool = False,
    ) -> list[Inserted]:
        """Remember a conversation, one memory a turn, several of a long one.

        Args:
            turns: (speaker, text) pairs in order.
            session: name of the session, in which neighbours are found; without one it gets a name of its own.
            fine: also have the language model read it later, in ``drain``.

        Raises:
            ConfigError: ``fine`` without a model.
        """
        if fine:
            self._need_llm("the fine reading")
        session = session or f"session-{self.ids()}"
        said = at or self.clock().replace(tzinfo=None)
        start = self.vault.count(namespaces=[user], live=False)
        made = tuple(Turn(f"{session}:{start + n}", who, what) for n, (who, what) in enumerate(turns, 1))
        return self.add_session(
            Session(session, said, f"{said:%Y-%m-%d %H:%M}", made), user=user, start=start, fine=fine
        )

    def add_session(
        self,
        session: Session,
        *,
        user: str = "default",
        start: int = 0,
        fine: bool = False,
        ids: Ids | None = None,
    ) -> list[Inserted]:
        """Remember a session that has its own turns; see ``add_dialogue``.

        Args:
            start: position of its first turn in the dialogue.
            ids: names of the memories; the own ones where None.
        """
        if self.config.lifecycle:
            self.tick()
        cubes = read_session(
            session,
            dialogue=user,
            owner=user,
            ids=ids or self.ids,
            clock=self.clock,
            start=start,
            namespace=user,
            tags=(PENDING,) if fine else (),
        )
        out = self.insert(user, cubes, "read:fast")
        if fine:
            self.work.read(user, cubes)
        return out

    def drain(self, timeout: float | None = None) -> Drained:
        """Do the work that waits (fine readings, relations, organising), user by user; then every memory can be found.

        What failed for good is named in ``errors`` and stays until ``revive``.

        Raises:
            QueueTimeout: after ``timeout`` seconds; what is left waits for the next drain.
        """
        if self.config.lifecycle:
            self.tick()
        return self.work.drain(timeout)

    def revive(self) -> int:
        """Put tasks that failed for good back into the queue; gives their number. ``drain`` runs them."""
        return self.work.revive()

    # -- reading -----------------------------------------------------------------------------------------------
    def organise(self, *, user: str = "default", later: bool = False) -> Organised | None:
        """Put a user's memories under concepts and topics with summaries; a second run adds nothing.

        Args:
            later: leave it to ``drain``, after the fine readings that wait; then None is returned.
        """
        if later:
            self.work.organise(user)
            return None
        return self.operator(user).organise()

    def __enter__(self) -> MemOS:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

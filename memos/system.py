"""MemOS as a memory system of the benchmark: a thin adapter over the facade ``MemOS``, passages as hits.

Every session goes in by ``MemOS.add_session`` (governance, tiers, resolution, lifecycle, log) and every question
through ``MemOS.recall``, as a person's do; a search counts no use, so that it can be repeated and leaves the store as
it was. ``extractor=rules`` reads fast: one memory a turn or passage of a long one, no language model.
``extractor=llm`` reads fast and then finely: each session's turns go through the scheduler's queue to the model, whose
memories (with the turns they come from) are resolved against what is stored and become hits beside the turns.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from memos.cube import SequentialIds
from memos.embed.base import Embedder
from memos.errors import ConfigError, DataError, LLMError, MalformedOutput
from memos.infrastructure.vault import Tagged
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.interface.reader_fast import SessionClock, read_session
from memos.interface.reader_fine import FineReader
from memos.language.updates.judge import digest as updates_digest
from memos.layers import waits_for_a_server
from memos.llm.base import LLM
from memos.llm.counted import CountedLLM
from memos.llm.early import drop, early
from memos.llm.losses import Losses
from memos.mos import MemOS
from memos.operation.operator import MemOperator
from memos.operation.retrieval.budget import fit
from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.ranker import digest as ranker_digest
from memos.operation.retrieval.retrieve import RetrieveConfig, UnitHit
from memos.operation.retrieval.units import check_style, render
from memos.operation.scheduler.queue import MemQueue
from memos.operation.upkeep.resolve import Resolver
from memos.operation.upkeep.tiers import Tiers
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage
from memos.work import DEAD, PENDING

_EXTRACTORS = ("rules", "llm")
_ORDERS = ("rank", "time")
_STATE = "memos.json"
_VAULT = "vault.sqlite"
_ANY = 10**9
"""A capacity that nothing reaches."""


class MemOSSystem:
    """One conversation in a vault of its own. Every mechanism can be switched off."""

    @dataclass
    class Config(RetrieveConfig):
        top_k: int = field(default=20, metadata={"help": "hits in the context at most", "stage": "search"})
        max_words: int = field(default=1600, metadata={"help": "NLTK words in the context at most", "stage": "search"})
        order: str = field(
            default="time", metadata={"help": "lines of the context by time or by rank", "stage": "search"}
        )
        dates: str = field(default="iso", metadata={"help": "date before each line: iso (2023-05-08), long or none"})
        extractor: str = field(
            default="rules", metadata={"help": "rules (fast reading, no model) or llm (fine reading too)"}
        )
        keep_turns: bool = field(
            default=True, metadata={"help": "llm: turns stay hits beside the memories made of them"}
        )
        window: int = field(default=10, metadata={"help": "llm: turns a model call reads"})
        overlap: int = field(default=2, metadata={"help": "llm: turns of the window before that are shown again"})
        retries: int = field(default=2, metadata={"help": "llm: how often a malformed reply is asked for again"})
        attempts: int = field(default=3, metadata={"help": "llm: runs of a failing reading before it is given up"})
        resolution: bool = field(
            default=True, metadata={"help": "duplicates and conflicts of what is stated are resolved", "added": True}
        )
        tiers: bool = field(default=True, metadata={"help": "tiers keep within their capacities", "added": True})
        governance: bool = field(
            default=True, metadata={"help": "rights, sensitivity of texts, log of additions", "added": True}
        )
        lifecycle: bool = field(
            default=True, metadata={"help": "what has expired or decayed leaves before each session", "added": True}
        )
        scheduler: bool = field(
            default=True,
            metadata={"help": "llm: readings wait in the queue; false: no turn is read finely", "added": True},
        )
        flow: bool = field(
            default=False,
            metadata={
                "help": "the time, people and kind of memory that a question names constrain its search",
                "stage": "search",
                "added": True,
            },
        )
        organise: bool = field(
            default=False,
            metadata={"help": "put memories under concepts and topics, whose summaries become hits", "added": True},
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            if self.extractor not in _EXTRACTORS:
                raise ConfigError(f"system.extractor: {self.extractor!r} is none of {', '.join(_EXTRACTORS)}")
            self.reader()
            self.queue()
            for name in ("top_k", "max_words"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"system.{name}: must be at least 1, found {getattr(self, name)}")
            if self.order not in _ORDERS:
                raise ConfigError(f"system.order: {self.order!r} is none of {', '.join(_ORDERS)}")
            check_style(self.dates, "system.dates")

        def reader(self) -> FineReader.Config:
            return FineReader.Config(window=self.window, overlap=self.overlap, retries=self.retries)

        def queue(self) -> MemQueue.Config:
            return MemQueue.Config(attempts=self.attempts)

        def facade(self) -> MemOS.Config:
            """The settings of the facade behind the adapter."""
            resolve = Resolver.Config() if self.resolution else Resolver.Config(kinds=())
            tiers = Tiers.Config() if self.tiers else Tiers.Config(working=_ANY, long_term=_ANY, user=_ANY)
            return MemOS.Config(
                operator=MemOperator.Config(retrieve=self, resolve=resolve, tiers=tiers),
                queue=self.queue(),
                reader=self.reader(),
                governance=self.governance,
                lifecycle=self.lifecycle,
                dates=self.dates,
            )

    part_id = "memos"
    version = "1"
    sees_gold = False
    at_once = True
    asks_by_likeness = True
    prompt = "memos"

    @classmethod
    def learned(cls, config: Config, stage: str | None) -> Mapping[str, str]:
        """Digests of the fitted weights that a stage rests on; fast reading rests on none."""
        if stage == "ingest" and config.extractor == "rules":
            return {}
        weights = {"ranker": ranker_digest()}
        return weights | {"updates": updates_digest()} if config.extractor == "llm" else weights

    def __init__(self, config: Config | None = None, *, embedder: Embedder, llm: LLM | None = None) -> None:
        self.config = config or self.Config()
        self.fine = self.config.extractor == "llm" and self.config.scheduler
        self.models: dict[str, CountedLLM] = {}
        if self.fine:
            if llm is None or llm.name == "none":
                raise ConfigError("memos: extractor=llm needs a language model; set llm=… or system.extractor=rules")
            # One early model a phase: decisions do not stand in line behind readings of sessions to come.
            self.models = {phase: CountedLLM(early(llm) or llm) for phase in ("ingest", "organise")}
        self.embedder = embedder
        self._spent = {phase: Usage() for phase in self.models}
        self._counts = {"dropped": 0, "malformed_verdicts": 0}
        self.losses = Losses()
        """Fine readings asked of the model, one a session; where one failed, the rules' fast memories stay."""
        self.clock = SessionClock()
        self._folder = TemporaryDirectory(prefix="memos-")
        self.dialogue, self.position, self._ids = "default", 0, SequentialIds("fine")
        self._open()

    def _open(self) -> None:
        self.memory = MemOS(
            Path(self._folder.name) / _VAULT,
            self.config.facade(),
            embedder=self.embedder,
            llm=self.models.get("ingest"),
            decider=self.models.get("organise"),
            clock=self.clock,
            ids=lambda: self._ids(),
        )
        self._hide()

    @property
    def vault(self) -> SqliteVault:
        return self.memory.vault

    @property
    def operator(self) -> MemOperator:
        return self.memory.operator(self.dialogue)

    @property
    def index(self) -> MemoryIndex:
        return self.operator.index

    def start(self, conversation: Conversation) -> None:
        self.dialogue, self.position = conversation.sample_id, 0
        self._ids = SequentialIds(f"{self.dialogue}-fine")

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to read sessions to come finely, as far as a model waits for a server: a reading depends on nothing
        that is stored.
        """
        if not self.fine or not waits_for_a_server(self.models["ingest"]):
            return
        reader, clock = FineReader(self.config.reader(), llm=self.models["ingest"]), SessionClock()
        for session in sessions:
            clock.set(session.time)
            ids = SequentialIds("expected")
            reader.expect(read_session(session, dialogue=self.dialogue, owner=self.dialogue, clock=clock, ids=ids))

    def add(self, session: Session) -> None:
        """Read one session into the vault (one transaction) and the index; with a model, finely too.

        Raises:
            LLMError: the model could not be reached; replies of no use only leave the session with its fast memories.
        """
        self.clock.set(session.time)
        ids = SequentialIds(self.dialogue, self.position + 1)
        made = self.memory.add_session(session, user=self.dialogue, start=self.position, fine=self.fine, ids=ids)
        self.position += len(made)
        if self.fine:
            self.losses.ask()
            self._drain()

    def _drain(self) -> None:
        work = self.memory.work
        checked, known = self.operator.resolver.fallbacks, len(work.queue.dead)
        self._counts["dropped"] += self.memory.drain().dropped
        self._counts["malformed_verdicts"] += self.operator.resolver.fallbacks - checked
        for letter in work.queue.dead[known:]:
            if not isinstance(letter.cause, MalformedOutput):
                raise LLMError(
                    f"memos: the fine reading failed {letter.attempts} times: {letter.error}"
                ) from letter.cause
            self.losses.lose(getattr(letter.cause, "reason", letter.error), getattr(letter.cause, "raw", ""))
        self._hide()

    def _hide(self) -> None:
        """Without ``keep_turns``, turns that were read finely are no hits any more (they stay in the vault)."""
        if not self.config.keep_turns:
            cubes = self.vault.get_many(list(self.index.row_of))
            waiting = {PENDING, DEAD}
            self.index.remove(
                [
                    c.cube_id
                    for c in cubes
                    if c.descriptive.trigger == "read:fast" and not waiting & {*c.descriptive.tags}
                ]
            )

    def pending(self) -> int:
        """Tasks of the scheduler that wait or run, and turns that wait for one; 0 once ``finish`` has returned."""
        return self.memory.work.waiting + (self.vault.count(Tagged(PENDING)) if self.fine else 0)

    def finish(self) -> None:
        """Drain the queue, organise where asked. The index is then built from the vault, as it will be after
        ``load``."""
        if self.fine:
            self._drain()
        if self.config.organise:
            self.memory.organise(user=self.dialogue)
        if self.fine or self.config.organise:
            self.operator.refresh()
            self._hide()

    def search(self, query: Query) -> Retrieved:
        depth = max(query.depth, self.config.top_k)
        call = None
        if self.config.flow:
            call = replace(self.memory.call(query.text, user=self.dialogue), query=query.text)
        ranked = self.memory.recall(query.text, depth, user=self.dialogue, use=False, call=call)
        hits = tuple(self._hit(item) for item in ranked)
        used = fit([hit.text for hit in hits[: self.config.top_k]], self.config.max_words).count
        return Retrieved(hits, used, self._context(ranked[:used]))

    def _hit(self, unit_hit: UnitHit) -> Hit:
        turns = tuple(dict.fromkeys(turn for unit in unit_hit.units for turn in unit.turn_ids))
        return Hit(render(unit_hit.units, self.config.dates), turns, unit_hit.score, unit_hit.units[0].unit_id)

    def _context(self, ranked: Sequence[UnitHit]) -> str:
        if self.config.order == "time":
            row = self.index.row_of
            ranked = sorted(ranked, key=lambda item: row[item.units[0].unit_id])
        return "\n".join(render(item.units, self.config.dates) for item in ranked)

    def stats(self) -> Mapping[str, int | float]:
        out = {"items": len(self.index), "bytes": self.vault.bytes, "sessions": len(self.index.groups)}
        if self.fine:
            failed = self.vault.count(Tagged(DEAD))
            fine = self.vault.count(live=False) - self.position
            out |= {"fine": fine, "failed_turns": failed, **self._counts}
        return out

    def usage(self) -> Mapping[str, Usage]:
        return {phase: self._spent[phase] + model.usage for phase, model in self.models.items()}

    def save(self, folder: Path) -> None:
        self.vault.backup(folder / _VAULT)
        state = {
            "dialogue": self.dialogue,
            "position": self.position,
            "now": self.clock().isoformat(),
            "fine": self._ids.next,
            "counts": self._counts,
            "losses": self.losses.state(),
            "usage": {phase: asdict(usage) for phase, usage in self.usage().items()},
        }
        (folder / _STATE).write_text(json.dumps(state), encoding="utf-8")

    def load(self, folder: Path) -> None:
        try:
            state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise DataError(f"{folder / _STATE}: {error}") from error
        self.memory.close()
        shutil.copyfile(folder / _VAULT, Path(self._folder.name) / _VAULT)
        self.dialogue, self.position = state["dialogue"], state["position"]
        self._ids = SequentialIds(f"{self.dialogue}-fine", state["fine"])
        self._counts = dict(state["counts"])
        self.losses.restore(state.get("losses", {}))
        self._spent |= {phase: Usage(**usage) for phase, usage in state["usage"].items()}
        self.clock.set(datetime.fromisoformat(state["now"]))
        self._open()

    def close(self) -> None:
        for model in self.models.values():
            drop(model)
        self.memory.close()
        self._folder.cleanup()

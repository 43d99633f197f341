"""LightMem (docs/systems.md#lightmem): turns are cut by topic and read in batches; near-equal facts are put in order
once, after the conversation. A search asks no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import check_extractor, check_positive, check_share
from baselines.extract.relation import fitted
from baselines.heard import HeardTurn, heard, moment
from baselines.lightmem.brain import LightMemBrain, lines_of
from baselines.lightmem.buffers import Batcher, Segment, agreed, coarse_boundaries, fine_boundaries
from baselines.lightmem.entries import FactEntries, FactEntry
from baselines.lightmem.model import ModelLightMemBrain
from baselines.lightmem.rules import RuleLightMemBrain
from baselines.memories import read_json, write_json
from baselines.modelled import FIDELITIES, ModelledSystem, check_choice
from memos.at_once import together
from memos.embed.base import Embedder
from memos.language.calendar import DAY_NAMES, MONTH_NAMES
from memos.llm.base import LLM
from memos.tokens import count_tokens
from memos.types import Hit, Query, Retrieved, Session

CUTS = ("fine", "both", "none")


class LightMem(ModelledSystem):
    """The LightMem memory system, without its compressor."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        fidelity: str = field(
            default="released",
            metadata={"help": "released (a changed fact keeps its old vector; two of one time may both go) or fixed"},
        )
        sensory_tokens: int = field(default=512, metadata={"help": "cl100k tokens of turns that wait for a cut"})
        batch_tokens: int = field(default=512, metadata={"help": "cl100k tokens of segments that one extraction reads"})
        cut: str = field(
            default="fine", metadata={"help": "topics by fine (cosines), both (cosines where words agree) or none"}
        )
        update: bool = field(default=True, metadata={"help": "put near-equal facts in order after the conversation"})
        update_threshold: float = field(default=0.9, metadata={"help": "cosine from which a later fact may change one"})
        update_candidates: int = field(default=20, metadata={"help": "nearest earlier facts that are looked at"})
        update_queue: int = field(default=10, metadata={"help": "of these, without the fact itself"})
        top_k: int = field(default=60, metadata={"help": "facts in the context", "stage": "search"})
        same: float = field(default=0.95, metadata={"help": "rules: cosine from which a fact counts as known"})
        related: float = field(default=0.8, metadata={"help": "rules: least cosine of facts on the same matter"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("lightmem", self.extractor)
            check_choice("lightmem", "fidelity", self.fidelity, FIDELITIES)
            check_choice("lightmem", "cut", self.cut, CUTS)
            check_positive("lightmem", sensory_tokens=self.sensory_tokens, batch_tokens=self.batch_tokens)
            check_positive("lightmem", top_k=self.top_k, max_fact_words=self.max_fact_words)
            check_positive("lightmem", update_candidates=self.update_candidates, update_queue=self.update_queue)
            check_share("lightmem", same=self.same, related=self.related, update_threshold=self.update_threshold)

    part_id = "lightmem"
    prompt = "mem0"

    @classmethod
    def learned(cls, config: Config, stage: str | None) -> Mapping[str, str]:
        """Digests of the fitted weights that the rules decide by; a model decides without them."""
        return fitted() if config.extractor == "rules" and config.update else {}

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._brain: LightMemBrain = (
            ModelLightMemBrain(self._backbone)
            if config.extractor == "llm"
            else RuleLightMemBrain(self._listener, config.same, config.related, config.max_fact_words)
        )
        self._clear()

    def _clear(self) -> None:
        self._batcher = self._new_batcher()
        self._entries = FactEntries(self._embedder.dim)
        self._updated = False

    def _new_batcher(self) -> Batcher:
        return Batcher(self.config.sensory_tokens, self.config.batch_tokens, count_tokens, self._cut)

    def _cut(self, turns: Sequence[HeardTurn]) -> list[int]:
        """Indexes of the turns that begin a segment."""
        texts = [item.turn.said for item in turns]
        if self.config.cut == "none" or len(texts) < 2:
            return []
        vectors = self._embedder.encode(texts)
        fine = fine_boundaries([float(a @ b) for a, b in zip(vectors, vectors[1:], strict=False)])
        return fine if self.config.cut == "fine" else agreed(fine, coarse_boundaries(texts))

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to read the batches that sessions to come will make, as far as a model waits for a server."""
        if not self._backbone.at_once:
            return
        ahead = self._new_batcher()
        ahead.restore(self._batcher.state())
        batches = [batch for session in sessions for item in heard(session) for batch in ahead.add(item)]
        for batch in [*batches, *ahead.flush()]:
            self._brain.expect(lines_of(batch))

    def add(self, session: Session) -> None:
        for item in heard(session):
            for batch in self._batcher.add(item):
                self._read(batch)

    def _read(self, batch: Sequence[Segment]) -> None:
        """Store the facts of a batch. A line that is not there means the nearest one, and is counted."""
        lines = lines_of(batch)
        facts = self._brain.facts(lines)
        self._count("batches")
        vectors = self._embedder.encode([text for _, text in facts]) if facts else []
        for (number, text), vector in zip(facts, vectors, strict=True):
            line = lines[min(max(number, 0), len(lines) - 1)]
            if line.number != number:
                self._count("clamped")
            self._entries.add(
                vector,
                text=text,
                time=line.time.isoformat() if line.time else "",
                time_text=line.turn.time_text,
                speaker=line.turn.turn.speaker,
                topic=line.topic,
                turn_ids=(line.turn.turn.turn_id,),
            )

    def finish(self) -> None:
        """Read what still waits, then put near-equal facts in order, once."""
        for batch in self._batcher.flush():
            self._read(batch)
        if self.config.update and not self._updated:
            self._update()
        self._updated = True

    def _update(self) -> None:
        """Decide on every entry with near later ones; all decisions see the store as it was before."""
        fixed, c = self.config.fidelity == "fixed", self.config
        queues = self._entries.sources(c.update_threshold, c.update_candidates, c.update_queue, ordered=fixed)
        before = dict(self._entries.items)
        jobs = [
            lambda key=key, near=near: self._brain.revise(
                before[key].text, [before[other].text for other, _ in near], [cosine for _, cosine in near]
            )
            for key, near in queues.items()
        ]
        revisions = together(jobs, at_once=self._backbone.at_once)
        gone = []
        for (key, near), revision in zip(queues.items(), revisions, strict=True):
            self._count(f"update_{revision.action}")
            if revision.action == "update":
                vector = self._embedder.encode([revision.text])[0] if fixed else None
                turns = [turn for other, _ in near for turn in before[other].turn_ids]
                self._entries.rewrite(key, revision.text, turns, vector)
            elif revision.action == "delete":
                gone.append(key)
        for key in gone:
            self._entries.remove(key)

    def search(self, query: Query) -> Retrieved:
        vector = self._embedder.encode([query.text])[0]
        ranking = self._entries.index.search(vector, max(query.depth, self.config.top_k))
        ranked = [(self._entries.items[key], score) for key, score in ranking]
        hits = tuple(Hit(entry.text, entry.turn_ids, score, entry.id) for entry, score in ranked)[: query.depth]
        context = by_speaker([entry for entry, _ in ranked[: self.config.top_k]])
        return Retrieved(hits, min(self.config.top_k, len(hits)), context)

    def stats(self) -> Mapping[str, int | float]:
        size = sum(len(entry.text.encode()) for entry in self._entries.items.values())
        return {
            "items": len(self._entries.items),
            "bytes": size + self._entries.index.matrix.nbytes,
            **self._counts(),
        }

    def save(self, folder: Path) -> None:
        state = {**self._common_state(), **self._entries.state(), "updated": self._updated}
        write_json(folder / "lightmem.json", {**state, "buffers": self._batcher.state()})
        self._entries.save(folder / "entries.npy")

    def load(self, folder: Path) -> None:
        state = read_json(folder / "lightmem.json")
        self._restore_common(state)
        self._batcher.restore(state["buffers"])
        self._entries.load(state, folder / "entries.npy")
        self._updated = state["updated"]

    def memories(self) -> list[FactEntry]:
        """The stored facts in order."""
        return list(self._entries.items.values())

    def vector(self, key: str) -> np.ndarray:
        """The vector that a fact is searched by."""
        return self._entries.index.vector(key)


def by_speaker(entries: Sequence[FactEntry]) -> str:
    """Facts under their speakers, those in order of first appearance, each with the day it was recorded on."""
    blocks: dict[str, list[str]] = {}
    for entry in entries:
        blocks.setdefault(entry.speaker, []).append(f"[Memory recorded on: {_day(entry)}]\n{entry.text}")
    return "\n\n".join("\n\n".join([f"Memories of {name}:", *lines]) for name, lines in blocks.items())


def _day(entry: FactEntry) -> str:
    time = moment(entry.time)
    if time is None:
        return entry.time_text or "a day not known"
    return f"{time.day:02} {MONTH_NAMES[time.month - 1]} {time.year}, {DAY_NAMES[time.weekday()]}"

"""A-MEM (docs/systems.md#a-mem): every turn becomes a note, which is linked with its neighbours and may have them
described anew. A search shows the nearest notes and what they link to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from baselines.amem.brain import AMemBrain, Analysis, Neighbour
from baselines.amem.model import ModelAMemBrain
from baselines.amem.notes import Evolution, Note, NoteStore
from baselines.amem.rules import RuleAMemBrain
from baselines.backbone import check_extractor, check_positive, check_share
from baselines.heard import HeardTurn, heard
from baselines.memories import read_json, write_json
from baselines.modelled import FIDELITIES, ModelledSystem, check_choice
from memos.embed.base import Embedder
from memos.llm.base import LLM
from memos.types import Hit, Query, Retrieved, Session

ERAS = ("released", "paper")
QUERIES = ("keywords", "question")


class AMem(ModelledSystem):
    """The A-MEM memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        era: str = field(
            default="released", metadata={"help": "released (2025-12, content embedded) or paper (2025-05, it is not)"}
        )
        fidelity: str = field(
            default="released",
            metadata={"help": "released (rewritten notes keep old vectors, tags may be emptied) or fixed"},
        )
        neighbours: int = field(default=5, metadata={"help": "nearest notes that a new one is compared with"})
        evolve: bool = field(default=True, metadata={"help": "link new notes and rewrite their neighbours"})
        rebuild_every: int = field(default=100, metadata={"help": "released: evolved notes between rebuilt indexes"})
        related: float = field(default=0.6, metadata={"help": "rules: least cosine of notes that are linked"})
        top_k: int = field(
            default=10, metadata={"help": "notes in the context, besides linked ones", "stage": "search"}
        )
        links: bool = field(default=True, metadata={"help": "show what the nearest notes link to", "stage": "search"})
        query: str = field(
            default="keywords",
            metadata={"help": "search by the question's keywords or by the question", "stage": "search"},
        )
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("amem", self.extractor)
            check_choice("amem", "era", self.era, ERAS)
            check_choice("amem", "fidelity", self.fidelity, FIDELITIES)
            check_choice("amem", "query", self.query, QUERIES)
            check_positive("amem", neighbours=self.neighbours, rebuild_every=self.rebuild_every, top_k=self.top_k)
            check_share("amem", related=self.related)

    part_id = "amem"
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._brain: AMemBrain = (
            ModelAMemBrain(self._backbone) if config.extractor == "llm" else RuleAMemBrain(config.related)
        )
        self._clear()

    def _clear(self) -> None:
        stale = self.config.fidelity == "released"
        self._store = NoteStore(self._embedder, self.config.era, stale, self.config.rebuild_every)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to analyse the turns of sessions to come, as far as a model waits for a server."""
        if self._backbone.at_once:
            for session in sessions:
                for item in heard(session):
                    self._brain.expect(content(item))

    def add(self, session: Session) -> None:
        for item in heard(session):
            self._take(item)

    def _take(self, item: HeardTurn) -> None:
        text = content(item)
        analysis: Analysis = self._brain.analyse(text)
        keywords, tags = list(analysis.keywords), list(analysis.tags)
        note = Note(text, item.time_text, item.turn.turn_id, keywords, analysis.context, tags)
        change, near = Evolution(), []
        if self.config.evolve:
            near = self._store.nearest(text, self.config.neighbours)
            stored = [Neighbour(index, self._store.notes[index], cosine) for index, cosine in near]
            change = self._brain.evolve(note, stored)
        dropped = self._store.apply(note, [index for index, _ in near], change)
        for event, times in (("evolved", change.evolves), ("links", len(note.links)), ("dropped_links", dropped)):
            if times:
                self._count(event, int(times))

    def finish(self) -> None:
        """Nothing is left to do: every note is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        backbone, top = self._backbone.fork(), self.config.top_k
        words = self._brain.query(query.text, backbone) if self.config.query == "keywords" else query.text
        ranking = self._store.nearest(words, max(query.depth, top))
        scores = [score for _, score in ranking]
        lines = self._store.shown([index for index, _ in ranking[:top]], top, self.config.links)
        scored = [(index, _between(scores, rank, lines, place)) for place, (rank, index) in enumerate(lines)]
        hits = [self._hit(index, score) for index, score in [*scored, *ranking[top:]]]
        context = "\n".join(hit.text for hit in hits[: len(lines)])
        return Retrieved(tuple(hits[: query.depth]), min(len(lines), query.depth), context, backbone.total())

    def _hit(self, index: int, score: float) -> Hit:
        note = self._store.notes[index]
        return Hit(line(note), (note.turn_id,), score, f"n{index}")

    def stats(self) -> Mapping[str, int | float]:
        size = sum(len(line(note).encode()) for note in self._store.notes)
        return {"items": len(self._store.notes), "bytes": size + self._store.vectors.nbytes, **self._counts()}

    def save(self, folder: Path) -> None:
        write_json(folder / "amem.json", {**self._common_state(), **self._store.state()})
        self._store.save(folder / "notes.npy")

    def load(self, folder: Path) -> None:
        state = read_json(folder / "amem.json")
        self._restore_common(state)
        self._store.load(state, folder / "notes.npy")

    @property
    def store(self) -> NoteStore:
        """The notes and their vectors."""
        return self._store


def content(item: HeardTurn) -> str:
    """A turn as its note holds it; the blank that is missing before "says" is the authors'."""
    return f"Speaker {item.turn.speaker}says : {item.turn.said}"


def line(note: Note) -> str:
    """A note in the context, its fields run together as the authors have them."""
    start, what = f"talk start time:{note.time}", f"memory content: {note.content}memory context: {note.context}"
    return f"{start}{what}memory keywords: {note.keywords}memory tags: {note.tags}"


def _between(scores: Sequence[float], rank: int, lines: Sequence[tuple[int, int]], place: int) -> float:
    """The score of a line: its hit's for the hit itself, then down in equal steps towards the next hit's."""
    own = [index for index, (other, _) in enumerate(lines) if other == rank]
    following = scores[rank + 1] if rank + 1 < len(scores) else scores[rank] - 1e-6
    return scores[rank] - (place - own[0]) * (scores[rank] - following) / len(own)

"""HyMem (docs/systems.md#hymem): key sentences of each session; a question is answered from the nearest of them, or
from the whole sessions that some of them point to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import Backbone, check_extractor, check_positive, check_share
from baselines.heard import heard, session_text, session_texts
from baselines.hymem.brain import DatedSentence, HyMemBrain
from baselines.hymem.model import ModelHyMemBrain
from baselines.hymem.rules import RuleHyMemBrain
from baselines.memories import read_json, write_json
from baselines.modelled import ModelledSystem, check_choice
from baselines.ranking import KeyedVectors
from memos.embed.base import Embedder
from memos.llm.base import LLM
from memos.types import Hit, Query, Retrieved, Session

READS = ("gated", "light", "deep")


@dataclass(frozen=True, slots=True)
class SessionNote:
    """A whole session as text."""

    text: str
    time_text: str
    turn_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentenceItem:
    """A key sentence and the session it points to."""

    text: str
    note: int
    turn_ids: tuple[str, ...]


class HyMem(ModelledSystem):
    """The HyMem memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        top_k: int = field(default=15, metadata={"help": "sentences in the light context", "stage": "search"})
        rough: int = field(default=30, metadata={"help": "sentences from which sessions are chosen", "stage": "search"})
        group: int = field(default=50, metadata={"help": "llm: sentences that one choice sees", "stage": "search"})
        read: str = field(
            default="gated",
            metadata={"help": "gated, light (sentences alone) or deep (always sessions)", "stage": "search"},
        )
        reflection: bool = field(
            default=False,
            metadata={"help": "llm: make the released reflection, which changes nothing", "stage": "search"},
        )
        coverage: float = field(
            default=0.6,
            metadata={"help": "rules: share of the question's words that sentences must hold", "stage": "search"},
        )
        sure: float = field(
            default=0.45, metadata={"help": "rules: least cosine of the nearest sentence", "stage": "search"}
        )
        selector_ratio: float = field(
            default=0.8,
            metadata={"help": "rules: share of the best score that has its session read", "stage": "search"},
        )
        max_sessions: int = field(default=4, metadata={"help": "rules: sessions read at most", "stage": "search"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("hymem", self.extractor)
            check_choice("hymem", "read", self.read, READS)
            check_positive("hymem", max_fact_words=self.max_fact_words, top_k=self.top_k, rough=self.rough)
            check_positive("hymem", group=self.group, max_sessions=self.max_sessions)
            check_share("hymem", coverage=self.coverage, sure=self.sure, selector_ratio=self.selector_ratio)

    part_id = "hymem"
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._rules = RuleHyMemBrain(
            self._listener,
            config.max_fact_words,
            config.coverage,
            config.sure,
            config.selector_ratio,
            config.max_sessions,
        )
        self._brain: HyMemBrain = (
            ModelHyMemBrain(self._backbone, config.group) if config.extractor == "llm" else self._rules
        )
        self._clear()

    def _clear(self) -> None:
        self._notes: list[SessionNote] = []
        self._items: list[SentenceItem] = []
        self._index = KeyedVectors(self._embedder.dim)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to read sessions to come, as far as a model waits for a server."""
        if self._backbone.at_once:
            for text in session_texts(sessions):
                self._brain.expect(text)

    def add(self, session: Session) -> None:
        """Read a session. Where the model's reply is of no use the rules take its place, and that is counted."""
        if not session.turns:
            return
        turns, text = heard(session), session_text(session)
        sentences = self._brain.sentences(text, turns)
        if sentences is None:
            self._count("fallbacks")
            sentences = self._rules.sentences(text, turns) or []
        if not sentences:
            self._count("sessions_without_sentences")
        note = len(self._notes)
        self._notes.append(SessionNote(text, session.time_text, tuple(turn.turn_id for turn in session.turns)))
        vectors = self._embedder.encode([item.text for item in sentences]) if sentences else []
        for sentence, vector in zip(sentences, vectors, strict=True):
            self._index.put(str(len(self._items)), vector)
            self._items.append(SentenceItem(sentence.text, note, sentence.turn_ids))

    def finish(self) -> None:
        """Nothing is left to do: every sentence is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        backbone, config = self._backbone.fork(), self.config
        vector = self._embedder.encode([query.text])[0]
        ranking = self._index.search(vector, max(query.depth, config.top_k, config.rough))
        near = [self._candidate(int(key), score) for key, score in ranking]
        light = near[: config.top_k]
        drafted = config.read == "gated"
        deep = config.read == "deep" or (drafted and not self._brain.enough(query.text, light, backbone))
        notes = self._chosen(query.text, near[: config.rough], backbone) if deep else []
        texts = [self._notes[note].text for note in notes] or [item.line for item in light]
        context = "\n\n".join(texts) if notes else "\n".join(texts)
        if config.reflection:
            self._brain.reflect(query.text, context, drafted and not deep, backbone)
        whole_sessions = [
            Hit(self._notes[note].text, self._notes[note].turn_ids, 2.0 - rank / 1000, f"note{note}")
            for rank, note in enumerate(notes)
        ]
        sentences = [
            Hit(item.line, self._items[int(key)].turn_ids, score, f"s{key}")
            for item, (key, score) in zip(near, ranking, strict=True)
        ]
        hits = tuple([*whole_sessions, *sentences][: query.depth])
        return Retrieved(hits, min(len(notes) or len(light), len(hits)), context, backbone.total())

    def _chosen(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> list[int]:
        """Sessions to read, each once, in the order of their choice; none where nothing was chosen."""
        chosen = self._brain.select(question, near, backbone)
        return list(dict.fromkeys(near[place].note for place in chosen if 0 <= place < len(near)))

    def _candidate(self, place: int, score: float) -> DatedSentence:
        item = self._items[place]
        return DatedSentence(item.text, item.note, dated(self._notes[item.note].time_text, item.text), score)

    def stats(self) -> Mapping[str, int | float]:
        size = sum(len(item.text.encode()) for item in [*self._items, *self._notes])
        sizes = {"items": len(self._items), "sessions": len(self._notes)}
        return {**sizes, "bytes": size + self._index.matrix.nbytes, **self._counts()}

    def save(self, folder: Path) -> None:
        stores = {"notes": [asdict(note) for note in self._notes], "items": [asdict(item) for item in self._items]}
        write_json(folder / "hymem.json", {**self._common_state(), **stores})
        np.save(folder / "sentences.npy", self._index.matrix, allow_pickle=False)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "hymem.json")
        self._restore_common(state)
        self._notes = [SessionNote(**{**note, "turn_ids": tuple(note["turn_ids"])}) for note in state["notes"]]
        self._items = [SentenceItem(**{**item, "turn_ids": tuple(item["turn_ids"])}) for item in state["items"]]
        matrix = np.load(folder / "sentences.npy", allow_pickle=False)
        self._index.load([str(place) for place in range(len(self._items))], matrix)


def dated(time_text: str, sentence: str) -> str:
    """A sentence with the day of its session: what stands behind "on", or the whole time."""
    day = time_text.rpartition(" on ")[2]
    return f"time:{day}, {sentence}" if day else sentence

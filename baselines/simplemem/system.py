"""SimpleMem (docs/systems.md#simplemem): windows of the dialogue are rewritten as statements that stand alone. A search
is planned, asks three views of them, and looks whether anything is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from baselines.backbone import check_extractor, check_positive
from baselines.heard import HeardTurn, heard, heard_again, heard_state
from baselines.memories import read_json, write_json
from baselines.modelled import FIDELITIES, ModelledSystem, check_choice
from baselines.simplemem.entries import Restatement, Views, union, windows
from baselines.simplemem.model import DialogueWindow, ModelSimpleMemBrain, SimpleMemBrain
from baselines.simplemem.rules import RuleSimpleMemBrain
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.types import Hit, Query, Retrieved, Session

EARLIER = 3
"""Statements of earlier windows that an extraction is shown in a short conversation."""


class SimpleMem(ModelledSystem):
    """The SimpleMem memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        fidelity: str = field(
            default="released",
            metadata={"help": "a window whose reply is of no use: released (lost) or fixed (by rules)"},
        )
        window: int = field(default=40, metadata={"help": "turns that one extraction reads"})
        overlap: int = field(default=2, metadata={"help": "turns of the window before that are read again"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        semantic_k: int = field(default=25, metadata={"help": "entries by vector, for each query", "stage": "search"})
        keyword_k: int = field(default=5, metadata={"help": "entries by words", "stage": "search"})
        structured_k: int = field(default=5, metadata={"help": "entries by fields", "stage": "search"})
        queries: int = field(default=4, metadata={"help": "queries of a search at most", "stage": "search"})
        planning: bool = field(
            default=True, metadata={"help": "llm: plan and reflect; false: no call", "stage": "search"}
        )
        hybrid: bool = field(default=True, metadata={"help": "entries by words and fields too", "stage": "search"})
        reflection_rounds: int = field(
            default=2, metadata={"help": "llm: looks at most for what is missing", "stage": "search"}
        )
        retries: int = field(default=2, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("simplemem", self.extractor)
            check_choice("simplemem", "fidelity", self.fidelity, FIDELITIES)
            check_positive("simplemem", window=self.window, max_fact_words=self.max_fact_words, queries=self.queries)
            check_positive(
                "simplemem", semantic_k=self.semantic_k, keyword_k=self.keyword_k, structured_k=self.structured_k
            )
            if not 0 <= self.overlap < self.window:
                raise ConfigError(f"simplemem: overlap={self.overlap} must be less than window={self.window}")
            if self.reflection_rounds < 0:
                raise ConfigError(f"simplemem: reflection_rounds={self.reflection_rounds} must not be negative")

    part_id = "simplemem"
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._rules = RuleSimpleMemBrain(lambda: self._speakers, self._listener, config.max_fact_words)
        self._brain: SimpleMemBrain = ModelSimpleMemBrain(self._backbone) if config.extractor == "llm" else self._rules
        self._clear()

    def _clear(self) -> None:
        self._turns: list[HeardTurn] = []
        self._read = False
        self._views = Views(self._embedder.dim)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to read all windows, as far as a model waits for a server and none needs what one before it gave."""
        turns = [*self._turns, *(item for session in sessions for item in heard(session))]
        if self._backbone.at_once and not self._read and not self._short(len(turns)):
            for places in windows(len(turns), self.config.window, self.config.overlap):
                self._brain.expect(DialogueWindow(tuple(turns[places.start : places.stop])))

    def _short(self, count: int) -> bool:
        """Whether a conversation is read window after window, each seeing statements of those before it."""
        return count <= 2 * self.config.window

    def add(self, session: Session) -> None:
        self._turns += heard(session)

    def finish(self) -> None:
        """Read the whole conversation, as the authors' run does: whether it is short decides what windows see."""
        if self._read:
            return
        for places in windows(len(self._turns), self.config.window, self.config.overlap):
            earlier = [entry.text for entry in self._views.entries[-EARLIER:]] if self._short(len(self._turns)) else []
            self._take(DialogueWindow(tuple(self._turns[places.start : places.stop]), tuple(earlier)))
        self._read = True

    def _take(self, window: DialogueWindow) -> None:
        entries = self._brain.entries(window)
        if entries is None:
            self._count("lost_windows" if self.config.fidelity == "released" else "fallbacks")
            entries = self._rules.entries(window) if self.config.fidelity == "fixed" else []
        vectors = self._embedder.encode([entry.text for entry in entries]) if entries else []
        for entry, vector in zip(entries or [], vectors, strict=True):
            self._views.add(entry, vector)

    def _last(self) -> datetime | None:
        """When the conversation was last spoken in; relative times of a question count from there."""
        return max((item.time for item in self._turns if item.time), default=None)

    def search(self, query: Query) -> Retrieved:
        backbone, config = self._backbone.fork(), self.config
        plans = config.planning and config.extractor == "llm"
        queries = self._brain.queries(query.text, backbone) if plans else []
        places = self._semantic(union_of_queries(query.text, queries)[: config.queries])
        if config.hybrid and (plans or config.extractor == "rules"):
            wanted = self._brain.wanted(query.text, query.asked or self._last(), backbone)
            keyword = self._views.keyword(wanted, config.keyword_k)
            places = union(places, keyword, self._views.structured(wanted, config.structured_k))
        for _ in range(config.reflection_rounds if plans else 0):
            missing = self._brain.missing(query.text, self._shown(places), backbone)
            if not missing:
                break
            places = union(places, self._semantic(missing))
        rest = self._views.semantic(self._embedder.encode([query.text])[0], query.depth)
        ranked = union(places, rest)[: query.depth]
        hits = tuple(self._hit(place, 1 / (1 + rank)) for rank, place in enumerate(ranked))
        return Retrieved(hits, min(len(places), len(hits)), "\n\n".join(self._shown(places)), backbone.total())

    def _semantic(self, queries: Sequence[str]) -> list[int]:
        """Nearest entries of each query, one query after the other."""
        vectors = self._embedder.encode(list(queries))
        return union(*(self._views.semantic(vector, self.config.semantic_k) for vector in vectors))

    def _shown(self, places: Sequence[int]) -> list[str]:
        return [self._views.entries[place].shown(number) for number, place in enumerate(places, 1)]

    def _hit(self, place: int, score: float) -> Hit:
        entry = self._views.entries[place]
        return Hit(entry.text, entry.turn_ids, score, f"e{place}")

    def stats(self) -> Mapping[str, int | float]:
        return {"items": len(self._views.entries), "bytes": self._views.bytes(), **self._counts()}

    def save(self, folder: Path) -> None:
        state = {**self._common_state(), "turns": heard_state(self._turns), "read": self._read}
        write_json(folder / "simplemem.json", {**state, "entries": self._views.state()})
        self._views.save(folder / "entries.npy")

    def load(self, folder: Path) -> None:
        state = read_json(folder / "simplemem.json")
        self._restore_common(state)
        self._clear()
        self._turns, self._read = heard_again(state["turns"]), state["read"]
        self._views.load(state["entries"], folder / "entries.npy")

    @property
    def entries(self) -> list[Restatement]:
        """The stored statements in order."""
        return self._views.entries


def union_of_queries(question: str, queries: Sequence[str]) -> list[str]:
    """The question first, then further queries, each once."""
    return list(dict.fromkeys([question, *queries]))

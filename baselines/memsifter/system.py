"""MemSifter without its training (docs/systems.md#memsifter): nothing is written but the sessions themselves. For each
question they are ranked, by a model that reads them all or by rules, and the first are read whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import Backbone, check_extractor, check_positive
from baselines.heard import session_text
from baselines.memories import read_json, write_json
from baselines.memsifter.model import asked_ranking
from baselines.memsifter.ranking import fitting, in_order, listwise, session_cosines, with_ranking
from baselines.modelled import ModelledSystem, check_choice
from baselines.ranking import BM25, reciprocal_rank_fusion, terms
from memos.embed.base import Embedder
from memos.infrastructure.vault.kernels import products
from memos.llm.base import LLM
from memos.tokens import count_tokens
from memos.types import Hit, Query, Retrieved, Session

RANKERS = ("rrf", "cosine", "bm25")


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is ranked and read."""

    text: str
    turn_ids: tuple[str, ...]


class MemSifter(ModelledSystem):
    """The untrained MemSifter: a listwise ranker of sessions."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "who ranks: rules (no model) or llm (the shared language model)"}
        )
        ranker: str = field(
            default="rrf", metadata={"help": "rules: rrf (cosine and BM25), cosine or bm25", "stage": "search"}
        )
        prefilter_tokens: int = field(
            default=128_000, metadata={"help": "llm: tokens of the sessions that are ranked", "stage": "search"}
        )
        window_tokens: int = field(
            default=32_000, metadata={"help": "llm: tokens of sessions that one call ranks", "stage": "search"}
        )
        fill_tokens: int = field(
            default=8192, metadata={"help": "tokens of the context, the question's included", "stage": "search"}
        )
        skip_too_long: bool = field(
            default=False, metadata={"help": "go on behind a session that does not fit", "stage": "search"}
        )
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("memsifter", self.extractor)
            check_choice("memsifter", "ranker", self.ranker, RANKERS)
            check_positive("memsifter", prefilter_tokens=self.prefilter_tokens, window_tokens=self.window_tokens)
            check_positive("memsifter", fill_tokens=self.fill_tokens)

    part_id = "memsifter"
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._clear()

    def _clear(self) -> None:
        self._sessions: list[StoredSession] = []
        self._owners: list[int] = []
        self._vectors = np.zeros((0, self._embedder.dim), dtype=np.float32)
        self._words = BM25()

    def add(self, session: Session) -> None:
        if not session.turns:
            return
        self._owners += [len(self._sessions)] * len(session.turns)
        vectors = self._embedder.encode([f"{turn.speaker}: {turn.said}" for turn in session.turns])
        self._vectors = np.concatenate([self._vectors, vectors])
        self._store(StoredSession(session_text(session), tuple(turn.turn_id for turn in session.turns)))

    def _store(self, session: StoredSession) -> None:
        self._words.put(str(len(self._sessions)), terms(session.text))
        self._sessions.append(session)

    def finish(self) -> None:
        """Nothing is left to do: every session is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        backbone = self._backbone.fork()
        sizes = [count_tokens(session.text) for session in self._sessions]
        scores = self._scores(query.text, sizes, backbone)
        order = in_order(scores)
        room = self.config.fill_tokens - count_tokens(query.text)
        read = fitting(order, sizes, room, self.config.skip_too_long)
        hits = [self._hit(place, scores[place]) for place in [*read, *(p for p in order if p not in read)]]
        context = "\n\n".join(self._sessions[place].text for place in sorted(read))
        return Retrieved(tuple(hits[: query.depth]), min(len(read), query.depth), context, backbone.total())

    def _scores(self, question: str, sizes: Sequence[int], backbone: Backbone) -> list[float]:
        """Scores of all sessions."""
        vector = self._embedder.encode([question])[0]
        cosines = session_cosines(products(self._vectors, vector), self._owners, len(self._sessions))
        if self.config.extractor == "llm" and self._sessions:
            taken = fitting(in_order(cosines), sizes, self.config.prefilter_tokens, skip_too_long=False)

            def rank(places: Sequence[int]) -> list[int]:
                numbers = asked_ranking(question, [self._sessions[place].text for place in places], backbone)
                return [places[number] for number in numbers if 0 <= number < len(places)]

            return with_ranking(listwise(taken, sizes, self.config.window_tokens, rank), cosines)
        if self.config.ranker == "cosine":
            return cosines
        matched = self._words.search(terms(question), len(self._sessions))
        if self.config.ranker == "bm25":
            return [dict(matched).get(str(place), 0.0) for place in range(len(self._sessions))]
        rankings = [[str(place) for place in in_order(cosines)], [key for key, _ in matched]]
        fused = dict(reciprocal_rank_fusion(rankings, 60))
        return [fused[str(place)] for place in range(len(self._sessions))]

    def _hit(self, place: int, score: float) -> Hit:
        session = self._sessions[place]
        return Hit(session.text, session.turn_ids, score, f"s{place}")

    def stats(self) -> Mapping[str, int | float]:
        size = sum(len(session.text.encode()) for session in self._sessions)
        return {"items": len(self._sessions), "bytes": size + self._vectors.nbytes, **self._counts()}

    def save(self, folder: Path) -> None:
        sessions = [asdict(session) for session in self._sessions]
        write_json(folder / "memsifter.json", {**self._common_state(), "sessions": sessions, "owners": self._owners})
        np.save(folder / "turns.npy", self._vectors, allow_pickle=False)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "memsifter.json")
        self._restore_common(state)
        self._clear()
        for session in state["sessions"]:
            self._store(StoredSession(session["text"], tuple(session["turn_ids"])))
        self._owners = list(state["owners"])
        self._vectors = np.load(folder / "turns.npy", allow_pickle=False)

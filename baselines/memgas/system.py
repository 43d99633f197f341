"""MemGAS (docs/systems.md#memgas): every session stands at four granularities. Those that are surer of a question weigh
more, and scores spread over a graph of sessions that are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import check_extractor, check_positive, check_share
from baselines.heard import heard, session_text, session_texts
from baselines.memgas.graph import GRANULARITIES, entropy, new_edges, router, seeded, spread
from baselines.memgas.model import MemGASBrain, ModelMemGASBrain
from baselines.memgas.rules import RuleMemGASBrain
from baselines.memories import read_json, write_json
from baselines.modelled import FIDELITIES, ModelledSystem, check_choice
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.types import Hit, Query, Retrieved, Session


@dataclass(frozen=True, slots=True)
class GrainedSession:
    """A session with its summary and its keywords."""

    text: str
    time_text: str
    summary: str
    keywords: tuple[str, ...]
    turn_ids: tuple[str, ...]


class MemGAS(ModelledSystem):
    """The MemGAS memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        fidelity: str = field(
            default="released",
            metadata={"help": "released (entropies as they are; filtered text repeated) or fixed", "stage": "search"},
        )
        candidates: int = field(default=30, metadata={"help": "earlier nodes that a new one may be linked with"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        top_k: int = field(default=3, metadata={"help": "sessions in the context", "stage": "search"})
        seeds: int = field(default=15, metadata={"help": "nodes that scores spread from", "stage": "search"})
        damping: float = field(
            default=0.1, metadata={"help": "share of a score that follows edges; 0: no graph", "stage": "search"}
        )
        temperature: float = field(default=0.2, metadata={"help": "of the router's softmax", "stage": "search"})
        weigh: bool = field(default=True, metadata={"help": "weigh granularities by the router", "stage": "search"})
        filter: bool = field(
            default=True,
            metadata={"help": "llm: a call leaves out what does not bear on the question", "stage": "search"},
        )
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("memgas", self.extractor)
            check_choice("memgas", "fidelity", self.fidelity, FIDELITIES)
            check_positive("memgas", candidates=self.candidates, max_fact_words=self.max_fact_words)
            check_positive("memgas", top_k=self.top_k, seeds=self.seeds)
            check_share("memgas", damping=self.damping)
            if self.temperature <= 0:
                raise ConfigError(f"memgas: temperature={self.temperature} must be above 0")

    part_id = "memgas"
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._rules = RuleMemGASBrain(self._listener, config.max_fact_words)
        self._brain: MemGASBrain = ModelMemGASBrain(self._backbone) if config.extractor == "llm" else self._rules
        self._clear()

    def _clear(self) -> None:
        self._sessions: list[GrainedSession] = []
        self._vectors = np.zeros((0, self._embedder.dim), dtype=np.float32)
        self._edges: list[tuple[int, int]] = []

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to sum up sessions to come, as far as a model waits for a server."""
        if self._backbone.at_once:
            for text in session_texts(sessions):
                self._brain.expect(text)

    def add(self, session: Session) -> None:
        """Store a session. Where a reply is of no use the rules take its place, and that is counted."""
        if not session.turns:
            return
        text, turns = session_text(session), heard(session)
        summary, keywords = self._brain.summary(text, turns), self._brain.keywords(text, turns)
        fallbacks = (summary is None) + (keywords is None)
        if fallbacks:
            self._count("fallbacks", fallbacks)
        summary = self._rules.summary(text, turns) or "" if summary is None else summary
        keywords = self._rules.keywords(text, turns) or [] if keywords is None else keywords
        ids = tuple(item.turn.turn_id for item in turns)
        self._sessions.append(GrainedSession(text, session.time_text, summary, tuple(keywords), ids))
        said = [f"{item.turn.speaker}: {item.turn.said}" for item in turns]
        pairs = self._embedder.encode(["\n".join(said[start : start + 2]) for start in range(0, len(said), 2)])
        whole, summed, listed = self._embedder.encode([text, summary or text, ", ".join(keywords) or text])
        self._vectors = np.concatenate([self._vectors, [whole, pairs.mean(axis=0), summed, listed]]).astype(np.float32)
        self._edges += new_edges(self._vectors, len(self._sessions) - 1, self.config.candidates)

    def finish(self) -> None:
        """Nothing is left to do: every session is searchable when ``add`` returns."""

    def search(self, query: Query) -> Retrieved:
        backbone = self._backbone.fork()
        scores = self._scores(self._embedder.encode([query.text])[0]) if self._sessions else []
        order = sorted(range(len(scores)), key=lambda place: -scores[place])
        hits = [Hit(self._sessions[p].text, self._sessions[p].turn_ids, scores[p], f"s{p}") for p in order]
        used = order[: self.config.top_k]
        context = "\n\n".join(self._sessions[place].text for place in used)
        if self.config.filter and used:
            filtered = self._brain.filtered(query.text, [self._block(place) for place in used], backbone)
            context = self._under_dates(filtered, used) if filtered else context
        return Retrieved(tuple(hits[: query.depth]), min(len(used), query.depth), context, backbone.total())

    def _scores(self, question: np.ndarray) -> list[float]:
        """Scores of all sessions: of their nodes, weighed, spread over the graph and added up."""
        plain = (self._vectors @ question).astype(np.float64).reshape(-1, GRANULARITIES)
        weights = np.full(GRANULARITIES, 1.0 / GRANULARITIES)
        if self.config.weigh:
            entropies = [entropy(plain[:, grain], self.config.temperature) for grain in range(GRANULARITIES)]
            weights = router(entropies, len(plain), self.config.fidelity == "fixed")
        weighed = (plain * weights).ravel()
        restart = seeded(weighed, self.config.seeds)
        if not restart.any():
            return weighed.reshape(-1, GRANULARITIES).sum(axis=1).tolist()
        ranks = spread(self._edges, restart, self.config.damping)
        return ranks.reshape(-1, GRANULARITIES).sum(axis=1).tolist()

    def _block(self, place: int) -> str:
        """A session as the filter reads it."""
        session = self._sessions[place]
        return f"{session.text}\nSummary: {session.summary}\nKeywords: {', '.join(session.keywords)}"

    def _under_dates(self, filtered: str, places: Sequence[int]) -> str:
        """What the filter left; as released the same text stands under the time of each session."""
        if self.config.fidelity == "fixed":
            return filtered
        return "\n\n".join(f"Time: {self._sessions[place].time_text}\n{filtered}" for place in places)

    def stats(self) -> Mapping[str, int | float]:
        size = sum(len(session.text.encode()) for session in self._sessions)
        sizes = {"items": len(self._sessions), "edges": len(self._edges)}
        return {**sizes, "bytes": size + self._vectors.nbytes, **self._counts()}

    def save(self, folder: Path) -> None:
        sessions = [asdict(session) for session in self._sessions]
        write_json(folder / "memgas.json", {**self._common_state(), "sessions": sessions, "edges": self._edges})
        np.save(folder / "nodes.npy", self._vectors, allow_pickle=False)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "memgas.json")
        self._restore_common(state)
        lists = ("keywords", "turn_ids")
        self._sessions = [
            GrainedSession(**{**one, **{name: tuple(one[name]) for name in lists}}) for one in state["sessions"]
        ]
        self._edges = [(a, b) for a, b in state["edges"]]
        self._vectors = np.load(folder / "nodes.npy", allow_pickle=False)

"""D-Mem (docs/systems.md#d-mem): a question goes to mem0's store first. Where the draft made from it is not good
enough, the whole history is read for evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import Backbone, check_positive, check_share
from baselines.dmem.evidence import Evidence, RawTurn, best_turns, chunks, fitting_evidence
from baselines.dmem.model import DMemBrain, ModelDMemBrain, RuleDMemBrain
from baselines.mem0 import Mem0
from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.modelled import check_choice
from memos.at_once import together
from memos.embed.base import Embedder
from memos.infrastructure.vault.kernels import products
from memos.llm.base import LLM
from memos.tokens import count_tokens
from memos.types import Conversation, Hit, Query, Retrieved, Session

GATES = ("quality", "never", "always")


class DMem(Mem0):
    """mem0's store beside the raw turns, with a gate between them."""

    @dataclass
    class Config(Mem0.Config):
        top_k: int = field(default=30, metadata={"help": "memories of each speaker's store that a draft is made from"})
        gate: str = field(
            default="quality",
            metadata={"help": "read everything after a bad grade (quality), never or always", "stage": "search"},
        )
        gate_min: int = field(default=4, metadata={"help": "llm: lowest grade of five that passes", "stage": "search"})
        chunk_tokens: int = field(
            default=4000, metadata={"help": "llm: cl100k tokens of the history that one call reads", "stage": "search"}
        )
        max_evidence_tokens: int = field(
            default=4000, metadata={"help": "cl100k tokens of evidence in the context", "stage": "search"}
        )
        relevance: float = field(
            default=0.45, metadata={"help": "rules: least cosine of the nearest memory", "stage": "search"}
        )
        completeness: float = field(
            default=0.7,
            metadata={"help": "rules: share of the question's words that memories must hold", "stage": "search"},
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            check_choice("dmem", "gate", self.gate, GATES)
            check_positive("dmem", chunk_tokens=self.chunk_tokens, max_evidence_tokens=self.max_evidence_tokens)
            check_share("dmem", relevance=self.relevance, completeness=self.completeness)

    part_id = "dmem"
    prompt = "mem0"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config: DMem.Config = config
        self._gate: DMemBrain = (
            ModelDMemBrain(config.gate_min)
            if config.extractor == "llm"
            else RuleDMemBrain(config.relevance, config.completeness)
        )
        self._clear()

    def _clear(self) -> None:
        self._turns: list[RawTurn] = []
        self._sessions = 0
        self._vectors = np.zeros((0, self._embedder.dim), dtype=np.float32)

    def start(self, conversation: Conversation) -> None:
        super().start(conversation)
        self._clear()

    def add(self, session: Session) -> None:
        super().add(session)
        said = [
            RawTurn(turn.turn_id, self._sessions, session.time_text_of(turn), turn.speaker, turn.said)
            for turn in session.turns
        ]
        self._sessions += 1
        self._turns += said
        if said:
            vectors = self._embedder.encode([f"{turn.speaker}: {turn.said}" for turn in said])
            self._vectors = np.concatenate([self._vectors, vectors])

    def search(self, query: Query) -> Retrieved:
        stored, gate = super().search(query), self.config.gate
        backbone = self._backbone.fork()
        deliberates = gate == "always" or (
            gate == "quality"
            and not self._gate.good(query.text, stored.rendered(), stored.hits[: stored.used], backbone)
        )
        evidence = self._deliberate(query.text, backbone) if deliberates else []
        if not evidence:
            return Retrieved(stored.hits, stored.used, stored.context, backbone.total())
        lines = [item.text for item in sorted(evidence, key=lambda item: item.place)]
        context = "\n".join(["Evidence:", *lines, "", stored.rendered()])
        first = [
            Hit(item.text, item.turn_ids, 2.0 - rank / 1000, f"evidence{item.place}")
            for rank, item in enumerate(evidence)
        ]
        hits = tuple([*first, *stored.hits][: query.depth])
        return Retrieved(hits, min(len(first) + stored.used, len(hits)), context, backbone.total())

    def _deliberate(self, question: str, backbone: Backbone) -> list[Evidence]:
        """Evidence from the whole history, best first. A part whose reply is of no use is read by rules."""
        cosines = products(self._vectors, self._embedder.encode([question])[0]).tolist()
        if self.config.extractor == "rules":
            return fitting_evidence(best_turns(question, self._turns, cosines), self.config.max_evidence_tokens)
        pieces = chunks([count_tokens(turn.shown) for turn in self._turns], self.config.chunk_tokens)
        read = together(
            [
                lambda piece=piece: self._gate.read(question, self._turns[piece.start : piece.stop], backbone)
                for piece in pieces
            ],
            at_once=self._backbone.at_once,
        )
        places = {turn.turn_id: place for place, turn in enumerate(self._turns)}
        evidence: list[Evidence] = []
        for piece, facts in zip(pieces, read, strict=True):
            if facts is None:
                turns = self._turns[piece.start : piece.stop]
                by_rules = best_turns(question, turns, cosines[piece.start : piece.stop])
                evidence += [Evidence(one.text, one.turn_ids, piece.start + one.place, one.score) for one in by_rules]
                continue
            likeness = self._likeness(question, [fact.text for fact in facts])
            for fact, score in zip(facts, likeness, strict=True):
                known = sorted({places[line.strip("() ")] for line in fact.lines if line.strip("() ") in places})
                sources = known or list(piece)
                evidence.append(self._quoted(fact.text, sources, score))
        return fitting_evidence(evidence, self.config.max_evidence_tokens)

    def _likeness(self, question: str, texts: Sequence[str]) -> list[float]:
        """Cosines of some texts with the question."""
        if not texts:
            return []
        vectors = self._embedder.encode([question, *texts])
        return products(vectors[1:], vectors[0]).tolist()

    def _quoted(self, fact: str, sources: Sequence[int], score: float) -> Evidence:
        """A model's fact as a line of evidence: time, speaker, fact, ids."""
        turns = [self._turns[place] for place in sources]
        first = turns[0]
        line = RawTurn(", ".join(turn.turn_id for turn in turns), 0, first.time_text, first.speaker, fact)
        return Evidence(line.shown, tuple(turn.turn_id for turn in turns), sources[0], score)

    def save(self, folder: Path) -> None:
        super().save(folder)
        turns = [asdict(turn) for turn in self._turns]
        write_json(folder / "dmem.json", {"version": STATE_VERSION, "sessions": self._sessions, "turns": turns})
        np.save(folder / "turns.npy", self._vectors, allow_pickle=False)

    def load(self, folder: Path) -> None:
        super().load(folder)
        state = read_json(folder / "dmem.json")
        self._turns, self._sessions = [RawTurn(**turn) for turn in state["turns"]], state["sessions"]
        self._vectors = np.load(folder / "turns.npy", allow_pickle=False)

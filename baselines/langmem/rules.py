"""The decisions of the manager by rules."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.extract import session_facts
from baselines.langmem.manager import Operation
from baselines.mem0.brain import NewFact
from baselines.mem0.rules import rule_decisions
from memos.types import Session, Turn


class RuleManager:
    """Facts of the batch; the longest of them are the searches; changes by ``baselines.mem0.rules.rule_decisions``."""

    def __init__(self, embedder, query_limit: int, same: float, related: float, max_words: int) -> None:
        self._embedder = embedder
        self._limit, self._same, self._related, self._max_words = query_limit, same, related, max_words

    def _facts(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> list[NewFact]:
        part = Session(session.session_id, session.time, session.time_text, tuple(batch))
        return [NewFact(fact.text, fact.turn_ids) for fact in session_facts(part, speakers, self._max_words)]

    def expect(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> None:
        """Rules wait for nothing."""

    def queries(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> list[str]:
        texts = [fact.text for fact in self._facts(session, batch, speakers)]
        return sorted(dict.fromkeys(texts), key=len, reverse=True)[: self._limit]

    def revise(self, session, batch, speakers, memories, vectors) -> list[Operation]:
        facts = self._facts(session, batch, speakers)
        out = []
        for speaker in speakers:
            own = [fact for fact in facts if _speaker(fact, batch) == speaker]
            old = [(memory, vector) for memory, vector in zip(memories, vectors, strict=True) if speaker in memory.text]
            new_vectors = list(self._embedder.encode([fact.text for fact in own]))
            decisions = rule_decisions(
                [memory.text for memory, _ in old],
                [vector for _, vector in old],
                own,
                new_vectors,
                self._same,
                self._related,
            )
            for decision in decisions:
                target = old[decision.index][0].id if decision.index is not None else ""
                kind = {"ADD": "insert", "UPDATE": "patch", "DELETE": "remove"}.get(decision.event)
                if kind:
                    out.append(Operation(kind, decision.text, target, decision.turn_ids))
        return out


def _speaker(fact: NewFact, batch: Sequence[Turn]) -> str:
    return next(turn.speaker for turn in batch if turn.turn_id == fact.turn_ids[0])

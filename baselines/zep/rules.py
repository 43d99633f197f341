"""Entities, facts and their fate by rules."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.extract import Fact, triples, turn_facts
from baselines.extract.entities import normal
from baselines.extract.people import listener_of
from baselines.extract.relation import CONTRADICTS, SAME, relate
from baselines.zep.brain import CurrentMessage, Proposal
from baselines.zep.graph import Entity
from memos.embed.base import Embedder
from memos.language.words import words
from memos.types import Session


class RuleZepBrain:
    """Facts, triples and relations by rules; an edge keeps its whole fact as text."""

    def __init__(self, same: float, related: float, max_words: int, summary_words: int) -> None:
        self._same, self._related = same, related
        self._max_words, self._words = max_words, summary_words
        self._proposals: list[Proposal] = []

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """Embed the facts and names of a whole session at once, so that a cached embedder works in one batch."""
        texts: dict[str, None] = {}
        for turn in session.turns:
            for fact in turn_facts(session, turn, listener_of(turn.speaker, speakers), self._max_words):
                if proposal := _proposal(fact):
                    texts.update({fact.text: None, proposal.target.lower(): None})
        embedder.encode(list(texts))

    def expect_entities(self, message: CurrentMessage) -> None:
        """Rules wait for nothing."""

    def expect_edges(self, message: CurrentMessage, names: Sequence[str]) -> None:
        """Rules wait for nothing."""

    def entities(self, message: CurrentMessage) -> list[tuple[str, str]]:
        facts = turn_facts(message.session, message.turn, message.listener, self._max_words)
        self._proposals = [proposal for fact in facts if (proposal := _proposal(fact))]
        return [(message.turn.speaker, "Person"), *((item.target, "Entity") for item in self._proposals)]

    def resolve(self, message, new, candidates) -> list[Entity | None]:
        return [None] * len(new)

    def edges(self, message, names) -> list[Proposal]:
        return self._proposals

    def judge(self, new, related, others, likeness) -> tuple[list[int], list[int]]:
        duplicates, contradicted = [], []
        for index, (edge, cosine) in enumerate(zip([*related, *others], likeness, strict=True)):
            relation = relate(new.fact, edge.fact, cosine, self._same, self._related)
            if relation == SAME and index < len(related):
                duplicates.append(index)
            elif relation == CONTRADICTS and normal(new.source) in edge.fact.lower():
                contradicted.append(index)
        return duplicates, contradicted

    def summaries(self, items) -> list[str]:
        out = []
        for _, old, new in items:
            newest, size = [], 0
            for fact in reversed([*old, *new]):
                size += len(words(fact))
                if newest and size > self._words:
                    break
                newest.append(fact)
            out.append(" ".join(reversed(newest)))
        return out


def _proposal(fact: Fact) -> Proposal | None:
    relations = triples(fact.text, fact.speaker)
    if not relations:
        return None
    best = next((item for item in relations if item.relation != "mentioned"), relations[0])
    return Proposal(best.source, best.target, best.relation.upper(), fact.text, fact.time, None)

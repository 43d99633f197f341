"""Entities and relations by rules."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.backbone import Backbone
from baselines.extract import question_entities, triples, turn_facts
from baselines.extract.people import listener_of
from baselines.mem0_graph.brain import NewRelation, node_name
from memos.embed.base import Embedder
from memos.types import Session, Turn

_ONE_VALUED = frozenset("lives_in moved_to works_as works_at works_for is_married_to is_dating".split())


class RuleGraphBrain:
    """Triples of the user's own facts; deletion by opposite polarity and one-valued relations."""

    def __init__(self, max_words: int) -> None:
        self._max_words = max_words

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """Embed all names of a session at once, so that a cached embedder works in one batch."""
        names: dict[str, None] = {}
        for user in speakers:
            for relation in self.relations(session, session.turns, user, listener_of(user, speakers))[1]:
                names.update({spoken(relation.source): None, spoken(relation.target): None})
        embedder.encode(list(names))

    def expect(self, batch: Sequence[Turn], user: str) -> None:
        """Rules wait for nothing."""

    def relations(self, session, batch, user, other) -> tuple[list[str], list[NewRelation]]:
        by_key: dict[tuple[str, str, str], NewRelation] = {}
        for turn in batch:
            if turn.speaker != user:
                continue
            for fact in turn_facts(session, turn, other, self._max_words):
                for triple in triples(fact.text, user):
                    key = (node_name(triple.source), triple.relation, node_name(triple.target))
                    by_key.setdefault(key, NewRelation(*key, fact.turn_ids))
        entities = [name for relation in by_key.values() for name in (relation.source, relation.target)]
        return list(dict.fromkeys(entities)), list(by_key.values())

    def outdated(self, session, batch, user, stored, new) -> list[tuple[str, str, str]]:
        out = []
        for old in stored:
            for item in new:
                if old.source != item.source:
                    continue
                opposite = old.target == item.target and _opposite(old.relation, item.relation)
                replaced = old.relation == item.relation in _ONE_VALUED and old.target != item.target
                if opposite or replaced:
                    out.append((old.source, old.relation, old.target))
                    break
        return out

    def question_entities(self, question: str, user: str, backbone: Backbone) -> list[str]:
        return list(dict.fromkeys(node_name(name) for name in question_entities(question)))


def spoken(name: str) -> str:
    """The form of a name that is embedded."""
    return name.replace("_", " ")


def _opposite(first: str, second: str) -> bool:
    return first != second and first.removeprefix("not_") == second.removeprefix("not_")

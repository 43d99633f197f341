"""What mem0's graph memory asks of its model through tool calls, and the same by rules (protocol.md 8.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.backbone import TEXT, Backbone, listed, record, tool
from baselines.extract import question_entities, triples, turn_facts
from baselines.extract.entities import normal
from baselines.mem0_graph.graph import Relation
from memos.embed.base import Embedder
from memos.types import Message, Session, Turn

ENTITY_PROMPT = """Name the entities in the text with their types by calling extract_entities. "I", "me", "my" and the like mean {user}: use \
that name. Do not answer questions that the text asks."""

RELATION_PROMPT = """State the relations between the given entities that the text expresses, by calling add_relations. Keep to what the text says; \
short, general, timeless relation names; source and destination from the list of entities; {user} stands for self references. \
The text was said on {date}."""

DELETE_PROMPT = """Compare stored relations with a new text and list, by calling delete_relations, the stored ones that the text contradicts or \
makes outdated. Never delete a relation merely because another target of the same kind appears: loving pizza and loving burgers can both hold. If \
nothing is to be deleted, pass an empty list. {user} stands for self references."""

_TRIPLE = record(source=TEXT, relationship=TEXT, destination=TEXT)
ENTITY_TOOL = tool(
    "extract_entities", "Report entities and their types.", record(entities=listed(record(entity=TEXT, entity_type=TEXT)))
)
RELATION_TOOL = tool("add_relations", "Report relations between entities.", record(relations=listed(_TRIPLE)))
DELETE_TOOL = tool("delete_relations", "Delete stored relations.", record(relations=listed(_TRIPLE)))

_ONE_VALUED = frozenset("lives_in moved_to works_as works_at works_for is_married_to is_dating".split())


def node_name(text: str) -> str:
    """Lower case with underscores, the form in which mem0 stores names."""
    return re.sub(r"\s+", "_", normal(text))


def _triple(item: Mapping[str, str]) -> tuple[str, str, str]:
    """Source, relation and destination of a model's reply as node names."""
    return node_name(item["source"]), node_name(item["relationship"]), node_name(item["destination"])


@dataclass(frozen=True, slots=True)
class NewRelation:
    """A relation as extracted, names already in stored form."""

    source: str
    relation: str
    target: str
    turn_ids: tuple[str, ...]


class GraphBrain(Protocol):
    """The decisions of the graph module."""

    def prepare(self, session: Session, speakers: tuple[str, str], embedder: Embedder) -> None: ...

    def relations(
        self, session: Session, batch: Sequence[Turn], user: str, other: str
    ) -> tuple[list[str], list[NewRelation]]:
        """Entities (stored form) and relations of a batch."""
        ...

    def outdated(
        self, session: Session, batch: Sequence[Turn], user: str, stored: Sequence[Relation], new: Sequence[NewRelation]
    ) -> list[tuple[str, str, str]]: ...

    def question_entities(self, question: str, user: str, backbone: Backbone) -> list[str]: ...


class ModelGraphBrain:
    """Three tool calls an add, one a search."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def prepare(self, session: Session, speakers: tuple[str, str], embedder: Embedder) -> None:
        """A model's relations are not known before its calls."""

    def _entities(self, backbone: Backbone, phase: str, text: str, user: str) -> list[str]:
        messages = [Message("system", ENTITY_PROMPT.format(user=user)), Message("user", text)]
        _, calls = backbone.calls(phase, messages, [ENTITY_TOOL], required=True)
        found = [item["entity"] for call in calls for item in call.arguments["entities"]]
        return [name for name in dict.fromkeys(node_name(item) for item in found) if name]

    def relations(self, session, batch, user, other) -> tuple[list[str], list[NewRelation]]:
        text = _text(batch)
        entities = self._entities(self._backbone, "ingest", text, user)
        if not entities:
            return [], []
        date = session.time_text or "an unknown day"
        messages = [
            Message("system", RELATION_PROMPT.format(user=user, date=date)),
            Message("user", f"Entities: {', '.join(entities)}\n\nText:\n{text}"),
        ]
        _, calls = self._backbone.calls("ingest", messages, [RELATION_TOOL], required=True)
        turns = tuple(turn.turn_id for turn in batch)
        found: dict[tuple[str, str, str], NewRelation] = {}
        for call in calls:
            for item in call.arguments["relations"]:
                key = _triple(item)
                if all(key):
                    found.setdefault(key, NewRelation(*key, turns))
        return entities, list(found.values())

    def outdated(self, session, batch, user, stored, new) -> list[tuple[str, str, str]]:
        if not stored:
            return []
        shown = "\n".join(relation.text() for relation in stored)
        messages = [
            Message("system", DELETE_PROMPT.format(user=user)),
            Message("user", f"Stored relations:\n{shown}\n\nNew text ({session.time_text}):\n{_text(batch)}"),
        ]
        _, calls = self._backbone.calls("organise", messages, [DELETE_TOOL], required=True)
        return [
            _triple(item)
            for call in calls
            for item in call.arguments["relations"]
        ]

    def question_entities(self, question: str, user: str, backbone: Backbone) -> list[str]:
        return self._entities(backbone, "search", question, user)


class RuleGraphBrain:
    """Triples of the user's own facts; deletion by opposite polarity and one-valued relations."""

    def __init__(self, max_words: int) -> None:
        self._max_words = max_words

    def prepare(self, session: Session, speakers: tuple[str, str], embedder: Embedder) -> None:
        """Embed all names of a session at once, so that a cached embedder works in one batch."""
        names: dict[str, None] = {}
        for user, other in (speakers, speakers[::-1]):
            for relation in self.relations(session, session.turns, user, other)[1]:
                names.update({spoken(relation.source): None, spoken(relation.target): None})
        embedder.encode(list(names))

    def relations(self, session, batch, user, other) -> tuple[list[str], list[NewRelation]]:
        found: dict[tuple[str, str, str], NewRelation] = {}
        for turn in batch:
            if turn.speaker != user:
                continue
            for fact in turn_facts(session, turn, other, self._max_words):
                for triple in triples(fact.text, user):
                    key = (node_name(triple.source), triple.relation, node_name(triple.target))
                    found.setdefault(key, NewRelation(*key, fact.turn_ids))
        entities = [name for relation in found.values() for name in (relation.source, relation.target)]
        return list(dict.fromkeys(entities)), list(found.values())

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


def _text(batch: Sequence[Turn]) -> str:
    return "\n".join(f"{turn.speaker}: {turn.said}" for turn in batch)

"""What mem0's graph memory asks of its model through tool calls, and the same by rules.

See docs/systems.md#mem0-with-its-graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from baselines.backbone import TEXT, Backbone, listed, record, tool
from baselines.mem0_graph.brain import NewRelation, node_name
from memos.embed.base import Embedder
from memos.types import Message, Session, Turn

ENTITY_PROMPT = """Name the entities in the text with their types by calling extract_entities. "I", "me", "my" and the \
like mean {user}: use that name. Do not answer questions that the text asks."""

RELATION_PROMPT = """State the relations between the given entities that the text expresses, by calling add_relations. \
Keep to what the text says; short, general, timeless relation names; source and destination from the list of entities; \
{user} stands for self references. The text was said on {date}."""

DELETE_PROMPT = """Compare stored relations with a new text and list, by calling delete_relations, the stored ones \
that the text contradicts or makes outdated. Never delete a relation merely because another target of the same kind \
appears: loving pizza and loving burgers can both hold. If nothing is to be deleted, pass an empty list. {user} stands \
for self references."""

_TRIPLE = record(source=TEXT, relationship=TEXT, destination=TEXT)
ENTITY_TOOL = tool(
    "extract_entities",
    "Report entities and their types.",
    record(entities=listed(record(entity=TEXT, entity_type=TEXT))),
)
RELATION_TOOL = tool("add_relations", "Report relations between entities.", record(relations=listed(_TRIPLE)))
DELETE_TOOL = tool("delete_relations", "Delete stored relations.", record(relations=listed(_TRIPLE)))


def _triple(item: Mapping[str, str]) -> tuple[str, str, str]:
    """Source, relation and destination of a model's reply as node names."""
    return node_name(item["source"]), node_name(item["relationship"]), node_name(item["destination"])


class ModelGraphBrain:
    """Three tool calls an add, one a search."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """A model's relations are not known before its calls."""

    def expect(self, batch: Sequence[Turn], user: str) -> None:
        self._backbone.begin_calls(_asking_entities(_text(batch), user), [ENTITY_TOOL])

    def _entities(self, backbone: Backbone, phase: str, text: str, user: str) -> list[str]:
        _, calls = backbone.calls(phase, _asking_entities(text, user), [ENTITY_TOOL], required=True)
        mentioned = [item["entity"] for call in calls for item in call.arguments["entities"]]
        return [name for name in dict.fromkeys(node_name(item) for item in mentioned) if name]

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
        by_key: dict[tuple[str, str, str], NewRelation] = {}
        for call in calls:
            for item in call.arguments["relations"]:
                key = _triple(item)
                if all(key):
                    by_key.setdefault(key, NewRelation(*key, turns))
        return entities, list(by_key.values())

    def outdated(self, session, batch, user, stored, new) -> list[tuple[str, str, str]]:
        if not stored:
            return []
        shown = "\n".join(relation.text() for relation in stored)
        messages = [
            Message("system", DELETE_PROMPT.format(user=user)),
            Message("user", f"Stored relations:\n{shown}\n\nNew text ({session.time_text}):\n{_text(batch)}"),
        ]
        _, calls = self._backbone.calls("organise", messages, [DELETE_TOOL], required=True)
        return [_triple(item) for call in calls for item in call.arguments["relations"]]

    def question_entities(self, question: str, user: str, backbone: Backbone) -> list[str]:
        return self._entities(backbone, "search", question, user)


def _text(batch: Sequence[Turn]) -> str:
    return "\n".join(f"{turn.speaker}: {turn.said}" for turn in batch)


def _asking_entities(text: str, user: str) -> list[Message]:
    return [Message("system", ENTITY_PROMPT.format(user=user)), Message("user", text)]

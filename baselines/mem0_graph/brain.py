"""What the graph memory of mem0 leaves to a model, as a contract."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.backbone import Backbone
from baselines.extract.entities import normal
from baselines.mem0_graph.graph import Relation
from memos.embed.base import Embedder
from memos.types import Session, Turn


def node_name(text: str) -> str:
    """Lower case with underscores, the form in which mem0 stores names."""
    return re.sub(r"\s+", "_", normal(text))


@dataclass(frozen=True, slots=True)
class NewRelation:
    """A relation as extracted, names already in stored form."""

    source: str
    relation: str
    target: str
    turn_ids: tuple[str, ...]


class GraphBrain(Protocol):
    """The decisions of the graph module."""

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None: ...

    def expect(self, batch: Sequence[Turn], user: str) -> None:
        """Begin what ``relations`` asks first: it depends on no graph."""

    def relations(
        self, session: Session, batch: Sequence[Turn], user: str, other: str
    ) -> tuple[list[str], list[NewRelation]]:
        """Entities (stored form) and relations of a batch."""
        ...

    def outdated(
        self, session: Session, batch: Sequence[Turn], user: str, stored: Sequence[Relation], new: Sequence[NewRelation]
    ) -> list[tuple[str, str, str]]: ...

    def question_entities(self, question: str, user: str, backbone: Backbone) -> list[str]: ...

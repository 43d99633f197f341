"""What Zep asks of its language model for each episode, and the same by rules (protocol.md section 9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from baselines.backbone import TEXT, TEXT_OR_NULL, Backbone, listed, record
from baselines.extract import Fact, triples, turn_facts
from baselines.extract.entities import normal
from baselines.extract.relation import CONTRADICTS, SAME, relate
from baselines.zep.graph import Edge, Entity, Episode
from memos.embed.base import Embedder
from memos.language.words import words
from memos.types import Session, Turn

ENTITIES_PROMPT = """List the entities that the CURRENT MESSAGE names or clearly refers to: people, places, organisations, works, \
objects, activities and events. The speaker always comes first. Resolve pronouns to names. Leave out relations, actions, dates \
and whatever only earlier messages mention. Give each a short type."""

RESOLVE_PROMPT = """For each NEW entity decide whether it is the same real-world thing as one of the EXISTING entities. Give the existing one's \
number, or -1 where it is a new thing. Related or similar things are not the same thing."""

EDGES_PROMPT = """From the CURRENT MESSAGE, state the facts that hold between two different entities of the list.
- source and target must be names from the list, and not the same one.
- relation: a short verb phrase in UPPER_SNAKE_CASE.
- fact: one sentence that keeps every concrete detail (names, numbers, titles, reasons).
- valid_at: when the fact became true; invalid_at: when it stopped; ISO 8601, counted from the reference time. A fact told in the \
present tense became true at the reference time. With only a year known, use 1 January. Use null where nothing is said.
Earlier messages only help to understand the current one."""

EDGE_RESOLVE_PROMPT = """A NEW fact arrived. Among the numbered EXISTING facts, list as duplicates those between the same two entities that say the \
same thing, and as contradicted those that the new fact makes untrue. Facts that can both be true are in neither list."""

SUMMARY_PROMPT = """Bring each entity's summary up to date with its new facts. At most {words} words each, only what the old summary and the facts \
say, dates kept."""

NODES = record(entities=listed(record(name=TEXT, type=TEXT)))
RESOLUTIONS = record(resolutions=listed(record(new={"type": "integer"}, existing={"type": "integer"})))
EDGES = record(
    edges=listed(record(source=TEXT, target=TEXT, relation=TEXT, fact=TEXT, valid_at=TEXT_OR_NULL, invalid_at=TEXT_OR_NULL))
)
VERDICT = record(duplicates=listed({"type": "integer"}), contradicted=listed({"type": "integer"}))
SUMMARIES = record(summaries=listed(record(name=TEXT, summary=TEXT)))


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edge as extracted, between names."""

    source: str
    target: str
    relation: str
    fact: str
    valid_at: datetime | None
    invalid_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """The episode at hand with what its extraction may see."""

    episode: Episode
    session: Session
    turn: Turn
    listener: str
    previous: Sequence[Episode]
    facts: tuple[Fact, ...] = field(default=())


class Brain(Protocol):
    """The decisions Zep leaves to a model."""

    def prepare(self, session: Session, speakers: tuple[str, str], embedder: Embedder) -> None: ...

    def entities(self, message: Message) -> list[tuple[str, str]]: ...

    def resolve(
        self, message: Message, new: Sequence[str], candidates: Sequence[Sequence[Entity]]
    ) -> list[Entity | None]: ...

    def edges(self, message: Message, names: Sequence[str]) -> list[Proposal]: ...

    def judge(
        self, new: Proposal, related: Sequence[Edge], others: Sequence[Edge], likeness: Sequence[float]
    ) -> tuple[list[int], list[int]]: ...

    def summaries(self, items: Sequence[tuple[Entity, list[str], list[str]]]) -> list[str]: ...


class ModelBrain:
    """One structured call a decision."""

    def __init__(self, backbone: Backbone, summary_words: int) -> None:
        self._backbone, self._words = backbone, summary_words

    def prepare(self, session: Session, speakers: tuple[str, str], embedder: Embedder) -> None:
        """A model's facts are not known before its calls."""

    def _shown(self, message: Message) -> str:
        earlier = "\n".join(episode.content for episode in message.previous) or "(none)"
        time = message.episode.time.isoformat() if message.episode.time else "unknown"
        return f"EARLIER MESSAGES\n{earlier}\n\nCURRENT MESSAGE\n{message.episode.content}\n\nREFERENCE TIME\n{time}"

    def entities(self, message: Message) -> list[tuple[str, str]]:
        reply = self._backbone.json("ingest", ENTITIES_PROMPT, self._shown(message), NODES) or {"entities": []}
        return [(item["name"].strip(), item["type"].strip() or "Entity") for item in reply["entities"]]

    def resolve(self, message, new, candidates) -> list[Entity | None]:
        pool = list({entity.id: entity for group in candidates for entity in group}.values())
        existing = "\n".join(f"{i}: {entity.name}. {entity.summary}".strip() for i, entity in enumerate(pool))
        names = "\n".join(f"{i}: {name}" for i, name in enumerate(new))
        user = f"{self._shown(message)}\n\nEXISTING\n{existing}\n\nNEW\n{names}"
        reply = self._backbone.json("organise", RESOLVE_PROMPT, user, RESOLUTIONS) or {"resolutions": []}
        out: list[Entity | None] = [None] * len(new)
        for item in reply["resolutions"]:
            if 0 <= item["new"] < len(new) and 0 <= item["existing"] < len(pool):
                out[int(item["new"])] = pool[int(item["existing"])]
        return out

    def edges(self, message, names) -> list[Proposal]:
        user = f"{self._shown(message)}\n\nENTITIES\n" + "\n".join(names)
        reply = self._backbone.json("ingest", EDGES_PROMPT, user, EDGES) or {"edges": []}
        return [
            Proposal(
                item["source"].strip(),
                item["target"].strip(),
                re.sub(r"\W+", "_", item["relation"].strip()).upper(),
                item["fact"].strip(),
                moment(item["valid_at"]),
                moment(item["invalid_at"]),
            )
            for item in reply["edges"]
            if item["fact"].strip()
        ]

    def judge(self, new, related, others, likeness) -> tuple[list[int], list[int]]:
        listed_facts = "\n".join(f"{i}: {edge.fact}" for i, edge in enumerate([*related, *others]))
        user = f"EXISTING (0 to {len(related) - 1} join the same entities)\n{listed_facts}\n\nNEW\n{new.fact}"
        empty = {"duplicates": [], "contradicted": []}
        reply = self._backbone.json("organise", EDGE_RESOLVE_PROMPT, user, VERDICT) or empty
        duplicates = [int(i) for i in reply["duplicates"] if 0 <= i < len(related)]
        contradicted = [int(i) for i in reply["contradicted"] if 0 <= i < len(related) + len(others)]
        return duplicates, contradicted

    def summaries(self, items) -> list[str]:
        shown = "\n\n".join(
            f"ENTITY {entity.name}\nOLD SUMMARY {entity.summary or '(none)'}\nNEW FACTS\n" + "\n".join(new)
            for entity, _, new in items
        )
        reply = self._backbone.json("organise", SUMMARY_PROMPT.format(words=self._words), shown, SUMMARIES)
        given = {normal(item["name"]): item["summary"].strip() for item in (reply or {"summaries": []})["summaries"]}
        return [given.get(normal(entity.name)) or entity.summary for entity, _, _ in items]


class RuleBrain:
    """Facts, triples and relations by rules; an edge keeps its whole fact as text."""

    def __init__(self, same: float, related: float, max_words: int, summary_words: int) -> None:
        self._same, self._related = same, related
        self._max_words, self._words = max_words, summary_words
        self._proposals: list[Proposal] = []

    def prepare(self, session: Session, speakers: tuple[str, str], embedder: Embedder) -> None:
        """Embed the facts and names of a whole session at once, so that a cached embedder works in one batch."""
        texts: dict[str, None] = {}
        for turn in session.turns:
            for fact in turn_facts(session, turn, _other(speakers, turn.speaker), self._max_words):
                if proposal := _proposal(fact):
                    texts.update({fact.text: None, proposal.target.lower(): None})
        embedder.encode(list(texts))

    def entities(self, message: Message) -> list[tuple[str, str]]:
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
            kept, size = [], 0
            for fact in reversed([*old, *new]):
                size += len(words(fact))
                if kept and size > self._words:
                    break
                kept.append(fact)
            out.append(" ".join(reversed(kept)))
        return out


def _other(speakers: tuple[str, str], speaker: str) -> str:
    return speakers[1] if speaker == speakers[0] else speakers[0]


def _proposal(fact: Fact) -> Proposal | None:
    found = triples(fact.text, fact.speaker)
    if not found:
        return None
    best = next((item for item in found if item.relation != "mentioned"), found[0])
    return Proposal(best.source, best.target, best.relation.upper(), fact.text, fact.time, None)


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 time, date, month or year as a naive datetime; None for anything else."""
    if not text:
        return None
    text = text.strip()
    if re.fullmatch(r"\d{4}", text):
        text += "-01-01"
    elif re.fullmatch(r"\d{4}-\d{2}", text):
        text += "-01"
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None

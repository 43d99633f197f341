"""What Zep asks of its language model for each episode, and the same by rules (docs/systems.md#zep)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from baselines.backbone import TEXT, TEXT_OR_NULL, Backbone, listed, record
from baselines.extract.entities import normal
from baselines.zep.brain import CurrentMessage, Proposal
from baselines.zep.graph import Entity
from memos.embed.base import Embedder
from memos.types import Session

ENTITIES_PROMPT = """List the entities that the CURRENT MESSAGE names or clearly refers to: people, places, \
organisations, works, objects, activities and events. The speaker always comes first. Resolve pronouns to names. Leave \
out relations, actions, dates and whatever only earlier messages mention. Give each a short type."""

RESOLVE_PROMPT = """For each NEW entity decide whether it is the same real-world thing as one of the EXISTING \
entities. Give the existing one's number, or -1 where it is a new thing. Related or similar things are not the same \
thing."""

EDGES_PROMPT = """From the CURRENT MESSAGE, state the facts that hold between two different entities of the list.
- source and target must be names from the list, and not the same one.
- relation: a short verb phrase in UPPER_SNAKE_CASE.
- fact: one sentence that keeps every concrete detail (names, numbers, titles, reasons).
- valid_at: when the fact became true; invalid_at: when it stopped; ISO 8601, counted from the reference time. A fact \
told in the present tense became true at the reference time. With only a year known, use 1 January. Use null where \
nothing is said.
Earlier messages only help to understand the current one."""

EDGE_RESOLVE_PROMPT = """A NEW fact arrived. Among the numbered EXISTING facts, list as duplicates those between the \
same two entities that say the same thing, and as contradicted those that the new fact makes untrue. Facts that can \
both be true are in neither list."""

SUMMARY_PROMPT = """Bring each entity's summary up to date with its new facts. At most {words} words each, only what \
the old summary and the facts say, dates kept."""

NODES = record(entities=listed(record(name=TEXT, type=TEXT)))
RESOLUTIONS = record(resolutions=listed(record(new={"type": "integer"}, existing={"type": "integer"})))
EDGES = record(
    edges=listed(
        record(source=TEXT, target=TEXT, relation=TEXT, fact=TEXT, valid_at=TEXT_OR_NULL, invalid_at=TEXT_OR_NULL)
    )
)
VERDICT = record(duplicates=listed({"type": "integer"}), contradicted=listed({"type": "integer"}))
SUMMARIES = record(summaries=listed(record(name=TEXT, summary=TEXT)))


class ModelZepBrain:
    """One structured call a decision."""

    def __init__(self, backbone: Backbone, summary_words: int) -> None:
        self._backbone, self._words = backbone, summary_words

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """A model's facts are not known before its calls."""

    def _shown(self, message: CurrentMessage) -> str:
        earlier = "\n".join(episode.content for episode in message.previous) or "(none)"
        time = message.episode.time.isoformat() if message.episode.time else "unknown"
        return f"EARLIER MESSAGES\n{earlier}\n\nCURRENT MESSAGE\n{message.episode.content}\n\nREFERENCE TIME\n{time}"

    def expect_entities(self, message: CurrentMessage) -> None:
        self._backbone.begin_json(ENTITIES_PROMPT, self._shown(message), NODES)

    def expect_edges(self, message: CurrentMessage, names: Sequence[str]) -> None:
        self._backbone.begin_json(EDGES_PROMPT, self._with_names(message, names), EDGES, soon=True)

    def _with_names(self, message: CurrentMessage, names: Sequence[str]) -> str:
        return f"{self._shown(message)}\n\nENTITIES\n" + "\n".join(names)

    def entities(self, message: CurrentMessage) -> list[tuple[str, str]]:
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
        reply = self._backbone.json("ingest", EDGES_PROMPT, self._with_names(message, names), EDGES) or {"edges": []}
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

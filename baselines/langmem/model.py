"""What LangMem's background manager asks of its model, and the same by rules (protocol.md section 10).

The manager is stateless: for each batch it searches the store with hypothetical memories, then inserts, patches or
removes in one structured step over what the searches found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.extract import session_facts
from baselines.mem0.model import Candidate, rule_decisions
from baselines.memories import Memory
from memos.types import Session, Turn

QUERY_PROMPT = """You look after a long-term memory of {first} and {second}. Before it is revised, find what it may already hold. \
Write up to {limit} short search queries, each phrased like a memory that could be stored about what is said below. \
Reply with JSON: {{"queries": [text, …]}}"""

MANAGER_PROMPT = """You look after a long-term memory of {first} and {second}. Read the dialogue and bring the memory up to date:
- insert what is new and worth keeping: facts about either person, their plans, preferences, relations, events and experiences, \
with names, places, numbers and reasons;
- patch an entry that the dialogue extends, corrects or supersedes: give its id and its whole new content;
- remove an entry that is no longer true or that repeats another.
Each entry is written in the third person, names its person, can be understood alone and carries absolute dates; the dialogue took place \
on {date}. Do not insert what an entry already says.

Entries found in the memory:
{entries}

Reply with JSON: {{"insert": [text, …], "patch": [{{"id": text, "content": text}}, …], "remove": [id, …]}}"""

QUERIES = record(queries=listed(TEXT))
CHANGES = record(insert=listed(TEXT), patch=listed(record(id=TEXT, content=TEXT)), remove=listed(TEXT))


@dataclass(frozen=True, slots=True)
class Operation:
    """One change: ``insert`` (no id), ``patch`` or ``remove``."""

    kind: str
    content: str
    id: str
    turn_ids: tuple[str, ...]


class Manager(Protocol):
    """The two steps of the background manager."""

    def queries(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, str]) -> list[str]: ...

    def revise(
        self,
        session: Session,
        batch: Sequence[Turn],
        speakers: tuple[str, str],
        found: Sequence[Memory],
        vectors: Sequence[np.ndarray],
    ) -> list[Operation]: ...


def _dialogue(session: Session, batch: Sequence[Turn]) -> str:
    return "\n".join(f"{session.time_text} | {turn.speaker}: {turn.said}" for turn in batch)


class ModelManager:
    """One call for the queries, one for the changes."""

    def __init__(self, backbone: Backbone, query_limit: int) -> None:
        self._backbone, self._limit = backbone, query_limit

    def queries(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, str]) -> list[str]:
        system = QUERY_PROMPT.format(first=speakers[0], second=speakers[1], limit=self._limit)
        reply = self._backbone.json("organise", system, _dialogue(session, batch), QUERIES) or {"queries": []}
        return [text for text in dict.fromkeys(item.strip() for item in reply["queries"]) if text][: self._limit]

    def revise(self, session, batch, speakers, found, vectors) -> list[Operation]:
        entries = "\n".join(f"[{memory.id}] {memory.text}" for memory in found) or "(none)"
        date = session.time_text or "an unknown day"
        system = MANAGER_PROMPT.format(first=speakers[0], second=speakers[1], date=date, entries=entries)
        reply = self._backbone.json("ingest", system, _dialogue(session, batch), CHANGES)
        if reply is None:
            return []
        turns = tuple(turn.turn_id for turn in batch)
        out = [Operation("remove", "", item.strip("[] "), ()) for item in reply["remove"]]
        out += [Operation("patch", item["content"].strip(), item["id"].strip("[] "), turns) for item in reply["patch"]]
        texts = dict.fromkeys(item.strip() for item in reply["insert"])
        return out + [Operation("insert", text, "", _sources(text, batch)) for text in texts if text]


def _sources(text: str, batch: Sequence[Turn]) -> tuple[str, ...]:
    """Turns of the one speaker an inserted entry names, else all turns of the batch."""
    named = {turn.speaker for turn in batch if turn.speaker.lower() in text.lower()}
    own = [turn.turn_id for turn in batch if turn.speaker in named] if len(named) == 1 else []
    return tuple(own or (turn.turn_id for turn in batch))


class RuleManager:
    """Facts of the batch; the longest of them are the searches; changes by ``mem0_brain.rule_decisions``."""

    def __init__(self, embedder, query_limit: int, same: float, related: float, max_words: int) -> None:
        self._embedder = embedder
        self._limit, self._same, self._related, self._max_words = query_limit, same, related, max_words

    def _facts(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, str]) -> list[Candidate]:
        part = Session(session.session_id, session.time, session.time_text, tuple(batch))
        return [Candidate(fact.text, fact.turn_ids) for fact in session_facts(part, speakers, self._max_words)]

    def queries(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, str]) -> list[str]:
        texts = [fact.text for fact in self._facts(session, batch, speakers)]
        return sorted(dict.fromkeys(texts), key=len, reverse=True)[: self._limit]

    def revise(self, session, batch, speakers, found, vectors) -> list[Operation]:
        facts = self._facts(session, batch, speakers)
        out = []
        for speaker in speakers:
            own = [fact for fact in facts if _speaker(fact, batch) == speaker]
            old = [(memory, vector) for memory, vector in zip(found, vectors, strict=True) if speaker in memory.text]
            new_vectors = list(self._embedder.encode([fact.text for fact in own]))
            decisions = rule_decisions(
                [memory.text for memory, _ in old], [vector for _, vector in old], own, new_vectors, self._same, self._related
            )
            for decision in decisions:
                target = old[decision.index][0].id if decision.index is not None else ""
                kind = {"ADD": "insert", "UPDATE": "patch", "DELETE": "remove"}.get(decision.event)
                if kind:
                    out.append(Operation(kind, decision.text, target, decision.turn_ids))
        return out


def _speaker(fact: Candidate, batch: Sequence[Turn]) -> str:
    return next(turn.speaker for turn in batch if turn.turn_id == fact.turn_ids[0])

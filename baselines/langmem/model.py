"""What LangMem's background manager asks of its model, and the same by rules (docs/systems.md#langmem).

The manager is stateless: for each batch it searches the store with hypothetical memories, then inserts, patches or
removes in one structured step over what the searches found.
"""

from __future__ import annotations

from collections.abc import Sequence

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.extract.people import listener_of
from baselines.langmem.manager import Operation
from memos.types import Session, Turn

QUERY_PROMPT = """You look after a long-term memory of {first} and {second}. Before it is revised, find what it may \
already hold. Write up to {limit} short search queries, each phrased like a memory that could be stored about what is \
said below. Reply with JSON: {{"queries": [text, …]}}"""

MANAGER_PROMPT = """You look after a long-term memory of {first} and {second}. Read the dialogue and bring the memory \
up to date:
- insert what is new and worth keeping: facts about either person, their plans, preferences, relations, events and \
experiences, with names, places, numbers and reasons;
- patch an entry that the dialogue extends, corrects or supersedes: give its id and its whole new content;
- remove an entry that is no longer true or that repeats another.
Each entry is written in the third person, names its person, can be understood alone and carries absolute dates; the \
dialogue took place on {date}. Do not insert what an entry already says.

Entries found in the memory:
{entries}

Reply with JSON: {{"insert": [text, …], "patch": [{{"id": text, "content": text}}, …], "remove": [id, …]}}"""

QUERIES = record(queries=listed(TEXT))
CHANGES = record(insert=listed(TEXT), patch=listed(record(id=TEXT, content=TEXT)), remove=listed(TEXT))


def _dialogue(session: Session, batch: Sequence[Turn]) -> str:
    return "\n".join(session.line(turn) for turn in batch)


class ModelManager:
    """One call for the queries, one for the changes."""

    def __init__(self, backbone: Backbone, query_limit: int) -> None:
        self._backbone, self._limit = backbone, query_limit

    def expect(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> None:
        self._backbone.begin_json(self._asking(speakers), _dialogue(session, batch), QUERIES)

    def _asking(self, speakers: tuple[str, ...]) -> str:
        return QUERY_PROMPT.format(first=speakers[0], second=listener_of(speakers[0], speakers), limit=self._limit)

    def queries(self, session: Session, batch: Sequence[Turn], speakers: tuple[str, ...]) -> list[str]:
        reply = self._backbone.json("organise", self._asking(speakers), _dialogue(session, batch), QUERIES)
        reply = reply or {"queries": []}
        return [text for text in dict.fromkeys(item.strip() for item in reply["queries"]) if text][: self._limit]

    def revise(self, session, batch, speakers, memories, vectors) -> list[Operation]:
        entries = "\n".join(f"[{memory.id}] {memory.text}" for memory in memories) or "(none)"
        date = session.time_text or "an unknown day"
        system = MANAGER_PROMPT.format(
            first=speakers[0], second=listener_of(speakers[0], speakers), date=date, entries=entries
        )
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

"""What SimpleMem leaves to a model, as a contract, and what it asks (docs/systems.md#simplemem)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from baselines.backbone import TEXT, TEXT_OR_NULL, Backbone, listed, record
from baselines.heard import HeardTurn
from baselines.simplemem.entries import Restatement, Wanted
from memos.language.dates import find

SYSTEM = "You work on the memory of a dialogue and reply with JSON only."
ENTRIES_PROMPT = """Rewrite the numbered lines of a dialogue as statements for a memory.

- Cover everything that is said. One statement holds one fact.
- Each can be understood alone: no pronouns, no words such as "here" or "that", no relative times; name persons, and \
count times from the time of the line.
- source_ids: numbers of the lines that it comes from.
- timestamp: when it happened or is true, ISO, or null. location: a place or null.
- keywords, persons, entities: what it is to be searched by. topic: a few words.

Statements that were made before, so that you do not repeat them:
{earlier}

Lines:
{lines}

Reply with JSON: {{"entries": [{{"lossless_restatement": text, "source_ids": [number, …], "keywords": [text, …], \
"timestamp": text or null, "location": text or null, "persons": [text, …], "entities": [text, …], "topic": text}}]}}"""
PLAN_PROMPT = """What kind of question is this, and which pieces of knowledge does an answer need?

{question}

Reply with JSON: {{"question_type": text, "needed": [text, …]}}"""
QUERIES_PROMPT = """Write short queries for a semantic search, one for each piece of knowledge that the question needs.

Question: {question}
Needed: {needed}

Reply with JSON: {{"queries": [text, …]}}"""
ANALYSIS_PROMPT = """Take from the question what entries that answer it are filed under.

{question}

Reply with JSON: {{"keywords": [text, …], "persons": [text, …], "time_expression": text or null, "location": text or \
null, "entities": [text, …]}}"""
COMPLETE_PROMPT = """Do these entries hold everything that the question needs?

{entries}

Question: {question}

Reply with JSON: {{"complete": true | false}}"""
MISSING_PROMPT = """The entries do not answer the question yet. Write one to three short queries for what is missing.

{entries}

Question: {question}

Reply with JSON: {{"queries": [text, …]}}"""

TEXTS = listed(TEXT)
ENTRIES = record(
    entries=listed(
        record(
            lossless_restatement=TEXT,
            source_ids=listed({"type": "integer"}),
            keywords=TEXTS,
            timestamp=TEXT_OR_NULL,
            location=TEXT_OR_NULL,
            persons=TEXTS,
            entities=TEXTS,
            topic=TEXT,
        )
    )
)
PLAN = record(question_type=TEXT, needed=TEXTS)
QUERIES = record(queries=TEXTS)
ANALYSIS = record(keywords=TEXTS, persons=TEXTS, time_expression=TEXT_OR_NULL, location=TEXT_OR_NULL, entities=TEXTS)
COMPLETE = record(complete={"type": "boolean"})
MISSING_QUERIES = 3


@dataclass(frozen=True, slots=True)
class DialogueWindow:
    """Turns that one extraction reads, and statements made before it."""

    turns: tuple[HeardTurn, ...]
    earlier: tuple[str, ...] = ()


class SimpleMemBrain(Protocol):
    """Statements of a window, and the steps of a planned search."""

    def expect(self, window: DialogueWindow) -> None:
        """Begin what ``entries`` will ask."""

    def entries(self, window: DialogueWindow) -> list[Restatement] | None:
        """None where no reply could be read."""
        ...

    def queries(self, question: str, backbone: Backbone) -> list[str]: ...

    def wanted(self, question: str, now: datetime | None, backbone: Backbone) -> Wanted: ...

    def missing(self, question: str, entries: Sequence[str], backbone: Backbone) -> list[str]:
        """Further queries; none where the entries are complete."""
        ...


class ModelSimpleMemBrain:
    """One call a window; three a question, and one or two for each round of reflection."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def expect(self, window: DialogueWindow) -> None:
        self._backbone.begin_json(SYSTEM, _asking(window), ENTRIES)

    def entries(self, window: DialogueWindow) -> list[Restatement] | None:
        reply = self._backbone.json("ingest", SYSTEM, _asking(window), ENTRIES)
        if reply is None:
            return None
        made = []
        for item in reply["entries"]:
            text = item["lossless_restatement"].strip()
            numbers = sorted({number for number in item["source_ids"] if 0 <= number < len(window.turns)})
            sources = [window.turns[number] for number in numbers] or window.turns
            filed = {name: tuple(item[name]) for name in ("keywords", "persons", "entities")}
            given = {"time": item["timestamp"] or "", "location": item["location"] or "", "topic": item["topic"]}
            if text:
                made.append(Restatement(text, tuple(one.turn.turn_id for one in sources), **filed, **given))
        return made

    def queries(self, question: str, backbone: Backbone) -> list[str]:
        plan = backbone.json("search", SYSTEM, PLAN_PROMPT.format(question=question), PLAN)
        needed = "; ".join(plan["needed"]) if plan else ""
        reply = backbone.json("search", SYSTEM, QUERIES_PROMPT.format(question=question, needed=needed), QUERIES)
        return [query for query in (reply or {"queries": []})["queries"] if query.strip()]

    def wanted(self, question: str, now: datetime | None, backbone: Backbone) -> Wanted:
        reply = backbone.json("search", SYSTEM, ANALYSIS_PROMPT.format(question=question), ANALYSIS)
        if reply is None:
            return Wanted()
        names = {
            name: tuple(text for text in reply[name] if text.strip()) for name in ("keywords", "persons", "entities")
        }
        return Wanted(**names, location=reply["location"] or "", period=period(reply["time_expression"] or "", now))

    def missing(self, question: str, entries: Sequence[str], backbone: Backbone) -> list[str]:
        asking = {"question": question, "entries": "\n\n".join(entries)}
        verdict = backbone.json("search", SYSTEM, COMPLETE_PROMPT.format(**asking), COMPLETE)
        if verdict and verdict["complete"]:
            return []
        reply = backbone.json("search", SYSTEM, MISSING_PROMPT.format(**asking), QUERIES)
        return [query for query in (reply or {"queries": []})["queries"] if query.strip()][:MISSING_QUERIES]


def period(expression: str, now: datetime | None) -> tuple[datetime, datetime] | None:
    """The time that an expression means, seen from ``now``; a week reaches seven days further on both sides."""
    mentions = find(expression, now) if expression and now else []
    if not mentions:
        return None
    margin = timedelta(days=7 if "week" in expression.lower() else 0)
    return mentions[0].start - margin, mentions[0].end + margin


def _asking(window: DialogueWindow) -> str:
    lines = [
        f"{number}. [{item.time_text or 'time unknown'}] {item.turn.speaker}: {item.turn.said}"
        for number, item in enumerate(window.turns)
    ]
    return ENTRIES_PROMPT.format(earlier="\n".join(window.earlier) or "(none)", lines="\n".join(lines))

"""What the simulated ChatGPT writes into its memory after a session: by a language model, or by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.extract import Fact, entities, session_facts
from memos.language.calendar import day_words as day
from memos.language.words import terms, words
from memos.types import Session

ENTRY_PROMPT = """You are a chat assistant with a long-term memory. The user pastes a dialogue between {first} and {second} and asks you \
to take from it what is relevant and to create memory entries for each of the two, with time stamps.

Write short entries, each a single statement in the third person that names its person, keeps names, places, titles and \
numbers, and carries absolute dates (the dialogue took place on {date}; turn "yesterday" or "last month" into dates). \
Leave out greetings and empty praise.{revise}"""
REVISE = """

The memory holds these entries already; do not repeat them. Where the dialogue changes one, list its id and new text under \
"updates"; where it makes one untrue, list its id under "deletes".
{entries}"""

_ENTRY = record(speaker=TEXT, date=TEXT, text=TEXT)
ENTRIES = record(entries=listed(_ENTRY))
REVISION = record(entries=listed(_ENTRY), updates=listed(record(id=TEXT, text=TEXT)), deletes=listed(TEXT))


@dataclass(frozen=True, slots=True)
class Entry:
    """One memory entry."""

    id: str
    text: str
    time: str
    turn_ids: tuple[str, ...]

    def shown(self) -> str:
        """The line in the prompt."""
        return f"({self.time}) {self.text}" if self.time else self.text


@dataclass(frozen=True, slots=True)
class Change:
    """What one session does to the list."""

    adds: tuple[Entry, ...] = ()
    updates: tuple[tuple[str, str], ...] = ()
    deletes: frozenset[str] = frozenset()


class Writer(Protocol):
    """Turns a session into changes of the entry list."""

    def write(self, session: Session, speakers: tuple[str, str], entries: Sequence[Entry]) -> Change: ...


class ModelWriter:
    """One structured call a session."""

    def __init__(self, backbone: Backbone, revise: bool) -> None:
        self._backbone, self._revise = backbone, revise

    def write(self, session: Session, speakers: tuple[str, str], entries: Sequence[Entry]) -> Change:
        running = "\n".join(f"[{entry.id}] {entry.shown()}" for entry in entries) or "(none yet)"
        system = ENTRY_PROMPT.format(
            first=speakers[0],
            second=speakers[1],
            date=session.time_text or "an unknown day",
            revise=REVISE.format(entries=running) if self._revise else "",
        )
        lines = "\n".join(f"({session.time_text}) {turn.speaker}: {turn.said}" for turn in session.turns)
        reply = self._backbone.json("ingest", system, lines, REVISION if self._revise else ENTRIES) or {"entries": []}
        known = {entry.text for entry in entries}
        adds = []
        for item in reply["entries"]:
            text = item["text"].strip()
            if not text or text in known:
                continue
            known.add(text)
            own = tuple(turn.turn_id for turn in session.turns if turn.speaker == item["speaker"])
            turns = own or tuple(turn.turn_id for turn in session.turns)
            adds.append(Entry("", text, item["date"].strip() or _date(session), turns))
        updates = tuple((item["id"].strip("[] "), item["text"].strip()) for item in reply.get("updates", ()))
        return Change(tuple(adds), updates, frozenset(item.strip("[] ") for item in reply.get("deletes", ())))


class RuleWriter:
    """The most telling facts of each session, up to a number of words, in the order they were said."""

    def __init__(self, session_words: int, max_words: int) -> None:
        self._session_words, self._max_words = session_words, max_words

    def write(self, session: Session, speakers: tuple[str, str], entries: Sequence[Entry]) -> Change:
        facts = session_facts(session, speakers, self._max_words)
        order = sorted(range(len(facts)), key=lambda i: (-salience(facts[i]), i))
        left, kept = self._session_words, []
        for index in order:
            size = len(words(facts[index].text))
            if size <= left:
                kept.append(index)
                left -= size
        adds = [Entry("", facts[i].text, _date(session), facts[i].turn_ids) for i in sorted(kept)]
        return Change(tuple(adds))


def _date(session: Session) -> str:
    return day(session.time) if session.time else session.time_text


def salience(fact: Fact) -> float:
    """How much a fact tells a word: names, numbers and a date count more than other content words."""
    size = max(8, len(words(fact.text)))
    named = len(entities(fact.text))
    numbers = sum(word[0].isdigit() for word in words(fact.text))
    return (len(set(terms(fact.text))) + 2.0 * named + 1.5 * numbers + 2.0 * fact.dated) / size

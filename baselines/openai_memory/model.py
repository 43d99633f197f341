"""What the simulated ChatGPT writes into its memory after a session: by a language model, or by rules."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.extract.people import listener_of
from baselines.openai_memory.writer import EntryChanges, MemoryEntry, session_date
from memos.types import Session

ENTRY_PROMPT = """You are a chat assistant with a long-term memory. The user pastes a dialogue between {first} and \
{second} and asks you to take from it what is relevant and to create memory entries for each of the two, with time \
stamps.

Write short entries, each a single statement in the third person that names its person, keeps names, places, titles \
and numbers, and carries absolute dates (the dialogue took place on {date}; turn "yesterday" or "last month" into \
dates). Leave out greetings and empty praise.{revise}"""
REVISE = """

The memory holds these entries already; do not repeat them. Where the dialogue changes one, list its id and new text \
under "updates"; where it makes one untrue, list its id under "deletes".
{entries}"""

_ENTRY = record(speaker=TEXT, date=TEXT, text=TEXT)
ENTRIES = record(entries=listed(_ENTRY))
REVISION = record(entries=listed(_ENTRY), updates=listed(record(id=TEXT, text=TEXT)), deletes=listed(TEXT))


class ModelWriter:
    """One structured call a session."""

    def __init__(self, backbone: Backbone, revise: bool) -> None:
        self._backbone, self._revise = backbone, revise

    def expect(self, session: Session, speakers: tuple[str, ...]) -> None:
        if not self._revise:
            self._backbone.begin_json(*self._asking(session, speakers, ()), ENTRIES)

    def _asking(self, session: Session, speakers: tuple[str, ...], entries: Sequence[MemoryEntry]) -> tuple[str, str]:
        """System and user prompt of a session; the entries stand in it only where the model revises them."""
        running = "\n".join(f"[{entry.id}] {entry.shown()}" for entry in entries) or "(none yet)"
        system = ENTRY_PROMPT.format(
            first=speakers[0],
            second=listener_of(speakers[0], speakers),
            date=session.time_text or "an unknown day",
            revise=REVISE.format(entries=running) if self._revise else "",
        )
        lines = "\n".join(f"({session.time_text_of(turn)}) {turn.speaker}: {turn.said}" for turn in session.turns)
        return system, lines

    def write(self, session: Session, speakers: tuple[str, ...], entries: Sequence[MemoryEntry]) -> EntryChanges:
        schema = REVISION if self._revise else ENTRIES
        reply = self._backbone.json("ingest", *self._asking(session, speakers, entries), schema) or {"entries": []}
        known = {entry.text for entry in entries}
        adds = []
        for item in reply["entries"]:
            text = item["text"].strip()
            if not text or text in known:
                continue
            known.add(text)
            own = tuple(turn.turn_id for turn in session.turns if turn.speaker == item["speaker"])
            turns = own or tuple(turn.turn_id for turn in session.turns)
            adds.append(MemoryEntry("", text, item["date"].strip() or session_date(session), turns))
        updates = tuple((item["id"].strip("[] "), item["text"].strip()) for item in reply.get("updates", ()))
        return EntryChanges(tuple(adds), updates, frozenset(item.strip("[] ") for item in reply.get("deletes", ())))

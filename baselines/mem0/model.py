"""What mem0 asks of its language model, and the same two decisions by rules (docs/systems.md#mem0)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from baselines.backbone import TEXT, TEXT_OR_NULL, Backbone, listed, record
from baselines.mem0.brain import NewFact, UpdateDecision
from memos.embed.base import Embedder
from memos.types import Session, Turn

EXTRACTION_PROMPT = """You keep a personal memory for {user}. From the dialogue lines below, write down what is worth \
remembering about {user}. Seven kinds of things count: personal details (name, family, relationships, dates that \
matter); likes and dislikes; plans, goals and intentions; activities, events and experiences; health and wellbeing; \
work, studies and career; anything else {user} may want recalled, such as books, places, pets or possessions.

How to write them:
- Only lines with the role "user" are {user}'s. Lines of the assistant are {other}'s and serve as context; take \
nothing about {other} from them.
- Each memory stands on its own: third person, {user}'s name instead of pronouns, with people, places, titles, \
numbers, feelings and reasons kept.
- The dialogue took place on {date}. Turn words such as "yesterday", "last week" or "next month" into dates counted \
from that day, and no other.
- Prefer one connected memory of a sentence or two over many fragments.
- Use the language of the speaker. Greetings, thanks and small talk are no memories; with nothing else, return an \
empty list.

Examples:
user: Ann: Hi! -> {{"facts": []}}
user: Ann: Trees have leaves. -> {{"facts": []}}
user: Ann: I'm after a quiet bakery near the office. -> \
{{"facts": ["Ann is looking for a quiet bakery near her office"]}}
user: Ann: Met Raj at three yesterday about the bridge plans. (said on 5 March 2021) -> {{"facts": ["Ann met Raj on \
4 March 2021 at 3 pm about the bridge plans"]}}
user: Ann: I'm Ann, I teach physics. -> {{"facts": ["Ann is a physics teacher"]}}
user: Ann: Nothing beats old westerns and chess for me. -> {{"facts": ["Ann loves old westerns and chess"]}}

Reply with JSON: {{"facts": [text, …]}}"""

UPDATE_PROMPT = """You maintain a memory. Compare each new fact with the memory's entries and decide what to do:
- ADD: the fact is new. Give it a fresh id.
- UPDATE: an entry is about the same matter and the fact says more or something different about it. Keep the entry's \
id and give the text that carries the most information; where both say the same, keep the fuller wording.
- DELETE: the fact contradicts an entry. Give the entry's id.
- NONE: the fact is already there, or does not touch the entry.

Entries of the memory (ids are only valid in this reply):
{old}

New facts:
{new}

Reply with JSON: {{"memory": [{{"id": text, "text": text, "event": "ADD" | "UPDATE" | "DELETE" | "NONE", "old_memory": \
the former text for UPDATE, else null}}, …]}}"""

FACTS = record(facts=listed(TEXT))
DECISIONS = record(
    memory=listed(
        record(
            id=TEXT,
            text=TEXT,
            event={"type": "string", "enum": ["ADD", "UPDATE", "DELETE", "NONE"]},
            old_memory=TEXT_OR_NULL,
        )
    )
)


class ModelMem0Brain:
    """Extraction and update by a language model, one call each."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """A model's facts are not known before its calls."""

    def expect(self, session: Session, batch: Sequence[Turn], user: str, other: str) -> None:
        self._backbone.begin_json(*_extraction(session, batch, user, other), FACTS)

    def facts(self, session: Session, batch: Sequence[Turn], user: str, other: str) -> list[NewFact]:
        reply = self._backbone.json("ingest", *_extraction(session, batch, user, other), FACTS)
        own = [turn.turn_id for turn in batch if turn.speaker == user] or [turn.turn_id for turn in batch]
        texts = dict.fromkeys(text.strip() for text in (reply or {"facts": []})["facts"])
        return [NewFact(text, tuple(own)) for text in texts if text]

    def decide(self, old, old_vectors, new, new_vectors) -> list[UpdateDecision]:
        shown = json.dumps([{"id": str(i), "text": text} for i, text in enumerate(old)], ensure_ascii=False, indent=1)
        facts = json.dumps([item.text for item in new], ensure_ascii=False)
        prompt = UPDATE_PROMPT.format(old=shown if old else "(the memory is empty)", new=facts)
        reply = self._backbone.json("organise", "You maintain a memory and reply with JSON only.", prompt, DECISIONS)
        sources = tuple(dict.fromkeys(turn for item in new for turn in item.turn_ids))
        out = []
        for item in (reply or {"memory": []})["memory"]:
            known = item["id"].strip().isdigit() and int(item["id"]) < len(old)
            index = int(item["id"]) if known and item["event"] != "ADD" else None
            out.append(UpdateDecision(item["event"], item["text"].strip(), index, sources))
        return out


def _extraction(session: Session, batch: Sequence[Turn], user: str, other: str) -> tuple[str, str]:
    """System and user prompt of the extraction from a batch."""
    system = EXTRACTION_PROMPT.format(user=user, other=other, date=session.time_text or "an unknown day")
    lines = [f"{'user' if turn.speaker == user else 'assistant'}: {turn.speaker}: {turn.said}" for turn in batch]
    return system, "\n".join(lines)

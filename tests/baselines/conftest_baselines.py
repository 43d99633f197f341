"""A small conversation, a word embedder and a toy model for the baselines' tests."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime

import numpy as np
import pytest

from memos.types import Conversation, Session, Turn

STEM = re.compile(r"[a-z]+")


class WordEmbedder:
    """Unit vectors from hashed words: texts that share words are near, equal texts are equal."""

    name, dim, max_tokens, pooled = "words", 64, 10_000, 0

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts):
        self.texts += texts
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in STEM.findall(text.lower()):
                digest = hashlib.sha256(word.encode()).digest()
                row[digest[0] % self.dim] += 1.0
                row[digest[1] % self.dim] += 0.5
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def session(number: int, day: int, *lines: tuple[str, str]) -> Session:
    turns = tuple(Turn(f"D{number}:{i}", speaker, text) for i, (speaker, text) in enumerate(lines, 1))
    return Session(f"session_{number}", datetime(2023, 5, day, 10, 0), f"10:00 am on {day} May, 2023", turns)


CONVERSATION = Conversation(
    "demo",
    ("Ada", "Ben"),
    (
        session(1, 1, ("Ada", "I live in Rome."), ("Ben", "I adopted a dog yesterday.")),
        session(2, 8, ("Ada", "I moved to Oslo."), ("Ben", "My dog is called Rex."), ("Ada", "Bye!")),
    ),
)


@pytest.fixture
def conversation() -> Conversation:
    return CONVERSATION


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


def ingest(system, conversation: Conversation, skip: int = 0):
    """Run a whole conversation through a system."""
    if not skip:
        system.start(conversation)
    for part in conversation.sessions[skip:]:
        system.add(part)
    system.finish()
    return system


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\b[A-Z][a-z]+\b", text)))


def toy_value(system: str, user: str, wanted: set[str]):
    """What the toy model says, from the fields that are asked for: simple, but a function of the prompt alone."""
    said = user.split("CURRENT MESSAGE\n")[-1].split("\n\n")[0]
    if wanted == {"facts"}:
        return {"facts": [line[6:] for line in user.splitlines() if line.startswith("user: ")]}
    if wanted == {"memory"}:
        facts = json.loads(user.split("New facts:\n")[1].split("\n\nReply")[0])
        return {"memory": [{"id": "9", "text": fact, "event": "ADD", "old_memory": None} for fact in facts]}
    if wanted == {"entities"} and "CURRENT MESSAGE" in user:
        return {"entities": [{"name": name, "type": "Thing"} for name in _names(said)]}
    if wanted == {"entities"}:
        return {"entities": [{"entity": name, "entity_type": "thing"} for name in _names(user)]}
    if wanted == {"relations"} and "Stored relations" in user:
        return {"relations": []}
    if wanted == {"relations"}:
        names = user.split("\n")[0].removeprefix("Entities: ").split(", ")
        pairs = zip(names, names[1:], strict=False)
        return {"relations": [{"source": a, "relationship": "with", "destination": b} for a, b in pairs]}
    if wanted == {"resolutions"}:
        return {"resolutions": []}
    if wanted == {"edges"}:
        names = user.split("ENTITIES\n")[1].split("\n")
        pairs = zip(names[:1] * 9, names[1:], strict=False)
        return {
            "edges": [
                {
                    "source": a,
                    "target": b,
                    "relation": "with",
                    "fact": f"{said} ({b})",
                    "valid_at": None,
                    "invalid_at": None,
                }
                for a, b in pairs
            ]
        }
    if wanted == {"duplicates", "contradicted"}:
        return {"duplicates": [], "contradicted": []}
    if wanted == {"summaries"}:
        return {"summaries": [{"name": n, "summary": f"about {n}"} for n in re.findall(r"^ENTITY (.+)$", user, re.M)]}
    if wanted == {"queries"}:
        return {"queries": [line.split(": ", 1)[1] for line in user.splitlines()]}
    if wanted == {"insert", "patch", "remove"}:
        return {"insert": [line.split(" | ", 1)[1] for line in user.splitlines()], "patch": [], "remove": []}
    items = [line.split(") ", 1)[1].split(": ", 1) for line in user.splitlines()]
    made = {"entries": [{"speaker": who, "date": "some day", "text": f"{who}: {what}"} for who, what in items]}
    if "updates" not in wanted:
        return made
    known = re.findall(r"^\[(e\d+)\] (.+)$", system, re.M)
    updates = [{"id": key, "text": f"{text} Again."} for key, text in known[:1]]
    return {**made, "updates": updates, "deletes": [key for key, _ in known[1:2]]}

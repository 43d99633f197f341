"""Conversations of two people each, whose names no other conversation has, so that a prompt tells whose it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

THINGS = "kite boat drum lamp rose coin vase sled harp fern quilt canoe globe easel kayak piano".split()
PLACES = "Oslo Porto Lima Bern Cork Kyiv Riga Nice Graz Turku Lyon Ghent Malmo Split Bergen".split()
NAME = re.compile(r"\b(?:Ann|Ben)(\d+)\b")


def write(path: Path, conversations: int, sessions: int, turns: int) -> None:
    """Write a data set in LOCOMO's form: conversations of so many sessions of so many turns, with a question each."""
    path.write_text(json.dumps([_talk(n, sessions, turns) for n in range(conversations)]), encoding="utf-8")


def _talk(number: int, sessions: int, turns: int) -> dict[str, Any]:
    first, second = f"Ann{number}", f"Ben{number}"
    body: dict[str, Any] = {"speaker_a": first, "speaker_b": second}
    for session in range(1, sessions + 1):
        body[f"session_{session}_date_time"] = f"1:00 pm on {session} May, 2023"
        body[f"session_{session}"] = [
            {"speaker": (first, second)[i % 2], "dia_id": f"D{session}:{i + 1}", "text": _said(number, session, i)}
            for i in range(turns)
        ]
    asked = {"question": f"What did {first} buy?", "answer": "a thing", "category": 4, "evidence": ["D1:1"]}
    return {"sample_id": f"talk-{number}", "conversation": body, "qa": [asked]}


def _said(number: int, session: int, turn: int) -> str:
    """A sentence with a name, a thing and a place that comes again now and then, as talk does."""
    place = 7 * number + 3 * session + turn
    bought, town = THINGS[place % len(THINGS)], PLACES[(place * 5 + session) % len(PLACES)]
    who = ("Ann", "Ben")[turn % 2]
    return f"I, {who}{number}, bought {bought} number {session}-{turn} in {town} and gave it to Uma{number}."


def whose(prompt: str) -> int:
    """The number of the conversation that a prompt belongs to; -1 where it names none."""
    name = NAME.search(prompt)
    return int(name[1]) if name else -1

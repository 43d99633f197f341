"""A small folder in ConvoMem's format. Every message is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PLACES = ("Ghent", "Oslo", "Turin", "Cork", "Porto", "Graz")


def message(speaker: str, text: str) -> dict[str, str]:
    return {"speaker": speaker, "text": text}


def chat(name: str, *lines: tuple[str, str], evidence: bool = False) -> dict[str, Any]:
    return {"messages": [message(*line) for line in lines], "id": name, "containsEvidence": evidence}


def item(place: str, *, evidence: str | None = None, **fields: Any) -> dict[str, Any]:
    """A question on one chat; its evidence stands in the chat, but for white space where it is given."""
    told = f"I spent the summer in {place}."
    own = chat(place, ("User", "Hello."), ("Assistant", "Hello, how are you?"), ("User", told), evidence=True)
    plain = {
        "question": f"Where was I in the summer {len(place)} letters long?",
        "answer": place,
        "message_evidences": [message("User", evidence or told)],
        "conversations": [own],
        "personId": "p1",
    }
    return plain | fields


def filler(number: int) -> dict[str, Any]:
    return chat(f"f{number}", ("user", f"What is {number} plus {number}?"), ("ASSISTANT", f"It is {2 * number}."))


def write(file: Path, items: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"evidence_items": items}), encoding="utf-8")


def folder_of(folder: Path, fillers: int = 12) -> Path:
    core = folder / "core_benchmark"
    at = core / "evidence_questions"
    write(at / "user_evidence" / "1_evidence" / "a.json", [item(place) for place in PLACES[:4]])
    write(at / "user_evidence" / "1_evidence" / "b.json", [item(place) for place in PLACES[4:]])
    two = item("Rome")
    two["conversations"].append(chat("x", ("User", "Now I live in Bonn."), evidence=True))
    two["message_evidences"].append(message("user", "Now I  live in\nBonn."))
    write(at / "changing_evidence" / "2_evidence" / "c.json", [two | {"answer": "Bonn"}])
    absent = item("Lyon", message_evidences=[], question="Which car do I drive?", answer="That was never said.")
    write(at / "abstention_evidence" / "1_evidence" / "d.json", [absent])
    lost = item("Nice", evidence="A text that nobody wrote.", answer="They want to hear of the sea.")
    write(at / "preference_evidence" / "1_evidence" / "e.json", [lost])
    held = [{"conversations": [filler(number)]} for number in range(fillers)]
    write(core / "filler_conversations" / "f.json", [*held, *held])
    return folder


def synthetic(folder: Path) -> dict[str, Any]:
    return {"path": str(folder_of(folder)), "chats": 5, "each": 3}

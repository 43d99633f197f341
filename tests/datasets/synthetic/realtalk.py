"""Two small chats in RealTalk's format, with all that is odd in the real ones. Every message is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def message(official: str, speaker: str, text: str, time: str, **fields: Any) -> dict[str, Any]:
    return {"dia_id": official, "speaker": speaker, "clean_text": text, "date_time": time, "img_file": []} | fields


def asked(question: str, answer: str, category: int, *evidence: str) -> dict[str, Any]:
    return {"question": question, "answer": answer, "category": category, "evidence": list(evidence)}


def chat() -> dict[str, Any]:
    """Ids run on over sessions and skip a picture (D1:4); session 2 runs over midnight; a third name speaks."""
    return {
        "name": {"speaker_1": "Nora", "speaker_2": "Tom"},
        "session_1": [
            message("D1:1", "Nora", "I moved to Ghent last week.", "29.12.2023, 09:10:00"),
            message("D1:2", "Tom", "How is the new flat?", "29.12.2023, 09:11:30"),
            message("D1:3", "Nora", "Small, but it has a balcony.", "29.12.2023, 09:12:00", blip_caption="a balcony"),
            message("D1:5", "Tom", "I adopted a grey cat called Pixel.", "29.12.2023, 09:15:00"),
        ],
        "session_1_date_time": "29 December 2023",
        "events_session_1": {"Nora": ["moved"]},
        "session_2": [
            message("D1:6", "Nora", "I cannot sleep.", "30.12.2023, 23:50:00"),
            message("D1:7", "Nora", "Tomorrow I start at the bakery.", "31.12.2023, 00:05:00"),
            message("D2:1", "Thomas", "Good luck with the bread!", "31.12.2023, 00:07:00"),
        ],
        "session_3": [
            message("D3:1", "Tom", "I run every morning now.", "02.01.2024, 08:00:00"),
            message("D3:2", "Nora", "The bakery is fun.", "02.01.2024, 08:02:00"),
        ],
        "qa": [
            asked("Where did Nora move?", "Ghent", 1, "D1:1"),
            asked("When does Nora begin at the bakery?", "31.12.2023", 2, "D1:7."),
            asked("Would Tom like a dog show?", "no", 3, "D 1:5; D3:1"),
            asked("Which pet has Tom?", "a cat", 1, "D1:3-D1:5"),
            asked("What does the flat have?", "a balcony", 1, "D1:4", "D1;3"),
            asked("Is it cold?", "yes", 3, "", "D58"),
        ],
    }


def second() -> dict[str, Any]:
    return {
        "name": {"speaker_1": "Ida", "speaker_2": "Nora"},
        "session_1": [
            message("D1:1", "Ida", "My sister plays the harp.", "03.01.2024, 18:00:00"),
            message("D1:2", "Nora", "I would love to hear it.", "03.01.2024, 18:01:00"),
        ],
        "qa": [asked("What does Ida's sister play?", "the harp", 1, "D1:1")],
    }


def write(folder: Path, **chats: dict[str, Any]) -> Path:
    """Chats as files of a folder; ``Chat_1=…``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in chats.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def synthetic(folder: Path) -> dict[str, Any]:
    return {"path": str(write(folder / "data", Chat_1_Nora_Tom=chat(), Chat_2_Ida_Nora=second()))}

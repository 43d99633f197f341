"""Six turns of a conversation, and two questions about them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from memos.types import Conversation, Session, Turn

SAID = (
    ("Ana", "Hi Ben! I moved to Porto in March."),
    ("Ben", "Nice! I adopted a dog called Rex."),
    ("Ana", "I work as a nurse at the city hospital."),
    ("Ben", "I started learning the piano last week."),
    ("Ana", "My sister Clara visits me in June."),
    ("Ben", "Rex and I run every morning."),
)
TIME = "10:00 am on 1 May, 2023"
QUESTIONS = (("Where did Ana move to?", "Porto", "D1:1"), ("What is the name of Ben's dog?", "Rex", "D1:2"))
SESSION = Session(
    "session_1",
    datetime(2023, 5, 1, 10),
    TIME,
    tuple(Turn(f"D1:{number}", *line) for number, line in enumerate(SAID, 1)),
)
CONVERSATION = Conversation("slice", ("Ana", "Ben"), (SESSION,))


def write_dataset(path: Path) -> None:
    """The slice in LOCOMO's format."""
    turns = [{"speaker": turn.speaker, "dia_id": turn.turn_id, "text": turn.text} for turn in SESSION.turns]
    qa = [{"question": q, "answer": a, "evidence": [turn], "category": 4} for q, a, turn in QUESTIONS]
    talk = {"speaker_a": "Ana", "speaker_b": "Ben", "session_1_date_time": TIME, "session_1": turns}
    path.write_text(json.dumps([{"sample_id": "slice", "conversation": talk, "qa": qa}]), encoding="utf-8")

"""Every memory system takes what LOCOMO has not: groups, turns with times of their own, sessions without any date."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from memory_servers import needed

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.datasets.load import load_dataset
from eval.stages.bench import Bench
from memos.types import Conversation, Query, Retrieved, Session, Turn

SYSTEMS = sorted(path.stem for path in (CONF / "system").glob("*.yaml"))
GROUP = {
    "speaker_a": "Ann",
    "speaker_b": "Ben",
    "further_speakers": ["Cleo", "Dev Patel"],
    "session_1_date_time": "9:00 am on 1 May, 2024",
    "session_1": [
        {"dia_id": "D1:1", "speaker": "Ann", "text": "Good morning all, who is coming to the lake on Sunday?"},
        {"dia_id": "D1:2", "speaker": "Cleo", "text": "I am, and I bring my new kayak, I bought it yesterday."},
        {"dia_id": "D1:3", "speaker": "Dev Patel", "text": "My sister Ira visits next week, I cook biryani."},
        {"dia_id": "D1:4", "speaker": "Ben", "text": "Cleo, you always wanted a kayak! Biryani sounds great."},
    ],
    "session_2_date_time": "8:00 pm on 5 May, 2024",
    "session_2": [
        {"dia_id": "D2:1", "speaker": "Dev Patel", "text": "I sold my old motorbike to a student from Leeds."},
        {"dia_id": "D2:2", "speaker": "Ann", "text": "Ben and I planted tomatoes in the garden."},
    ],
}


def group(folder: Path) -> Conversation:
    """Four people, read from a file in LOCOMO's format."""
    file = folder / "group.json"
    qa = [{"question": "Who has a kayak?", "answer": "Cleo", "evidence": ["D1:2"], "category": 4}]
    file.write_text(json.dumps([{"sample_id": "group", "conversation": GROUP, "qa": qa}]), encoding="utf-8")
    return load_dataset("locomo", path=str(file)).conversations[0]


def undated(folder: Path) -> Conversation:
    """A user and an assistant, sessions without a time, one turn as long as a chunk of a benchmark."""
    long = " ".join(f"{number}. Town {number} lies in the county of Shire {number % 7}." for number in range(120))
    sessions = (
        Session("session_1", None, "", (Turn("D1:1", "User", long),)),
        Session(
            "session_2",
            None,
            "",
            (
                Turn("D2:1", "User", "My kayak is stored in the boathouse of Uncle Ferdinand."),
                Turn("D2:2", "Assistant", "That is a good place for a kayak, dry and close to the water."),
            ),
        ),
    )
    return Conversation("undated", ("User", "Assistant"), sessions)


def timed(folder: Path) -> Conversation:
    """Turns with times of their own, the last of them on the day after its session's date."""
    turns = (
        Turn("D1:1", "Ann", "I cannot sleep tonight.", time=datetime(2024, 5, 1, 23, 55)),
        Turn("D1:2", "Ben", "Yesterday I sold my kayak to a neighbour.", time=datetime(2024, 5, 2, 0, 5)),
    )
    session = Session("session_1", turns[0].time, "11:55 pm on 1 May, 2024", turns)
    return Conversation("timed", ("Ann", "Ben"), (session,))


@pytest.mark.parametrize("shape", [group, undated, timed])
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_takes_every_shape(name, shape, tmp_path):
    talk = shape(tmp_path)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = [
            "experiment=tiny",
            f"system='{name}'",
            *needed(name),
            "llm=mock",
            "embedder=mock",
            f"out={tmp_path}",
        ]
        made = Bench(plain(compose("config", overrides)))
    system = made.new_system()
    system.start(talk)
    for session in talk.sessions:
        system.add(session)
    system.finish()
    gold = tuple(turn.turn_id for _, turn in talk.turns() if "kayak" in turn.text)[:1] if system.sees_gold else ()
    query = Query("What happened to the kayak?", gold_turns=gold)
    first = system.search(query)
    turns = {turn.turn_id for _, turn in talk.turns()}
    assert {turn for hit in first.hits for turn in hit.turn_ids} <= turns
    if name != "null":
        assert any("kayak" in hit.text for hit in first.hits), [hit.text for hit in first.hits]
        assert "1970" not in first.rendered(), "a date that nobody gave"
    (tmp_path / "store").mkdir()
    system.save(tmp_path / "store")
    system.close()
    restored = made.new_system()
    restored.load(tmp_path / "store")
    assert shown(restored.search(query)) == shown(first)
    restored.close()


def shown(retrieved: Retrieved) -> list[tuple[str, tuple[str, ...]]]:
    return [(hit.text, hit.turn_ids) for hit in retrieved.hits]

"""RealTalk's loader, check by check (RT1 to RT9), on synthetic chats: the real ones are never looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from synthetic import realtalk as made

from eval.datasets.load import load_dataset
from eval.datasets.reading import JsonPlace
from eval.datasets.realtalk import evidence
from eval.datasets.realtalk.chat import read
from eval.datasets.realtalk.dataset import BY_CATEGORY, COUNTS
from memos.errors import DataError


def load(folder: Path, **fields: Any):
    return load_dataset("realtalk", **made.synthetic(folder), **fields)


def damaged(folder: Path, **changes: Any) -> str:
    """What the loader says of the chat with some keys changed."""
    path = made.write(folder / "data", Chat_1=made.chat() | changes)
    with pytest.raises(DataError) as error:
        load_dataset("realtalk", path=str(path))
    return str(error.value)


def sized() -> Iterator[dict[str, Any]]:
    """Ten chats with the official numbers of sessions, turns and questions."""
    categories = [c for c, n in BY_CATEGORY.items() for _ in range(n)]
    for sessions, turns, questions in COUNTS:
        start = datetime(2024, 1, 1)
        chat: dict[str, Any] = {"name": {"speaker_1": "A", "speaker_2": "B"}, "qa": []}
        for turn in range(turns):
            time = start + timedelta(minutes=turn)
            own = made.message(f"D1:{turn + 1}", "AB"[turn % 2], f"message {turn}", f"{time:%d.%m.%Y, %H:%M:%S}")
            chat.setdefault(f"session_{min(turn, sessions - 1) + 1}", []).append(own)
        for _ in range(questions):
            chat["qa"].append({"question": "What?", "answer": "x", "evidence": ["D1:1"], "category": categories.pop()})
        yield chat


def test_rt1_the_ten_official_chats_are_known_by_their_counts(tmp_path):
    chats = {f"Chat_{number}_A_B": chat for number, chat in enumerate(sized(), 1)}
    whole = load_dataset("realtalk", path=str(made.write(tmp_path / "whole", **chats)))
    assert whole.official and whole.name == "realtalk"
    assert [talk.sample_id for talk in whole.conversations][-1] == "Chat_10_A_B", "ten comes after nine"
    assert "numbers are not comparable" in whole.notes[0] and "category 1: 301" in whole.notes[0]
    del chats["Chat_3_A_B"]
    some = load_dataset("realtalk", path=str(made.write(tmp_path / "some", **chats)))
    assert not some.official and some.name == "realtalk (9 chats)" and "9 chats, not the ten" in some.notes[0]


def test_rt1_one_chat_and_one_file_of_chats_load_too(tmp_path):
    folder = Path(made.synthetic(tmp_path)["path"])
    one = load_dataset("realtalk", path=str(folder / "Chat_1_Nora_Tom.json"))
    (tmp_path / "all.json").write_text(json.dumps([made.chat(), made.second()]), encoding="utf-8")
    both = load_dataset("realtalk", path=str(tmp_path / "all.json"))
    assert len(one.conversations) == 1 and len(both.conversations) == 2
    assert both.questions[0].text == one.questions[0].text


def test_rt2_ids_are_places_and_official_ids_are_kept(tmp_path):
    chat = read(JsonPlace(tmp_path), made.chat(), "one", captions=False, split_days=False)
    assert [turn.turn_id for _, turn in chat.conversation.turns()][3:7] == ["D1:4", "D2:1", "D2:2", "D2:3"]
    assert chat.official_ids["D1:4"] == "D1:5" and chat.official_ids["D2:3"] == "D2:1"
    assert len(set(chat.official_ids.values())) == len(chat.official_ids) == 9


def test_rt2_an_official_id_occurs_once(tmp_path):
    twice = [made.message("D1:1", "Tom", "again", "03.01.2024, 08:00:00")]
    assert "session_4[0].dia_id: 'D1:1' occurs twice" in damaged(tmp_path, session_4=twice)


@pytest.mark.parametrize(
    ("time", "complaint"),
    [
        ("2024-01-03 08:00", "session_4[0].date_time: expected a time such as"),
        ("01.01.2024, 08:00:00", "session_4: begins at 2024-01-01 08:00:00, before the session above it"),
    ],
)
def test_rt3_times_parse_and_sessions_ascend(tmp_path, time, complaint):
    assert complaint in damaged(tmp_path, session_4=[made.message("D4:1", "Tom", "x", time)])


def test_rt3_messages_of_a_session_are_in_order(tmp_path):
    own = [made.message(f"D4:{i}", "Tom", "x", f"03.01.2024, 08:0{5 - i}:00") for i in (1, 2)]
    assert "session_4[1].date_time: 2024-01-03 08:03:00 is before the message above it" in damaged(
        tmp_path, session_4=own
    )


TURNS = {(1, 11): "a", (3, 18): "b", (12, 11): "c", (12, 13): "d", (12, 14): "e", (13, 45): "f", (20, 19): "g"}


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("D1:11; D3:18", "ab"),
        ("D1:11. D3:18", "ab"),
        ("D1:11;3:18", "ab"),
        ("D12:11-D12:14;D13:45", "cdef"),
        ("D12:12-D12:14", "de"),
        ("D12:11-14", "cde"),
        ("D13:45:D20:19", "fg"),
        ("D 3:18", "b"),
        ("D3;18", "b"),
        ("D3:18.", "b"),
        ("3:18", "b"),
        ("D03:018 and D1:11", "ba"),
    ],
)
def test_rt4_the_grammar_of_evidence(text, turns):
    named = evidence.read(text, TURNS)
    assert "".join(named.turns) == turns and named.whole and not named.lost


@pytest.mark.parametrize("text", ["", "D:56", "D58", "D19:29", "D12:13-D12:15", "D1:99", "the third one"])
def test_rt4_what_names_no_turn(text):
    named = evidence.read(text, TURNS)
    assert not named.turns and not named.whole and not named.lost


def test_rt5_ids_of_dropped_pictures_are_counted_and_the_rest_goes_on(tmp_path):
    assert evidence.read("D12:12", TURNS).lost == 1
    data = load(tmp_path)
    assert any("(1 ids of messages that were only a picture" in note for note in data.notes)
    assert data.questions[4].evidence == ("D1:3",) and data.questions[4].unresolved == ("D1:4",)
    assert data.questions[3].evidence == ("D1:3", "D1:4"), "a range covers what is left of it"


def test_rt6_what_cannot_be_resolved_is_no_evidence(tmp_path):
    question = load(tmp_path).questions[5]
    assert question.evidence == () and question.unresolved == ("", "D58")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"answer": 5}, "qa[0].answer: expected a text, found 5"),
        ({"category": 4}, "qa[0].category: expected 1 to 3, found 4"),
        ({"category": True}, "qa[0].category: expected a category of 1 to 3, found True"),
        ({"evidence": "D1:1"}, "qa[0].evidence: expected a list of texts"),
    ],
)
def test_rt7_golds_are_texts_and_categories_three(tmp_path, change, complaint):
    question = {"question": "Where?", "answer": "Ghent", "evidence": [], "category": 1}
    assert complaint in damaged(tmp_path, qa=[question | change])


def test_rt7_a_question_without_evidence_has_no_recall(tmp_path):
    data = load(tmp_path)
    assert "1 questions have no evidence, and so no recall" in data.notes
    assert [c.id for c in data.categories] == [1, 2, 3] and data.questions[0].locomo_form == 1


def test_rt8_evidence_on_another_day_is_counted_and_split_days_puts_it_right(tmp_path):
    plain, split = load(tmp_path), load(tmp_path, split_days=True)
    share = next(note for note in plain.notes if "another day" in note)
    assert share.startswith("1 of 8 evidence links")
    assert next(note for note in split.notes if "another day" in note).startswith("0 of 8")
    assert [len(data.conversations[0].sessions) for data in (plain, split)] == [3, 4]
    texts = [
        [
            {turn.turn_id: turn.text for _, turn in data.conversation(q.sample_id).turns()}[turn_id]
            for q in data.questions
            for turn_id in q.evidence
        ]
        for data in (plain, split)
    ]
    assert texts[0] == texts[1], "the same messages are evidence"
    assert split.name.endswith("days split") and split.sha256 != plain.sha256


def test_turns_carry_their_times_and_sessions_that_of_their_first(tmp_path):
    session = load(tmp_path).conversations[0].sessions[1]
    assert session.time == datetime(2023, 12, 30, 23, 50) and session.time_text == "11:50 pm on 30 December, 2023"
    assert session.turns[1].time == datetime(2023, 12, 31, 0, 5)
    assert load(tmp_path).conversations[0].speakers == ("Nora", "Tom", "Thomas")


def test_captions_are_shown_where_asked_for(tmp_path):
    assert load(tmp_path).conversations[0].sessions[0].turns[2].caption is None
    assert load(tmp_path, captions=True).conversations[0].sessions[0].turns[2].caption == "a balcony"


def test_rt9_the_notes_name_the_licence_and_nothing_is_fetched(tmp_path):
    assert any("states no licence" in note for note in load(tmp_path).notes)
    with pytest.raises(DataError, match="dataset.path: RealTalk states no licence, so nothing is fetched"):
        load_dataset("realtalk")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no Chat_"):
        load_dataset("realtalk", path=str(tmp_path / "empty"))

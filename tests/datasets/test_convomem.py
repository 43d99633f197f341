"""ConvoMem's loader, check by check (CM1 to CM8), on a made-up folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from synthetic import convomem as made

from eval.datasets.load import load_dataset
from memos.errors import ConfigError, DataError


def load(folder: Path, **fields: Any):
    return load_dataset("convomem", **made.synthetic(folder) | fields)


def of_kind(data, kind: str):
    question = next(q for q in data.questions if q.category == kind)
    return question, {turn.turn_id: turn for _, turn in data.conversation(question.sample_id).turns()}


def refused(folder: Path, item: Any) -> str:
    made.write(folder / "user_evidence" / "1_evidence" / "a.json", [item])
    with pytest.raises(DataError) as error:
        load_dataset("convomem", path=str(folder), chats=1)
    return str(error.value)


def test_cm1_evidence_is_found_by_its_text_or_but_for_white_space(tmp_path):
    data = load(tmp_path)
    question, turns = of_kind(data, "changing facts")
    assert [turns[t].text for t in question.evidence] == ["I spent the summer in Rome.", "Now I live in Bonn."]
    question, _ = of_kind(data, "preferences")
    assert question.evidence == () and question.unresolved == ("A text that nobody wrote.",)
    assert any(note.startswith("1 evidence messages stand in no chat") for note in data.notes)


def test_cm1_a_chat_that_is_not_flagged_holds_no_evidence(tmp_path):
    item = made.item("Ghent")
    item["conversations"][0]["containsEvidence"] = False
    made.write(tmp_path / "user_evidence" / "1_evidence" / "a.json", [item])
    assert load_dataset("convomem", path=str(tmp_path), chats=1).questions[0].evidence == ()


def test_cm2_speakers_have_one_spelling(tmp_path):
    talks = load(tmp_path).conversations
    assert {turn.speaker for talk in talks for _, turn in talk.turns()} == {"User", "Assistant"}
    item = made.item("Ghent", message_evidences=[made.message("robot", "x")])
    assert "message_evidences[0].speaker: expected User or Assistant, found 'robot'" in refused(tmp_path / "odd", item)


def test_cm3_there_are_no_dates(tmp_path):
    data = load(tmp_path)
    assert all(session.time is None for talk in data.conversations for session in talk.sessions)
    assert all(question.asked is None for question in data.questions)


def test_cm4_an_item_among_fillers_is_a_conversation_and_a_chat_a_session(tmp_path):
    data = load(tmp_path)
    assert len(data.conversations) == len(data.questions) == 6
    assert {len(talk.sessions) for talk in data.conversations} == {5}
    question, turns = of_kind(data, "changing facts")
    first, second = (int(turn_id[1:].split(":")[0]) for turn_id in question.evidence)
    assert first < second, "the chats of an item stay in their order"


def test_cm5_the_sample_is_seeded_by_category_and_number_of_evidence(tmp_path):
    one, again, other = load(tmp_path), load(tmp_path), load(tmp_path, seed=1)
    assert one.sha256 == again.sha256 != other.sha256
    assert Counter(q.category for q in one.questions)["user facts"] == 3
    assert Counter(q.category for q in load(tmp_path, each=2).questions)["user facts"] == 2
    assert {q.category for q in load(tmp_path, evidence=[2]).questions} == {"changing facts"}
    with pytest.raises(ConfigError, match="dataset.each: must be at least 1, found 0"):
        load(tmp_path, each=0)


def test_cm6_answers_are_texts_and_preferences_have_their_rule(tmp_path):
    data = load(tmp_path)
    assert data.categories["preferences"].rule == "preference"
    assert of_kind(data, "preferences")[0].gold == "They want to hear of the sea."
    assert "answer: expected a text, found 5" in refused(tmp_path / "odd", made.item("Ghent", answer=5))


def test_cm7_what_was_never_said_is_not_answerable(tmp_path):
    question, _ = of_kind(load(tmp_path), "abstention")
    assert question.unanswerable and question.evidence == ()


def test_cm8_no_filler_stands_twice(tmp_path):
    for talk in load(tmp_path, chats=9).conversations:
        texts = [tuple(turn.text for turn in session.turns) for session in talk.sessions]
        assert len(set(texts)) == len(texts) == 9
    few = load(tmp_path, chats=40)
    assert {len(talk.sessions) for talk in few.conversations} <= {13, 14}
    assert any("fewer than 40 chats" in note for note in few.notes)


def test_fillers_are_needed_only_where_they_are_asked_for(tmp_path):
    made.write(tmp_path / "user_evidence" / "1_evidence" / "a.json", [made.item("Ghent")])
    assert len(load_dataset("convomem", path=str(tmp_path), chats=1).questions) == 1
    with pytest.raises(DataError, match="no filler_conversations; set dataset.chats=1"):
        load_dataset("convomem", path=str(tmp_path), chats=2)


def test_nothing_is_fetched_and_the_licence_is_named(tmp_path):
    assert any("CC BY-NC 4.0" in note for note in load(tmp_path).notes)
    with pytest.raises(DataError, match="CC BY-NC 4.0.*fetch them by: hf download Salesforce/ConvoMem"):
        load_dataset("convomem")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no evidence items"):
        load_dataset("convomem", path=str(tmp_path / "empty"))

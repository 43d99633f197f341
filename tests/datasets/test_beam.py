"""BEAM's loader: the numbered checks BE1 to BE9 of docs/datasets_beam.md, on a synthetic folder."""

from __future__ import annotations

import copy
from datetime import datetime
from pathlib import Path

import pytest
from synthetic import beam as made

from eval.datasets import beam, beam_chat
from eval.datasets.beam import ABILITIES, Beam, BeamConfig
from eval.datasets.load import load_dataset
from memos.errors import ConfigError, DataError


def loaded(folder: Path, **fields):
    return load_dataset("beam", **made.synthetic(folder), **fields)


def spoilt(folder: Path, batches=None, asked=None):
    made.write(folder / "1", batches, asked)
    return beam.read(folder, "100K")


def test_be1_the_truncated_chat_is_taken_and_said_so(tmp_path):
    place = tmp_path / "1"
    whole = made.chat()
    made.write(place, whole)
    made.write(place, whole[:1], truncated=True)
    assert beam_chat.find_chat(place).name == "chat_trunecated.json"
    assert len(beam_chat.read_chat(beam_chat.find_chat(place), "x").conversation.sessions) == 1
    data = loaded(tmp_path / "two")
    assert any("truncated chat was taken" in note and note.endswith("of 2") for note in data.notes)


@pytest.mark.parametrize("number", [0, -1, True, "3", None])
def test_be1_ids_are_unique_and_ascend(tmp_path, number):
    batches = made.chat()
    batches[0]["turns"][1][0]["id"] = number
    with pytest.raises(DataError, match=r"\[0\]\.turns\[1\]\[0\]\.id"):
        spoilt(tmp_path, batches)


def test_be1_a_folder_without_a_chat_is_an_error(tmp_path):
    (tmp_path / "1").mkdir()
    with pytest.raises(DataError, match="expected chat.json or chat_trunecated.json"):
        beam.read(tmp_path, "100K")


def test_be2_ten_abilities_with_two_questions_each(tmp_path):
    data = loaded(tmp_path)
    assert len(data.questions) == 2 * 20 and len(data.categories.asked) == 10
    golds = {q.category: q.gold for q in data.questions}
    assert golds["summarization"] == "a feeder of oak" and golds["instruction_following"] == "names the tool"


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda q: q.pop("abstention"), "abstention: missing"),
        (lambda q: q["abstention"].pop(), "abstention: expected 2 questions, found 1"),
        (
            lambda q: q["summarization"][1].update(answer=q["summarization"][1].pop("ideal_summary")),
            r"summarization\[1\]\.ideal_summary: missing",
        ),
        (lambda q: q.update(humour=[]), "humour: no ability of BEAM"),
        (lambda q: q["temporal_reasoning"][0].update(rubric=[]), r"temporal_reasoning\[0\]\.rubric: expected texts"),
        (lambda q: q["temporal_reasoning"][0].update(rubric=["x", 3]), r"rubric: expected texts"),
        (lambda q: q["temporal_reasoning"][0].update(answer=None), r"answer: expected a text or a number, found None"),
    ],
)
def test_be2_a_missing_gold_or_rubric_is_an_error(tmp_path, spoil, words):
    asked = made.questions()
    spoil(asked)
    with pytest.raises(DataError, match=words):
        spoilt(tmp_path, asked=asked)


def test_be2_a_number_is_read_as_its_text(tmp_path):
    asked = made.questions()
    asked["temporal_reasoning"][0]["answer"] = 21
    assert next(q for q in spoilt(tmp_path, asked=asked).questions if q.category == "temporal_reasoning").gold == "21"


def test_be3_evidence_of_every_form_is_flattened(tmp_path):
    evidence = {q.category: q.evidence for q in loaded(tmp_path).questions}
    assert evidence["abstention"] == ()
    assert evidence["event_ordering"] == ("D1:1", "D2:1", "D2:3")
    assert evidence["knowledge_update"] == ("D1:3", "D2:1")


@pytest.mark.parametrize(
    "source, words",
    [
        ([99], "message 99 is not in"),
        ({"a": {"b": [99]}}, "message 99"),
        (["5"], "expected ids"),
        (7.0, "expected ids"),
    ],
)
def test_be3_every_id_must_be_in_the_chat(tmp_path, source, words):
    asked = made.questions()
    asked["summarization"][0]["source_chat_ids"] = source
    with pytest.raises(DataError, match=rf"summarization\[0\]\.source_chat_ids.*{words}"):
        spoilt(tmp_path, asked=asked)


def test_be4_the_marks_of_the_plan_are_cut_and_the_rest_counted(tmp_path):
    batches = made.chat()
    batches[0]["turns"][2][1]["content"] += " ->-> 1,9"  # a few assistants' messages end with one too
    data = spoilt(tmp_path, batches)
    texts = [turn.text for _, turn in data.conversations[0].turns()]
    assert texts[0].endswith("due on March 20.") and texts[4] == "I have never painted anything."
    assert texts[5] == "Start with a primer."
    assert [text for text in texts if "->->" in text] == ["A mark ->-> 4,2\ninside stays."]
    assert any("6 messages of the user and 1 of the assistant; 1 left inside messages" in note for note in data.notes)


def test_be5_a_batch_has_the_day_of_its_first_anchor(tmp_path):
    sessions = loaded(tmp_path).conversations[0].sessions
    assert [s.time for s in sessions] == [datetime(2024, 3, 15), datetime(2024, 4, 5)]
    assert [s.time_text for s in sessions] == ["15 March, 2024", "5 April, 2024"]
    assert [turn.turn_id for turn in sessions[1].turns][:2] == ["D2:1", "D2:2"]


@pytest.mark.parametrize("anchor", ["15 March 2024", "Märch-15-2024", "February-30-2024", ""])
def test_be5_a_day_that_cannot_be_read_is_an_error(tmp_path, anchor):
    batches = made.chat()
    batches[1]["turns"][0][0]["time_anchor"] = anchor
    with pytest.raises(DataError, match="time_anchor"):
        spoilt(tmp_path, batches)


def test_be5_batches_ascend_in_time(tmp_path):
    batches = made.chat()
    batches[1]["turns"][0][0]["time_anchor"] = "March-14-2024"
    with pytest.raises(DataError, match="March-14-2024 lies before the batch before it"):
        spoilt(tmp_path, batches)


def test_be6_metrics_of_words_are_for_four_abilities(tmp_path):
    from eval.metrics.lexical import Lexical
    from eval.stages.scoring import score_answers

    data = loaded(tmp_path)
    worded = {q.category for q in data.questions if q.worded is not False}
    assert worded == {"information_extraction", "knowledge_update", "temporal_reasoning", "multi_session_reasoning"}
    rows = score_answers([Lexical()], data.questions, ["21 days"] * len(data.questions))
    assert {q.category for q, (values, _) in zip(data.questions, rows, strict=True) if "f1_memos" in values} == worded
    assert not any(errors for _, errors in rows)


def test_be8_contradicting_questions_are_named_and_the_clean_key_leaves_them_out(tmp_path):
    official, clean = loaded(tmp_path), loaded(tmp_path, answer_key="clean")
    note = next(note for note in official.notes if "different numbers" in note)
    assert note.endswith("beam-100K-1 temporal_reasoning 0; kept")
    assert len(official.questions) - len(clean.questions) == 1
    gone = {q.key for q in official.questions} - {q.key for q in clean.questions}
    assert {(q.sample_id, q.category) for q in official.questions if q.key in gone} == {
        ("beam-100K-1", "temporal_reasoning")
    }
    assert official.sha256 != clean.sha256
    assert sum(len(rows) for rows in beam.CONTRADICTING.values()) == 4


def test_be9_the_licence_is_named(tmp_path):
    assert "no licence" in loaded(tmp_path).notes[0]


def test_a_part_is_no_official_set(tmp_path):
    data = loaded(tmp_path)
    assert not data.official and any("2 of 20 chats" in note for note in data.notes) and data.judge == "beam"


def test_rubric_reaches_the_judge_and_no_one_else(tmp_path):
    from eval.stages.judging import task

    question = next(q for q in loaded(tmp_path).questions if q.category == "multi_session_reasoning")
    asked = task(Beam.categories, question, "Two")
    assert asked.rubric == ("LLM response should state: Two", "LLM response should state: 40 and 55 dollars")
    assert {one.rule for one in Beam.categories} >= {"ordering", "abstention", "temporal", "knowledge"}


def test_the_folder_may_be_named_at_any_height(tmp_path):
    made.synthetic(tmp_path)
    for path in (tmp_path, tmp_path / "chats", tmp_path / "chats" / "100K"):
        assert beam.folder(str(path), "100K") == tmp_path / "chats" / "100K"
    with pytest.raises(DataError, match="no folder with numbered chats of BEAM 500K"):
        beam.folder(str(tmp_path), "500K")


def test_plans_of_batches_are_read_as_batches(tmp_path):
    batches = made.chat()
    plans = [{"plan-1": [batches[0]]}, {"plan-2": [batches[1]]}]
    assert spoilt(tmp_path / "a", plans).conversations[0].sessions == spoilt(tmp_path / "b").conversations[0].sessions


def test_what_is_no_chat_is_an_error(tmp_path):
    for batches, words in (
        ({}, "expected a list of batches"),
        ([3], "expected an object"),
        ([{}], "turns: missing"),
        ([], "found none"),
    ):
        with pytest.raises(DataError, match=words):
            spoilt(tmp_path, batches)
    empty = copy.deepcopy(made.chat())
    empty[0]["turns"] = []
    with pytest.raises(DataError, match="a batch without messages"):
        spoilt(tmp_path, empty)
    strange = made.chat()
    strange[0]["turns"][0][0]["role"] = "system"
    with pytest.raises(DataError, match="expected user or assistant, found 'system'"):
        spoilt(tmp_path, strange)


@pytest.mark.parametrize("field, value", [("size", "2M"), ("answer_key", "audited")])
def test_fields_are_checked(field, value):
    with pytest.raises(ConfigError, match=rf"dataset\.{field}: .*{value}"):
        BeamConfig(**{field: value})


def test_every_ability_is_a_category_in_printing_order():
    assert [one.id for one in Beam.categories] == [ability.name for ability in ABILITIES]

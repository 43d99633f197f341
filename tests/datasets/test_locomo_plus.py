"""LoCoMo-Plus' loader: the numbered checks LP1 to LP7 of docs/datasets_locomo_plus.md, on a synthetic file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from synthetic import locomo_plus as made

from eval.datasets import locomo
from eval.datasets.cues import gap
from eval.datasets.load import load_dataset
from eval.datasets.locomo_plus import AFTER, LocomoPlusConfig
from eval.datasets.reading import JsonPlace
from memos.errors import ConfigError, DataError


def loaded(folder, **fields):
    return load_dataset("locomo_plus", **made.synthetic(folder), **fields)


def spoilt(folder, **changes):
    items = made.items()
    items[1] |= changes
    file = made.write(folder, items)
    return load_dataset("locomo_plus", path=str(file), locomo=str(locomo.TINY))


def test_lp1_items_and_relations_are_counted(tmp_path):
    data = loaded(tmp_path)
    assert len(data.questions) == 6 and not data.official
    assert any(
        "not the official file of LoCoMo-Plus (2 causal, 1 goal, 2 state, 1 value)" in note for note in data.notes
    )


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"relation_type": "whim"}, r"\[1\]\.relation_type: expected one of causal"),
        ({"cue_dialogue": "C: Hello"}, r"\[1\]\.cue_dialogue: expected lines that start with A: or B:"),
        ({"cue_dialogue": "A: one\n\nB: two"}, r"\[1\]\.cue_dialogue: expected lines"),
        ({"trigger_query": "B: Hello"}, r"\[1\]\.trigger_query: expected one line of A"),
        ({"trigger_query": "A: Hello\nB: You"}, r"\[1\]\.trigger_query: expected one line of A"),
        ({"time_gap": "some day"}, r"\[1\]\.time_gap: expected a time"),
        ({"time_gap": None}, r"\[1\]\.time_gap: expected a time"),
    ],
)
def test_lp1_what_is_malformed_is_named(tmp_path, changes, words):
    with pytest.raises(DataError, match=words):
        spoilt(tmp_path, **changes)


@pytest.mark.parametrize(
    "text, days, official",
    [
        ("two weeks later", 14, 14),
        ("about one month later", 30, 30),
        ("a year after", 365, 365),
        ("two months after the challenge ended", 60, 60),
        ("several months later", 150, 0),
        ("a couple of months later", 60, 0),
        ("a few weeks later", 21, 0),
    ],
)
def test_lp2_gaps_as_meant_and_as_the_official_code_reads_them(tmp_path, text, days, official):
    assert gap(JsonPlace(tmp_path), text) == (days, official)


def test_lp2_the_official_gap_can_be_chosen(tmp_path):
    meant, official = (_cue(loaded(tmp_path, gaps=gaps), 2) for gaps in ("meant", "official"))
    assert official.time - meant.time == timedelta(days=150)
    assert any("2 of 6 gaps" in note for note in loaded(tmp_path).notes)


def _cue(data, index):
    return next(s for talk in data.conversations for s in talk.sessions if s.session_id == f"cue-{index}")


def test_lp3_the_cue_is_a_session_like_any_other(tmp_path):
    data = loaded(tmp_path)
    session = _cue(data, 0)
    assert session.time_text.endswith(str(session.time.year)) and len(session.turns) == 2
    talk = next(t for t in data.conversations if session in t.sessions)
    assert {turn.speaker for turn in session.turns} == set(talk.speakers)
    times = [s.time for s in talk.sessions]
    assert times == sorted(times)
    asked = next(q.asked for q in data.questions if q.qa_index == 0)
    assert asked - session.time == timedelta(days=14)
    assert asked == max(s.time for s in talk.sessions if not s.session_id.startswith("cue")) + AFTER


def test_lp4_there_is_no_gold_and_no_metric_of_words(tmp_path):
    from eval.metrics.lexical import Lexical
    from eval.stages.scoring import score_answers

    data = loaded(tmp_path)
    assert {q.category for q in data.questions} == {"cognitive"} and not any(q.gold for q in data.questions)
    assert score_answers([Lexical()], data.questions, ["mud"] * 6) == [({}, {})] * 6


def test_lp4_the_judge_sees_cue_and_response_only(tmp_path):
    from eval.datasets.locomo_plus import LocomoPlus
    from eval.judges.prompts import ours
    from eval.stages.judging import task

    question = loaded(tmp_path).questions[0]
    (message,) = ours("locomo_plus").messages(task(LocomoPlus.categories, question, "Put your {boots} on."))
    assert "Since the flood number 0" in message.content and "That sounds wise." in message.content
    assert "Put your {boots} on." in message.content and "full of mud" not in message.content


@pytest.mark.parametrize(
    "reply, label",
    [
        ('It ignores the cue. {"label": "WRONG"}', "wrong"),
        ("The reply is incorrect.", "wrong"),
        ('{"label": "incorrect"', "wrong"),
        ("I cannot tell.", "unparsed"),
        ('{"label": "CORRECT"}', "correct"),
    ],
)
def test_lp4_incorrect_is_never_read_as_correct(reply, label):
    from eval.judges.labels import label as read

    assert read(reply) == label


def test_lp5_the_name_says_the_variant(tmp_path):
    shared, official = loaded(tmp_path), loaded(tmp_path, variant="official")
    assert (shared.name, official.name) == ("locomo_plus shared", "locomo_plus official")
    tiny = locomo.load(locomo.TINY)
    assert len(shared.conversations) == min(6, len(tiny.conversations))
    assert len(official.conversations) == 6
    cues = [sum(s.session_id.startswith("cue") for s in talk.sessions) for talk in official.conversations]
    assert cues == [1] * 6
    assert any("not the authors' protocol" in note for note in shared.notes)


def test_lp6_the_cue_is_the_evidence(tmp_path):
    data = loaded(tmp_path)
    assert data.questions[0].evidence and all(q.evidence for q in data.questions)
    known = {(t.sample_id, turn.turn_id) for t in data.conversations for _, turn in t.turns()}
    assert all((q.sample_id, turn) in known for q in data.questions for turn in q.evidence)


def test_lp7_the_licence_is_named(tmp_path):
    assert "no licence" in loaded(tmp_path).notes[0]


@pytest.mark.parametrize("field, value", [("variant", "both"), ("gaps", "guessed")])
def test_fields_are_checked(field, value):
    with pytest.raises(ConfigError, match=rf"dataset\.{field}: .*{value}"):
        LocomoPlusConfig(**{field: value})


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file; get data/locomo_plus.json"):
        load_dataset("locomo_plus", path=str(tmp_path / "none.json"), locomo=str(locomo.TINY))

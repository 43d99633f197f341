"""LongMemEval's loader, by the numbered checks of its specification (LM1 to LM13), on synthetic instances."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from synthetic.longmemeval import FILLER, instance, instances, written

from eval.core.identity import canonical, record
from eval.core.types import Dataset
from eval.datasets import streaming
from eval.datasets.load import load_dataset
from eval.datasets.longmemeval import dataset as module
from eval.datasets.longmemeval import files
from eval.datasets.longmemeval.instance import public_id
from eval.judges.prompts import ours
from eval.stages.judging import task
from memos.errors import ConfigError, DataError

ONE = "longmemeval/longmemeval_s_e47becba.json"


@pytest.fixture
def loaded(tmp_path):
    """Loads instances; each call writes a file of its own."""
    numbers = iter(range(100))

    def load(rows, **layout) -> Dataset:
        return load_dataset("longmemeval", path=str(written(tmp_path / f"{next(numbers)}.json", rows, **layout)))

    return load


@pytest.fixture
def refused(loaded):
    """The one line with which instances are refused."""

    def refuse(rows) -> str:
        with pytest.raises(DataError) as caught:
            loaded(rows)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse


def changed(**fields) -> list[dict]:
    """The instances, the first of them with other fields."""
    rows = instances()
    rows[0] |= fields
    return rows


def by_id(data: Dataset) -> dict:
    """By the ids of the file, which the records do not have."""
    named = {public_id(row["question_id"]): row["question_id"] for row in instances()}
    return {named.get(question.sample_id, question.sample_id): question for question in data.questions}


# LM1
def test_types_are_the_six_and_ids_are_unique(loaded, refused):
    data = loaded(instances())
    assert [one.id for one in data.categories] == list(files.SIZES) and all(one.asked for one in data.categories)
    twice = refused([*instances(), instances()[0]])
    assert "[8].question_id" in twice and "'11aa22bb' occurs twice" in twice
    unknown = refused(changed(question_type="temporal-reasonings"))
    assert "11aa22bb" in unknown and "temporal-reasonings" in unknown and "did you mean temporal-reasoning" in unknown
    assert "expected a list" in refused({"questions": instances()})


def test_a_part_says_so_and_a_whole_file_must_have_the_counts(loaded, tmp_path, monkeypatch):
    part = loaded(instances())
    assert not part.official and part.name == "longmemeval-oracle, part"
    assert "part of LongMemEval" in part.notes[0] and "8 questions" in part.notes[0]
    path = written(tmp_path / "known.json", instances())
    monkeypatch.setitem(files.KNOWN, hashlib.sha256(path.read_bytes()).hexdigest(), "LongMemEval oracle")
    with pytest.raises(DataError, match="differ from those of LongMemEval"):
        load_dataset("longmemeval", path=str(path))


def test_the_published_counts_add_up():
    assert files.QUESTIONS == 500 and sum(absent for _, absent in files.SIZES.values()) == 30


def test_nothing_that_a_system_is_given_says_what_cannot_be_answered(loaded):
    for conversation in loaded(instances()).conversations:
        assert "_abs" not in canonical(record(conversation))


# LM2
@pytest.mark.parametrize("field", ["haystack_dates", "haystack_session_ids", "haystack_sessions"])
def test_lists_of_a_haystack_have_one_length(field, refused):
    line = refused(changed(**{field: instances()[0][field][:-1]}))
    assert "[0].haystack_sessions" in line and "11aa22bb" in line and "4" in line and "5" in line


def test_gold_sessions_are_in_the_haystack(refused):
    line = refused(changed(answer_session_ids=["answer_elsewhere"]))
    assert "[0].answer_session_ids[0]" in line and "'answer_elsewhere'" in line


# LM3
def test_an_integer_answer_is_its_decimal_text(loaded):
    assert by_id(loaded(instances()))["44dd55ee"].gold == "5"
    assert by_id(loaded(changed(answer=-12)))["11aa22bb"].gold == "-12"


@pytest.mark.parametrize("answer", [True, None, 2.5, ["A viola"], ""])
def test_another_answer_is_an_error_with_the_id(answer, refused):
    line = refused(changed(answer=answer))
    assert "[0].answer" in line and "11aa22bb" in line and repr(answer) in line


# LM4
def test_dates_are_read_whatever_the_weekday_says(loaded):
    data = loaded(changed(question_date="2023/06/01 (Do.) 07:05".replace(".", "")))
    assert by_id(data)["11aa22bb"].asked == datetime(2023, 6, 1, 7, 5)
    first = data.conversations[0].sessions[0]
    assert first.time == datetime(2023, 5, 10, 9, 0) and first.time_text == "2023/05/10 (Wed) 09:00"


@pytest.mark.parametrize("text", ["2023-05-30 23:40", "2023/02/30 (Thu) 10:00", "", None, 20230530])
def test_a_date_of_another_form_is_an_error(text, refused):
    assert "haystack_dates[1]" in refused(
        changed(haystack_dates=[*instances()[0]["haystack_dates"][:1], text, *["2023/05/12 (Wed) 09:00"] * 3])
    )


def test_sessions_after_the_question_are_counted(loaded):
    data = loaded(changed(question_date="2023/05/12 (Fri) 09:02"))
    assert "2 sessions of 1 haystacks lie after the question's date" in data.notes
    assert not any("lie after" in note for note in loaded(instances()).notes)


# LM5
def test_sessions_are_sorted_by_time_and_stay_where_times_are_equal(loaded):
    data = loaded(instances())
    talk = data.conversation(public_id("44dd55ee"))
    assert [turn.text for _, turn in talk.turns() if "bought" in turn.text or "cacti" in turn.text] == [
        "Three cacti came by mail.",
        "I bought two ferns today.",
    ]
    assert "1 of 8 haystacks were not in order of time; sessions are sorted by their dates" in data.notes
    same = loaded(changed(haystack_dates=["2023/05/10 (Wed) 09:00"] * 5))
    texts = [session.turns[0].text for session in same.conversation(public_id("11aa22bb")).sessions]
    assert texts == [chat[0]["content"] for chat in instances()[0]["haystack_sessions"]]


# LM6
def test_a_session_may_be_there_twice_and_ids_come_from_the_place(loaded):
    data = loaded(instances())
    talk = data.conversation(public_id("44dd55ee"))
    assert "1 haystacks hold a session twice under two dates; both stay" in data.notes
    assert sum(session.turns[0].text == FILLER[0][0][1] for session in talk.sessions) == 2
    ids = [turn.turn_id for _, turn in talk.turns()]
    assert len(set(ids)) == len(ids) and ids[0] == "D1:1"


def test_nothing_of_the_annotation_reaches_a_system(loaded):
    for talk in loaded(instances()).conversations:
        given = canonical(record(talk)["sessions"])
        assert "answer_" not in given and "filler_" not in given and "has_answer" not in given
        assert not any(kind in given for kind in files.SIZES)


# LM7
def test_evidence_is_the_turns_that_are_marked_true(loaded):
    data = loaded(instances())
    questions = by_id(data)
    assert questions["11aa22bb"].evidence == ("D2:1",)
    assert questions["22bb33cc"].evidence == ("D2:2",)
    assert questions["44dd55ee"].evidence == ("D2:1", "D3:1"), "in order of time"
    assert questions["11aa22bb_abs"].evidence == ()
    assert "1 questions have no turn marked as evidence (1 of them cannot be answered): they have no recall" in (
        data.notes
    )


def test_another_mark_is_an_error(refused):
    rows = instances()
    rows[0]["haystack_sessions"][1][0]["has_answer"] = "yes"
    assert "[0].haystack_sessions[1][0].has_answer" in refused(rows)


# LM8
def test_an_assistant_may_begin_and_turns_be_odd_or_empty(loaded):
    data = loaded(instances())
    talk = data.conversation(public_id("11aa22bb"))
    assert talk.speakers == ("user", "assistant")
    assert talk.sessions[2].turns[0].speaker == "assistant" and len(talk.sessions[2].turns) == 3
    assert "2 turns or sessions without a word are left out" in data.notes
    odd = data.conversation(public_id("44dd55ee"))
    assert len(odd.sessions) == 5 and all(turn.text for _, turn in odd.turns())
    assert [turn.turn_id for turn in odd.sessions[3].turns][:2] == ["D4:1", "D4:3"], "places are those of the file"


def test_an_unknown_role_is_an_error(refused):
    rows = instances()
    rows[0]["haystack_sessions"][1][0]["role"] = "system"
    assert "[0].haystack_sessions[1][0].role: expected user or assistant, found 'system'" in refused(rows)


# LM9
def test_a_file_is_known_by_its_digest_and_never_by_its_name(loaded, tmp_path, monkeypatch):
    path = written(tmp_path / "longmemeval_m_cleaned.json", instances())
    assert "part" in load_dataset("longmemeval", path=str(path)).name
    assert {name.partition(",")[0] for name in files.KNOWN.values()} >= {"LongMemEval S", "LongMemEval M"}
    for digest, name in files.KNOWN.items():
        sessions = {"S": 48, "M": 475, "o": 2}[name.removeprefix("LongMemEval ")[0]]
        known = files.recognise(Path("any.json"), digest, files.SIZES, sessions)
        assert known.official and name in known.notes[0]
    names = {files.recognise(Path("a"), d, files.SIZES, 48).name for d in files.KNOWN if " S," in files.KNOWN[d]}
    assert names == {"longmemeval-s", "longmemeval-s, old"}
    other = files.recognise(Path("a"), "0" * 64, files.SIZES, 48)
    assert not other.official and other.name == "longmemeval-s, changed" and "none of its known files" in other.notes[0]


def test_the_digest_of_the_content_does_not_see_the_layout(loaded):
    plain, spread = loaded(instances()), loaded(instances(), indent=2)
    assert plain.sha256 == spread.sha256
    assert loaded(changed(answer="A cello")).sha256 != plain.sha256


# LM11
def test_the_judge_has_the_rule_of_the_type_and_that_of_abstention_whatever_the_type(loaded):
    data = loaded(instances())
    rules = {name: task(data.categories, q, "An answer.").rule for name, q in by_id(data).items()}
    assert rules == {
        "11aa22bb": "single",
        "22bb33cc": "single",
        "33cc44dd": "preference",
        "44dd55ee": "single",
        "gpt4_55ee66ff": "temporal",
        "66ff77aa": "knowledge",
        "11aa22bb_abs": "abstention",
        "44dd55ee_abs": "abstention",
    }
    rubric = ours("longmemeval")
    told = {
        name: rubric.messages(task(data.categories, q, "An answer."))[-1].content for name, q in by_id(data).items()
    }
    assert "cannot be answered" in told["44dd55ee_abs"] and "cannot be answered" not in told["44dd55ee"]
    assert "off by one" in told["gpt4_55ee66ff"] and "off by one" not in told["66ff77aa"]
    for name, question in by_id(data).items():
        haystack = [turn.text for _, turn in data.conversation(question.sample_id).turns()]
        assert not any(text in told[name] for text in haystack)


# LM12
def test_haystacks_are_read_one_by_one_and_share_their_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", 1 << 16)
    long = [("user", "word " * 20_000), ("assistant", "word " * 20_000)]
    rows = [instance(f"{i:08x}", "multi-session", "What?", i + 1, [long]) for i in range(40)]
    path = written(tmp_path / "big.json", rows)
    size = path.stat().st_size
    del rows
    tracemalloc.start()
    data = load_dataset("longmemeval", path=str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data.questions) == 40 and size > 8_000_000
    assert peak < size / 2, f"{peak} bytes for a file of {size}"


# LM13
def test_only_a_named_path_is_read_and_the_hub_only_where_there_is_none(tmp_path, monkeypatch):
    asked = []

    def fetched(*wanted):
        asked.append(wanted)
        return written(tmp_path / "fetched.json", instances())

    monkeypatch.setattr(files, "hub_file", fetched)
    with pytest.raises(DataError, match="No such file"):
        load_dataset("longmemeval", path=str(tmp_path / "absent.json"))
    assert asked == []
    assert len(load_dataset("longmemeval", variant="oracle").questions) == 8
    assert asked == [(files.REPOSITORY, "longmemeval_oracle.json", files.REVISION, files.LICENCE)]
    assert "MIT" in files.LICENCE and len(files.REVISION) == 40
    with pytest.raises(ConfigError, match="dataset.variant: expected s, m or oracle, found 'l'"):
        load_dataset("longmemeval", variant="l")


def test_the_readme_names_the_licence():
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert "LongMemEval" in text and files.REPOSITORY in text and "MIT" in text


# The true instance
@pytest.fixture
def true_instance() -> Path:
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / ONE
    if not path.exists():
        pytest.skip("the true instance is not here; put it in ../shared/data/longmemeval")
    return path


def test_the_true_instance(true_instance):
    data = load_dataset("longmemeval", path=str(true_instance))
    (talk,), (question,) = data.conversations, data.questions
    assert data.name == "longmemeval-s, part" and question.gold == "Business Administration"
    assert (len(talk.sessions), len(talk.turns())) == (53, 550)
    assert sum(session.turns[0].speaker == "assistant" for session in talk.sessions) == 4
    assert question.evidence == ("D52:5", "D52:6") and question.asked == datetime(2023, 5, 30, 23, 40)


def test_all_questions_have_the_counts_that_the_loader_wants(true_instance):
    rows = json.loads(true_instance.with_name("longmemeval_questions.json").read_text(encoding="utf-8"))
    sizes = {
        kind: (len(own), sum(row["question_id"].endswith("_abs") for row in own))
        for kind in files.SIZES
        if (own := [row for row in rows if row["question_type"] == kind])
    }
    assert sizes == files.SIZES and len(rows) == files.QUESTIONS
    assert module.LongMemEval.categories.asked == list(files.SIZES)

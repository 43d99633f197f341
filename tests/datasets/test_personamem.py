"""PersonaMem's loader, the reader's choice, and the accuracy of choices, on made-up people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from synthetic import personamem as made

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.datasets.load import load_dataset
from eval.datasets.personamem import files
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench
from memos.errors import DataError


def load(folder: Path, **fields):
    return load_dataset("personamem", **made.synthetic(folder), **fields)


def refused(folder: Path, messages=made.MESSAGES, **fields: str) -> str:
    row = made.asked("q1", "suggest_new_ideas", "What now?", "(b)", 3) | fields
    with pytest.raises(DataError) as error:
        load_dataset("personamem", path=str(made.written(folder / "data", [row], messages)))
    return str(error.value)


def test_a_history_up_to_its_question_is_a_conversation_and_a_topic_a_session(tmp_path):
    data = load(tmp_path)
    assert [talk.sample_id for talk in data.conversations] == ["c0ffee-3", "c0ffee-6"]
    first, second = data.conversations
    assert [len(session.turns) for session in second.sessions] == [3, 3] and len(first.sessions) == 1
    assert [turn.speaker for turn in first.sessions[0].turns] == ["System", "User", "Assistant"]
    assert first.sessions[0].turns[1].text == "I stopped eating meat in spring."
    assert all(session.time is None for session in second.sessions)
    assert [(q.sample_id, q.qa_index) for q in data.questions] == [("c0ffee-3", 0), ("c0ffee-6", 0), ("c0ffee-6", 1)]


def test_the_line_about_the_person_can_be_left_out(tmp_path):
    talk = load(tmp_path, persona=False).conversations[1]
    assert talk.speakers == ("User", "Assistant") and [len(s.turns) for s in talk.sessions] == [2, 2]


def test_options_lose_their_letters_and_the_gold_is_one_of_them(tmp_path):
    question = load(tmp_path).questions[0]
    assert question.text == "What could I eat tonight?"
    assert question.options[1] == question.gold == "Try the lentil stew"
    assert question.evidence == () and any("no evidence" in note for note in load(tmp_path).notes)


def test_types_are_the_seven_and_counts_tell_the_official_files(tmp_path):
    data = load(tmp_path)
    assert len(list(data.categories)) == 7 and {c.official for c in data.categories} == {"choice_accuracy"}
    assert not data.official and data.name == "personamem-32k (a part)"
    kinds = {name: count for name, (count, _) in load_types().items()}
    assert sum(kinds.values()) == 589
    table = [made.asked(f"q{i}", kind, "What now?", "(b)", 3) for kind, n in kinds.items() for i in range(n)]
    whole = load_dataset("personamem", path=str(made.written(tmp_path / "whole", table)))
    assert whole.official and whole.name == "personamem-32k"


def load_types():
    from eval.datasets.personamem.dataset import TYPES

    return TYPES


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"correct_answer": "(e)"}, "[0].correct_answer: expected an option's letter, found '(e)'"),
        ({"all_options": "no list"}, "[0].all_options: expected a list of two texts or more, found 'no list'"),
        ({"all_options": "['(a) x', '(b) x']"}, "[0].all_options: two options have one text"),
        ({"end_index_in_shared_context": "x"}, "[0].end_index_in_shared_context: expected a number of messages"),
        ({"end_index_in_shared_context": "9"}, "c0ffee: 6 messages, and a question comes after 9"),
        ({"shared_context_id": "gone"}, "no history 'gone', which a question names"),
        ({"question_type": "guess"}, "[0].question_type: expected one of track_full_preference_evolution"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, fields, complaint):
    assert complaint in refused(tmp_path, **fields)


def test_what_is_wrong_with_a_message_is_named(tmp_path):
    odd = [{"role": "robot", "content": "x"}, *made.MESSAGES]
    assert "[0].role: expected user, assistant or system, found 'robot'" in refused(tmp_path, odd)


def test_files_are_asked_of_the_hub_or_named(tmp_path, monkeypatch):
    folder = Path(made.synthetic(tmp_path)["path"])
    fetched = []

    def fetch(repository: str, name: str, revision: str, licence: str) -> Path:
        fetched.append((repository, name, revision))
        return folder / name

    monkeypatch.setattr(files, "hub_file", fetch)
    assert len(load_dataset("personamem", revision="abc").questions) == 3
    assert fetched[0] == ("bowen-upenn/PersonaMem", "questions_32k.csv", "abc")
    with pytest.raises(DataError, match="no questions_32k.csv"):
        load_dataset("personamem", path=str(tmp_path))


def test_a_run_scores_choices_and_asks_no_judge(tmp_path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = ["experiment=tiny", "dataset=personamem", "system=full_context", "latency.questions=0"]
        config = plain(compose("config", [*overrides, f"out={tmp_path}/out"]))
    config["dataset"] |= made.synthetic(tmp_path)
    assert run(config)["code"] == 0
    summary = json.loads((Bench(config).folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["metrics"]["official"] == summary["metrics"]["choice_accuracy"]
    assert summary["by_category"]["recall_user_shared_facts"]["official"]["mean"] == 1.0, "the reader reads of swimming"
    assert summary["judged"] == {} and "evidence_recall" not in summary["metrics"]

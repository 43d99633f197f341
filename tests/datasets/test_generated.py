"""The data set as a whole: determinism, sizes and knobs, the question-only answerer, the file, the loader."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eval.datasets import locomo
from eval.datasets.generated import dataset
from eval.datasets.generated.build import ConversationDraft, conversations, generate
from eval.datasets.generated.dataset import made
from eval.datasets.generated.locomo_format import LOCOMO_CATEGORY, write
from eval.datasets.generated.question_only import QuestionOnly, skeleton
from eval.datasets.generated.records import CATEGORIES, Knobs
from eval.datasets.load import load_dataset
from memos.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[2]
SMALL = Knobs(conversations=2, sessions=8, seed=5)
DIGEST = "329338a906e6650c1524441e7835776ae1a70abd56d50ab8811e6a796292124b"
"""SHA-256 of the file of ``SMALL``; it changes only together with ``build.VERSION``."""


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bytes_of_a_small_set_are_pinned(tmp_path: Path) -> None:
    write(tmp_path / "small.json", SMALL)
    assert _digest(tmp_path / "small.json") == DIGEST


@pytest.mark.parametrize("hash_seed", ["0", "17"])
def test_the_script_writes_the_same_bytes_under_any_hash_seed(tmp_path: Path, hash_seed: str) -> None:
    out = tmp_path / "small.json"
    options = ["--conversations", "2", "--sessions", "8", "--seed", "5"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "scripts" / "make_generated.py"), "--to", str(out), *options]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert _digest(out) == DIGEST


def test_the_script_names_a_knob_that_cannot_be(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "scripts" / "make_generated.py"),
        "--to",
        str(tmp_path / "x.json"),
        "--noise",
        "2",
    ]
    ran = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1 and ran.stderr.strip() == "knobs.noise: expected 0 to 0.95, found 2.0"
    assert list(tmp_path.iterdir()) == []


def test_a_conversation_does_not_depend_on_how_many_there_are() -> None:
    few, many = (list(generate(Knobs(conversations=n, sessions=5))) for n in (1, 3))
    assert few[0] == many[0] and few[0].sessions != many[1].sessions
    assert list(generate(Knobs(conversations=1, sessions=5, seed=1)))[0] != few[0]


def test_the_standard_set_has_its_size() -> None:
    knobs = Knobs()
    assert knobs.conversations >= 30 and knobs.conversations * knobs.questions >= 1500
    for conversation in list(conversations(knobs))[:3]:
        assert len(conversation.whole().questions) == knobs.questions


@pytest.mark.parametrize("sessions", [1, 2, 5, 60])
def test_any_number_of_sessions(sessions: int) -> None:
    conversation = ConversationDraft(Knobs(sessions=sessions), 0).whole()
    assert [session.number for session in conversation.sessions] == list(range(1, sessions + 1))
    assert all(len(session.turns) >= 4 for session in conversation.sessions)
    if sessions >= 5:
        assert len(conversation.questions) >= 20


@pytest.mark.parametrize("speakers", [2, 3, 4])
def test_more_than_two_speakers_talk(speakers: int) -> None:
    conversation = ConversationDraft(Knobs(speakers=speakers, sessions=10), 1).whole()
    heard = {turn.speaker for session in conversation.sessions for turn in session.turns}
    assert len(conversation.speakers) == speakers and heard == set(conversation.speakers)


def _turns(**knobs: float) -> int:
    return sum(len(session.turns) for session in ConversationDraft(Knobs(sessions=12, **knobs), 0).whole().sessions)


def test_noise_and_distractors_add_turns() -> None:
    assert _turns(noise=0) < _turns(noise=0.5) < _turns(noise=0.8)
    assert _turns(distractors=0) < _turns(distractors=3)


def test_distractors_speak_of_strangers_only() -> None:
    plain = ConversationDraft(Knobs(sessions=12, distractors=0), 0).whole()
    crowded = ConversationDraft(Knobs(sessions=12, distractors=3), 0).whole()
    assert plain.facts == crowded.facts
    assert {q.golds for q in crowded.questions} and all(q.evidence or q.unanswerable for q in crowded.questions)


def test_distance_keeps_evidence_away_from_the_end() -> None:
    knobs = Knobs(sessions=30, distance=0.5)
    conversation = ConversationDraft(knobs, 0).whole()
    last = max(int(turn[1:].split(":")[0]) for question in conversation.questions for turn in question.evidence)
    assert last <= 15 and len(conversation.sessions) == 30


def test_paraphrase_changes_wordings_not_keys() -> None:
    near, far = (ConversationDraft(Knobs(sessions=12, paraphrase=share), 0).whole() for share in (0, 1))
    assert near.sessions == far.sessions and near.facts == far.facts
    wordings = [{skeleton(question.text) for question in c.questions} for c in (near, far)]
    assert len(wordings[0] & wordings[1]) < 0.5 * len(wordings[0])


def test_knobs_out_of_range_are_refused() -> None:
    for knob, given in (("speakers", 5), ("noise", 1), ("sessions", 0), ("distance", -0.1)):
        with pytest.raises(ConfigError, match=f"knobs.{knob}: expected"):
            Knobs(**{knob: given})
    with pytest.raises(ConfigError, match="knobs.sessions: expected a whole number, found 2.5"):
        Knobs(sessions=2.5)


def test_questions_alone_give_little_away() -> None:
    made = list(generate(Knobs(conversations=16, seed=21)))
    learned = QuestionOnly(question for conversation in made[:12] for question in conversation.questions)
    asked = [question for conversation in made[12:] for question in conversation.questions]
    right = sum(learned.correct(question) for question in asked)
    assert 0 < right < 0.1 * len(asked)
    seen = QuestionOnly(asked)
    assert sum(seen.correct(question) for question in asked) > 0.6 * len(asked)


def test_the_file_loads_as_locomo(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    turns = write(path, SMALL)
    loaded = locomo.load(path)
    made = list(generate(SMALL))
    assert [c.sample_id for c in loaded.conversations] == ["gen-1", "gen-2"]
    assert turns == sum(len(s.turns) for c in loaded.conversations for s in c.sessions)
    assert len(loaded.notes) == 1 and "not the official LOCOMO file" in loaded.notes[0]
    for conversation, own in zip(loaded.conversations, made, strict=True):
        assert [s.time for s in conversation.sessions] == [s.time.replace(second=0) for s in own.sessions]
        assert [t.text for _, t in conversation.turns()] == [t.text for s in own.sessions for t in s.turns]
    for question, own in zip(loaded.questions, [q for c in made for q in c.questions], strict=True):
        assert question.unresolved == () and question.evidence == own.evidence
        assert question.category == LOCOMO_CATEGORY[own.category] and question.text == own.text
        assert question.gold == (own.golds[0] if own.golds else "") and question.adversarial == (
            own.trap if own.unanswerable else None
        )
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert raw[0]["qa"][0]["category_name"] in CATEGORIES and raw[0]["qa"][0]["question_date"]


def test_in_memory_and_file_are_the_same_data(tmp_path: Path) -> None:
    write(tmp_path / "small.json", SMALL)
    own, read = made(SMALL), load_dataset("generated", path=str(tmp_path / "small.json"))
    assert (own.sha256, own.conversations, own.questions) == (read.sha256, read.conversations, read.questions)
    assert own.path == "generated-1-seed5" and not own.official
    question = next(q for q in own.questions if q.golds)
    assert question.gold == question.golds[0] and question.asked is not None
    lacking = [q for q in own.questions if q.category == "unanswerable"]
    assert lacking and all(q.unanswerable and not q.gold and q.adversarial for q in lacking)


def test_a_file_that_lacks_the_own_fields_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    write(path, SMALL)
    raw = json.loads(path.read_text(encoding="utf-8"))
    for field, value, why in (("category_name", "sport", "'sport'"), ("question_date", "soon", "'soon'")):
        bad = json.loads(json.dumps(raw))
        bad[0]["qa"][2][field] = value
        path.write_text(json.dumps(bad), encoding="utf-8")
        dataset._from_file.cache_clear()
        with pytest.raises(DataError, match=rf"\[0\]\.qa\[2\]\.{field}: expected .*{why}"):
            load_dataset("generated", path=str(path))


def test_the_harness_loads_it_by_name_and_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    write(path, SMALL)
    assert load_dataset("generated", path=str(path)).name == "mine"
    with pytest.raises(DataError, match="no-such.json"):
        load_dataset("generated", path=str(tmp_path / "no-such.json"))
    with pytest.raises(ConfigError, match="dataset.answer_key: unknown field"):
        load_dataset("generated", answer_key="audited")
    with pytest.raises(ConfigError, match="knobs.noise: expected 0 to 0.95, found 2"):
        load_dataset("generated", knobs={"noise": 2})
    with pytest.raises(ConfigError, match="dataset.knobs.nois: unknown field; did you mean noise"):
        load_dataset("generated", knobs={"nois": 0.1})
    standard = load_dataset("generated")
    assert len(standard.conversations) == 30 and len(standard.questions) == 1680

"""Copies of what a component was fitted on are recognised whatever their ids and order; other data are not."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from eval.core import fitted
from eval.core.identity import digest
from eval.core.places import ROOT
from eval.core.sketch import sketch
from eval.datasets.fitted_list import own_list, weights_digest
from eval.datasets.load import load_dataset
from memos.errors import ConfigError, DataError
from memos.types import Conversation, Session, Turn

TARGET = {"_target_": "baselines.rag.Rag", "name": "rag"}
READER = {"_target_": "eval.answerers.reader.Reader", "name": "reader"}


@pytest.fixture(scope="module")
def lives() -> list[Conversation]:
    """Generated conversations, long enough to be cut and mixed."""
    return list(load_dataset("generated").conversations[:4])


@pytest.fixture
def known(lives) -> fitted.FittedList:
    """The first two of them are what a part was fitted on."""
    dataset = replace(load_dataset("generated"), conversations=tuple(lives))
    return fitted.parsed(own_list(dataset, "mine", [one.sample_id for one in lives[:2]]), "here")


def copies(known: fitted.FittedList, *talks: Conversation) -> dict[str, fitted.Copy]:
    return known.copies(known.parts[0], talks)


def disguised(talk: Conversation, name: str = "other") -> Conversation:
    """The same turns under other ids, in shuffled sessions, by other speakers, with captions dropped."""
    chance = random.Random(3)
    sessions = list(talk.sessions)
    chance.shuffle(sessions)
    made = [
        Session(f"s{i}", None, "", tuple(Turn(f"t{i}.{j}", "user", t.text) for j, t in enumerate(session.turns)))
        for i, session in enumerate(sessions)
    ]
    return Conversation(name, ("user", "assistant"), tuple(made))


def edited(talk: Conversation, change) -> Conversation:
    turns = [[replace(t, text=text) for t in s.turns if (text := change(t.text)) is not None] for s in talk.sessions]
    sessions = [replace(s, turns=tuple(own)) for s, own in zip(talk.sessions, turns, strict=True)]
    return replace(talk, sample_id="edited", sessions=tuple(sessions))


def test_a_copy_with_other_ids_and_shuffled_sessions_is_recognised(known, lives):
    (copy,) = copies(known, disguised(lives[0])).values()
    assert (copy.of, copy.use, copy.share) == (f"generated/{lives[0].sample_id}", "fitted", 1.0)
    assert sketch(disguised(lives[0])).digest == sketch(lives[0]).digest


def test_near_copies_are_recognised(known, lives):
    chance = random.Random(0)
    loud = edited(lives[0], lambda text: text.upper().replace(",", " -"))
    worded = edited(lives[0], lambda text: re.sub(r"\w+", lambda w: "so" if chance.random() < 0.05 else w[0], text))
    half = edited(lives[0], lambda text: text if chance.random() < 0.6 else None)
    for near in (loud, worded, half):
        assert copies(known, near)["edited"].share >= 0.5


def test_a_conversation_that_holds_a_fitted_one_or_is_cut_out_of_it_is_recognised(known, lives):
    long = replace(lives[2], sample_id="long", sessions=lives[2].sessions + lives[3].sessions + lives[0].sessions)
    piece = replace(lives[0], sample_id="piece", sessions=lives[0].sessions[:2])
    assert set(copies(known, long, piece)) == {"long", "piece"}


def test_other_conversations_of_the_same_make_are_not(known, lives):
    assert not copies(known, *lives[2:])


def test_short_talk_that_everybody_says_makes_no_copy(known):
    said = ("Thanks a lot!", "That sounds great.", "How are you today?")
    talk = Conversation("chat", ("a", "b"), (Session("s", None, "", tuple(Turn(t, "a", t) for t in said)),))
    assert not copies(known, talk)


def test_fitted_comes_before_tuned_and_the_share_decides(known, lives):
    names = [f"generated/{one.sample_id}" for one in lives[:2]]
    part = fitted.FittedPart("mine", fitted=(names[1],), tuned=(names[0],))
    assert known.copies(part, lives)[lives[0].sample_id].use == "tuned"
    assert known.copies(part, lives)[lives[1].sample_id].use == "fitted"


def test_the_list_is_in_step_with_the_weights_and_holds_no_text():
    shipped = fitted.shipped()
    for part in shipped.parts:
        if part.weights:
            assert part.weights_digest == weights_digest(part.weights), (
                f"{part.weights} changed: say in {fitted.LIST} what it was fitted on, and run scripts/fitted.py --write"
            )
    listed = {part.weights for part in shipped.parts}
    shown = subprocess.run(["git", "ls-files", "*.json"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [line for line in shown.split() if line.startswith(("eval/", "memos/", "baselines/"))]
    weighed = {name for name in files if re.search(r"/(weights|ranker|frames|idf|paraphrases)\.json$", name)}
    assert weighed <= listed, "a file of weights is not in the list"
    raw = json.loads((ROOT / fitted.LIST).read_text(encoding="utf-8"))
    assert {field for one in raw["conversations"].values() for field in one} == {"digest", "marks"}
    assert len(raw["conversations"]) == 10


def test_locomo_itself_is_recognised_and_the_generated_benchmark_is_not(locomo_path):
    talks = load_dataset("locomo", path=str(locomo_path)).conversations
    reader = fitted.rests_on(READER, "answerer")
    met = reader.copies(reader.parts[0], map(disguised, talks, (one.sample_id for one in talks)))
    assert set(met) == {f"conv-{n}" for n in (26, 30, 41, 42, 43, 44)}
    assert all(copy.of == f"locomo/{key}" for key, copy in met.items())
    for part in fitted.shipped().parts:
        assert not fitted.shipped().copies(part, load_dataset("generated").conversations)


def test_which_components_a_part_rests_on_depends_on_its_configuration():
    def names(target: str, **fields) -> list[str]:
        return [part.name for part in fitted.rests_on({"_target_": target, "name": "x", **fields}, "system").parts]

    updates = "judgement of updates in memos"
    assert sorted(names("memos.system.MemOSSystem")) == [updates, "ranker of MemOS", "settings of MemOS"]
    assert sorted(names("memos.system.MemOSSystem", ranker=False)) == [updates, "settings of MemOS"]
    assert names("baselines.mem0.system.Mem0", extractor="rules") == ["judgement of updates in mem0"]
    assert names("baselines.mem0.system.Mem0", extractor="llm") == []
    assert names("baselines.rag.Rag") == []
    assert names("eval.answerers.reader.Reader") == ["extractive reader"]
    assert len(names("eval.judges.offline.OfflineJudge")) == 4


def test_a_users_part_says_what_it_was_fitted_on(tmp_path, lives):
    by_name = {**TARGET, "fitted_on": {"my ranker": {"fitted": ["locomo/conv-26"], "tuned": ["locomo/conv-47"]}}}
    (part,) = fitted.rests_on(by_name, "system").parts
    assert part.uses() == {"locomo/conv-26": "fitted", "locomo/conv-47": "tuned"}
    file = tmp_path / "mine.json"
    dataset = replace(load_dataset("generated"), conversations=tuple(lives))
    file.write_text(json.dumps(own_list(dataset, "my ranker", [lives[0].sample_id])), encoding="utf-8")
    own = fitted.rests_on({**TARGET, "fitted_on": str(file)}, "system")
    assert set(own.copies(own.parts[0], lives)) == {lives[0].sample_id}


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"mine": {"fitted": ["locomo/conv-27"]}}, r"components.mine: no conversation 'locomo/conv-27' is known; did"),
        ({"mine": {"fitted": "locomo/conv-26"}}, r"components.mine.fitted: expected a list of names"),
        ({"mine": {"fited": []}}, r"components.mine.fited: unknown field; did you mean fitted"),
        ({"mine": []}, r"components.mine: expected an object"),
        ([1], r"system.fitted_on: expected a file or components"),
        ("nowhere.json", r"system.fitted_on: no file nowhere.json here or beside Rag"),
    ],
)
def test_what_cannot_be_read_is_one_line(stated, message):
    with pytest.raises((ConfigError, DataError), match=message) as error:
        fitted.rests_on({**TARGET, "fitted_on": stated}, "system")
    assert "\n" not in str(error.value)


def test_a_damaged_list_is_named(monkeypatch):
    monkeypatch.setattr(fitted, "LIST_DIGEST", "0" * 16)
    fitted.shipped.cache_clear()
    with pytest.raises(DataError, match=r"eval/core/fitted.json: its digest is \w+, expected 0000"):
        fitted.shipped()
    monkeypatch.undo()
    fitted.shipped.cache_clear()
    assert digest(json.loads((ROOT / fitted.LIST).read_text(encoding="utf-8"))) == fitted.LIST_DIGEST


def test_the_script_writes_a_list_of_ones_own(tmp_path):
    to = tmp_path / "mine.json"
    own = ["--component", "mine", "--dataset", "tiny", "--conversations", "tiny-1", "--to", str(to)]
    subprocess.run([sys.executable, "scripts/fitted.py", *own], cwd=ROOT, check=True)
    made = fitted.parsed(json.loads(to.read_text(encoding="utf-8")), str(to))
    assert made.parts[0].fitted == ("tiny/tiny-1",)
    assert made.copies(made.parts[0], load_dataset("tiny").conversations)["tiny-1"].share == 1.0

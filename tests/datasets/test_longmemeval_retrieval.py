"""LongMemEval's measures of a retrieval (LM10), against values worked out by hand and against its own procedure."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from synthetic.longmemeval import instance, written

from eval.core.types import Dataset
from eval.datasets.load import load_dataset
from eval.datasets.longmemeval.dataset import LongMemEval
from eval.datasets.longmemeval.retrieval import RANKS, documents, official_retrieval, ranking

TRUE = Path(__file__).resolve().parents[3] / "shared" / "data" / "longmemeval" / "longmemeval_s_e47becba.json"


@pytest.fixture
def made(tmp_path):
    """Loads one instance with these gold sessions."""

    def load(gold, question_id="11aa22bb") -> Dataset:
        rows = [instance(question_id, "multi-session", "How many?", 2, gold)]
        return load_dataset("longmemeval", path=str(written(tmp_path / f"{question_id}.json", rows)))

    return load


TWO = [
    [("user", "I bought a fern.", True), ("assistant", "Nice.", False), ("user", "It is green.", False)],
    [("user", "Hello.", False), ("assistant", "Hi.", False), ("user", "A cactus came.", True)],
]
"""Two gold sessions: D2 with the gold turn D2:1 and the other user turn D2:3, D3 with D3:1 and the gold D3:3."""


def values(data: Dataset, *hits: tuple[str, ...]) -> dict[str, float]:
    return official_retrieval(data.conversations[0], data.questions[0], hits)


def test_documents_are_the_users_turns(made):
    data = made(TWO)
    own = documents(data.conversations[0], data.questions[0].evidence)
    assert [one.turn_id for one in own if one.gold] == ["D2:1", "D3:3"]
    assert {"D1:1", "D2:1", "D2:3", "D3:1", "D3:3"} <= {one.turn_id for one in own}
    assert not {"D1:2", "D2:2"} & {one.turn_id for one in own}
    units = {one.turn_id: one.unit for one in own}
    assert units["D2:1"] != units["D2:3"], "a turn without the answer is of another session"
    assert units["D2:1"][0] == units["D2:3"][0]


def test_turns_by_hand(made):
    found = values(made(TWO), ("D1:1",), ("D2:1", "D2:2"), ("D3:1",), ("D4:2", "D4:1", "D3:3"))
    # ranked: D1:1, D2:1 (gold), D3:1, D3:3 (gold), D4:2 (in the order of the haystack; D4:1 is the assistant's)
    assert found["turn_recall_any_of_419_at_1"] == 0 and found["turn_ndcg_any_of_419_at_1"] == 0
    assert (found["turn_recall_any_of_419_at_3"], found["turn_recall_all_of_419_at_3"]) == (1, 0)
    assert (found["turn_recall_any_of_419_at_5"], found["turn_recall_all_of_419_at_5"]) == (1, 1)
    # rank 2 is divided by log2(2) = 1, rank 4 by log2(4) = 2; the ideal has rank 1 and 2: 1 + 1
    assert found["turn_ndcg_any_of_419_at_3"] == pytest.approx(1 / 2)
    assert found["turn_ndcg_any_of_419_at_5"] == pytest.approx((1 + 1 / 2) / 2)
    # the ideal at 1 has one gold turn only
    assert values(made(TWO), ("D2:1",))["turn_ndcg_any_of_419_at_1"] == 1


def test_sessions_by_hand(made):
    found = values(made(TWO), ("D2:3",), ("D1:1",), ("D2:1",), ("D3:1",), ("D3:3",))
    # units: noans of D2, D1, D2 (gold), noans of D3, D3 (gold)
    assert found["session_recall_any_of_419_at_1"] == 0
    assert (found["session_recall_any_of_419_at_3"], found["session_recall_all_of_419_at_3"]) == (1, 0)
    assert found["session_recall_all_of_419_at_5"] == 1
    assert found["session_ndcg_any_of_419_at_3"] == pytest.approx((1 / math.log2(3)) / 2)


def test_as_many_turns_count_as_bring_k_sessions(made):
    long = [[("user", f"Number {i}.", i > 2) for i in range(1, 6)]]
    found = values(made(long), ("D1:1",), ("D2:3",), ("D2:4",), ("D2:5",), ("D3:2",), ("D4:1",))
    # three sessions are reached with the fifth turn: D1, D2 (thrice), D3
    assert found["session_recall_any_of_419_at_1"] == 0 and found["session_recall_all_of_419_at_3"] == 1
    ideal = 1 + 1 + 1 / math.log2(3)
    assert found["session_ndcg_any_of_419_at_3"] == pytest.approx((1 + 1 / math.log2(3) + 1 / 2) / ideal)
    assert found["turn_ndcg_any_of_419_at_3"] == pytest.approx((1 + 1 / math.log2(3)) / ideal)


def test_evidence_of_the_assistant_alone_counts_among_the_470_only(made):
    data = made([[("user", "Which glue?", False), ("assistant", "Hide glue.", True)]])
    found = values(data, ("D2:2",), ("D1:1",))
    assert data.questions[0].evidence == ("D2:2",)
    assert not any("of_419" in name for name in found) and len(found) == 2 * 3 * len(RANKS)
    assert {found[f"turn_{name}_of_470_at_5"] for name in ("recall_any", "ndcg_any")} == {0.0}
    assert found["turn_recall_all_of_470_at_5"] == 1, "the official code takes all of nothing as reached"


def test_a_question_that_cannot_be_answered_is_left_out(made):
    assert values(made(TWO, "11aa22bb_abs"), ("D2:1",)) == {}
    assert LongMemEval.official_retrieval is official_retrieval


def test_a_session_that_is_there_twice_is_one(made):
    data = made(TWO)
    talk = data.conversations[0]
    twice = documents(type(talk)("a", talk.speakers, (*talk.sessions, talk.sessions[0])), ())
    assert twice[0].unit == twice[-1].unit


def test_hits_of_several_turns_and_of_none(made):
    data = made(TWO)
    own = documents(data.conversations[0], data.questions[0].evidence)
    hits = [("D2:2",), ("D3:3", "D2:1", "D2:2"), ("D2:1",), ("D9:9",), ()]
    assert [one.turn_id for one in ranking(own, hits)] == ["D2:1", "D3:3"]
    nothing = values(data)
    assert set(nothing.values()) == {0.0} and len(nothing) == 2 * 2 * 3 * len(RANKS)


# --- against the procedure of the paper's code, written out with ids as it has them -----------------------------------
def expected(ids: list[str], order: list[int], k: int, by_session: bool) -> tuple[float, float, float]:
    """The three measures from documents' ids, in which ``answer`` marks gold, and their ranking."""
    gold = {one for one in ids if "answer" in one}
    relevant = [one in gold for one in ids]
    if by_session:
        gold, ids = {one.rpartition("_")[0] for one in gold}, [one.rpartition("_")[0] for one in ids]
        wanted = k
        while k <= len(ids) and len({ids[i] for i in order[:k]}) < wanted:
            k += 1
    top = {ids[i] for i in order[:k]}

    def gain(marks: list[bool]) -> float:
        return sum(mark / max(1.0, math.log2(place)) for place, mark in enumerate(marks, 1) if mark)

    ideal = gain(sorted(relevant, reverse=True)[:k])
    ndcg = gain([relevant[i] for i in order[:k]]) / ideal if ideal else 0.0
    return float(any(one in top for one in gold)), float(all(one in top for one in gold)), ndcg


@pytest.mark.parametrize("seed", range(25))
def test_it_equals_the_official_procedure_on_random_haystacks(seed, made):
    rng = random.Random(seed)
    gold = [
        [(("user", "assistant")[i % 2], f"Line {s} {i} {rng.random()}.", rng.random() < 0.3) for i in range(6)]
        for s in range(3)
    ]
    data = made(gold)
    talk, question = data.conversations[0], data.questions[0]
    ids, turns = [], []
    for number, session in enumerate(talk.sessions):
        name = f"answer_{number}" if 1 <= number <= 3 else f"filler_{number}"
        for place, turn in enumerate(session.turns, 1):
            if turn.speaker == "user":
                mark = turn.turn_id in question.evidence
                ids.append(f"{name}_{place}" if mark else f"{name}_{place}".replace("answer", "noans"))
                turns.append(turn.turn_id)
    order = rng.sample(range(len(ids)), len(ids))
    found = official_retrieval(talk, question, [(turns[i],) for i in order])
    for k in RANKS:
        for level, by_session in (("turn", False), ("session", True)):
            names = [f"{level}_{name}_of_470_at_{k}" for name in ("recall_any", "recall_all", "ndcg_any")]
            assert [found[name] for name in names] == pytest.approx(expected(ids, order, k, by_session)), (level, k)


def test_the_true_instance_by_hand():
    if not TRUE.exists():
        pytest.skip("the true instance is not here; put it in ../shared/data/longmemeval")
    data = load_dataset("longmemeval", path=str(TRUE))
    own = documents(data.conversations[0], data.questions[0].evidence)
    assert [one.turn_id for one in own if one.gold] == ["D52:5"], "of the two gold turns one is the assistant's"
    assert len(own) == sum(turn.speaker == "user" for _, turn in data.conversations[0].turns())
    # the assistant's gold turn is no document; then two other user turns; then the gold one, third
    found = values(data, ("D52:6",), ("D52:1",), ("D1:1", "D1:2"), ("D52:5",))
    assert found["turn_recall_any_of_419_at_1"] == 0
    assert found["turn_recall_all_of_419_at_3"] == found["turn_recall_any_of_470_at_3"] == 1
    assert found["turn_ndcg_any_of_419_at_3"] == pytest.approx(1 / math.log2(3))
    # D52:1 is of the renamed session, D1:1 of the second, the gold turn brings the third
    assert found["session_recall_any_of_419_at_1"] == 0 and found["session_recall_any_of_419_at_3"] == 1

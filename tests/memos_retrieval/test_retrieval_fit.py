"""Fitting the ranker: gold comes to the top, a turn counts once whatever its passages, folds never see their own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eval.datasets.locomo import TINY, load
from memos.operation.retrieval import fit as ranker_fit
from memos.operation.retrieval import folds, listwise, ranker
from memos.operation.retrieval.features import FEATURES, GROUPS
from memos.operation.retrieval.fit import TrainSource, fit_all, questions, units_of
from memos.operation.retrieval.listwise import RankedList


def lists(count=30, memories=40, sign=1.0):
    """Feature 1 is high for gold rows (``sign`` turns it around), feature 0 is noise, feature 2 never varies."""
    chance = np.random.default_rng(3)
    for _ in range(count):
        table = chance.normal(size=(memories, 3)).astype(np.float32)
        table[:, 2] = 5.0
        gold = np.full(memories, -1)
        gold[chance.choice(memories, 2, replace=False)] = (0, 1)
        table[gold >= 0, 1] += 4.0 * sign
        yield RankedList(table, gold, np.ones(memories))


def test_the_fit_finds_the_feature_that_tells():
    weights = listwise.fit(list(lists()), 1e-3)
    assert weights[1] > 5 * abs(weights[0]) and weights[2] == 0.0


def test_a_match_never_speaks_against_a_unit():
    floor = np.array([-np.inf, 0.0, 0.0])
    assert listwise.fit(list(lists(sign=-1.0)), 1e-3)[1] < 0
    assert listwise.fit(list(lists(sign=-1.0)), 1e-3, floor)[1] == 0.0


def test_the_slope_is_that_of_the_loss():
    loss = listwise._Loss(list(lists(4)), np.concatenate([one.table for one in lists(4)]), 0.1)
    at, step = np.array([0.2, -0.1, 0.05]), 1e-3
    _, slope = loss(at)
    for place in range(3):
        up, down = at.copy(), at.copy()
        up[place] += step
        down[place] -= step
        assert slope[place] == pytest.approx((loss(up)[0] - loss(down)[0]) / (2 * step), rel=2e-2, abs=1e-3)


def test_one_passage_of_a_gold_turn_is_enough():
    table = np.array([[5.0], [0.0], [1.0]], np.float32)
    one_turn = RankedList(table, np.array([7, 7, -1]), np.ones(3))
    two_turns = RankedList(table, np.array([7, 8, -1]), np.ones(3))
    values = [listwise._Loss([one], one.table.copy(), 0.0)(np.ones(1))[0] for one in (one_turn, two_turns)]
    assert values[0] < 0.02 < 0.5 < values[1]


def test_sampled_rows_stand_for_the_others():
    full = RankedList(np.zeros((9, 1), np.float32), np.array([0] + [-1] * 8), np.ones(9))
    some = RankedList(np.zeros((3, 1), np.float32), np.array([0, -1, -1]), np.array([1.0, 4.0, 4.0]))
    values = [listwise._Loss([one], one.table.copy(), 0.0)(np.zeros(1))[0] for one in (full, some)]
    assert values == pytest.approx([np.log(9), np.log(9)])


def test_every_fold_leaves_its_conversation_out(mock_embedder, monkeypatch):
    seen = []
    whole = ranker_fit.fit_looks

    def noted(pairs, *rest):
        seen.append({(one.sample_id, one.fold) for one, _ in pairs})
        return whole(pairs, *rest)

    monkeypatch.setattr(ranker_fit, "fit_looks", noted)
    source = TrainSource("tiny", load(TINY), folds=2)
    lines = []
    table, marks = fit_all([source], mock_embedder, ablations=(frozenset(["traits"]),), tell=lines.append)
    assert [set(table[part]) for part in ("weights", "feedback")] == [{"all", "traits"}] * 2
    assert set(table["weights"]["all"]) == {"all", "0", "1"} and len(lines) == 2
    for number, pairs in enumerate(seen):
        left = ("all", "0", "1")[number % 3]
        assert pairs and all(fold != left for _, fold in pairs)
    assert set(json.loads(marks)["marks"]) == {"0", "1"}
    plain = dict(zip(table["features"], table["weights"]["traits"]["all"], strict=True))
    assert all(plain[name] == 0.0 for name in GROUPS["traits"]) and any(plain.values())


def test_questions_name_the_rows_of_their_evidence(mock_embedder):
    source = TrainSource("tiny", load(TINY), folds=1)
    for one in questions(source, mock_embedder):
        rows = np.flatnonzero(one.gold_rows(np.arange(one.index.n)) >= 0)
        asked = next(q for q in source.dataset.questions if q.text == one.question.text)
        assert {turn for row in rows for turn in one.index.units[row].turn_ids} == set(asked.evidence)


def test_the_weights_that_ship_have_the_features_of_the_code():
    table = json.loads(ranker_fit.WEIGHTS.read_text(encoding="utf-8"))
    assert tuple(table["features"]) == FEATURES and tuple(table["second_features"]) == ranker.SECOND
    assert set(table["weights"]["all"]) == {"all", *map(str, range(10))}
    for part, names in (("weights", FEATURES), ("feedback", ranker.SECOND)):
        for by_fold in table[part].values():
            assert all(len(numbers) == len(names) for numbers in by_fold.values())
    bounded = dict(zip(FEATURES, ranker.weights(), strict=True))
    assert all(bounded[name] >= 0 for name in ranker_fit.MATCHES)
    assert ranker.as_text(table) == ranker_fit.WEIGHTS.read_text(encoding="utf-8")
    card = (ranker_fit.WEIGHTS.parents[3] / "docs" / "ranker.md").read_text(encoding="utf-8")
    assert ranker.digest() in card, f"docs/ranker.md: the card is of other weights than {ranker.digest()}"


def test_an_index_of_a_fitted_conversation_is_searched_with_its_fold(locomo_path):
    from memos.operation.retrieval.index import MemoryIndex

    conversation = load(locomo_path).conversations[3]
    units = [unit for unit in units_of(conversation) if unit.group == "session_1"]
    index = MemoryIndex(2)
    index.add(units, np.tile(np.array([1, 0], np.float32), (len(units), 1)))
    assert index.fold == "3"
    assert not np.array_equal(ranker.weights(fold="3"), ranker.weights())
    index.remove([unit.unit_id for unit in units])
    assert index.fold == ""


def test_another_conversation_has_the_weights_of_all_data():
    said = [turn.said for conversation in load(TINY).conversations for _, turn in conversation.turns()]
    assert {folds.fold_of(text) for text in said} == {""}
    assert np.array_equal(ranker.weights(fold=""), ranker.weights())

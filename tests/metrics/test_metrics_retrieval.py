"""Evidence recall and hit rates by hand."""

from __future__ import annotations

import pytest

from eval.metrics.retrieval import NAMES, evidence_metrics, within_words

HITS = [(["D1:1", "D1:2"], 100), (["D9:9"], 150), (["D2:3"], 400), (["D1:1"], 100), ([], 50), (["D3:4"], 2400)]


def test_names_are_those_of_the_interface():
    assert {f"evidence_recall_at_{k}" for k in (5, 10, 20, 50)} <= set(NAMES)
    assert {f"evidence_recall_words_{b}" for b in (200, 400, 800, 1600, 3200)} <= set(NAMES)
    assert {"evidence_hit_at_5", "evidence_hit_at_50", "evidence_hit_at_words_1600"} <= set(NAMES)
    assert set(evidence_metrics([], ["D1:1"])) == set(NAMES) and len(NAMES) == 18


def test_recall_and_hits_by_hand():
    metrics = evidence_metrics(HITS, ["D1:2", "D2:3", "D3:4", "D8:8"])
    assert metrics["evidence_recall_at_5"] == 2 / 4
    assert metrics["evidence_recall_at_10"] == metrics["evidence_recall_at_50"] == 3 / 4
    assert metrics["evidence_recall_words_200"] == metrics["evidence_recall_words_400"] == 1 / 4
    assert metrics["evidence_recall_words_800"] == metrics["evidence_recall_words_1600"] == 2 / 4
    assert metrics["evidence_recall_words_3200"] == 3 / 4
    assert metrics["evidence_hit_at_5"] == metrics["evidence_hit_at_words_200"] == 1.0


def test_a_gold_turn_found_twice_counts_once():
    assert evidence_metrics([(["D1:1"], 5), (["D1:1"], 5)], ["D1:1", "D1:2"])["evidence_recall_at_5"] == 0.5


def test_no_hits_and_no_evidence():
    assert set(evidence_metrics([], ["D1:1"]).values()) == {0.0}
    assert evidence_metrics(HITS, []) is None


@pytest.mark.parametrize(
    ("words", "budget", "count"), [([100, 100, 1], 200, 2), ([201], 200, 0), ([], 200, 0), ([0, 5], 5, 2)]
)
def test_budget_cuts_at_the_last_whole_hit(words, budget, count):
    assert within_words(words, budget) == count


def test_a_hit_behind_one_that_does_not_fit_is_not_reached():
    metrics = evidence_metrics([(["x"], 150), (["y"], 100), (["D1:1"], 10)], ["D1:1"])
    assert metrics["evidence_recall_words_200"] == 0.0 and metrics["evidence_recall_words_400"] == 1.0

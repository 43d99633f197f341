"""Measures of a ranking, by hand and against the reference libraries where hits are single units."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from eval.metrics.ranked import CUTS, NAMES, ranking_measures
from eval.metrics.retrieval import evidence_metrics

HITS = [(["a", "b"], 100), (["x"], 150), (["c"], 400), (["a"], 100), ([], 50), (["d"], 2400)]
LOG3 = math.log2(3)


def test_share_any_and_all_at_hits_words_and_in_the_own_context():
    made = ranking_measures(HITS, ["b", "c"], used=2)
    assert set(made) == set(NAMES)
    assert [made[f"share_at_{k}"] for k in (1, 3, 50)] == [0.5, 1.0, 1.0]
    assert [made[f"all_at_{k}"] for k in (1, 3, 50)] == [0.0, 1.0, 1.0]
    assert [made[f"share_words_{b}"] for b in (200, 400, 800)] == [0.5, 0.5, 1.0]
    assert (made["share_context"], made["any_context"], made["all_context"]) == (0.5, 1.0, 0.0)


def test_a_hit_of_several_turns_that_brings_all_first_is_ideal():
    assert ranking_measures([(["a", "b"], 9), (["x"], 9)], ["a", "b"], 1)["ndcg_at_1"] == 1.0
    late = ranking_measures([(["x"], 9), (["a", "b"], 9)], ["a", "b"], 1)
    assert late["ndcg_at_1"] == 0.0 and late["ndcg_at_3"] == pytest.approx(1 / LOG3) and late["mrr"] == 0.5


def test_gold_that_no_hit_brings_lowers_ndcg_and_gold_found_twice_counts_once():
    made = ranking_measures([(["a"], 9), (["a"], 9)], ["a", "b"], 2)
    assert made["ndcg_at_1"] == 1.0
    assert made["ndcg_at_10"] == pytest.approx(1 / (1 + 1 / LOG3))
    assert made["share_at_10"] == 0.5


def test_r_cap_is_over_the_smaller_of_k_and_the_gold():
    hits = [([name], 9) for name in "axbyc"]
    made = ranking_measures(hits, "abcd", 5)
    assert [made[f"rcap_at_{k}"] for k in (1, 3, 5)] == [1.0, 2 / 3, 3 / 4]
    assert made["share_at_1"] == 0.25
    assert ranking_measures([("abcd", 9)], "abcd", 1)["rcap_at_1"] == 1.0, "it is never more than 1"


def test_no_hits_are_zero_everywhere():
    assert set(ranking_measures([], ["a"], 0).values()) == {0.0}


def rankings(count: int = 40):
    chance = random.Random(5)
    for _ in range(count):
        names = [f"u{i}" for i in range(60)]
        chance.shuffle(names)
        gold = chance.sample(names, chance.randint(1, 7))
        yield names[: chance.randint(50, 60)], gold


def test_single_turns_have_the_ndcg_and_mrr_of_scikit_learn():
    reference = pytest.importorskip("sklearn.metrics")
    for ranked, gold in rankings():
        made = ranking_measures([([name], 9) for name in ranked], gold, 10)
        missing = [name for name in gold if name not in ranked]
        everything = [*ranked, *(f"z{i}" for i in range(60 - len(ranked) - len(missing))), *missing]
        relevant = np.array([[float(name in gold) for name in everything]])
        scores = np.array([[float(-place) for place in range(len(everything))]])
        for k in CUTS:
            whole = relevant[:, : len(ranked)].sum() + len(missing)
            assert whole == len(gold)
            assert made[f"ndcg_at_{k}"] == pytest.approx(reference.ndcg_score(relevant, scores, k=k))
        first = next((place for place, name in enumerate(ranked, 1) if name in gold), None)
        assert made["mrr"] == (1 / first if first else 0.0)


def test_the_share_is_the_evidence_recall_of_the_score_stage():
    chance = random.Random(1)
    for ranked, gold in rankings(10):
        hits = [(ranked[i : i + chance.randint(1, 4)], chance.randint(1, 300)) for i in range(len(ranked))]
        made, stage = ranking_measures(hits, gold, 5), evidence_metrics(hits, gold)
        assert stage is not None
        shared = [name for name in stage if name.startswith("evidence_recall_")]
        assert [made[f"share_{name.removeprefix('evidence_recall_')}"] for name in shared] == [stage[n] for n in shared]

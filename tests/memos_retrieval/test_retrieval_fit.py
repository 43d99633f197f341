"""Fitting the ranker: gold rows come to the top, features that never vary get no weight, recall is counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from eval.datasets.locomo import TINY, load
from memos.operation.retrieval import fit as ranker_fit
from memos.operation.retrieval.features import FEATURES


def questions(count=30, memories=40):
    """Feature 1 is high for gold rows, feature 0 is noise, feature 2 never varies."""
    chance = np.random.default_rng(3)
    for _ in range(count):
        matrix = chance.normal(size=(memories, 3))
        matrix[:, 2] = 5.0
        gold = chance.choice(memories, 2, replace=False).tolist()
        matrix[gold, 1] += 4.0
        yield matrix, gold, None


def test_the_fit_finds_the_feature_that_tells():
    rows = list(questions())
    weights = ranker_fit.fit(rows)
    assert weights[1] > 5 * abs(weights[0]) and weights[2] == 0.0
    assert ranker_fit.recall(rows, weights, k=2) > 90 > ranker_fit.recall(rows, -weights, k=20)


def test_recall_is_the_mean_share_of_gold_rows_among_the_best():
    matrix = np.array([[3.0], [2.0], [1.0], [0.0]])
    rows = [(matrix, [0, 3], None), (matrix, [1], None)]
    assert ranker_fit.recall(rows, np.array([1.0]), k=2) == pytest.approx(75.0)


def test_both_looks_are_fitted_on_a_small_data_set(mock_embedder, monkeypatch):
    monkeypatch.setattr(ranker_fit, "TRAIN", ("tiny-1", "tiny-2"))
    monkeypatch.setattr(ranker_fit, "GROUPS", {})
    lines = []
    table = ranker_fit.fit_all(load(TINY), mock_embedder, tell=lines.append)
    assert set(table["weights"]) == set(table["feedback"]) and len(table["weights"]) == 1
    (weights,) = table["weights"].values()
    assert set(weights) <= set(FEATURES) and weights
    assert "held out" in lines[0] and len(lines) == 2 + len(FEATURES)

"""Rank correlation of systems between two data sets, with an interval over conversations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from eval.stats.order import SystemScores, by_conversation, fixed, order_agreement

NAMES = ("a", "b", "c", "d", "e")


def noisy(conversations: int, spread: float, seed: int) -> SystemScores:
    """Five systems a tenth apart, whose conversations differ by ``spread``."""
    random = np.random.default_rng(seed)
    means = np.arange(5)[:, None] / 10 + random.normal(0, spread, (5, conversations))
    return SystemScores(NAMES, means * 20, np.full(conversations, 20.0))


def test_the_same_order_is_one_and_the_reverse_is_minus_one():
    up, down = fixed(dict(zip(NAMES, range(5), strict=True))), fixed(dict(zip(NAMES, range(5, 0, -1), strict=True)))
    same, other = order_agreement(up, up), order_agreement(up, down)
    assert (same.tau, same.rho, *same.tau_interval) == pytest.approx((1, 1, 1, 1)) and same.systems == 5
    assert (other.tau, other.rho) == pytest.approx((-1, -1)) and other.conversations == (1, 1)


def test_points_are_scipys_and_the_interval_widens_with_the_spread():
    first = fixed({"a": 0.1, "b": 0.3, "c": 0.2, "d": 0.3, "e": 0.5})
    narrow, wide = (order_agreement(first, noisy(30, spread, 3)) for spread in (0.02, 0.8))
    means = noisy(30, 0.02, 3).means
    assert narrow.tau == pytest.approx(kendalltau(first.means, means).statistic)
    assert narrow.rho == pytest.approx(spearmanr(first.means, means).statistic)
    assert narrow.conversations == (1, 30)
    widths = [made.tau_interval[1] - made.tau_interval[0] for made in (narrow, wide)]
    assert widths[0] < 0.25 < widths[1]
    assert order_agreement(first, noisy(30, 0.8, 3)) == wide, "seeded"


def test_values_of_questions_are_summed_by_conversation():
    columns = {"a": {("x", 0): 1.0, ("x", 1): 0.0, ("y", 0): 1.0}, "b": {("x", 0): 0.0, ("x", 1): 0.0, ("y", 0): 0.5}}
    scores = by_conversation(columns)
    assert scores.sums.tolist() == [[1, 1], [0, 0.5]] and scores.sizes.tolist() == [2, 1]
    assert scores.means.tolist() == pytest.approx([2 / 3, 1 / 6])
    assert scores.only(("b",)).means.tolist() == pytest.approx([1 / 6])


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="same questions"):
        by_conversation({"a": {("x", 0): 1.0}, "b": {("x", 1): 1.0}})
    three = fixed({"a": 1, "b": 2, "c": 3})
    with pytest.raises(ValueError, match="three systems"):
        order_agreement(three, three.only(("a", "c", "b")))
    with pytest.raises(ValueError, match="three systems"):
        order_agreement(three.only(("a", "b")), three.only(("a", "b")))

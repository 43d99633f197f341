"""Repeated answers: simulated spreads of known size are found again, each under its own name."""

from __future__ import annotations

import numpy as np
import pytest

from eval.stats import judge_sd, spread


def simulated(seed: int, runs: int, flips: float, conversations: int = 10, each: int = 150):
    """Right or wrong answers whose chance differs by conversation and of which ``flips`` are drawn anew each run."""
    draw = np.random.default_rng(seed)
    chance = np.repeat(draw.uniform(0.3, 0.7, conversations), each)
    fixed = draw.random(len(chance)) < chance
    loose = draw.random(len(chance)) < flips
    drawn = draw.random((runs, len(chance))) < chance
    return np.where(loose, drawn, fixed).astype(float), np.repeat(np.arange(conversations), each), chance, loose


def test_the_spread_of_a_run_is_the_one_that_many_runs_have():
    values, clusters, _, _ = simulated(1, 2000, 0.4)
    few = [spread(values[i : i + 3], clusters) for i in range(0, 300, 3)]
    true = values.mean(axis=1).std(ddof=1)
    assert np.mean([one.sd_runs for one in few]) == pytest.approx(true, rel=0.05)
    assert np.std([one.sd_runs for one in few]) < np.std([one.sd_scores for one in few]) / 5, "the steadier estimate"


def test_equal_answers_have_no_spread_between_runs():
    values, clusters, _, _ = simulated(2, 3, 0.0)
    one = spread(values, clusters)
    assert (one.sd_runs, one.sd_scores, one.unequal) == (0, 0, 0) and len(set(one.scores)) == 1
    assert one.se_conversations > 0.01 and one.mean == pytest.approx(values.mean())


def test_conversations_are_apart_from_runs():
    values, clusters, chance, _ = simulated(3, 3, 1.0)
    one = spread(values, clusters)
    between = np.unique(chance).std(ddof=1) / np.sqrt(10)
    assert one.se_conversations == pytest.approx(between, rel=0.35)
    assert one.unequal == pytest.approx(np.mean(1 - chance**3 - (1 - chance) ** 3), abs=0.05)
    assert spread(values[:, :300], clusters[:300]).se_conversations is None


def test_the_judges_spread_is_of_one_judge_run():
    draw = np.random.default_rng(4)
    chance = draw.uniform(0, 1, 800)
    labels = (draw.random((3, 800, 400)) < chance[None, :, None]).astype(float)
    true = labels.mean(axis=1).std(axis=1).mean()
    assert judge_sd(labels[:, :, :3]) == pytest.approx(true, rel=0.1)
    assert judge_sd(np.ones((3, 5, 3))) == 0


@pytest.mark.parametrize("shape", [(1, 5), (2, 0), (2, 4)])
def test_too_little_is_refused(shape):
    with pytest.raises(ValueError, match="runs of"):
        spread(np.zeros(shape), [0] * 5)
    with pytest.raises(ValueError, match="once"):
        judge_sd(np.zeros((3, 4, 1)))

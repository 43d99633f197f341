"""Several data sets pooled: means, intervals and tests by hand and library, and their error rates by simulation."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as sps
from scipy.optimize import minimize_scalar

from eval.stats import conversations_needed, differences, interval, pooled, sign_flip, sign_flips, stratum

ROOT = Path(__file__).resolve().parents[2]


def bench_pooling():
    spec = importlib.util.spec_from_file_location("bench_pooling", ROOT / "scripts" / "bench_pooling.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_pooling"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _set(seed: int, clusters: int = 10, sizes: tuple[int, int] = (5, 40), systems: int = 3):
    rng = np.random.default_rng(seed)
    names = [f"c{c}" for c, size in enumerate(rng.integers(*sizes, clusters)) for _ in range(size)]
    scores = (rng.random((systems, len(names))) < rng.uniform(0.2, 0.8, (systems, 1))).astype(float)
    return scores, names


def test_one_data_set_is_the_clustered_interval_and_its_sign_flip():
    scores, names = _set(0)
    one = stratum("a", scores.tolist(), names)
    for made, row in zip(pooled([one]), scores, strict=True):
        plain = interval(row, names)
        assert (made.mean, made.low, made.high, made.se) == pytest.approx((plain.mean, plain.low, plain.high, plain.se))
        assert made.degrees == pytest.approx(9)
    apart = differences(one, [(0, 1), (2, 1)])
    for made, (a, b), p in zip(pooled([apart]), [(0, 1), (2, 1)], sign_flips([apart]), strict=True):
        assert made.mean == pytest.approx(scores[a].mean() - scores[b].mean())
        assert p == pytest.approx(sign_flip(scores[a] - scores[b], names)[0])


def test_every_data_set_counts_the_same_however_many_questions_it_has():
    small, large = _set(1, 5, (2, 4)), _set(2, 12, (50, 90))
    strata = [stratum(name, scores.tolist(), names) for name, (scores, names) in (("a", small), ("b", large))]
    for i, made in enumerate(pooled(strata)):
        alone = [interval(scores[i], names) for scores, names in (small, large)]
        variances = [(one.se or 0) ** 2 / 4 for one in alone]
        degrees = sum(variances) ** 2 / (variances[0] ** 2 / 4 + variances[1] ** 2 / 11)
        assert made.mean == pytest.approx((alone[0].mean + alone[1].mean) / 2)
        assert (made.se, made.degrees) == pytest.approx((sum(variances) ** 0.5, degrees))
        reach = sps.t.ppf(0.975, degrees) * made.se
        assert (made.low, made.high) == pytest.approx((made.mean - reach, made.mean + reach))


def test_exact_flips_equal_scipy_and_many_are_seeded():
    strata = [differences(stratum(n, s.tolist(), c), [(0, 1)]) for n, (s, c) in (("a", _set(3, 6)), ("b", _set(4, 5)))]
    own = np.concatenate([one.sums[:, 0] / one.sizes.sum() for one in strata])
    reference = sps.permutation_test((own,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flips(strata) == pytest.approx([reference.pvalue])
    many = [*strata, differences(stratum("c", *_set(5, 9)), [(0, 1)])]
    assert sign_flips(many, flips=5_000) == sign_flips(many, flips=5_000) != sign_flips(many, flips=5_000, seed=1)
    assert sign_flips(many, flips=25_000) == pytest.approx(sign_flips(many, flips=25_000, seed=1), abs=0.02)


def test_what_does_not_vary_has_no_interval_and_bad_input_is_refused():
    (nothing,) = pooled([stratum("a", [[0.0] * 6], list("aabbcc"))])
    assert (nothing.mean, nothing.low, nothing.high, nothing.se) == (0, None, None, 0)
    with pytest.raises(ValueError, match=r"a: 2 conversation\(s\), at least 3 are needed"):
        stratum("a", [[0.0, 1.0]], ["x", "y"])
    with pytest.raises(ValueError, match="a: a score is not a finite number"):
        stratum("a", [[0.0, 1.0, float("nan")]], ["x", "y", "z"])
    with pytest.raises(ValueError, match=r"a: scores of shape \(1, 2\) but 3 questions"):
        stratum("a", [[0.0, 1.0]], ["x", "y", "z"])


def test_further_conversations_by_hand():
    reach = sps.norm.ppf(0.975) + sps.norm.ppf(0.8)
    assert conversations_needed(0.05, 0.05 / reach, 20) == 0
    assert conversations_needed(0.05, 0.10 / reach, 20) == 60, "twice the error takes four times the conversations"
    assert conversations_needed(-0.05, 0.10 / reach, 20) == 60
    assert conversations_needed(0.5, 0.01, 3, alpha=0.001) == 8, "2 of 2,048 flips are the first p under .001"
    assert conversations_needed(0.0, 0.1, 20) is None and conversations_needed(1e-9, 0.1, 20) is None


def test_the_chosen_way_keeps_its_error_rates_and_the_bootstrap_does_not():
    """1,000 simulated benchmarks of three unlike data sets: at most 6.5 % false positives, at least 93 % coverage."""
    bench = bench_pooling()
    shape = bench.SHAPES[2]
    for number, truth in enumerate(("null", "opposed")):
        strata, means = bench.drawn(shape, truth, 1_000, np.random.default_rng([7, number]))
        assert np.mean(means) == 0
        made = bench.flips_and_t(strata, 0)
        assert (made.p <= 0.05).mean() <= 0.065
        assert ((made.low <= 0) & (made.high >= 0)).mean() >= 0.93
    drawn = bench.bootstrap(strata, 0)
    assert (drawn.p <= 0.05).mean() > (made.p <= 0.05).mean()
    assert (bench.mixed(strata, 0).p <= 0.05).mean() > 0.3, "a common difference is none of data sets that disagree"
    strata, _ = bench.drawn(shape, "5 points", 1_000, np.random.default_rng(8))
    assert (bench.flips_and_t(strata, 0).p <= 0.05).mean() >= 0.8


def test_the_mixed_effects_that_were_tried_maximise_the_restricted_likelihood():
    bench = bench_pooling()
    strata, _ = bench.drawn(bench.SHAPES[1], "5 points", 1, np.random.default_rng(4))
    sums, sizes = np.concatenate([one.sums[:, 0] for one in strata]), np.concatenate([one.sizes for one in strata])
    y, within = sums / sizes, bench.DISCORDANT / sizes

    def mean(between: float) -> tuple[float, float]:
        w = 1 / (between + within)
        return float((w * y).sum() / w.sum()), float(w.sum())

    def loss(between: float) -> float:
        mu, total = mean(between)
        return float(np.log(between + within).sum() + np.log(total) + (np.square(y - mu) / (between + within)).sum())

    mu, total = mean(minimize_scalar(loss, bounds=(0, 0.05), method="bounded", options={"xatol": 1e-9}).x)
    made = bench.mixed(strata, 0)
    assert made.mean[0] == pytest.approx(mu, abs=1e-5)
    assert (made.high - made.mean)[0] == pytest.approx(sps.t.ppf(0.975, 59) / total**0.5, rel=1e-3)

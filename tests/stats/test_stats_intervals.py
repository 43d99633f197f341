"""Intervals against statsmodels, scipy and simulated coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats as sps
from statsmodels.stats.proportion import proportion_confint

from eval.stats import cluster_bootstrap, interval, percentiles, wilson


def _sample(seed: int, clusters: int = 10, spread: float = 0.1, uneven: bool = True):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(60, 200, clusters) if uneven else np.full(clusters, 100)
    codes = np.repeat(np.arange(clusters), sizes)
    p = np.clip(0.6 + spread * rng.standard_normal(clusters), 0.02, 0.98)
    return (rng.random(len(codes)) < p[codes]).astype(float), codes


@pytest.mark.parametrize("seed", range(5))
def test_clustered_interval_equals_statsmodels(seed):
    x, codes = _sample(seed)
    fit = sm.OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    low, high = fit.conf_int()[0]
    ours = interval(x, codes)
    assert ours.se == pytest.approx(fit.bse[0], rel=1e-9)
    # statsmodels multiplies by (n-1)/(n-k) = 1 for one parameter; degrees of freedom are C-1 in both.
    assert (ours.mean, ours.low, ours.high) == pytest.approx((x.mean(), low, high), rel=1e-9)


def test_one_question_a_cluster_is_the_ordinary_t_interval():
    x = np.random.default_rng(1).normal(size=25)
    low, high = sps.t.interval(0.95, 24, x.mean(), sps.sem(x))
    ours = interval(x, range(25))
    assert (ours.low, ours.high) == pytest.approx((low, high))


def test_order_of_questions_and_names_of_conversations_do_not_matter():
    x, codes = _sample(3)
    turn = np.random.default_rng(0).permutation(len(x))
    names = [f"conv-{c}" for c in codes]
    a, b = interval(x, codes), interval(x[turn], [names[i] for i in turn])
    assert (a.low, a.high) == pytest.approx((b.low, b.high))


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_conversations_have_no_interval(count):
    estimate = interval([0.0, 1.0, 1.0, 0.0], [i % count for i in range(4)])
    assert estimate.mean == 0.5 and estimate.low is None and estimate.high is None and str(count) in estimate.note
    assert estimate.half_width is None


def test_no_values_and_bad_values():
    empty = interval([], [])
    assert empty.n == 0 and np.isnan(empty.mean) and empty.low is None
    with pytest.raises(ValueError, match="not a finite"):
        interval([0.1, float("nan")], [0, 1])
    with pytest.raises(ValueError, match="2 values but 1"):
        interval([0.1, 0.2], [0])


def test_equal_values_never_give_zero_width():
    plain = interval([1.0] * 30, [i % 3 for i in range(30)])
    assert plain.low is None and "equal" in plain.note
    share = interval([1.0] * 30, [i % 3 for i in range(30)], bounds=(0, 1))
    assert share.low == pytest.approx(wilson(30, 30)[0]) and share.high == 1.0 and share.method == "Wilson"
    alike = interval([0.0, 1.0] * 3, [0, 0, 1, 1, 2, 2])
    assert alike.mean == 0.5 and alike.low is None and "agree" in alike.note
    middle = interval([0.5] * 30, [i % 3 for i in range(30)], bounds=(0, 1))
    assert middle.low is None


def test_bounds_cut_and_judge_error_widens():
    x, codes = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0, 0, 1, 1, 2, 2]
    assert interval(x, codes).low < 0
    assert interval(x, codes, bounds=(0, 1)).low == 0
    x, codes = _sample(4)
    plain, wide = interval(x, codes), interval(x, codes, extra_se=0.02)
    assert wide.se == pytest.approx(np.hypot(plain.se, 0.02)) and wide.half_width > plain.half_width


def test_wilson_equals_statsmodels():
    for k, n in [(0, 12), (5, 96), (1540, 1540), (640, 841)]:
        assert wilson(k, n) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)
    assert wilson(0, 0) == (None, None)


def test_percentiles_interpolate_linearly():
    assert percentiles([1, 2, 3, 4], (50, 95)) == pytest.approx({"p50": 2.5, "p95": 3.85})
    assert percentiles([]) == {}


def test_bootstrap_agrees_with_scipy_and_is_seeded():
    x, codes = _sample(7)
    ours = cluster_bootstrap(x, codes, seed=5)
    sums, sizes = np.bincount(codes, weights=x), np.bincount(codes)
    reference = sps.bootstrap(
        (sums, sizes),
        lambda s, m, axis=-1: s.sum(axis) / m.sum(axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=9999,
        random_state=np.random.default_rng(1),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=0.004)
    assert ours == cluster_bootstrap(x, codes, seed=5) != cluster_bootstrap(x, codes, seed=6)
    assert cluster_bootstrap([0.0, 1.0], [0, 1]).low is None


def test_interval_covers_the_truth_and_naive_one_does_not():
    """300 simulated benchmarks of ten unlike conversations: clustered coverage near 95 %, per-question far below."""
    covered = naive = boot = 0
    for seed in range(300):
        x, codes = _sample(1000 + seed, spread=0.1, uneven=False)
        ours = interval(x, codes)
        low, high = wilson(int(x.sum()), len(x))
        drawn = cluster_bootstrap(x, codes, resamples=500, seed=seed)
        covered += ours.low <= 0.6 <= ours.high
        naive += low <= 0.6 <= high
        boot += drawn.low <= 0.6 <= drawn.high
    assert 0.925 <= covered / 300 <= 0.98
    assert naive / 300 < 0.75
    assert boot <= covered  # ten clusters: the bootstrap is the narrower one

"""Paired comparison against scipy and statsmodels, and its error rate by simulation."""

import numpy as np
import pytest
from scipy import stats as sps
from statsmodels.stats.contingency_tables import mcnemar as sm_mcnemar
from statsmodels.stats.multitest import multipletests

from eval.stats import compare, holm, interval, mcnemar, ranking, sign_flip, smallest_difference
from eval.stats.ranks import Ranking


def _pair(seed: int, gain: float = 0.0, clusters: int = 10, size: int = 40):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(clusters), size)
    base = np.clip(0.6 + 0.1 * rng.standard_normal(clusters), 0.05, 0.95)[codes]
    a = (rng.random(len(codes)) < np.clip(base + gain, 0, 1)).astype(float)
    b = (rng.random(len(codes)) < base).astype(float)
    return a, b, codes


def test_difference_and_interval_are_those_of_the_differences():
    a, b, codes = _pair(0, 0.1)
    compared, plain = compare(a, b, codes), interval(a - b, codes)
    assert (compared.difference, compared.low, compared.high) == (plain.mean, plain.low, plain.high)
    assert compared.a_better + compared.b_better + compared.ties == compared.n == 400
    back = compare(b, a, codes)
    assert back.difference == pytest.approx(-compared.difference) and back.p_sign_flip == compared.p_sign_flip


@pytest.mark.parametrize("seed", range(4))
def test_sign_flip_equals_scipy_permutation(seed):
    a, b, codes = _pair(seed, 0.08, clusters=8, size=20)
    sums = np.bincount(codes, weights=a - b)
    reference = sps.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
    p, exact = sign_flip(a - b, codes)
    assert exact and p == pytest.approx(reference.pvalue, abs=1e-12)


def test_sign_flip_by_hand():
    assert sign_flip([1.0] * 10, range(10)) == (2 / 1024, True)
    assert sign_flip([1.0, -1.0, 1.0, -1.0], range(4)) == (1.0, True)
    assert sign_flip([1.0, 1.0], [0, 1])[0] is None
    assert sign_flip([0.0] * 5, range(5)) == (1.0, True)


def test_many_conversations_use_seeded_monte_carlo():
    a, b, codes = _pair(2, 0.05, clusters=20)
    p, exact = sign_flip(a - b, codes, resamples=20_000, seed=3)
    again, _ = sign_flip(a - b, codes, resamples=20_000, seed=3)
    other, _ = sign_flip(a - b, codes, resamples=20_000, seed=4)
    assert not exact and p == again and p == pytest.approx(other, abs=0.02)


def test_mcnemar_equals_statsmodels():
    for only_a, only_b in [(0, 0), (3, 9), (40, 41), (100, 60)]:
        assert mcnemar(only_a, only_b) == pytest.approx(sm_mcnemar([[5, only_a], [only_b, 5]], exact=True).pvalue)
    assert compare([0.5, 1, 0], [1, 0, 1], [0, 1, 2]).p_mcnemar is None
    assert compare([1, 1, 0], [1, 0, 1], [0, 1, 2]).p_mcnemar == 1.0


def test_holm_equals_statsmodels_and_skips_missing():
    p = [0.001, 0.04, 0.03, 0.2, 0.011]
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert holm([None, 0.01, None, 0.04]) == [None, 0.02, None, 0.04]
    assert holm([]) == []


def test_two_conversations_can_never_be_told_apart():
    compared = compare([1.0] * 6, [0.0] * 6, [0, 0, 0, 1, 1, 1])
    assert compared.low is None and compared.p_sign_flip is None and compared.smallest is None and compared.tie()


def test_the_same_difference_in_every_conversation_is_no_tie():
    compared = compare([1.0] * 20, [0.0] * 20, [i % 10 for i in range(20)])
    assert compared.low is None and compared.p_sign_flip == 2 / 1024 and not compared.tie()
    assert compare([1.0] * 20, [1.0] * 20, [i % 10 for i in range(20)]).tie()


def test_tie_and_judge_error():
    a, b, codes = _pair(5, 0.15)
    clear, unsure = compare(a, b, codes), compare(a, b, codes, extra_se=0.1)
    assert not clear.tie() and unsure.tie() and unsure.smallest > clear.smallest


def test_false_alarms_stay_at_their_rate_and_power_is_as_promised():
    alarms = sum(compare(*_pair(s)).p_sign_flip <= 0.05 for s in range(200))
    assert alarms / 200 <= 0.08
    gain = np.mean([smallest_difference(a - b, c) for a, b, c in (_pair(s) for s in range(30))])
    assert 0.05 < gain < 0.2
    detected = sum(compare(*_pair(5000 + s, gain)).low > 0 for s in range(200))
    assert 0.7 <= detected / 200 <= 0.9


def test_ranking_and_critical_difference():
    scores = {
        "a": [0.9, 0.8, 0.9, 0.95],
        "b": [0.7, 0.6, 0.7, 0.6],
        "c": [0.1, 0.2, 0.1, 0.2],
        "d": [0.7, 0.5, 0.8, 0.6],
    }
    ranked = ranking(scores)
    assert ranked.names[0] == "a" and ranked.ranks[0] == 1.0 and ranked.names[-1] == "c"
    assert ranked.p_friedman == pytest.approx(sps.friedmanchisquare(*scores.values()).pvalue)
    # Demšar 2006, table 5: q at 5 % for four systems is 2.569; CD = q * sqrt(k (k + 1) / (6 N)).
    assert ranked.critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 4)), abs=2e-3)
    with pytest.raises(ValueError, match="two systems"):
        ranking({"a": [1.0, 2.0]})


def test_groups_are_the_longest_runs():
    ranked = Ranking(("a", "b", "c", "d"), (1.0, 1.8, 2.5, 4.0), 10, 1.0, 0.01)
    assert ranked.groups() == [(0, 1), (1, 2)]

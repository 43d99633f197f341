"""How data sets are pooled: error rates and power of the ways to compare two systems, by simulation.

    python scripts/bench_pooling.py [--repeats 4000] [--seed 0] [--to results/bench/pooling.json]

Each round draws a benchmark of two to five data sets with 10 to 50 conversations of unequal sizes. A question is won by
one system alone in 30 % of the cases; by how much one is ahead varies between conversations (standard deviation 6
points, normal or skewed). Every way gives an interval and a p. Printed for each: the share of rounds in which a true
difference of 0 is found anyway (nominal 5 %), the share of intervals that hold the true difference (nominal 95 %), and
the share in which a difference of 5 points is found, at 5 % and at Holm's first step over 45 pairs. ``opposed`` data
sets differ by plus and minus 5 points, so that the mean over data sets is 0 and neither data set's is.

Last, the stated need of further conversations is tried: how often a difference of 5 points is found by a benchmark of
the size that was called for.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.command.script import add_seed, add_to
from eval.stats.pooled import Stratum, conversations_needed, pooled, sign_flips

PAIRS = 45
EFFECT = 0.05
DISCORDANT, SPREAD = 0.30, 0.06
DRAWS = 1999


@dataclass(frozen=True, slots=True)
class Shape:
    """Conversations and the range of questions of each, for every data set of a benchmark."""

    name: str
    strata: tuple[tuple[int, int, int], ...]


SHAPES = (
    Shape("2 real sets", ((10, 80, 200), (10, 15, 25))),
    Shape("LOCOMO + generated", ((10, 80, 200), (50, 50, 60))),
    Shape("LOCOMO + generated + BEAM", ((10, 80, 200), (50, 50, 60), (10, 15, 25))),
    Shape("5 sets", ((10, 80, 200), (50, 50, 60), (10, 15, 25), (30, 2, 12), (20, 10, 120))),
)
TRUTHS = ("null", "skewed null", "opposed", "5 points")


def drawn(shape: Shape, truth: str, rounds: int, rng: np.random.Generator) -> tuple[list[Stratum], list[float]]:
    """Benchmarks as strata whose columns are rounds, and the true difference of each data set."""
    strata, means = [], []
    for place, (clusters, fewest, most) in enumerate(shape.strata):
        sizes = rng.integers(fewest, most + 1, clusters)
        mean = EFFECT if truth == "5 points" else EFFECT * (-1) ** place if truth == "opposed" else 0.0
        if truth == "opposed" and place == len(shape.strata) - 1 and place % 2 == 0:
            mean = 0.0
        own = rng.standard_normal((clusters, rounds))
        if truth == "skewed null":
            own = rng.exponential(size=(clusters, rounds)) - 1
        ahead = np.clip(mean + SPREAD * own, -DISCORDANT, DISCORDANT)
        first = rng.binomial(sizes[:, None], (DISCORDANT + ahead) / 2)
        second = rng.binomial(sizes[:, None] - first, (DISCORDANT - ahead) / (2 - DISCORDANT - ahead))
        strata.append(Stratum(str(place), (first - second).astype(float), sizes.astype(float)))
        means.append(mean)
    return strata, means


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of pooling makes of all rounds."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    share: np.ndarray
    """Weight of each data set in the mean, for the true value; none where the data decide."""


def flips_and_t(strata: Sequence[Stratum], seed: int) -> Way:
    """Mean of the data sets' means: sign flips for p, t with Satterthwaite's degrees for the interval."""
    made = pooled(strata)
    low, high = (np.array([getattr(one, end) for one in made], dtype=float) for end in ("low", "high"))
    p = np.array(sign_flips(strata, seed=seed, flips=9_999))
    return Way(np.array([one.mean for one in made]), low, high, p, np.full(len(strata), 1 / len(strata)))


def t_alone(strata: Sequence[Stratum], seed: int) -> Way:
    """The same mean: p of the t statistic."""
    from scipy.special import stdtr

    made = pooled(strata)
    low, high = (np.array([getattr(one, end) for one in made], dtype=float) for end in ("low", "high"))
    p = np.array([2 * stdtr(one.degrees, -abs(one.mean) / one.se) for one in made])
    return Way(np.array([one.mean for one in made]), low, high, p, np.full(len(strata), 1 / len(strata)))


def by_questions(strata: Sequence[Stratum], seed: int) -> Way:
    """All questions count the same: sign flips over the conversations' sums, t clustered in each data set."""
    sizes = np.array([one.sizes.sum() for one in strata])
    share = sizes / sizes.sum()
    weighed = [
        Stratum(one.name, one.sums * part * len(strata), one.sizes) for one, part in zip(strata, share, strict=True)
    ]
    way = flips_and_t(weighed, seed)
    return Way(way.mean, way.low, way.high, way.p, share)


def bootstrap(strata: Sequence[Stratum], seed: int) -> Way:
    """Mean of the data sets' means: whole conversations drawn with replacement in each data set, percentiles."""
    rng = np.random.default_rng(seed)
    means = np.zeros((DRAWS, strata[0].sums.shape[1]))
    for one in strata:
        counts = rng.multinomial(one.clusters, np.full(one.clusters, 1 / one.clusters), size=DRAWS)
        means += (counts @ one.sums) / (counts @ one.sizes)[:, None] / len(strata)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    tail = np.minimum((means <= 0).mean(axis=0), (means >= 0).mean(axis=0))
    mean = np.stack([one.means for one in strata]).mean(axis=0)
    return Way(mean, low, high, 2 * np.maximum(tail, 1 / DRAWS), np.full(len(strata), 1 / len(strata)))


def mixed(strata: Sequence[Stratum], seed: int) -> Way:
    """One difference for all data sets and a random effect of each conversation, fitted by REML; t with conversations
    minus 1 degrees of freedom.
    """
    from scipy.special import stdtr, stdtrit

    sums, sizes = np.concatenate([one.sums for one in strata]), np.concatenate([one.sizes for one in strata])
    y, within = sums / sizes[:, None], DISCORDANT / sizes[:, None]
    between = np.maximum(y.var(axis=0, ddof=1) - within.mean(), 0)
    for _ in range(60):
        w = 1 / (between + within)
        mu = (w * y).sum(axis=0) / w.sum(axis=0)
        scored = (w**2 * (np.square(y - mu) - within)).sum(axis=0) / (w**2).sum(axis=0)
        between = np.maximum(scored + 1 / w.sum(axis=0), 0)
    se, degrees = 1 / np.sqrt(w.sum(axis=0)), len(sizes) - 1
    reach = stdtrit(degrees, 0.975) * se
    return Way(mu, mu - reach, mu + reach, 2 * stdtr(degrees, -np.abs(mu) / se), np.zeros(0))


WAYS: dict[str, Callable[[Sequence[Stratum], int], Way]] = {
    "sign flips, sets equal": flips_and_t,
    "sign flips, by questions": by_questions,
    "t, sets equal": t_alone,
    "stratified bootstrap": bootstrap,
    "mixed effects": mixed,
}


def measured(rounds: int, seed: int) -> Iterator[dict[str, Any]]:
    """One row for each benchmark, truth and way."""
    for shape in SHAPES:
        for number, truth in enumerate(TRUTHS):
            strata, means = drawn(shape, truth, rounds, np.random.default_rng([seed, number]))
            for name, way in WAYS.items():
                made = way(strata, seed)
                true = float(made.share @ np.array(means)) if len(made.share) else float(np.mean(means))
                yield {
                    "sets": shape.name,
                    "truth": truth,
                    "way": name,
                    "true": true,
                    "rejected": float((made.p <= 0.05).mean()),
                    "rejected_holm": float((made.p <= 0.05 / PAIRS).mean()),
                    "covered": float(((made.low <= true) & (true <= made.high)).mean()),
                }


def needs(rounds: int, seed: int) -> Iterator[dict[str, Any]]:
    """How often a difference is found by a benchmark that is as large as the formula says, at Holm's first step."""
    alpha, rng = 0.05 / PAIRS, np.random.default_rng([seed, 99])
    for shape in SHAPES[:3]:
        pilot, _ = drawn(shape, "5 points", rounds, rng)
        made, clusters = pooled(pilot), sum(one.clusters for one in pilot)
        typical = float(np.sqrt(np.mean([one.se**2 for one in made])))
        further = conversations_needed(EFFECT, typical, clusters, alpha=alpha) or 0
        grown = tuple((round(c * (1 + further / clusters)), low, high) for c, low, high in shape.strata)
        larger, _ = drawn(Shape(shape.name, grown), "5 points", rounds, rng)
        detected = np.array(sign_flips(larger, seed=seed, flips=19_999)) <= alpha
        yield {"sets": shape.name, "conversations": clusters, "further": further, "power": float(detected.mean())}


WIDTHS = (12, 12, 12, 8, 8, 8, 10, 14)


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:26}" + "".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description="Error rates and power of the ways to pool data sets, by simulation.")
    parser.add_argument(
        "--repeats", metavar="N", type=int, default=4000, help="simulated benchmarks of each kind (default: 4000)"
    )
    add_seed(parser)
    add_to(parser, "JSON of all rows (default: none)")
    args = parser.parse_args()
    rows = list(measured(args.repeats, args.seed))
    for shape in SHAPES:
        print(f"\n{shape.name}")
        print(f"{'':26}{'found at a true 0 (%)':>36}{'held (%)':>22}{'5 points found (%)':>24}")
        heads = ("null", "skewed", "opposed", "null", "skewed", "5 pts", "at 5 %", "Holm's first")
        print(_line("", [f"{head:>{width}}" for head, width in zip(heads, WIDTHS, strict=True)]))
        for name in WAYS:
            own = {row["truth"]: row for row in rows if (row["sets"], row["way"]) == (shape.name, name)}
            cells = [own[truth]["rejected"] for truth in TRUTHS[:3]]
            cells += [own[truth]["covered"] for truth in ("null", "skewed null", "5 points")]
            cells += [own["5 points"]["rejected"], own["5 points"]["rejected_holm"]]
            print(_line(name, [f"{100 * c:>{w}.1f}" for c, w in zip(cells, WIDTHS, strict=True)]))
    stated = list(needs(args.repeats, args.seed))
    print("\nfurther conversations for 5 points at Holm's first step, and how often they are then found (wanted 80 %)")
    for row in stated:
        print(f"{row['sets']:26}{row['conversations']:>6} + {row['further']:<6}{100 * row['power']:>6.1f} %")
    if args.to:
        args.to.parent.mkdir(parents=True, exist_ok=True)
        args.to.write_text(json.dumps({"rows": rows, "needs": stated}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

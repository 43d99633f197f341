"""Systems over several data sets: scores and all pairs on each data set, pooled, and on real data alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot

from eval.report.tables.summaries import judge_error, judges, questions_of
from eval.runs.labels import Summary, full_label, label, ranked
from eval.runs.read import Key, Run
from eval.stats import Pooled, Stratum, conversations_needed, differences, holm, pooled, sign_flips, stratum
from eval.stats.intervals import FEWEST_CLUSTERS

ALPHA, POWER = 0.05, 0.8
NORMAL = 1.96
"""95 % of a normal distribution lies within this many standard errors."""
OFFICIAL = "official"
"""The metric that is, of each question, the official one of its category, where a data set names one."""
LARGE = 0.05
"""A difference that matters: 5 points."""


@dataclass(frozen=True)
class SuiteSet:
    """One data set of a suite with the finished runs of its systems."""

    track: str
    name: str
    synthetic: bool
    """Whether a program wrote it."""
    runs: Mapping[str, Run]
    """System to its run, in the order in which the command had them."""

    @property
    def metric(self) -> str:
        """The metric that is pooled."""
        return main_metric([run.summary for run in self.runs.values()])

    @property
    def keys(self) -> list[Key]:
        """Its questions, as the first run has them."""
        return next(iter(self.runs.values())).keys

    @property
    def conversations(self) -> int:
        return len({sample_id for sample_id, _ in self.keys})


@dataclass(frozen=True, slots=True)
class SystemPair:
    """Two systems on one basis; the first is ahead, or level."""

    first: str
    second: str
    difference: Pooled
    p: float
    p_holm: float
    """Adjusted over all pairs of the basis."""
    judge_error: float
    """The judge's own standard error of the difference, the same in every data set."""
    further: int | None
    """Conversations that are needed beside those there are, to find this difference with power .8; 0 where it is found;
    None where no number would do.
    """

    @property
    def apart(self) -> bool:
        """Whether Holm's test tells them apart."""
        return self.p_holm <= ALPHA

    @property
    def beyond_judge(self) -> bool:
        """Whether they are apart and the judge's own error does not explain the difference."""
        return self.apart and self.difference.mean > NORMAL * self.judge_error


@dataclass(frozen=True, slots=True)
class Basis:
    """What systems are compared on: one data set, or several pooled."""

    title: str
    sets: tuple[str, ...]
    conversations: int
    questions: int
    scores: Mapping[str, Pooled]
    """System to its mean; the judge's own error is in the interval."""
    pairs: tuple[SystemPair, ...]
    """All pairs of ranked systems, the largest difference first."""

    def pair(self, one: str, other: str) -> SystemPair | None:
        """The pair of two systems, whichever is ahead."""
        return next((pair for pair in self.pairs if {pair.first, pair.second} == {one, other}), None)


def main_metric(summaries: Sequence[Summary]) -> str:
    """The metric that is pooled: the data set's own official one where all runs have it, else the judge that tables
    lead with; empty where no run was judged.
    """
    if all(OFFICIAL in summary["metrics"] for summary in summaries):
        return OFFICIAL
    return next(iter(judges(summaries)), "")


def gather(runs: Iterable[Run]) -> tuple[list[SuiteSet], list[str]]:
    """Runs by data set.

    Returns:
        The data sets in the order of their first run, and a line for each run or data set that cannot be pooled.
    """
    groups: dict[tuple, list[Run]] = {}
    left_out: list[str] = []
    for run in runs:
        if not run.summary.get("complete", True):
            left_out.append(f"{_set_name(run)}, {label(run.summary)}: the run is not finished.")
        else:
            groups.setdefault(questions_of(run.summary), []).append(run)
    sets: list[SuiteSet] = []
    for members in groups.values():
        made = _suite_set(members, left_out, {one.name for one in sets})
        if made.conversations < FEWEST_CLUSTERS:
            left_out.append(
                f"{made.name}: {made.conversations} conversation(s); at least {FEWEST_CLUSTERS} are needed."
            )
        elif not made.metric:
            left_out.append(f"{made.name}: no judge gave verdicts.")
        else:
            sets.append(made)
    return sets, left_out


def _suite_set(members: Sequence[Run], left_out: list[str], taken: Collection[str]) -> SuiteSet:
    """Runs of the same questions by system; one that was asked others of them, or lacks the metric, is left out."""
    metric = main_metric([run.summary for run in members])
    names = [str(run.summary["system"]) for run in members]
    by_system: dict[str, Run] = {}
    for run, name in zip(members, names, strict=True):
        key = name if names.count(name) == 1 else full_label(run.summary)
        if by_system and set(run.keys) != set(next(iter(by_system.values())).keys):
            left_out.append(f"{_set_name(run)}, {label(run.summary)}: of other questions than the rest.")
        elif by_system and not run.column(metric):
            left_out.append(f"{_set_name(run)}, {label(run.summary)}: {metric} is not in this run.")
        else:
            by_system[key] = run
    first = members[0].summary
    dataset = first.get("dataset") or {}
    name = _set_name(members[0])
    name = f"{name} {str(dataset.get('sha256'))[:6]}" if name in taken else name
    return SuiteSet(str(first.get("track", "paper")), name, bool(dataset.get("synthetic")), by_system)


def _set_name(run: Run) -> str:
    return str((run.summary.get("dataset") or {}).get("name"))


def bases(sets: Sequence[SuiteSet]) -> list[Basis]:
    """The systems that every data set has, compared on each data set alone, on all, and on those no program wrote.

    Args:
        sets: of one track.
    """
    real = [one for one in sets if not one.synthetic]
    made = [basis(one.name, [one]) for one in sets]
    if len(sets) > 1 and shared_systems(sets):
        made.append(basis("all pooled", sets))
        if 1 < len(real) < len(sets):
            made.append(basis("real data pooled", real, sets))
    return made


def shared_systems(sets: Sequence[SuiteSet]) -> list[str]:
    """Systems with a run in every data set, in the order of the first."""
    return [name for name in sets[0].runs if all(name in one.runs for one in sets)]


def basis(title: str, sets: Sequence[SuiteSet], whole: Sequence[SuiteSet] = ()) -> Basis:
    """Scores and pairs of the systems that ``sets`` (and ``whole``, where given) share, on ``sets``."""
    systems = shared_systems([*sets, *whole])
    strata = [_stratum(one, systems) for one in sets]
    means = pooled(strata)
    error = {name: sum(_judge_error(one, name) for one in sets) / len(sets) for name in systems}
    return Basis(
        title,
        tuple(one.name for one in sets),
        sum(one.clusters for one in strata),
        sum(len(one.keys) for one in sets),
        {name: _widened(mean, error[name]) for name, mean in zip(systems, means, strict=True)},
        _pairs(sets[0], systems, strata, error),
    )


def _stratum(one: SuiteSet, systems: Sequence[str]) -> Stratum:
    columns = [one.runs[name].column(one.metric) for name in systems]
    return stratum(one.name, [[column[key] for key in one.keys] for column in columns], [key[0] for key in one.keys])


def _judge_error(one: SuiteSet, system: str) -> float:
    return judge_error(one.runs[system].summary, one.metric)


def _pairs(
    one: SuiteSet, systems: Sequence[str], strata: Sequence[Stratum], error: Mapping[str, float]
) -> tuple[SystemPair, ...]:
    taking = [i for i, name in enumerate(systems) if ranked(one.runs[name].summary)]
    pairs = list(combinations(taking, 2))
    if not pairs:
        return ()
    apart = [differences(one, pairs) for one in strata]
    p_values = sign_flips(apart)
    adjusted = [float(p or 0) for p in holm(p_values)]
    level = ALPHA / max(1, sum(p > ALPHA for p in adjusted))
    clusters = sum(one.clusters for one in strata)
    made = []
    for (a, b), difference, p, p_holm in zip(pairs, pooled(apart), p_values, adjusted, strict=True):
        first, second = (systems[a], systems[b]) if difference.mean >= 0 else (systems[b], systems[a])
        further = 0
        if p_holm > ALPHA:
            needed = conversations_needed(difference.mean, difference.se, clusters, alpha=level, power=POWER)
            further = None if needed is None else max(1, needed)
        own = hypot(error[first], error[second])
        made.append(SystemPair(first, second, _ahead(difference), p, p_holm, own, further))
    return tuple(sorted(made, key=lambda pair: -pair.difference.mean))


def _ahead(one: Pooled) -> Pooled:
    """The difference with its sign turned where it is below 0."""
    if one.mean >= 0:
        return one
    low, high = (None if end is None else -end for end in (one.high, one.low))
    return Pooled(-one.mean, low, high, one.se, one.degrees)


def _widened(one: Pooled, error: float) -> Pooled:
    """A score with the judge's own error in its interval, cut at 0 and 1."""
    if one.low is None or one.high is None:
        return one
    low, high = (
        one.mean + side * hypot(one.mean - end, NORMAL * error) for side, end in ((-1, one.low), (1, one.high))
    )
    return Pooled(one.mean, max(0.0, low), min(1.0, high), one.se, one.degrees)

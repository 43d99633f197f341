"""Numbers of a summary from columns and verdicts: one way for runs and for answers that existed already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from eval.core import judging
from eval.runs.format.estimate import EstimateEntry
from eval.stats import Estimate, cluster_bootstrap, interval

K = TypeVar("K", bound=Hashable)
SIGNED_METRICS = ("similarity", "bertscore_f1")
"""Metrics whose mean may be below 0."""
ROUNDING = 1e-6
"""By how much a value at a bound may pass it in floating point."""


def bounds(name: str, scores: Sequence[float], *, as_seen: bool = False) -> tuple[float, float] | None:
    """Smallest and largest possible mean of a metric; None where there are none, as where its values show that it is no
    fraction.

    Args:
        name: the metric.
        scores: its values.
        as_seen: 0 and 1 where all values lie between them, else none, whatever the metric.
    """
    if as_seen:
        return (0.0, 1.0) if all(0 <= value <= 1 for value in scores) else None
    if name.startswith(("memory_", "answer_")):
        return None
    low, high = (-1.0, 1.0) if name in SIGNED_METRICS else (0.0, 1.0)
    return (low, high) if all(low - ROUNDING <= value <= high + ROUNDING for value in scores) else None


def estimates(
    columns: Mapping[str, Mapping[K, float]], clusters: Mapping[K, str], *, existing: bool = False
) -> dict[str, EstimateEntry]:
    """Each metric's mean over the questions that have it, with its interval; those that no question has are left out.

    Args:
        columns: metric to question to value.
        clusters: question to conversation, in the order of the questions.
        existing: of answers that existed already. Their bounds are as the values show them; nothing is rounded, and
            verdicts have no bootstrap interval. Those of a run are rounded to 12 digits.
    """
    out: dict[str, EstimateEntry] = {}
    for name in sorted(columns):
        present = [columns[name][key] for key in clusters if key in columns[name]]
        if not present:
            continue
        own = [cluster for key, cluster in clusters.items() if key in columns[name]]
        made = interval(present, own, bounds=bounds(name, present, as_seen=existing))
        digits = None if existing else 12
        entry = EstimateEntry(mean=_rounded(made.mean, digits), ci95=_ends(made, digits), n=made.n)
        again = None if existing or not name.startswith("judge_") or entry["ci95"] is None else _again(present, own)
        if again is not None:
            entry["bootstrap95"] = again
        out[name] = entry
    return out


def _again(scores: Sequence[float], clusters: Sequence[str]) -> list[float] | None:
    return _ends(cluster_bootstrap(scores, clusters), 12)


def _ends(estimate: Estimate, digits: int | None) -> list[float] | None:
    """Low and high of an interval; None where there is none."""
    if estimate.low is None or estimate.high is None:
        return None
    return [_rounded(estimate.low, digits), _rounded(estimate.high, digits)]


def _rounded(value: float, digits: int | None) -> float:
    return value if digits is None else round(value, digits)


def verdict_column(records: Mapping[K, Mapping[str, Any]], keys: Iterable[K]) -> dict[K, float]:
    """What the verdict on each question counts (``judging.verdict_value``); a missing one counts wrong. Questions of a
    kind that the judge does not judge are left out.
    """
    counted = {key: judging.verdict_value(record) if (record := records.get(key)) else 0.0 for key in keys}
    return {key: number for key, number in counted.items() if number is not None}


def labels(records: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Verdicts by label, and ``n`` of them all."""
    counts = Counter(judging.recorded(record["label"], record.get("runs") or ()) for record in records)
    return {"n": sum(counts.values()), **dict(sorted(counts.items()))}


def failures(errors: Mapping[str, int], verdicts: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, int]:
    """How often each metric (or other work) and each judge failed, by name; those that never did are left out."""
    counts = Counter(errors)
    for name, records in verdicts.items():
        counts[name] += sum(not judging.stands(record) for record in records)
    return {name: count for name, count in sorted(counts.items()) if count}


def judge_errors(errors: Mapping[str, float | None]) -> dict[str, float | None]:
    """Standard error of a system's score that each judge itself brings, as a fraction; tables widen intervals by it.

    None where it is unknown on this data; judges that state none are left out.
    """
    return {name: error for name, error in errors.items() if error != 0}

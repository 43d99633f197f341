"""Where the spread of a score comes from when the same questions are answered several times.

Three sources are told apart: the model answers otherwise when it is asked again (runs), the judge judges otherwise
when it sees the same answer again (judge runs), and another set of conversations would have another score
(conversations). Only the last one shrinks with more conversations; the first two shrink with more repeats.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.stats.intervals import FEWEST_CLUSTERS, cluster_se


@dataclass(frozen=True, slots=True)
class ScoreSpread:
    """A score over repeated answers, in the unit of its values (fractions)."""

    scores: tuple[float, ...]
    """Each run's mean over the questions."""
    mean: float
    sd_runs: float
    """Standard deviation of one run's score, from how each question's value varies between the runs."""
    sd_scores: float
    """Standard deviation of ``scores`` themselves (n - 1): the same quantity from a few numbers only."""
    se_conversations: float | None
    """Standard error that comes from the choice of conversations; None with fewer than three."""
    unequal: float
    """Share of the questions whose value is not the same in all runs."""


def spread(values: np.ndarray, clusters: Sequence[Hashable]) -> ScoreSpread:
    """Decompose repeated values.

    A question's calls are independent of those of any other question, so the variance of a run's score is the sum of
    the questions' own variances between runs, over the number of questions squared. That has as many degrees of freedom
    as there are questions, where the standard deviation of three scores has two.

    Args:
        values: shape (runs, questions), finite.
        clusters: the conversation of each question.

    Raises:
        ValueError: fewer than two runs, no question, or a length that differs.
    """
    runs, questions = values.shape
    if runs < 2 or not questions or questions != len(clusters):
        raise ValueError(f"{runs} runs of {questions} questions with {len(clusters)} conversations")
    order: dict[Hashable, int] = {}
    codes = np.array([order.setdefault(cluster, len(order)) for cluster in clusters], dtype=int)
    scores, within = values.mean(axis=1), values.var(axis=0, ddof=1)
    enough = len(order) >= FEWEST_CLUSTERS
    return ScoreSpread(
        tuple(float(score) for score in scores),
        float(values.mean()),
        float(np.sqrt(within.sum()) / questions),
        float(scores.std(ddof=1)),
        cluster_se(values.mean(axis=0), codes) if enough else None,
        float((np.ptp(values, axis=0) > 0).mean()),
    )


def judge_sd(labels: np.ndarray) -> float:
    """Standard deviation of a run's score that the judge alone makes, from its repeats on the same answers.

    Args:
        labels: shape (runs, questions, judge runs): 1 where a judge run said correct.

    Raises:
        ValueError: the judge ran once only.
    """
    _, questions, repeats = labels.shape
    if repeats < 2:
        raise ValueError("a judge that runs once has no spread of its own")
    within = labels.var(axis=2, ddof=1).mean(axis=0)  # of one judge run on one answer
    return float(np.sqrt(within.sum()) / questions)

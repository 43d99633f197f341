"""Fitting the choice of spans: a softmax over all spans of the lines read, trained to the highest expected F1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from eval.answerers.context import parse
from eval.answerers.fit.rows import Names, rendered
from eval.answerers.fit.span_data import SpanData, span_data
from eval.answerers.fit.tuning import save
from eval.answerers.ranking import Index
from eval.answerers.reader import load_weights
from eval.core.types import Dataset, Question

FOLDS = (("conv-26", "conv-30"), ("conv-41", "conv-44"), ("conv-42", "conv-43"))


@dataclass(frozen=True)
class SpanFitSettings:
    """How the spans' weights are fitted."""

    l2: float = 0.5
    """Penalty of the squared weights."""
    typed: float = 0.5
    """Scale of weights kept for one question type."""
    likelihood: float = 0.15
    """Share of likelihood in the objective."""
    steps: int = 100
    """Of L-BFGS."""


def fit_spans(
    candidates: SpanData, use: np.ndarray, names: Names, l2: float, typed: float, likelihood: float, steps: int
) -> np.ndarray:
    """Weights of the highest expected F1 (plus a share of likelihood of the good spans) over the questions in ``use``.

    Args:
        typed: scale of the weights kept for one question type; below 1 they are shrunk harder.
    """
    scale = np.array([typed if "|" in name else 1.0 for name in names.column])
    starts, sizes = candidates.bounds[:-1], np.diff(candidates.bounds)
    spread = lambda numbers: np.repeat(numbers, sizes)  # noqa: E731
    add = lambda numbers: np.add.reduceat(numbers, starts)  # noqa: E731
    good = np.exp(8 * candidates.target) * np.where(candidates.target < 0.2, 0.05, 1.0)
    good /= spread(add(good))
    worth = candidates.importance * use * (np.maximum.reduceat(candidates.target, starts) >= 0.1)

    def objective(raw: np.ndarray) -> tuple[float, np.ndarray]:
        scores = candidates.scores(raw * scale)
        scores -= spread(np.maximum.reduceat(scores, starts))
        chance = np.exp(scores)
        total = add(chance)
        chance /= spread(total)
        expected = add(chance * candidates.target)
        log_chance = scores - spread(np.log(total))
        loss = -(worth * (expected + likelihood * add(good * log_chance))).sum()
        slope = -chance * (candidates.target - spread(expected)) + likelihood * (chance - good)
        return loss + l2 * (raw**2).sum(), candidates.gradient(slope * spread(worth)) * scale + 2 * l2 * raw

    solution = minimize(objective, np.zeros(len(scale)), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return solution.x * scale


def reached(candidates: SpanData, weights: np.ndarray, use: np.ndarray) -> float:
    """Mean F1 of the best-scored span over the questions in ``use``."""
    scores = candidates.scores(weights)
    picks = [
        start + int(np.argmax(scores[start:end]))
        for start, end in zip(candidates.bounds, candidates.bounds[1:], strict=False)
    ]
    return float(candidates.target[picks][use].mean()) if use.any() else float("nan")


class SpanFit:
    """Spans of the tuning conversations, read from the gold turns (the oracle) and from the whole conversation."""

    def __init__(self, dataset: Dataset, settings: SpanFitSettings) -> None:
        self.names, self.settings = Names(), settings
        self.current = {key: value for key, value in load_weights().items() if isinstance(value, dict)}
        indexes = {c.sample_id: Index(parse(rendered(c), c.speakers)) for c in dataset.conversations}

        def contexts(question: Question) -> list[tuple[Index, int, float]]:
            conversation = dataset.conversation(question.sample_id)
            gold = Index(parse(rendered(conversation, question.evidence), conversation.speakers))
            return [(gold, 5, 1.0), (indexes[question.sample_id], 3, 0.5)]

        self.spans = span_data(dataset, self.names, contexts, self.current["rank"])
        self.home = np.array([question.sample_id for question in self.spans.questions])

    def describe(self) -> str:
        """Sizes, in one line."""
        return f"{len(self.spans.questions)} contexts, {len(self.spans.first)} spans, {len(self.names.column)} features"

    def fit(self, use: np.ndarray) -> np.ndarray:
        """Weights of the questions in ``use``."""
        chosen = self.settings
        return fit_spans(self.spans, use, self.names, chosen.l2, chosen.typed, chosen.likelihood, chosen.steps)

    def cross_validate(self) -> list[tuple[float, float]]:
        """For each fold that is left out the mean F1 on gold turns and on whole conversations."""
        is_oracle = self.spans.importance == 1.0
        outcomes = []
        for fold in FOLDS:
            out = np.isin(self.home, fold)
            weights = self.fit(~out)
            outcomes.append(
                (reached(self.spans, weights, out & is_oracle), reached(self.spans, weights, out & ~is_oracle))
            )
        return outcomes

    def write(self) -> int:
        """Fit on all of them and write the weights that count; their number."""
        weights = self.fit(np.ones(len(self.home), bool))
        self.current["span"] = {
            name: round(float(weights[column]), 3)
            for name, column in self.names.column.items()
            if abs(weights[column]) >= 0.01
        }
        save(self.current)
        return len(self.current["span"])

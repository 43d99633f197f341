"""Fitting the reader: the gradient is that of the scores, fits reach more, only tuning conversations are used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval.answerers.context import parse
from eval.answerers.fit.lines import fit_lines, line_data
from eval.answerers.fit.rows import Names, rendered
from eval.answerers.fit.spans import SpanFit, SpanFitSettings, reached
from eval.answerers.fit.tuning import TUNING, tuning_conversations
from eval.answerers.ranking import Index
from eval.datasets.locomo import TINY, load


@pytest.fixture(scope="module")
def tiny():
    return load(TINY)


@pytest.fixture(scope="module")
def fit(tiny):
    return SpanFit(tiny, SpanFitSettings(steps=30))


def test_the_gradient_of_span_scores_equals_differences(fit):
    """Scores are linear in the weights, so one difference a feature is exact."""
    chance = np.random.default_rng(0)
    width = len(fit.names.column)
    weights, by_span = chance.normal(size=width), chance.normal(size=len(fit.spans.first))
    slope = fit.spans.gradient(by_span)
    for column in chance.choice(width, 20, replace=False):
        step = np.eye(1, width, column)[0]
        difference = by_span @ (fit.spans.scores(weights + step) - fit.spans.scores(weights))
        assert slope[column] == pytest.approx(difference, abs=1e-6)


def test_fitted_spans_reach_more_than_unfitted_ones(fit):
    use = np.ones(len(fit.home), bool)
    unfitted = reached(fit.spans, np.zeros(len(fit.names.column)), use)
    assert reached(fit.spans, fit.fit(use), use) > unfitted + 0.1


def test_lines_are_fitted_to_stand_above_those_without_evidence(tiny):
    names = Names()
    indexes = {c.sample_id: Index(parse(rendered(c), c.speakers)) for c in tiny.conversations}
    rows = line_data(tiny, indexes, names, None)
    fitted = fit_lines(rows, names)
    weights = np.array([fitted[name] for name in names.column])
    above = [(matrix @ weights)[gold].max() > (matrix @ weights)[~gold].max() for matrix, gold in rows]
    assert np.mean(above) > 0.6


def test_only_tuning_conversations_are_used(tiny):
    first, second = tiny.conversations[:2]
    renamed = replace(
        tiny,
        conversations=(replace(first, sample_id=TUNING[0]), second),
        questions=tuple(
            replace(q, sample_id=TUNING[0]) if q.sample_id == first.sample_id else q for q in tiny.questions
        ),
    )
    used = tuning_conversations(renamed)
    assert [c.sample_id for c in used.conversations] == [TUNING[0]]
    assert {q.sample_id for q in used.questions} == {TUNING[0]}

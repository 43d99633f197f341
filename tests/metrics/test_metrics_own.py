"""Scorers of one's own (``metrics.also``): loaded by class, refused in one line where they cannot be."""

from __future__ import annotations

import pytest

from eval.metrics.build import Config, build_scorers
from eval.stages.made_by import metric_reasons
from memos.errors import ConfigError


class Length:
    names = ("own_length",)

    def identity(self):
        return {"own_length": 1}

    def score(self, golds, answers, categories=None):
        return {"own_length": [float(len(answer)) for answer in answers]}

    def missing(self):
        return {}


class Double(Length):
    names = ("f1_memos",)


class Flagged(Length):
    def not_comparable(self):
        return ["own_length counts characters"]


class Half:
    names = ("half",)


def own(name: str):
    return build_scorers(Config(which=("lexical",), also=(f"{__name__}.{name}",)))


def test_a_scorer_of_ones_own_comes_last():
    lexical, length = own("Length")
    assert "f1_memos" in lexical.names and length.score(["a"], ["abc"]) == {"own_length": [3.0]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("Double", "'f1_memos', which another scorer has"), ("Half", "is no scorer"), ("Nowhere", "cannot load")],
)
def test_what_is_no_scorer_is_refused_in_one_line(name, reason):
    with pytest.raises(ConfigError, match=reason) as caught:
        own(name)
    assert "metrics.also" in str(caught.value) and "\n" not in str(caught.value)


def test_reasons_are_stated_where_a_scorer_has_some():
    assert metric_reasons([own("Length")[1], own("Flagged")[1]]) == {"own_length": ["own_length counts characters"]}


def test_none_is_the_default():
    assert [type(scorer).__name__ for scorer in build_scorers(Config(which=("lexical",)))] == ["Lexical"]

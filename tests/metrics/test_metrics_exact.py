"""Exact match, multiple choice, and the official metric of a category."""

from __future__ import annotations

import pytest

from eval.core.categories import LOCOMO, Categories, Category, of_summary
from eval.core.choices import chosen, lettered, said
from eval.core.types import Question
from eval.metrics.exact import ChoiceAccuracy, Exact, exact_match, normal, substring_exact_match
from eval.stages.scoring import score_answers
from memos.errors import ConfigError

OPTIONS = ("green tea", "black coffee", "tea")


def test_the_normal_form_drops_case_marks_and_articles():
    assert normal("The  Eiffel-Tower, a  landmark.") == "eiffeltower landmark"


def test_exact_match_is_strict_and_substring_is_not():
    assert exact_match("43", "label: 43") == 0.0
    assert exact_match("The 43.", "43") == 1.0
    assert substring_exact_match("43", "label: 43") == 1.0
    assert substring_exact_match("Paris", "it is not known") == 0.0


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("b", 1),
        ("(b)", 1),
        ("B.", 1),
        ("Option b", 1),
        ("The answer is (b) because she said so.", 1),
        ("**b)** black coffee", 1),
        ("Black coffee!", 1),
        ("I think it is black coffee.", 1),
        ("green tea", 0),
        ("tea", 2),
        ("It must be green tea.", 0),
        ("(a) or (b)", None),
        ("(z)", None),
        ("A walk in the park", None),
        ("not mentioned", None),
        ("", None),
    ],
)
def test_an_answer_names_an_option_by_letter_or_text(answer, place):
    assert chosen(OPTIONS, answer) == place


def test_options_are_lettered_and_answers_read_as_their_text():
    assert lettered(OPTIONS)[1] == "(b) black coffee"
    assert said(OPTIONS, "(c)") == "tea"
    assert said(OPTIONS, "none of it") == "none of it"
    assert said(None, "(c)") == "(c)"


def _question(category: str, gold: str, **fields) -> Question:
    return Question("one", 0, category, "?", gold, **fields)


KINDS = Categories(
    (
        Category("facts", "facts", 4, official="substring_exact_match"),
        Category("labels", "labels", 4, official="exact_match"),
        Category("chat", "chat", 4, asked=False, official="judge"),
    )
)


def test_the_official_metric_is_that_of_the_category_and_the_best_over_golds():
    questions = [
        _question("facts", "43", golds=("43", "forty-three")),
        _question("labels", "43"),
        _question("chat", ""),
    ]
    rows = score_answers([Exact()], questions, ["it is forty-three", "label: 43", "x"], KINDS)
    assert [values.get("official") for values, _ in rows] == [1.0, 0.0, None]


def test_a_letter_is_scored_as_the_option_that_it_names():
    question = _question("facts", "black coffee", options=OPTIONS)
    rows = score_answers([ChoiceAccuracy()], [question, question], ["(b)", "(a)"])
    assert [values["choice_accuracy"] for values, _ in rows] == [1.0, 0.0]


def test_the_summary_carries_the_official_metric_and_locomo_s_is_as_it_was():
    assert KINDS.record()[0] == ["facts", "facts", True, "substring_exact_match"]
    assert all(len(row) == 3 for row in LOCOMO.record())
    again = of_summary({"categories": KINDS.record()})
    assert [(c.id, c.official, c.exact) for c in again] == [(c.id, c.official, c.exact) for c in KINDS]


def test_metrics_and_judges_are_not_mixed_in_one_run():
    assert KINDS.exact(None) and KINDS.exact(["labels"]) and not KINDS.exact(["chat"])
    with pytest.raises(ConfigError, match="facts is scored by substring_exact_match and chat by a judge"):
        KINDS.exact(["facts", "chat"])

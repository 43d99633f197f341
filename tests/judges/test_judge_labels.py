"""Label extraction: every shape a judge model replies in, and fuzz."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.core import judging
from eval.judges import labels, rubric_reply

SHAPES = [
    ('{"label": "CORRECT"}', "correct"),
    ('{"label": "WRONG"}', "wrong"),
    ('The dates agree. {"label": "CORRECT"}', "correct"),
    ('```json\n{"reason": "not the same", "label": "wrong"}\n```', "wrong"),
    ("{'label': 'CORRECT'}", "correct"),
    ('{"label": "incorrect"}', "wrong"),
    ('{"verdict": "correct."}', "correct"),
    ('{"correct": false}', "wrong"),
    ("label: WRONG", "wrong"),
    ("**Label:** CORRECT", "correct"),
    ("The answer is not what I would call wrong, so: CORRECT", "correct"),
    ("CORRECT or WRONG? Hard to say.", "unparsed"),
    ('<think>maybe WRONG</think>{"label": "CORRECT"}', "correct"),
    ('{"label": "WRONG"} wait, {"label": "CORRECT"}', "correct"),
    ("incorrect", "wrong"),
    ("not correct", "wrong"),
    ("", "unparsed"),
    ("I cannot tell.", "unparsed"),
    ('{"label": null}', "unparsed"),
    ('{"label": "CORR', "unparsed"),
    ('If it names the day, return {"label": "CORRECT"}.', "unparsed"),
    ('Even if the wording differs, {"label": "CORRECT"}', "correct"),
    ('When in doubt I compare days; they agree, so {"label": "CORRECT"}', "correct"),
    ('If it names May, it is right. It does. {"label": "CORRECT"}', "correct"),
    ('I would answer {"label": "CORRECT"} had it named the day', "unparsed"),
    ('For example: {"label": "CORRECT"}', "unparsed"),
    ('My verdict: {"label": "WRONG"}. (An example of the other: {"label": "CORRECT"})', "wrong"),
    ('In the requested format: {"label": "CORRECT"}', "correct"),
    ("Not: CORRECT", "unparsed"),
    ('{"label":' * 900 + "1" + "}" * 900, "unparsed"),
    ('{"label": ' + "1" * 5000 + "} WRONG", "wrong"),
]


@pytest.mark.parametrize(("text", "expected"), SHAPES, ids=range(len(SHAPES)))
def test_shapes(text, expected):
    assert labels.label(text) == expected


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_known_label(text):
    assert labels.label(text) in ("correct", "wrong", "unparsed")


_WORDS = [
    "label",
    "score",
    "verdict",
    "correct",
    "CORRECT",
    "WRONG",
    "not",
    "if",
    "or",
    "1",
    "0.5",
    "e400",
    "null",
    "yes",
]
_MARKS = ["{", "}", "[", "]", '"', ":", ",", " ", "\n", "<think>", "</think>", "```", ".", "9" * 5000]


@given(st.lists(st.sampled_from(_WORDS + _MARKS), max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_pieces_of_a_reply_are_read(text):
    """Brackets, quotes and labels in any order: a label or a score, or none, never an error."""
    assert labels.label(text) in ("correct", "wrong", "unparsed")
    assert labels.yes_no(text) in ("correct", "wrong", "unparsed")
    assert rubric_reply.score(text) in (None, 0.0, 0.5, 1.0)


@pytest.mark.parametrize("score", ["1" * 400, "NaN", "1e999", '"' + "1" * 5000 + '"', '"' + "[" * 5000 + '"', "true"])
def test_a_score_that_is_no_score_is_none(score):
    assert rubric_reply.score(f'{{"score": {score}}}') is None


@given(
    st.text(alphabet="abxyz ,.!\n", max_size=80),
    st.sampled_from(["CORRECT", "WRONG"]),
    st.text(alphabet="abxyz ,.!\n", max_size=80),
)
@settings(max_examples=200, deadline=None)
def test_an_object_counts_whatever_surrounds_it(before, word, after):
    assert labels.label(f'{before}{{"label": "{word}"}}{after}') == word.lower()


def test_yes_and_no():
    assert labels.yes_no("Yes.") == "correct"
    assert labels.yes_no("No, it is not.") == "wrong"
    assert labels.yes_no("It is, yes; well, no") == "unparsed"


def test_majority_keeps_failures_apart():
    assert judging.majority(["correct", "correct", "wrong"]) == ("correct", pytest.approx(2 / 3))
    assert judging.majority(["correct", "error", "error"]) == ("correct", 1.0)
    assert judging.majority(["error", "error", "unparsed"]) == ("error", None)
    assert judging.majority(["correct", "wrong"]) == ("wrong", 0.5)

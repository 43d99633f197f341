"""Labels of language-model judges: which word of a reply is the verdict."""

from __future__ import annotations

import pytest

from eval.judges.labels import label


@pytest.mark.parametrize(
    "reply, right",
    [
        ("INCORRECT", "wrong"),
        ("The answer is not correct.", "wrong"),
        ("<result>incorrect</result>", "wrong"),
        ('{"label": "false"}', "wrong"),
        ('{"label": "Correct."}', "correct"),
        ('```json\n{"label": "correct"}\n```', "correct"),
        ("{'label': 'WRONG',}", "wrong"),
        ("**Label:** CORRECT", "correct"),
        ("", "unparsed"),
        ("正确", "unparsed"),
    ],
)
def test_c60_correct_within_incorrect_is_no_verdict(reply, right):
    """jaylfc/taosmd#176, anthropics/claude-cookbooks#497: the label is searched in the text, and INCORRECT holds
    CORRECT.
    """
    assert label(reply) == right


@pytest.mark.parametrize(
    "reply",
    [
        "Verdict: not CORRECT",
        "The label is not CORRECT.",
        "This cannot be CORRECT.",
        "I would not mark this as CORRECT.",
        "It is far from CORRECT.",
    ],
)
def test_c61_a_denied_label_is_not_given(reply):
    """heypinchy/pinchy#731: a grader reads the label and not its negation."""
    assert label(reply) in ("wrong", "unparsed")


@pytest.mark.parametrize(
    "reply",
    [
        '{"label": "CORRECT|WRONG"}',
        '{"label": "CORRECT or WRONG"}',
        '"label": "CORRECT" or "WRONG"',
        '{"label": ["CORRECT", "WRONG"]}',
    ],
)
def test_c62_the_template_itself_is_no_verdict(reply):
    """comet-ml/opik#7854: a model repeats the form with both labels and chooses none."""
    assert label(reply) == "unparsed"


@pytest.mark.parametrize(
    "reply, right",
    [
        ('The system said {"answer": "yes"} but the reference says no, so WRONG', "wrong"),
        ('The system said {"answer": "no"}, just like the reference: CORRECT', "correct"),
    ],
)
def test_c63_an_answer_that_is_quoted_is_no_verdict(reply, right):
    """EPFLiGHT/mmore#316: the first JSON object is taken, whatever it is."""
    assert label(reply) in (right, "unparsed")

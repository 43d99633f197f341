"""The judge without a model: other scripts, yes against no, forms of a number, what is counted."""

from __future__ import annotations

import pytest
from case_tools import judged


@pytest.mark.parametrize("gold", ["里斯本", "東京", "Порту", "ไทย", "😂"])
def test_c65_an_answer_equal_to_its_gold_is_correct_in_any_script(gold):
    """google/adk-python#6444: text without Latin letters has no tokens, so that nothing matches."""
    assert judged("Where or what?", gold, gold) == "correct"


@pytest.mark.parametrize(
    "question, answer, right",
    [
        ("Does Ana own a dog?", "Yes, she does", "wrong"),
        ("Is Bo married?", "Yes, he is", "wrong"),
        ("Did Ana finish the race?", "Yes, she did", "wrong"),
        ("Does Ana own a dog?", "Yes", "wrong"),
        ("Does Ana own a dog?", "No, she does not", "correct"),
    ],
)
def test_c66_yes_is_wrong_where_the_gold_is_no(question, answer, right):
    """ucbepic/DataAgentBench#93: an answer passes without the content that was asked for."""
    assert judged(question, "No", answer) == right


@pytest.mark.parametrize(
    "gold, answer",
    [
        ("1,000", "1000"),
        ("$1,000", "$1000"),
        ("21", "twenty-one"),
        ("7:30 pm", "19:30"),
    ],
)
def test_c67_a_number_has_many_forms(gold, answer):
    """hassanhabib/The-Standard-Agent#387: 4,183 and 4183 are one number."""
    assert judged("How many, how much or when?", gold, answer) == "correct"


@pytest.mark.parametrize(
    "question, gold, answer",
    [
        ("How far did Ana run?", "5 km", "5 miles"),
        ("When does it start?", "7 pm", "7 am"),
        ("Which war?", "World War I", "World War II"),
        ("Who was it?", "Charles I", "Charles II"),
        ("How much was it?", "$50", "50 euros"),
    ],
)
def test_c68_the_unit_is_part_of_the_answer(question, gold, answer):
    """antirez/ds4#319: a grader sees the number and not what it counts."""
    assert judged(question, gold, answer) == "wrong"

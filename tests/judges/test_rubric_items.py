"""BEAM's judge over a scripted model: items, half points, orders of events, failures; and the one without a model."""

from __future__ import annotations

import pytest

from eval.core import judging
from eval.core.types import GradedVerdict, JudgeTask
from eval.judges import ordering, rubric_reply
from eval.judges.rubric_items import UNFILLED, RubricItemsJudge
from eval.judges.rubric_offline import OfflineRubricJudge, facts
from memos.errors import ConfigError, LLMError
from memos.llm.base import Completion
from memos.types import Usage

FACTS = JudgeTask(
    "What is the budget?", "55 dollars", "About 55 {dollars}", 4, "single", rubric=("55 dollars", "for the roof")
)
ORDER = JudgeTask(
    "In which order?", "", "1. sketch\n\n2. paint\n3. budget", 1, "ordering", rubric=("Sketch", "Budget", "Paint")
)


class Scripted:
    """Replies by what is asked; out of order, as concurrent clients do."""

    name, context_window, comparable = "scripted", None, False

    def __init__(self, reply):
        self.reply, self.asked = reply, []

    def complete_many(self, requests):
        for index in reversed(range(len(requests))):
            text = requests[index].messages[-1].content
            self.asked.append(text)
            reply = self.reply(text, requests[index].sample_index)
            yield (
                index,
                reply
                if isinstance(reply, LLMError)
                else Completion(reply, "scripted-1", Usage(1, 10, 2), "stop", latency_ms=5.0),
            )

    def close(self):
        pass


def judged(reply, *tasks, **fields):
    llm = Scripted(reply)
    judge = RubricItemsJudge(RubricItemsJudge.Config(**{"retries": 0, **fields}), llm=llm)
    verdicts = dict(judge.judge(list(tasks)))
    return [verdicts[index] for index in range(len(tasks))], llm


def half_for_the_roof(text, sample):
    return '{"score": 0.5, "reason": "vague"}' if "for the roof" in text else 'So: {"score": 1, "reason": "there"}'


def same_word(text, sample):
    item, line = text.split("Expected item: ")[1].split("\nLine of the answer: ")
    return "yes" if line.split("\n")[0].lower() == item.lower() else "no"


def test_each_item_is_one_call_and_the_grade_their_mean():
    (verdict,), llm = judged(half_for_the_roof, FACTS)
    assert isinstance(verdict, GradedVerdict)
    assert (verdict.grades, verdict.items, verdict.score, verdict.label) == ((0.75,), ((1.0, 0.5),), 0.75, "correct")
    assert len(llm.asked) == 2 and verdict.usage == Usage(2, 20, 4) and verdict.attempts == 2
    assert all("55 {dollars}" in text for text in llm.asked), "braces of an answer stay"


def test_both_readings_of_half_points_are_named():
    counted, dropped = (judged(half_for_the_roof, FACTS, half_points=how)[0][0] for how in ("counted", "dropped"))
    assert (counted.grades, dropped.grades) == ((0.75,), (0.5,))
    assert dropped.label == "wrong", "half is no majority"
    names = {
        RubricItemsJudge(RubricItemsJudge.Config(f, h), llm=Scripted(None)).name
        for f in ("fixed", "released")
        for h in ("counted", "dropped")
    }
    assert names == {"beam", "beam_whole", "beam_released", "beam_released_half"}


def test_the_question_is_filled_in_unless_the_released_code_is_followed():
    _, fixed = judged(half_for_the_roof, FACTS)
    _, released = judged(half_for_the_roof, FACTS, fidelity="released")
    assert all("What is the budget?" in text for text in fixed.asked)
    assert all(UNFILLED in text and "What is the budget?" not in text for text in released.asked)
    same = [RubricItemsJudge(RubricItemsJudge.Config(fidelity=f), llm=Scripted(None)) for f in ("fixed", "released")]
    assert same[0].prompt_hash != same[1].prompt_hash


def test_both_readings_ask_the_same_calls():
    asked = [sorted(judged(half_for_the_roof, FACTS, half_points=how)[1].asked) for how in ("counted", "dropped")]
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    "reply, score",
    [
        ('{"score": 0.5, "reason": "x"}', 0.5),
        ('{"score": "1.0"}', 1.0),
        ('```json\n{"Score": 0}\n```', 0.0),
        ('<think>{"score": 1.0}</think> {"score": 0.0}', 0.0),
        ('{"score": 0.7}', None),
        ('{"score": true}', None),
        ('{"score": "full"}', None),
        ('{"score": null}', None),
        ("0.5", None),
        ("yes", None),
    ],
)
def test_a_reply_says_one_of_three_scores_or_nothing(reply, score):
    assert rubric_reply.score(reply) == score


def test_an_unreadable_item_leaves_the_answer_unparsed_and_is_asked_again():
    def reply(text, sample):
        return "hm" if "for the roof" in text and not sample else '{"score": 1.0}'

    (verdict,), _ = judged(reply, FACTS)
    assert verdict.label == "unparsed" and verdict.score is None and verdict.grades == ()
    (verdict,), llm = judged(reply, FACTS, retries=1)
    assert verdict.grades == (1.0,) and len(llm.asked) == 3 and verdict.attempts == 3


def test_a_failed_call_is_an_error_and_never_a_zero():
    (verdict,), _ = judged(lambda text, sample: LLMError("down"), FACTS)
    assert verdict.label == "error" and verdict.score is None and "down" in verdict.raw[0]


def test_several_runs_each_have_a_grade():
    def reply(text, sample):
        return '{"score": %s}' % (1.0 if sample == 0 else 0.5)

    (verdict,), _ = judged(reply, FACTS, runs=2)
    assert verdict.grades == (1.0, 0.5) and verdict.score == 0.75 and len(verdict.raw) == 2
    assert judging.value(verdict.label, verdict.runs, verdict.grades) == 0.75


def test_lines_are_held_against_items_and_their_order_is_graded():
    (verdict,), llm = judged(same_word, ORDER)
    assert len(llm.asked) == 9
    assert verdict.items == ((1.0, 1.0, 1.0),)
    assert verdict.grades == (pytest.approx((1 / 3 + 1) / 2),), "one of three pairs is the wrong way round"
    assert verdict.measures == {"order_f1": 1.0, "order_tau_f1": pytest.approx(2 / 3)}


def test_half_points_do_not_touch_orders_of_events():
    (verdict,), _ = judged(same_word, ORDER, half_points="dropped")
    assert verdict.grades == (pytest.approx(2 / 3),)


def test_an_empty_answer_orders_nothing():
    task = JudgeTask("In which order?", "", "", 1, "ordering", rubric=("Sketch", "Budget"))
    (verdict,), llm = judged(same_word, task)
    assert (verdict.label, verdict.grades, verdict.measures) == (
        "wrong",
        (0.0,),
        {"order_f1": 0.0, "order_tau_f1": 0.0},
    )
    assert not llm.asked


def test_several_tasks_keep_their_own_replies():
    def reply(text, sample):
        return same_word(text, sample) if "Expected item" in text else half_for_the_roof(text, sample)

    verdicts, _ = judged(reply, ORDER, FACTS, ORDER)
    assert [v.grades[0] for v in verdicts] == [pytest.approx(2 / 3), 0.75, pytest.approx(2 / 3)]


def test_without_a_rubric_the_gold_is_the_only_item():
    (verdict,), llm = judged(lambda text, sample: '{"score": 1}', JudgeTask("Q?", "a kite", "A kite", 4, "single"))
    assert verdict.items == ((1.0,),) and "a kite" in llm.asked[0]


@pytest.mark.parametrize(
    "items, named, tau, f1",
    [
        (3, [0, 1, 2], 1.0, 1.0),
        (3, [2, 1, 0], 0.0, 1.0),
        (3, [None, None], 0.0, 0.0),
        (3, [], 0.0, 0.0),
        (3, [0, 1], 1.0, 0.8),  # one that is missing is last, as it should be
        (4, [0, 1], (5 / 30**0.5 + 1) / 2, 2 / 3),  # ranks 1 2 3 4 against 1 2 5 5: five pairs alike, one tied
        (3, [0, None, 1, 2], (2 / 6 + 1) / 2, 6 / 7),  # ranks 1 2 3 5 against 1 3 4 2: four pairs alike, two not
    ],
)
def test_tau_by_hand(items, named, tau, f1):
    compared = ordering.compare(items, named)
    assert (compared.tau, compared.f1) == (pytest.approx(tau), pytest.approx(f1))


def test_one_right_item_alone_has_no_order_to_miss():
    assert ordering.compare(1, [0]).tau == 1.0


def test_a_line_takes_the_first_free_item():
    pairs = {(0, 0): True, (0, 1): True, (1, 0): True, (1, 1): True, (2, 0): True}
    assert ordering.matched(pairs, 3, 2) == [0, 1, None]
    assert ordering.lines("1) Sketch\n\n - paint \n(3) roof\n2024 was good") == [
        "Sketch",
        "paint",
        "roof",
        "2024 was good",
    ]


@pytest.mark.parametrize("field, value", [("fidelity", "mine"), ("half_points", "some"), ("runs", 0), ("retries", -1)])
def test_fields_are_checked(field, value):
    with pytest.raises(ConfigError, match=rf"judge\.{field}: .*{value}"):
        RubricItemsJudge.Config(**{field: value})


def test_a_prompt_of_ones_own_needs_item_and_answer(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("Is {item} in it?", encoding="utf-8")
    with pytest.raises(ConfigError, match="missing placeholder {answer}"):
        RubricItemsJudge.Config(prompt_file=str(file))


def test_without_a_model_it_says_what_to_do():
    with pytest.raises(ConfigError, match="judge=rubric_offline"):
        RubricItemsJudge(llm=None)


def test_offline_judges_facts_and_abstention_and_leaves_the_rest():
    tasks = [
        JudgeTask(
            "When is the sketch due?",
            "March 20",
            "March 20",
            4,
            "single",
            rubric=("LLM response should state: March 20", "LLM response should state: a copper roof"),
        ),
        JudgeTask(
            "What colour?",
            "no information",
            "That is not mentioned in the chat.",
            5,
            "abstention",
            rubric=("no information",),
        ),
        JudgeTask("What colour?", "no information", "Green.", 5, "abstention", rubric=("no information",)),
        JudgeTask("In which order?", "x", "y", 1, "ordering", rubric=("x",)),
        JudgeTask("Have I?", "x", "y", 3, "contradiction", rubric=("x",)),
        JudgeTask("When is it due?", "March 20", "", 4, "temporal", rubric=("March 20",)),
    ]
    verdicts = dict(OfflineRubricJudge().judge(tasks))
    assert [verdicts[i].label for i in range(6)] == ["wrong", "correct", "wrong", "not_judged", "not_judged", "wrong"]
    assert verdicts[0].items == ((1.0, 0.0),) and verdicts[0].grades == (0.5,)
    assert verdicts[5].grades == (0.0,) and verdicts[3].score is None
    assert not OfflineRubricJudge.comparable and not RubricItemsJudge.comparable


def test_the_words_before_a_fact_are_dropped():
    task = JudgeTask("?", "", "", 4, rubric=("LLM response should mention: 4 weeks: all of May", "no lead: here"))
    assert facts(task) == ["4 weeks: all of May", "no lead: here"]

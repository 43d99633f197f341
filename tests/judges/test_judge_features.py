"""Features worked out by hand, and what must not be a feature."""

import json
import subprocess
import sys

import pytest

from eval.judges.offline import model, readings
from eval.judges.offline.features import lexical
from eval.judges.offline.pair import Pair


def features(question, gold, answer, category=4):
    return lexical(Pair(question, gold, answer, category))


def test_recall_counts_only_what_the_question_does_not_give_away():
    row = features("What pets does Nadia keep?", "Nadia keeps a parrot", "Nadia keeps a lizard")
    assert row["recall"] == 0
    assert features("What pets does Nadia keep?", "Nadia keeps a parrot", "a parrot")["recall"] == 1


def test_list_items_are_covered_one_by_one():
    row = features("What did she pack?", "rope, lantern and a compass", "A lantern and some rope")
    assert row["item_share"] == pytest.approx(2 / 3)
    assert row["item_least"] == 0 and row["is_list"] == 1


def test_numbers_in_words_and_digits_are_equal():
    row = features("How many kites?", "two", "She has 2 of them")
    assert row["number_found"] == 1 and row["number_clash"] == 0
    assert features("How many kites?", "two", "five kites")["number_clash"] == 1


def test_durations_compare_by_ratio():
    assert features("How long?", "three weeks", "21 days")["duration_equal"] == 1
    assert features("How long?", "three weeks", "two years")["duration_clash"] == 1


def test_dates_overlap_whatever_the_format():
    row = features("When?", "The Friday before 15 July 2022", "July 8, 2022", 2)
    assert row["date_overlap"] == row["date_inside"] == row["date_equal"] == 1
    late = features("When?", "8 July 2022", "9 July 2022", 2)
    assert late["date_overlap"] == 0 and late["date_near"] == 1
    coarse = features("When?", "8 July 2022", "2022", 2)
    assert coarse["date_overlap"] == 1 and coarse["date_coarser"] > 0.9


def test_polarity_and_refusal():
    assert features("Is it red?", "Yes", "No, it is blue")["polar_clash"] == 1
    assert features("Is it red?", "Likely no", "No")["polar_same"] == 1
    for text in ("", "I don't know.", "The conversation does not mention a kite.", "No information available"):
        assert readings.abstention(text) == 1, text
    assert readings.abstention("He mentioned a kite") == 0


def test_a_denied_gold_is_seen():
    for text in ("It was not a kite.", "Anything but a kite.", "They never chose a kite."):
        assert features("What did he fly?", "a kite", text)["denied_gold"] == 1, text
    assert features("What did he fly?", "a kite", "Not the drone, he flew a kite. Yes a kite.")["flat_denial"] == 0


def test_a_choice_is_seen():
    question = "Would Nadia rather visit a museum or a stadium?"
    assert features(question, "A museum; she paints", "the museum")["choice_same"] == 1
    assert features(question, "A museum; she paints", "the stadium")["choice_clash"] == 1


def test_punctuation_case_and_courtesy_change_nothing_of_substance():
    plain = features("Where does Tom work?", "Oslo harbour", "Oslo harbour")
    styled = features("Where does Tom work?", "Oslo harbour", "OSLO HARBOUR!!")
    assert plain == styled


def test_no_feature_is_named_after_length():
    names = model.load().features
    assert not [name for name in names if "len" in name.split("_") or "words" in name or "chars" in name]


def test_lexical_features_and_the_judge_load_no_torch():
    code = (
        "import sys; from eval.judges.offline import OfflineJudge; "
        "from eval.judges.offline.features import lexical; from eval.judges.offline.pair import Pair; "
        "import eval.judges.llm, eval.judges.recorded, eval.experiments.judge_card.card, eval.experiments.rescoring; "
        "lexical(Pair('When?', '3 May 2021', 'May 2021', 2)); "
        "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_weights_say_where_they_come_from_and_load_equal():
    first, second = model.load(), model.of_json(json.loads(json.dumps(_weights())))
    assert first.digest == second.digest
    assert "CC BY-NC 4.0" in first.facts["note"]
    assert first.facts["cross_validation"]["score_se"] > 0


def _weights():
    from importlib import resources

    return json.loads(resources.files("eval.judges.offline").joinpath("weights.json").read_text(encoding="utf-8"))

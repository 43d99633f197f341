"""Lexical metrics: golden values, equality with nltk and rouge_score, definitions by hand, missing data."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.core.identity import digest
from eval.metrics import lexical as lexical_module
from eval.metrics.f1 import f1_locomo, f1_mem0, f1_memos
from eval.metrics.lexical import Lexical
from eval.metrics.peer import LEXICAL, lexical_pair

PAIRS = [
    ("7 May 2023", "May 7, 2023"),
    ("2022", "2022"),
    ("2022", "In 2022."),
    ("", "something"),
    ("something", ""),
    ("", ""),
    ("Paris, Rome, and a small village", "She visited Rome, then Paris; later a small village nearby."),
    ("the quick brown fox jumps over the lazy dog", "quickly the brown foxes jumped over that lazy hound"),
    ("a car", "an automobile"),
    ("painting and pottery", "Pottery; paintings!"),
    ("yes", "no"),
    ("She's running. He isn't.", "she is running? he is not"),
    ("to be to be to be", "be be to to"),
]


def score(gold: str, answer: str, category: int | None = None) -> dict[str, float]:
    columns = Lexical().score([gold], [answer], None if category is None else [category])
    return {name: column[0] for name, column in columns.items()}


def test_golden_values_of_protocol(language_data):
    dates = score("7 May 2023", "May 7, 2023")
    assert dates["f1_memos"] == pytest.approx(0.857, abs=5e-4)
    assert dates["f1_locomo"] == dates["f1_mem0"] == dates["rouge1"] == 1.0
    assert dates["bleu1"] == 0.75
    assert dates["rougeL"] == pytest.approx(2 / 3)
    token = score("2022", "2022")
    assert token["bleu1"] == 1.0
    assert token["bleu2"] == pytest.approx(0.3162, abs=5e-5)
    assert token["meteor"] == 0.5
    assert score("three right tokens", "three right tokens")["meteor"] == pytest.approx(1 - 0.5 / 27)


def test_synonyms_and_stems_count_in_meteor(language_data):
    assert score("a car", "an auto")["meteor"] > 0
    assert score("he runs", "he running")["meteor"] > score("he runs", "he sleeps")["meteor"] > 0


def test_batch_equals_reference_libraries(language_data):
    columns = Lexical().score([gold for gold, _ in PAIRS], [answer for _, answer in PAIRS])
    for row, (gold, answer) in enumerate(PAIRS):
        assert {name: columns[name][row] for name in LEXICAL} == lexical_pair(gold, answer), (gold, answer)


WORDS = (
    "a the car automobile run runs running dog hound May 7 7, 2023 2023. it's isn't (Rome) quick, quickly ; -- be"
).split()
TEXT = st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=9).map(" ".join)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_any_batch_equals_one_pair_at_a_time(language_data, pairs):
    columns = Lexical().score([gold for gold, _ in pairs], [answer for _, answer in pairs])
    for row, (gold, answer) in enumerate(pairs):
        assert {name: columns[name][row] for name in LEXICAL} == lexical_pair(gold, answer)
        assert {name: column[row] for name, column in columns.items()} == score(gold, answer)
    assert all(0 <= value <= 1 for column in columns.values() for value in column)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("漢字 かな 한글", "漢字 かな"),
        ("\u2028\x00\t", "İstanbul ﬁne ǅ \u0301e"),
        ("a b " * 300, "b a " * 200),
        ("x" * 4000, "x" * 4000),
        ("'' `` \" — … n't", "\"'' — cannot"),
        ("👩‍👩‍👧 ١٢٣ अआ", "١٢٣ अआ 👩‍👩‍👧"),
    ],
)
def test_hostile_text_equals_reference_libraries(language_data, gold, answer):
    scores = score(gold, answer)
    assert {name: scores[name] for name in LEXICAL} == lexical_pair(gold, answer)


def test_f1_variants_by_hand(punkt):
    assert f1_memos("red, blue", "blue red") == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))
    assert f1_mem0("Red! Blue?", "blue green red") == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert f1_mem0("", "x") == f1_mem0("x", "") == f1_mem0("", "") == 0.0
    assert f1_locomo("The dogs and a cat", "dog, cat") == 1.0
    assert f1_locomo("to be to be", "be be be") == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    assert f1_locomo("state-of-the-art", "stateoftheart") == 1.0


def test_f1_locomo_by_category(punkt):
    assert f1_locomo("yes; because she likes it", "yes", 3) == 1.0
    assert f1_locomo("yes; because she likes it", "yes", 4) < 1.0
    assert f1_locomo("red, blue, green", "blue, red", 1) == pytest.approx(2 / 3)
    assert f1_locomo("red, blue, green", "blue red", 1) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert f1_locomo("red, blue, green", "blue, red", 2) == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))
    assert f1_locomo("", "That is Not Mentioned here.", 5) == 1.0
    assert f1_locomo("", "no information available", 5) == 1.0
    assert f1_locomo("", "She went to Rome", 5) == 0.0


def test_categories_reach_only_f1_locomo(language_data):
    without, with_category = score("a, b", "b", None), score("a, b", "b", 1)
    changed = {name for name in without if without[name] != with_category[name]}
    assert changed == {"f1_locomo"}


def test_missing_wordnet_is_a_missing_metric(monkeypatch, punkt):
    monkeypatch.setattr(lexical_module, "has_wordnet", lambda: False)
    scorer = Lexical()
    columns = scorer.score(["a"], ["a"])
    assert "meteor" not in columns and columns["bleu1"] == [1.0]
    assert "scripts/fetch_data.py wordnet" in scorer.missing()["meteor"]


def test_missing_punkt_leaves_the_metrics_that_need_no_tokens(monkeypatch):
    monkeypatch.setattr(lexical_module, "has_punkt", lambda: False)
    scorer = Lexical()
    columns = scorer.score(["a"], ["a"])
    assert set(columns) == {"f1_locomo", "f1_mem0", "rouge1", "rouge2", "rougeL"}
    assert set(scorer.missing()) >= {"f1_memos", "bleu1", "bleu2", "bleu3", "bleu4", "meteor"}
    assert all("scripts/fetch_data.py punkt" in scorer.missing()[name] for name in ("f1_memos", "bleu1"))


def test_wordnet_reader_without_the_data_names_the_command(monkeypatch):
    from memos import resources
    from memos.errors import MissingDependency

    monkeypatch.setattr(resources, "has_wordnet", lambda: False)
    with pytest.raises(MissingDependency, match=r"fetch_data\.py wordnet"):
        resources.wordnet.__wrapped__()


def test_unequal_lengths_are_refused(language_data):
    with pytest.raises(ValueError, match="zip"):
        Lexical().score(["a", "b"], ["a"])


def test_identity_is_json_and_values_are_finite(language_data):
    assert json.loads(json.dumps(dict(Lexical().identity()))) and digest(dict(Lexical().identity()))
    assert all(math.isfinite(value) for value in score("x" * 200, "\x00 …").values())

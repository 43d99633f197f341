"""The judgement of updates: who, what, when and how; and its figures on the labelled pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memos.language.updates.fit import fit, load_pairs, logistic
from memos.language.updates.judge import stands, weights
from memos.language.updates.owners import agree, owners
from memos.language.updates.pairs import SAME_FEATURES, UPDATE_FEATURES, barred
from memos.language.updates.reading import read

PAIRS = Path(__file__).parents[1] / "data" / "updates"
ALIKE = 0.7
"""A likeness of two statements on one matter, where no embedder is asked."""


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("I live in Porto.", [("i",)]),
        ("My older daughter's birthday is in May.", [("i", "older daughter")]),
        ("Anna Lee plays chess.", [("anna lee",)]),
        ("Ana's husband works as a pilot.", [("ana", "husband")]),
        ("Ana and Zoe are no longer friends.", [("ana",), ("zoe",)]),
        ("My dentist appointment is on Monday.", [("i",)]),
        ("Ana said: The meeting was moved.", [("ana",)]),
        ("Tom Baker from work lives in Bath.", [("tom baker",)]),
        ("Every Thursday I play chess.", [("i",)]),
    ],
)
def test_whose_a_statement_is(text, whose):
    assert list(owners(text)) == whose


@pytest.mark.parametrize(
    ("old", "new", "may"),
    [
        ("Anna Lee plays chess.", "Anna Ray plays chess.", False),
        ("I work as a nurse.", "My husband works as a pilot.", False),
        ("We have a dog called Rex.", "Rex died last week.", True),
        ("Ana lives in Porto.", "Ana Lee moved to Lisbon.", True),
    ],
)
def test_owners_agree_or_not(old, new, may):
    assert agree(owners(old), owners(new), read(old).words) is may


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("I live in Porto.", "Should I move to Lisbon?", "question"),
        ("I like dogs.", 'The sign said "No dogs any more".', "quotation"),
        ("I'm allergic to cats.", "My neighbour said: I'm not allergic to cats any more.", "owner"),
        ("I moved to Ghent.", "I'm glad we live in Ghent now.", "agrees"),
        ("I want to finish school.", "I won't give up school.", "agrees"),
        ("I live in Paris.", "I'm thinking about moving to Nice one day.", "plan"),
        ("I live in Vienna.", "As a child I lived in Prague.", "past"),
        ("I ran 5 km on Monday.", "I ran 8 km on Thursday.", "event"),
        ("My locker code is 11.", "My bike lock code is 12.", "attribute"),
        ("I've a piano lesson on Friday.", "I have a violin lesson on Sunday.", "object"),
    ],
)
def test_what_forbids_an_update(old, new, why):
    assert barred(read(old), read(new)) == why
    assert stands(old, new, ALIKE) == "coexists"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Luca works at a bakery.", "Luca quit his job at the bakery."),
        ("My phone number is 555 0134.", "My phone number is 555 0199."),
        ("The exam is on 12 May.", "They postponed the exam, it's on 19 May now."),
        ("I smoke.", "I don't smoke."),
        ("I go to church every Sunday.", "I stopped going to church a while back."),
        ("I own a sailing boat.", "I had to sell the sailing boat."),
    ],
)
def test_what_an_update_is(old, new):
    assert stands(old, new, ALIKE) == "supersedes"


def test_an_end_reaches_what_stands_behind_it():
    assert stands("I play the piano.", "I sold my old piano stool.", ALIKE) == "coexists"


def test_a_memory_of_several_sentences_falls_only_as_a_whole():
    old = "I live in Porto. My sister plays chess in a club."
    assert stands(old, "I moved from Porto to Lisbon.", ALIKE) == "coexists"
    assert stands("I live in Porto.", "Hard to say. I moved from Porto to Lisbon.", ALIKE) == "supersedes"


def test_a_repetition_in_other_words_is_one():
    assert stands("My mother lives in Rome.", "My mum lives in Rome.", 0.95) == "duplicate"
    assert stands("Elif is on a keto diet.", "Elif is off the keto diet.", 0.95) != "duplicate"


def test_what_adds_no_word_is_known():
    old = "I live in a small flat in Porto with Ana."
    assert stands(old, "I live in Porto.", 0.85) == "duplicate"
    assert stands(old, "I live in Porto.", 0.6) == "coexists", "the words may stand otherwise"
    assert stands(old, "I don't live in Porto.", 0.85) != "duplicate"


def test_the_pairs_are_many_balanced_and_apart():
    dev, blind = (load_pairs(PAIRS / f"{half}.jsonl") for half in ("dev", "blind"))
    assert len(dev) + len(blind) >= 400 and len({pair.kind for pair in blind}) >= 25
    assert not {(pair.old, pair.new) for pair in dev} & {(pair.old, pair.new) for pair in blind}
    for half in (dev, blind):
        assert {pair.label for pair in half} == {"supersedes", "coexists", "duplicate"}


@pytest.mark.parametrize("name", ["blind", "said"])
def test_pairs_meet_the_bar_at_a_flat_likeness(name):
    """Without an embedder every pair has one likeness; the bar is that of docs/updates.md."""
    pairs = load_pairs(PAIRS / f"{name}.jsonl")
    verdicts = [stands(pair.old, pair.new, ALIKE) for pair in pairs]

    def share(label: str, *wanted: str) -> float:
        own = [verdict for pair, verdict in zip(pairs, verdicts, strict=True) if pair.label == label]
        return sum(verdict in wanted for verdict in own) / len(own)

    assert share("coexists", "supersedes", "duplicate") <= 0.02
    assert share("supersedes", "supersedes") >= 0.40 and share("duplicate", "duplicate") >= 0.50


def test_the_weights_name_every_feature():
    assert set(weights().update) == set(UPDATE_FEATURES) and set(weights().same) == set(SAME_FEATURES)


def test_the_fit_separates_what_can_be_separated():
    table = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    slope = logistic(table, np.array([0, 0, 1, 1]), ridge=0.1)
    assert (table @ slope > 0).tolist() == [False, False, True, True]
    pairs = load_pairs(PAIRS / "dev.jsonl")[::4]
    card = fit(pairs, np.full(len(pairs), ALIKE))
    assert card["pairs"] == len(pairs) and set(card["update"]) == set(UPDATE_FEATURES)

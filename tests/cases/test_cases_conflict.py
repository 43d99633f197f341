"""Conflict: what contradicts an older memory, and what only looks as if it did."""

from __future__ import annotations

import pytest
from case_tools import facts_of, mem0, remembered

from baselines.extract.relation import relate
from memos.language.words import terms

LIKELY = 0.85
"""A similarity at which the baselines compare two facts."""


def test_c20_a_contradiction_adds_the_new_fact():
    """mem0ai/mem0#4536: the old fact is deleted and the new one is never stored."""
    food = "Chinese food from the corner shop"
    system = mem0(("Ana", f"I love {food}."), ("Bo", "Nice."), ("Ana", f"I don't love {food} anymore."))
    assert facts_of(system) == [f"Ana doesn't love {food} anymore."]


def test_c21_the_same_fact_twice_is_one():
    """mem0ai/mem0#1674: what is known already is stored again."""
    system = mem0(("Ana", "I live in Porto with my cat."), ("Bo", "Nice."), ("Ana", "I live in Porto with my cat."))
    assert len(facts_of(system)) == 1


@pytest.mark.parametrize(
    "old, new, contradicts",
    [
        ("Ana is single.", "Ana's sister is married.", False),
        ("Ana turned 40.", "Ana's daughter turned 5.", False),
        ("Ana works as a nurse.", "Ana's husband works as a pilot.", False),
        ("Ana moved to Lisbon in May.", "Ana said: The meeting was moved to Friday.", False),
        ("Ana lives in Porto.", "Ana moved to Lisbon.", True),
    ],
)
def test_c22_a_relatives_fact_says_nothing_of_ones_own(old, new, contradicts):
    """getzep/graphiti#1728: facts that share a verb and not their subject retire each other."""
    assert (relate(new, old, LIKELY) == "contradicts") is contradicts


def test_c22_a_relatives_move_leaves_ones_home():
    """getzep/graphiti#1728: the same through mem0 by rules."""
    system = mem0(
        ("Ana", "I live in Porto with my cat."), ("Bo", "Nice."), ("Ana", "My brother moved to Berlin last month.")
    )
    assert any("Porto" in fact for fact in facts_of(system))


@pytest.mark.parametrize(
    "old, new",
    [
        ("Jon is going for Jon's dreams!", "Jon won't quit on Jon's dreams."),
        ("Ana keeps running every morning.", "Ana never stopped running every morning."),
    ],
)
def test_c36_a_double_negation_agrees(old, new):
    """SandeepVashishtha/Eventra#16218: negation is counted word by word."""
    assert relate(new, old, LIKELY) != "contradicts"


@pytest.mark.parametrize(
    "first, second",
    [
        ("I play guitar.", "I play tennis."),
        ("I like tea.", "I like coffee."),
        ("I own a bike.", "I own a boat."),
        ("My sister is a doctor.", "My sister is a vegetarian."),
        ("My mother was born in 1950.", "My mother was born in Lyon."),
        ("I work from home on Mondays.", "I work from home on Fridays."),
    ],
)
def test_c40_a_second_hobby_replaces_no_first(first, second):
    """CortexReach/memory-lancedb-pro#228: attributes that may have many values are taken for one-valued."""
    assert remembered(first, second) == ({first, second}, 0)


def test_c41_one_first_name_is_not_one_person():
    """getzep/graphiti#1728: facts of two people with one first name are merged."""
    assert remembered("Anna Lee plays chess.", "Anna Ray plays chess.")[1] == 0


@pytest.mark.parametrize(
    "old, new",
    [
        ("I live in Porto.", "I live in Lisbon now."),
        ("I live in Porto.", "I moved from Porto to Lisbon."),
        ("My address is 5 Elm Street.", "Actually, my address is now 9 Oak Road."),
    ],
)
def test_c42_the_newer_statement_supersedes(old, new):
    """mem0ai/mem0#5193, mem0ai/mem0#5867: the old address stays beside the new one."""
    assert old not in remembered(old, new)[0]


def test_c43_the_left_half_of_a_contraction_is_no_word():
    """nltk/nltk_data#22: "don" of "don't" is in no list of stop words."""
    assert terms("I don't live in Porto any more.")[0] == "live"


@pytest.mark.parametrize(
    "old, new",
    [
        ("I live in Porto.", "I don't live in Porto any more."),
        ("I smoke.", "I don't smoke."),
        ("Ana drinks coffee.", "Ana doesn't drink coffee."),
    ],
)
def test_c43_a_negated_statement_supersedes(old, new):
    """nltk/nltk_data#22: a memory is not recognised in its negation."""
    assert old not in remembered(old, new)[0]

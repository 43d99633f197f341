"""Extraction by rules: dates, persons, what counts as a fact, triples and contradictions."""

from __future__ import annotations

from datetime import datetime

import pytest

from baselines.extract import contradicts, entities, triples, turn_facts
from baselines.extract.relation import relate
from memos.types import Session, Turn

NOW = datetime(2023, 5, 10, 13, 0)  # a Wednesday


def facts(text: str):
    session = Session("session_1", NOW, "1:00 pm on 10 May, 2023", ())
    return turn_facts(session, Turn("D1:1", "Ann", text), "Bob")


def test_small_talk_and_questions_are_no_facts():
    assert facts("Hey Bob! How are you? That's awesome, keep it up!") == []


def test_a_fact_has_person_date_and_source():
    (fact,) = facts("Wow, Bob! I bought a red canoe in Lisbon yesterday.")
    assert fact.text == "Ann bought a red canoe in Lisbon on 9 May 2023."
    assert (fact.speaker, fact.turn_ids, fact.time, fact.dated) == ("Ann", ("D1:1",), datetime(2023, 5, 9, 13), True)


def test_a_caption_is_a_fact():
    session = Session("session_1", NOW, "", ())
    (fact,) = turn_facts(session, Turn("D1:1", "Ann", "Look!", "a canoe on a beach"), "Bob")
    assert fact.text == "Ann shared an image: a canoe on a beach."


def test_entities_and_triples():
    text = "Ann bought a red canoe in Lisbon."
    assert {"Ann", "Lisbon", "red canoe"} <= set(entities(f"Yesterday {text}"))
    assert [(t.source, t.relation, t.target) for t in triples(text, "Ann")] == [("Ann", "bought", "red canoe")]
    (negated,) = triples("Ann does not like canoes.", "Ann")
    assert (negated.relation, negated.target) == ("not_like", "canoes")


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("Ann's favorite color is green.", "Ann's favorite color is blue.", True),
        ("Ann's favorite color is green.", "Ann's favorite food is rice.", False),
        ("Ann moved to Oslo.", "Ann lives in Rome.", True),
        ("Ann doesn't eat red meat anymore.", "Ann eats red meat.", True),
        ("Ann eats red meat.", "Ann eats white fish.", False),
    ],
)
def test_contradictions(new, old, expected):
    assert contradicts(new, old) is expected


def test_relations_of_facts():
    old = "Ann has a dog."
    assert relate("Ann has a dog.", old, 1.0) == "same"
    assert relate("Ann has a brown dog called Rex.", old, 0.85) == "richer"
    assert relate("Ann has a brown dog called Rex.", old, 0.5) == "other"
    assert relate("Ann ran 5 miles.", "Ann ran 9 miles.", 0.99) == "other", "different numbers are never merged"

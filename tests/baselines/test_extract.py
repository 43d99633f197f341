"""Extraction by rules: dates, persons, what counts as a fact, triples and contradictions."""

from __future__ import annotations

from datetime import datetime

import pytest

from baselines.extract import contradicts, entities, triples, turn_facts
from baselines.extract.relation import relate
from memos.language.dates_text import resolve
from memos.language.rewrite import third_person
from memos.types import Session, Turn

NOW = datetime(2023, 5, 10, 13, 0)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I ran yesterday.", "I ran on 9 May 2023."),
        ("We met last night", "We met on the night of 9 May 2023"),
        ("It was three days ago.", "It was on 7 May 2023."),
        ("two weeks ago", "two weeks before 10 May 2023"),
        ("a month ago", "in April 2023"),
        ("five years ago", "in 2018"),
        ("last Friday", "on Friday 5 May 2023"),
        ("last Wednesday", "on Wednesday 3 May 2023"),
        ("next Monday", "on Monday 15 May 2023"),
        ("since last year", "since 2022"),
        ("last week", "in the week before 10 May 2023"),
        ("next month", "in June 2023"),
        ("last summer", "in the summer of 2022"),
        ("last weekend", "on the weekend of 6 May 2023"),
        ("next December", "in December 2023"),
        ("a few days ago", "a few days before 10 May 2023"),
        ("nothing dated", "nothing dated"),
    ],
)
def test_relative_dates(text, expected):
    assert resolve(text, NOW)[0] == expected


def test_dates_without_a_session_time_stay():
    assert resolve("I ran yesterday.", None) == ("I ran yesterday.", None)


def test_month_arithmetic_at_the_year_end():
    assert resolve("last month", datetime(2023, 1, 31))[0] == "in December 2022"
    assert resolve("next month", datetime(2023, 12, 31))[0] == "in January 2024"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("I love tea.", "Ann loves tea."),
        ("I really enjoy my work.", "Ann really enjoys Ann's work."),
        ("I'm glad you told me.", "Ann is glad Bob told Ann."),
        ("I've been busy and I don't sleep.", "Ann has been busy and Ann doesn't sleep."),
        ("I went home, but I will come back.", "Ann went home, but Ann will come back."),
        ("I carry a bag you gave me.", "Ann carries a bag Bob gave Ann."),
        ("Just finished a book.", "Ann just finished a book."),
        ("Looking forward to it.", "Ann is looking forward to it."),
    ],
)
def test_third_person(said, expected):
    assert third_person(said, "Ann", "Bob") == expected


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

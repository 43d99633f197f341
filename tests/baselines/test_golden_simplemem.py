"""SimpleMem's windows and planned search, worked out by hand from its specification (docs/systems.md#simplemem)."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from conftest_baselines import WordEmbedder, ingest
from scripted_models import asked, prompts, scripted

from baselines.simplemem.entries import Restatement, Views, Wanted, union, windows
from baselines.simplemem.model import period
from baselines.simplemem.system import SimpleMem
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query, Session, Turn


def talk(count: int, sample="demo") -> Conversation:
    """So many turns in one session of 20 May 2023."""
    turns = tuple(Turn(f"D1:{n}", ("Ann", "Bob")[n % 2], f"{sample} line {n}") for n in range(count))
    session = Session("s1", datetime(2023, 5, 20, 10), "10:00 am on 20 May, 2023", turns)
    return Conversation(sample, ("Ann", "Bob"), (session,))


@pytest.mark.parametrize(
    ("count", "spans"),
    [
        (30, [(0, 29)]),
        (78, [(0, 39), (38, 77), (76, 77)]),
        (100, [(0, 39), (38, 77), (76, 99)]),
        (116, [(0, 39), (38, 77), (76, 115), (114, 115)]),
        (0, []),
    ],
)
def test_windows_repeat_two_turns(count, spans):
    """S1."""
    assert [(places[0], places[-1]) for places in windows(count, 40, 2)] == spans


def entry(text: str, **fields) -> dict:
    empty = {"keywords": [], "timestamp": None, "location": None, "persons": [], "entities": [], "topic": ""}
    return {"lossless_restatement": text, "source_ids": [], **empty, **fields}


@pytest.mark.parametrize(("fidelity", "event"), [("released", "lost_windows"), ("fixed", "fallbacks")])
def test_a_window_without_a_usable_reply_is_lost_and_counted(fidelity, event):
    """S2: of 100 turns the second window fails three times; its own turns 40 to 75 are uncovered."""
    whole = [{"entries": [entry("first")]}, "no", "no", "no", {"entries": [entry("third")]}]
    llm = scripted(*whole)
    system = SimpleMem(SimpleMem.Config(extractor="llm", fidelity=fidelity), embedder=WordEmbedder(), llm=llm)
    ingest(system, talk(100))
    covered = {turn for one in system.entries for turn in one.turn_ids}
    assert system.stats()[f"events_{event}"] == 1 == system.losses.malformed
    if fidelity == "released":
        assert covered == {f"D1:{n}" for n in [*range(40), *range(76, 100)]}
    assert "(none)" in prompts(llm)[4], "a long conversation's windows see nothing of one another"


def test_results_are_joined_where_they_stand_first():
    """S4."""
    assert union([3, 1], [1, 7], [9, 3]) == [3, 1, 7, 9]


def test_fields_bring_the_oldest_entries():
    """S5."""
    views = Views(2)
    for number in range(9):
        persons = ("Ann",) if number else ("Bob",)
        views.add(Restatement(f"t{number}", ("D1:1",), persons=persons), np.array([1.0, 0.0], dtype=np.float32))
    assert views.structured(Wanted(persons=("ann",)), 5) == [1, 2, 3, 4, 5] and views.structured(Wanted(), 5) == []


def test_every_field_that_is_asked_for_must_fit():
    views, vector = Views(2), np.array([1.0, 0.0], dtype=np.float32)
    views.add(Restatement("a", (), time="2023-05-07", location="Old Town", persons=("Ann",), entities=("cat",)), vector)
    may = (datetime(2023, 5, 1), datetime(2023, 6, 1))
    assert views.structured(Wanted(persons=("Ann",), entities=("Cat",), location="old", period=may), 5) == [0]
    assert views.structured(Wanted(persons=("Ann",), entities=("dog",)), 5) == []
    assert views.structured(Wanted(period=(may[1], datetime(2024, 1, 1))), 5) == []
    assert views.structured(Wanted(location="harbour"), 5) == []


def test_a_time_is_seen_from_the_conversations_end():
    """S7: a week reaches seven days further; nothing is seen from the day of the run."""
    start, end = period("last week", datetime(2023, 5, 20)) or (None, None)
    assert start and end and start.year == end.year == 2023 and 20 <= (end - start).days <= 22
    assert period("in March 2022", datetime(2023, 5, 20)) == (datetime(2022, 3, 1), datetime(2022, 4, 1))
    assert period("", datetime(2023, 5, 20)) is None and period("last week", None) is None


CAT = entry("Ann adopted a cat on 7 May 2023", persons=["Ann"], timestamp="2023-05-07", source_ids=[0, 99])
TRIP = entry("Bob visited Paris in May 2023", persons=["Bob"], location="Paris")
PLAN = {"question_type": "place", "needed": ["where Bob went"]}
ASKED = {"keywords": ["Bob"], "persons": ["Bob"], "time_expression": None, "location": None, "entities": []}


def test_trace_of_three_windows_and_a_question():
    """TS: seven turns, four a window, one repeated; a short conversation's windows see statements made before."""
    answers = [PLAN, {"queries": ["Bob travel destination"]}, ASKED, {"complete": True}]
    llm = scripted({"entries": [CAT]}, {"entries": [TRIP]}, {"entries": []}, *answers)
    config = SimpleMem.Config(extractor="llm", window=4, overlap=1)
    system = ingest(SimpleMem(config, embedder=WordEmbedder(), llm=llm), talk(7))
    shown = prompts(llm)
    assert "0. [10:00 am on 20 May, 2023] Bob: demo line 3" in shown[1] and CAT["lossless_restatement"] in shown[1]
    assert "demo line 6" in shown[2] and "demo line 5" not in shown[2] and TRIP["lossless_restatement"] in shown[2]
    result = system.search(Query("Where did Bob go?"))
    assert [hit.text for hit in result.hits] == [TRIP["lossless_restatement"], CAT["lossless_restatement"]]
    assert asked(llm)[3:] == [
        "question_type+needed",
        "queries",
        "keywords+persons+time_expression+location+entities",
        "complete",
    ]
    assert system.usage()["ingest"].calls == 3 and result.usage.calls == 4
    assert result.hits[0].turn_ids == ("D1:3", "D1:4", "D1:5", "D1:6"), "without line numbers, the whole window"
    assert result.hits[1].turn_ids == ("D1:0",)
    first = "[Entry 1]\nContent: Bob visited Paris in May 2023\nLocation: Paris\nPersons: Bob"
    assert result.context.startswith(first + "\n\n[Entry 2]")


def test_the_question_is_the_first_of_four_queries():
    """S3."""
    replies = [{"entries": []}, PLAN, {"queries": ["b", "c", "d", "e"]}, ASKED, {"complete": True}]
    embedder = WordEmbedder()
    system = ingest(SimpleMem(SimpleMem.Config(extractor="llm"), embedder=embedder, llm=scripted(*replies)), talk(2))
    embedder.texts.clear()
    system.search(Query("a"))
    assert embedder.texts[:4] == ["a", "b", "c", "d"] and "e" not in embedder.texts


def test_a_search_looks_again_where_something_is_missing():
    """S6: six calls; the seventh is the answerer's."""
    more = [{"complete": False}, {"queries": ["x", "y"]}, {"complete": True}]
    llm = scripted({"entries": [CAT]}, PLAN, {"queries": []}, ASKED, *more)
    system = ingest(SimpleMem(SimpleMem.Config(extractor="llm"), embedder=WordEmbedder(), llm=llm), talk(2))
    assert system.search(Query("a")).usage.calls == 6
    plain = SimpleMem.Config(extractor="llm", planning=False)
    one = ingest(SimpleMem(plain, embedder=WordEmbedder(), llm=scripted({"entries": [CAT]})), talk(2))
    assert one.search(Query("a")).usage.calls == 0


def test_a_second_conversation_sees_nothing_of_the_first():
    """S8."""
    llm = MockLLM(function=lambda request: {"entries": [CAT]})
    system = SimpleMem(SimpleMem.Config(extractor="llm"), embedder=WordEmbedder(), llm=llm)
    ingest(system, talk(3))
    ingest(system, talk(3, "other"))
    assert "demo" not in prompts(llm)[1] and "(none)" in prompts(llm)[1] and len(system.entries) == 1

"""D-Mem's gate and its reading of everything, worked out by hand from its specification (docs/systems.md#d-mem)."""

from __future__ import annotations

import pytest
from conftest_baselines import WordEmbedder, ingest, session
from scripted_models import add, asked, prompts, scripted

from baselines.dmem.evidence import Evidence, RawTurn, best_turns, chunks, fitting_evidence
from baselines.dmem.model import passes
from baselines.dmem.system import DMem
from baselines.mem0 import Mem0
from memos.types import Conversation, Query

TALKS = (
    session(2, 1, ("Ann", "I keep bees behind my old house in Graz."), ("Bob", "I never liked honey at all.")),
    session(5, 8, ("Ann", "My bees made eleven jars of honey this year."), ("Bob", "Then bring me one jar, please.")),
)
TALK = Conversation("demo", ("Ann", "Bob"), TALKS)


def test_one_bad_grade_is_enough():
    """G1."""
    assert passes([5, 4, 4], 4) and not passes([5, 5, 3], 4)


def test_turns_are_never_cut_into_chunks():
    """G2."""
    assert [list(piece) for piece in chunks([1500, 1500, 1500, 4200], 4000)] == [[0, 1], [2], [3]]
    assert chunks([], 4000) == [] and [len(piece) for piece in chunks([9, 1, 1], 3)] == [1, 2]


def test_without_the_gate_it_is_mem0():
    """G3: the same context to the byte."""
    plain = ingest(Mem0(Mem0.Config(top_k=30), embedder=WordEmbedder()), TALK)
    system = ingest(DMem(DMem.Config(gate="never"), embedder=WordEmbedder()), TALK)
    for question in ("Who keeps bees?", "What about honey?"):
        assert system.search(Query(question)) == plain.search(Query(question))


FACT = {"facts": ["Ann keeps bees"]}
WRITING = (FACT, {"memory": [add("Ann keeps bees")]}, {"facts": []}, {"facts": []}, {"facts": []})
BAD = {"relevance": 5, "faithfulness": 5, "completeness": 3, "reason": "r"}
LATE = {"evidence": [{"fact": "eleven jars", "lines": ["(D5:1)"]}]}
EARLY = {"evidence": [{"fact": "bees in Graz", "lines": ["D2:1", "D9:9"]}, {"fact": "somewhere", "lines": []}]}


def asked_of(*replies, **fields):
    llm = scripted(*WRITING, *replies)
    config = DMem.Config(extractor="llm", chunk_tokens=75, **fields)
    system = ingest(DMem(config, embedder=WordEmbedder(), llm=llm), TALK)
    return system.search(Query("How many jars did the bees fill?")), llm, system


def test_evidence_is_shown_in_the_order_of_the_history():
    """G4: the later session's evidence is nearer to the question and ranks first; the context is in order of time."""
    result, llm, system = asked_of({"answer": "a"}, BAD, EARLY, LATE)
    assert asked(llm)[5:] == ["answer", "relevance+faithfulness+completeness+reason", "evidence", "evidence"]
    lines = result.context.splitlines()
    assert lines[0] == "Evidence:" and lines[1] == "[10:00 am on 1 May, 2023] Ann: bees in Graz (D2:1)"
    assert lines[3] == "[10:00 am on 8 May, 2023] Ann: eleven jars (D5:1)"
    assert result.hits[0].turn_ids == ("D5:1",) and result.hits[0].score == 2.0
    somewhere = next(hit for hit in result.hits if "somewhere" in hit.text)
    assert somewhere.turn_ids == ("D2:1", "D2:2"), "without a line that exists, all of its chunk"
    assert result.usage.calls == 4 and result.used == 4 and "Memories of Ann:" in result.context
    assert "(D2:1)" in prompts(llm)[7] and "(D5:1)" in prompts(llm)[8] and "(D5:1)" not in prompts(llm)[7]


@pytest.mark.parametrize("grades", [{**BAD, "completeness": 4}, None])
def test_a_good_grade_ends_the_search_and_an_unreadable_one_does_not(grades):
    replies = [{"answer": "a"}, grades] if grades else [{"answer": "a"}, "no", "no", {"evidence": []}, {"evidence": []}]
    result, llm, _ = asked_of(*replies, retries=1)
    assert "Evidence:" not in result.context and result.usage.calls == len(replies)


def test_a_part_whose_reply_cannot_be_read_is_read_by_rules():
    result, _, system = asked_of("no", {"evidence": []}, gate="always", retries=0)
    shown = [hit.turn_ids for hit in result.hits[: result.used] if hit.memory_id.startswith("evidence")]
    assert sorted(shown) == [("D2:1",), ("D2:2",)] and system.losses.malformed == 1


def test_by_rules_the_best_turns_of_each_session_and_their_neighbours_are_evidence():
    turns = [RawTurn(f"D{n // 6}:{n}", n // 6, "", "Ann", f"word{n}") for n in range(12)]
    cosines = [0.0] * 12
    for place, cosine in ((0, 0.9), (2, 0.8), (4, 0.7), (5, 0.6)):
        cosines[place] = cosine
    evidence = best_turns("none of these", turns, cosines)
    assert [item.place for item in evidence if item.place < 6] == [0, 1, 2, 3, 4, 5]
    by_place = {item.place: item.score for item in evidence}
    assert by_place[0] > by_place[2] > by_place[4] > by_place[1] > by_place[5]


def test_the_lowest_scored_evidence_is_dropped_first():
    items = [Evidence("one two three", ("a",), 0, 0.1), Evidence("four five six", ("b",), 1, 0.9)]
    assert [item.turn_ids for item in fitting_evidence(items, 4)] == [("b",)]
    assert [item.turn_ids for item in fitting_evidence(items, 400)] == [("b",), ("a",)]


def test_by_rules_the_gate_asks_whether_memories_hold_what_is_asked():
    system = ingest(DMem(DMem.Config(relevance=0.1), embedder=WordEmbedder()), TALK)
    assert "Evidence:" not in system.search(Query("Who keeps bees in Graz?")).context
    asked_for = system.search(Query("Which violin sonata did Bob rehearse?"))
    assert asked_for.context.startswith("Evidence:") and asked_for.usage.calls == 0

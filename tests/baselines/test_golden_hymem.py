"""HyMem's two ways of reading, worked out by hand from its specification (docs/systems.md#hymem)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest_baselines import WordEmbedder, session
from scripted_models import asked, prompts, scripted

from baselines.hymem.brain import DatedSentence
from baselines.hymem.rules import RuleHyMemBrain, asks_for_several
from baselines.hymem.system import HyMem, dated
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query, Session, Turn

TALKS = (
    session(1, 1, ("Ann", "I keep bees behind my house in Graz.")),
    session(2, 8, ("Bob", "I sold my old boat to a neighbour.")),
    session(3, 9, ("Ann", "I planted three apple trees.")),
)


class Ranked:
    """Sentences s0, s1 … ever farther from the question."""

    name, dim, max_tokens, pooled = "ranked", 2, 10_000, 0

    def encode(self, texts):
        angles = [0.1 * int(text[1:]) if text[0] == "s" and text[1:].isdigit() else 0.0 for text in texts]
        return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def read(llm, talks=TALKS, embedder=None, **fields) -> HyMem:
    system = HyMem(HyMem.Config(extractor="llm", **fields), embedder=embedder or Ranked(), llm=llm)
    system.start(Conversation("demo", ("Ann", "Bob"), talks))
    for talk in talks:
        system.add(talk)
    system.finish()
    return system


def test_the_day_is_what_stands_behind_on():
    """G1."""
    assert dated("1:56 pm on 8 May, 2023", "She ran.") == "time:8 May, 2023, She ran."
    assert dated("Monday", "She ran.") == "time:Monday, She ran." and dated("", "She ran.") == "She ran."


SENTENCES = ({"keywords": ["s0", "s2"]}, {"keywords": ["s1"]}, {"keywords": ["s3"]})
"""Ranks 0 to 3 come from the sessions 1, 2, 1 and 3."""


def test_sessions_are_read_in_the_order_of_their_choice_and_once():
    """G2: the selector names ranks 2, 0, 1 and 7; the first two are of one session, the last does not exist."""
    llm = scripted(*SENTENCES, {"finished": 2, "answer": ""}, {"keywords_list": [2, 0, 1, 7]})
    result = read(llm).search(Query("q"))
    assert result.used == 2 and [hit.memory_id for hit in result.hits[:2]] == ["note0", "note1"]
    assert [hit.turn_ids for hit in result.hits[:2]] == [("D1:1",), ("D2:1",)]
    first = "Time: 10:00 am on 1 May, 2023\nAnn: I keep bees behind my house in Graz."
    assert result.context == f"{first}\n\nTime: 10:00 am on 8 May, 2023\nBob: I sold my old boat to a neighbour."
    assert "id:0, time:1 May, 2023, s0\nid:1, time:8 May, 2023, s1" in prompts(llm)[4]
    assert result.hits[2].text == "time:1 May, 2023, s0" and result.hits[2].score == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("finished", "reflection", "calls"), [(1, False, 1), (2, False, 2), (1, True, 2), (2, True, 4)]
)
def test_calls_of_a_search(finished, reflection, calls):
    """G3."""
    replies = {"keywords": {"keywords": ["s0"]}, "finished": {"finished": finished, "answer": "", "new_question": ""}}
    replies |= {"keywords_list": {"keywords_list": [0]}, "answer": {"answer": "a"}}

    def reply(request):
        made = replies[request.json_schema["required"][0]]
        return {name: made[name] for name in request.json_schema["required"]}

    system = read(MockLLM(function=reply), reflection=reflection)
    result = system.search(Query("q"))
    assert result.usage.calls == calls and system.usage()["ingest"].calls == 3
    assert (result.hits[0].memory_id == "note0") == (finished == 2)


def test_a_session_without_a_usable_reply_is_read_by_rules():
    """G4."""
    llm = MockLLM(function=lambda request: "no")
    system = read(llm, talks=TALKS[:1], embedder=WordEmbedder(), retries=2)
    assert len(llm.requests) == 3 and system.stats()["events_fallbacks"] == 1 == system.losses.malformed
    (hit,) = system.search(Query("Where are the bees?")).hits
    assert hit.turn_ids == ("D1:1",) and "bees" in hit.text


def test_an_empty_choice_falls_back_to_the_sentences():
    llm = scripted(*SENTENCES, {"finished": 2, "answer": ""}, {"keywords_list": []})
    result = read(llm, top_k=2).search(Query("q"))
    assert result.context == "time:1 May, 2023, s0\ntime:8 May, 2023, s1" and result.used == 2


def test_sessions_are_stored_in_their_order_whatever_was_begun_first():
    """G5: what is asked ahead is asked in the order of the sessions, and stored in it."""
    llm = scripted(*SENTENCES)
    system = read(llm, read="light")
    assert [hit.text[-2:] for hit in system.search(Query("q")).hits] == ["s0", "s1", "s2", "s3"]
    assert asked(llm) == ["keywords"] * 3


def near(*scores: float, notes=None, text="Ann keeps bees in Graz") -> list[DatedSentence]:
    numbers = notes or range(len(scores))
    return [DatedSentence(text, note, text, score) for note, score in zip(numbers, scores, strict=True)]


def test_by_rules_a_question_reads_sessions_where_sentences_are_not_enough():
    brain, backbone = RuleHyMemBrain(lambda who: who, 40, 0.6, 0.45, 0.8, 2), None
    sure = near(0.6, 0.5, 0.5)
    assert brain.enough("Where does Ann keep bees?", sure, backbone)
    assert not brain.enough("Where does Ann keep bees?", near(0.44), backbone), "none is near"
    assert not brain.enough("Which lake did Tom cross?", sure, backbone), "their words are missing"
    assert not brain.enough("How many bees does Ann keep?", sure, backbone), "a count over three sessions"
    assert brain.enough("How many bees does Ann keep?", near(0.6, 0.5, 0.5, notes=[0, 1, 1]), backbone)
    assert brain.select("q", near(1.0, 0.9, 0.85, 0.79, notes=[4, 5, 6, 4]), backbone) == [0, 1]


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("How many cats does she have?", True),
        ("What books has he read?", True),
        ("Which old bridges did they cross?", True),
        ("What is his name?", False),
        ("What does she like?", False),
        ("Which city was it?", False),
    ],
)
def test_questions_for_several_things(question, several):
    assert asks_for_several(question) == several


def test_an_empty_session_asks_nothing():
    llm = scripted()
    system = read(llm, talks=(Session("s", None, "", ()),), read="light")
    assert not llm.requests and system.search(Query("q")).hits == ()
    spoken = Session("s", None, "", (Turn("D1:1", "Ann", "Hm."),))
    system = HyMem(HyMem.Config(), embedder=WordEmbedder())
    system.start(Conversation("demo", ("Ann", "Bob"), (spoken,)))
    system.add(spoken)
    assert system.stats()["events_sessions_without_sentences"] == 1

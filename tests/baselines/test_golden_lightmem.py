"""LightMem's buffers, batches and update, worked out by hand from its specification (docs/systems.md#lightmem)."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from conftest_baselines import session
from scripted_models import asked, prompts, scripted

from baselines.heard import heard
from baselines.lightmem.brain import lines_of
from baselines.lightmem.buffers import Batcher, SensoryBuffer, agreed, fine_boundaries
from baselines.lightmem.system import LightMem
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query, Session, Turn


class Placed:
    """Texts at angles on a circle, so that cosines are as wanted; an unknown text stands apart from all."""

    name, dim, max_tokens, pooled = "placed", 8, 10_000, 0

    def __init__(self, vectors: dict[str, tuple[float, ...]]) -> None:
        self.vectors = vectors

    def encode(self, texts):
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            place = self.vectors.get(text, (0.0,) * 7 + (1.0,))
            row[: len(place)] = place
        return rows


def said(*sizes: int, speaker: str = "Ann") -> list:
    """Turns of so many words, in one session at 13:00."""
    turns = tuple(Turn(f"D1:{i}", speaker, " ".join([f"w{i}"] * size)) for i, size in enumerate(sizes, 1))
    return heard(Session("session_1", datetime(2023, 5, 8, 13), "1:00 pm on 8 May, 2023", turns))


def words(text: str) -> int:
    return len(text.split())


def sizes(batches) -> list:
    return [[segment.tokens for segment in batch] for batch in batches]


@pytest.mark.parametrize(("waiting", "pieces"), [(500, 1), (492, 0)])
def test_a_turn_that_does_not_fit_has_the_buffer_cut_first(waiting, pieces):
    """L1: 500 + 20 is cut, 492 + 20 = 512 is not."""
    buffer = SensoryBuffer(512, words, lambda turns: [])
    first, second = said(waiting, 20)
    assert buffer.add(first) == []
    assert len(buffer.add(second)) == pieces
    assert buffer.turns == ([second] if pieces else [first, second])


def test_a_turn_longer_than_the_buffer_is_a_segment_of_its_own():
    buffer = SensoryBuffer(512, words, lambda turns: [])
    (long,) = said(700)
    assert buffer.add(long) == [(long,)] and buffer.turns == []


def test_boundaries_by_cosine_and_by_words_agree_within_three_turns():
    """L2."""
    fine = fine_boundaries([0.60, 0.18, 0.40, 0.19, 0.70])
    assert fine == [2, 4] == agreed(fine, [1])
    assert agreed(fine, []) == [] and agreed([2, 4], [9]) == [2, 4] and agreed([2, 7], [9]) == [7]
    buffer = SensoryBuffer(6, words, lambda turns: fine)
    turns = said(*[1] * 7)
    pieces = [piece for turn in turns for piece in buffer.add(turn)]
    assert [len(piece) for piece in pieces] == [2, 2] and buffer.turns == turns[4:]
    whole = SensoryBuffer(6, words, lambda turns: agreed(fine, []))
    assert [len(piece) for turn in turns for piece in whole.add(turn)] == [6] and whole.turns == turns[6:]


def test_the_last_threshold_is_one_half():
    """L3."""
    assert fine_boundaries([0.9, 0.47]) == [2] and fine_boundaries([0.9, 0.51]) == []


def test_a_batch_is_closed_before_it_grows_too_long():
    """L4."""

    def batcher():
        return Batcher(10_000, 512, words, lambda turns: [])

    made = batcher()
    batches = [batch for turn in said(200, 250, 100) for batch in made.put((turn,))]
    assert sizes(batches) == [[200, 250]] and sizes(made.flush()) == [[100]]
    long = batcher()
    batches = [batch for turn in said(600, 10) for batch in long.put((turn,))]
    assert sizes(batches) == [[600]] and sizes(long.flush()) == [[10]]


BREAKFAST = Session(
    "session_1",
    datetime(2023, 5, 8, 13),
    "1:00 pm on 8 May, 2023",
    (Turn("D1:1", "Ann", "a a"), Turn("D1:2", "Ben", "b b"), Turn("D1:3", "Ann", "c c")),
)


def of(*replies, sessions=(BREAKFAST,), vectors=(), **fields) -> tuple[LightMem, MockLLM]:
    """A system that has read sessions with a model's replies written by hand."""
    llm = scripted(*replies)
    config = LightMem.Config(extractor="llm", **fields)
    system = LightMem(config, embedder=Placed(dict(vectors)), llm=llm)
    system.start(Conversation("demo", ("Ann", "Ben"), tuple(sessions)))
    for part in sessions:
        system.add(part)
    system.finish()
    return system, llm


def test_a_fact_is_dated_by_the_place_of_its_line_and_an_unknown_line_is_the_nearest():
    """L5 and L6: the third line is two seconds after the session's start; line 7 does not exist."""
    facts = {"data": [{"source_id": 2, "fact": "third"}, {"source_id": 7, "fact": "far"}]}
    system, llm = of(facts, update=False)
    third, far = system.memories()
    assert (third.turn_ids, third.time, third.topic, third.speaker) == (("D1:3",), "2023-05-08T13:00:02", 0, "Ann")
    assert far.turn_ids == ("D1:3",) and system.stats()["events_clamped"] == 1
    assert "[2023-05-08T13:00:02, Monday] 2.Ann: c c" in prompts(llm)[0]


def test_lines_are_numbered_and_timed_anew_in_each_batch():
    made = Batcher(1, 2, words, lambda turns: [])
    batches = [batch for turn in said(2, 2) for batch in made.add(turn)] + made.flush()
    lines = [line for batch in batches for line in lines_of(batch)]
    assert [(line.number, line.topic, line.time.second) for line in lines] == [(0, 0, 0), (0, 1, 0)]


FIRST = (1.0, 0.0, 0.0)


def three(reply, **fields):
    """Three facts a day apart: cosines .93 (first and third), .85 (second and third) and .20."""
    places = {"e1": FIRST, "e2": (0.2, 0.9798, 0.0), "e3": (0.93, 0.6777, 0.0), "new": (0.0, 0.0, 0.0, 1.0)}
    talks = [session(day, day, ("Ann", f"line {day}")) for day in (1, 2, 3)]
    facts = [{"data": [{"source_id": 0, "fact": f"e{day}"}]} for day in (1, 2, 3)]
    return of(*facts, reply, sessions=talks, vectors=places, sensory_tokens=1, batch_tokens=1, **fields)


@pytest.mark.parametrize("fidelity", ["released", "fixed"])
def test_an_older_fact_takes_the_text_of_the_update(fidelity):
    """L7: one call; the old vector stays as released, the new text's where fixed; the turns are those of both."""
    system, llm = three({"action": "update", "new_memory": "new"}, fidelity=fidelity)
    assert asked(llm) == ["data"] * 3 + ["action+new_memory"]
    assert "e1" in prompts(llm)[3] and "- e3" in prompts(llm)[3] and "e2" not in prompts(llm)[3]
    first = system.memories()[0]
    assert (first.text, first.turn_ids) == ("new", ("D1:1", "D3:1"))
    place = FIRST if fidelity == "released" else (0.0, 0.0, 0.0, 1.0)
    assert system.vector(first.id)[: len(place)].tolist() == list(place)
    assert system.usage()["ingest"].calls == 3 and system.usage()["organise"].calls == 1


def test_an_older_fact_that_is_contradicted_goes_and_its_source_stays():
    system, _ = three({"action": "delete", "new_memory": ""})
    assert [entry.text for entry in system.memories()] == ["e2", "e3"]


@pytest.mark.parametrize(("fidelity", "left", "calls"), [("released", [], 2), ("fixed", ["b"], 1)])
def test_two_facts_of_one_time_may_both_go_as_released(fidelity, left, calls):
    """L8."""
    line = Session("s1", datetime(2023, 5, 8), "8 May, 2023", (Turn("D1:1", "Ann", "both"),))
    facts = {"data": [{"source_id": 0, "fact": "a"}, {"source_id": 0, "fact": "b"}]}
    away = {"action": "delete", "new_memory": ""}
    places = {"a": (1.0,), "b": (0.95, 0.3122)}
    system, llm = of(facts, *[away] * calls, sessions=(line,), vectors=places, fidelity=fidelity)
    assert [entry.text for entry in system.memories()] == left and len(llm.requests) == 1 + calls


def test_the_context_has_a_block_a_speaker_and_days_alone():
    """L9: ranks of Ann, Ben, Ann."""
    facts = {"data": [{"source_id": n, "fact": text} for n, text in enumerate(("first", "second", "third"))]}
    places = {"question": (1.0,), "first": (0.9,), "second": (0.8,), "third": (0.7,)}
    system, llm = of(facts, vectors=places, update=False)
    asked_before = len(llm.requests)
    result = system.search(Query("question"))
    day = "[Memory recorded on: 08 May 2023, Monday]"
    ann, ben = f"Memories of Ann:\n\n{day}\nfirst\n\n{day}\nthird", f"Memories of Ben:\n\n{day}\nsecond"
    assert result.context == f"{ann}\n\n{ben}" and len(llm.requests) == asked_before and result.usage.calls == 0
    assert [hit.text for hit in result.hits] == ["first", "second", "third"]


def test_every_turn_reaches_a_batch_where_the_last_one_overflows(monkeypatch):
    """L10 and the trace TL: 5, 5, 4 and 5 tokens, 12 fit; t1 is unlike t2, t2 like t3."""
    monkeypatch.setattr("baselines.lightmem.system.count_tokens", words)
    texts = ["a a a a a", "b b b b b", "c c c c", "d d d d d"]
    places = dict(zip(texts, [(1.0,), (0.1, 0.995), (0.0, 0.9, 0.43), (0.0, 0.0, 1.0)], strict=True))
    talk = session(1, 1, *(("Ann", text) for text in texts))
    nothing = {"data": []}
    system, llm = of(nothing, nothing, nothing, sessions=(talk,), vectors=places, sensory_tokens=12, batch_tokens=12)
    shown = prompts(llm)
    assert len(shown) == 3
    assert "Topic 0\n" in shown[0] and "0.Ann: a a a a a" in shown[0] and "Topic 1" not in shown[0]
    assert "Topic 1\n" in shown[1] and "0.Ann: b b b b b" in shown[1] and "1.Ann: c c c c" in shown[1]
    assert "Topic 2\n" in shown[2] and "0.Ann: d d d d d" in shown[2]
    assert system.usage()["ingest"].calls == 3 and system.stats()["events_batches"] == 3


def test_by_rules_the_older_of_two_facts_follows_the_newer(embedder):
    talks = (
        session(1, 1, ("Ann", "I live in Rome with my brother and my two old cats.")),
        session(2, 8, ("Ann", "I live in Rome with my brother and my two old cats Ink and Bo.")),
    )
    system = LightMem(LightMem.Config(), embedder=embedder)
    system.start(Conversation("demo", ("Ann", "Ben"), talks))
    for talk in talks:
        system.add(talk)
    system.finish()
    first, second = system.memories()
    assert first.text == second.text and first.turn_ids == ("D1:1", "D2:1") and second.turn_ids == ("D2:1",)
    assert system.stats()["events_update_update"] == 1 and system.usage()["organise"].calls == 0

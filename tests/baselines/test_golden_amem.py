"""A-MEM's notes, worked out by hand from its specification (docs/systems.md#a-mem)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest_baselines import WordEmbedder, session
from scripted_models import asked, prompts, scripted

from baselines.amem.notes import Evolution, Note, NoteStore, inserted_text, rebuilt_text
from baselines.amem.rules import RuleAMemBrain
from baselines.amem.system import AMem
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query


def analysis(keywords, context, tags) -> dict:
    return {"keywords": keywords, "context": context, "tags": tags}


def evolution(evolves, actions=(), connections=(), tags=(), contexts=(), neighbour_tags=()) -> dict:
    return {
        "should_evolve": evolves,
        "actions": list(actions),
        "suggested_connections": list(connections),
        "tags_to_update": list(tags),
        "new_context_neighborhood": list(contexts),
        "new_tags_neighborhood": [list(item) for item in neighbour_tags],
    }


def store(count: int, era="released", stale=True, rebuild_every=100) -> NoteStore:
    """A store of so many notes n0, n1 …"""
    made = NoteStore(WordEmbedder(), era, stale, rebuild_every)
    for number in range(count):
        made.apply(Note(f"n{number}", "", f"D1:{number}", context="old"), [], Evolution())
    return made


def read(llm, *lines, **fields) -> AMem:
    talk = session(1, 1, *lines)
    system = AMem(AMem.Config(extractor="llm", **fields), embedder=WordEmbedder(), llm=llm)
    system.start(Conversation("demo", ("Ann", "Bob"), (talk,)))
    system.add(talk)
    return system


def test_the_first_note_evolves_alone():
    """A1."""
    llm = scripted(analysis(["cat"], "c", ["animal"]), evolution(True, ["strengthen"], [], ["pets"]))
    system = read(llm, ("Ann", "I adopted a cat."))
    (note,) = system.store.notes
    assert (note.tags, note.links, system.store.evolved) == (["pets"], [], 1)
    assert "Its 0 nearest notes" in prompts(llm)[1] and "(none yet)" in prompts(llm)[1]
    assert (system.usage()["ingest"].calls, system.usage()["organise"].calls) == (1, 1)


@pytest.mark.parametrize(("stale", "tags"), [(True, []), (False, ["own"])])
def test_strengthening_links_and_replaces_tags_even_by_none(stale, tags):
    """A2."""
    made, note = store(3, stale=stale), Note("n3", "", "D1:3", tags=["own"])
    dropped = made.apply(note, [2, 0, 1], Evolution(True, ("strengthen",), (0, 2)))
    assert (note.links, note.tags, dropped) == ([0, 2], tags, 0)


@pytest.mark.parametrize("stale", [True, False])
def test_neighbours_are_rewritten_in_their_order(stale):
    """A3: the second has no new context, the third no new tags; as released vectors stay to the byte."""
    made = store(3, stale=stale)
    before = made.vectors.copy()
    change = Evolution(True, ("update_neighbor",), contexts=("c2",), neighbour_tags=(("x",), ("y",)))
    made.apply(Note("n3", "", "D1:3"), [2, 0, 1], change)
    described = [(note.context, note.tags) for note in made.notes[:3]]
    assert described == [("old", ["y"]), ("old", []), ("c2", ["x"])]
    assert np.array_equal(made.vectors[:3], before) == stale
    if not stale:
        expected = made._embedder.encode([inserted_text(note, "released") for note in made.notes])
        assert np.array_equal(made.vectors, expected)


def test_actions_without_evolution_do_nothing():
    """A4."""
    made, note = store(1), Note("n1", "", "D1:1", tags=["own"])
    made.apply(note, [0], Evolution(False, ("strengthen", "update_neighbor"), (0,), ("t",), ("c",), (("x",),)))
    assert (note.links, note.tags, made.notes[0].context, len(made.notes), made.evolved) == ([], ["own"], "old", 2, 0)


def test_the_index_is_rebuilt_in_another_format_now_and_then():
    """A5: after the second evolved note; the next one stands in the format of insertion."""
    made, embed = store(0, rebuild_every=2), WordEmbedder().encode
    for number in range(3):
        made.apply(Note(f"word{number}", "", "D1:1", ["key"], "ctx", ["tag"]), [], Evolution(number < 2))
        if number == 1:
            assert np.array_equal(made.vectors, embed([rebuilt_text(note) for note in made.notes]))
    assert rebuilt_text(made.notes[0]) == "word0 , ctx key tag"
    assert np.array_equal(made.vectors[2:], embed([inserted_text(made.notes[2], "released")]))


@pytest.mark.parametrize(("era", "lines"), [("paper", [5, 1, 2, 3, 3, 0]), ("released", [5, 1, 2, 3, 3, 0, 4])])
def test_linked_notes_follow_their_hit_up_to_one_above_the_limit(era, lines):
    """A6: in the paper's era the count goes on from hit to hit; repeats stay."""
    made = store(6, era=era)
    made.notes[5].links, made.notes[3].links = [1, 2, 3], [0, 4]
    assert [index for _, index in made.shown([5, 3], 2, links=True)] == lines
    assert [index for _, index in made.shown([5, 3], 2, links=False)] == [5, 3]


def test_links_to_notes_that_do_not_exist_are_dropped_and_counted():
    """A7."""
    made, note = store(8), Note("n8", "", "D1:8")
    assert made.apply(note, [], Evolution(True, ("strengthen",), (99, -1))) == 2 and note.links == []


def test_a_failed_analysis_leaves_a_note_with_the_defaults():
    """A8."""
    llm = MockLLM(function=lambda request: "no")
    system = read(llm, ("Ann", "I adopted a cat."), era="paper", retries=2, evolve=False)
    (note,) = system.store.notes
    assert (note.keywords, note.context, note.tags) == ([], "General", []) and len(llm.requests) == 3
    assert inserted_text(note, "paper") == "General keywords: " and system.losses.malformed == 1


def test_in_the_papers_era_the_content_is_not_embedded():
    """A9."""
    note = Note("zebra", "", "D1:1", ["animal"], "a walk", ["nature"])
    assert "zebra" not in inserted_text(note, "paper")
    assert inserted_text(note, "released") == "content:zebra context:a walk keywords: animal tags: nature"


TRACE = (
    analysis(["cat", "adoption"], "Ann adopts a pet", ["pets"]),
    evolution(False),
    analysis(["name"], "the pet's name", ["question"]),
    evolution(True, ["strengthen"], [0], ["pets", "question"]),
    analysis(["Miso"], "naming", ["naming"]),
    evolution(
        True,
        ["update_neighbor", "strengthen"],
        [1],
        ["naming", "pets"],
        ["Ann's cat is Miso"],
        [["pets", "naming"]],
    ),
    {"keywords": "Miso naming"},
)


class Circle:
    """Vectors of the trace: the name is nearest to the question about it, then the first note."""

    name, dim, max_tokens, pooled = "circle", 2, 10_000, 0

    def encode(self, texts):
        angle = {"cat": 0.0, "name?": 0.5, "Miso": 1.0}
        turns = [next((a for word, a in angle.items() if word in text), 1.0) for text in texts]
        return np.array([[np.cos(a), np.sin(a)] for a in turns], dtype=np.float32)


def test_trace_of_three_turns_and_a_question(tmp_path):
    llm = scripted(*TRACE)
    talk = session(1, 1, ("Ann", "I adopted a cat."), ("Bob", "Its name?"), ("Ann", "Miso."))
    system = AMem(AMem.Config(extractor="llm", top_k=1), embedder=Circle(), llm=llm)
    system.start(Conversation("demo", ("Ann", "Bob"), (talk,)))
    system.add(talk)
    system.finish()
    first, second, third = system.store.notes
    assert (first.context, first.tags, first.links) == ("Ann adopts a pet", ["pets"], [])
    assert (second.context, second.tags, second.links) == ("Ann's cat is Miso", ["pets", "naming"], [0])
    assert (third.tags, third.links, system.store.evolved) == (["naming", "pets"], [1], 2)
    assert np.array_equal(system.store.vectors[1], Circle().encode(["name?"])[0])
    shown = prompts(llm)[5]
    assert "Its 2 nearest notes" in shown and shown.index("memory index: 1") < shown.index("memory index: 0")
    result = system.search(Query("What is the cat called?"))
    assert result.used == 2 and [hit.turn_ids for hit in result.hits[:2]] == [("D1:3",), ("D1:2",)]
    assert result.context.splitlines()[0].startswith(
        "talk start time:10:00 am on 1 May, 2023memory content: Speaker Ann"
    )
    assert [system.usage()[phase].calls for phase in ("ingest", "organise")] == [3, 3] and result.usage.calls == 1
    assert asked(llm)[-1] == "keywords"
    system.save(tmp_path)
    again = AMem(AMem.Config(extractor="llm", top_k=1), embedder=Circle(), llm=scripted(TRACE[-1]))
    again.load(tmp_path)
    assert again.search(Query("What is the cat called?")) == result and again.store.evolved == 2


def test_by_rules_a_note_is_described_by_its_own_words():
    noted = RuleAMemBrain(0.6).analyse("Speaker Annsays : We hiked to Lake Garda with friends. It rained.")
    assert noted.keywords == ("Lake", "Garda", "hiked", "friends", "rained") and noted.tags == (
        "Lake",
        "Garda",
        "hiked",
    )
    assert noted.context == "We hiked to Lake Garda with friends."
    assert RuleAMemBrain(0.6).analyse("Speaker Annsays : ").context == "General"

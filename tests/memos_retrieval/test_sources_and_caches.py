"""Summaries are written again without what left, and no index or context holds what its source does not
(docs/memos.md#derivation)."""

from dataclasses import replace

import pytest

from memos import MemOS
from memos.cube import FakeClock, Grant, SequentialIds
from memos.infrastructure.access import Caller
from memos.infrastructure.vault import Is
from memos.interface.api import MemoryAPI
from memos.llm.mock import MockLLM
from memos.operation.operator import MemOperator
from memos.operation.upkeep.lifecycle import MemLifecycle
from memos.operation.upkeep.organise import Reorganiser

BOATS = ["the red boat in the harbour", "the blue boat in the harbour", "the old boat in the harbour"]
BOATS += ["the new boat in the harbour"]


@pytest.fixture
def near(make_bench):
    """A bench whose organiser makes one concept of four memories and no topic."""
    return make_bench(MemOperator.Config(organise=Reorganiser.Config(distance=1.5, topic_distance=0.01)))


def _concepts(bench):
    return bench.vault.get_many(bench.vault.find(Is("semantic_type", "concept")))


def _organised(bench, **governance):
    cubes = [bench.cube(text) for text in BOATS]
    cubes[-1] = cubes[-1].governed(**governance)
    bench.vault.add(cubes, bench.operator.embedder.encode(BOATS))
    bench.operator.organise()
    (concept,) = _concepts(bench)
    return cubes, concept


def test_a_concept_of_a_global_and_private_memories_is_private(near):
    _, concept = _organised(near, layer="global", sensitivity="confidential", ttl_seconds=100.0)
    rules = concept.governance
    assert (rules.layer, rules.sensitivity) == ("private", "confidential") and rules.ttl_seconds <= 100
    near.clock.advance(seconds=101)
    assert not _concepts(near)


def test_memories_of_two_owners_never_share_a_concept(near):
    cubes = [near.cube(text).governed(layer="global") for text in BOATS]
    bobs = [near.cube(f"Bob: {text}").governed(owner="bob") for text in BOATS]
    near.vault.add([*cubes, *bobs])
    near.operator.organise()
    concepts = _concepts(near)
    assert sorted(concept.governance.owner for concept in concepts) == ["ana", "bob"]
    ana = next(concept for concept in concepts if concept.governance.owner == "ana")
    assert "Bob" not in ana.text


def test_a_concept_is_written_again_without_what_left(near):
    cubes, concept = _organised(near)
    gone = next(cube for cube in cubes if cube.text in concept.text)
    near.operator.lifecycle.transition(gone.cube_id, "archived", cause="wish")
    assert not _concepts(near) and gone.text not in str(near.texts("boat harbour", 9))
    assert near.operator.renew() == 1
    (again,) = _concepts(near)
    assert gone.text not in again.text and set(again.parents) == {c.cube_id for c in cubes} - {gone.cube_id}
    near.operator.lifecycle.restore(gone.cube_id, cause="wish")
    assert [one.cube_id for one in _concepts(near)] == [again.cube_id], "the old one does not come back beside it"
    assert near.operator.organise().concepts == 0


def test_a_concept_of_a_changed_memory_is_written_again_under_its_name(near):
    cubes, concept = _organised(near)
    changed = next(cube for cube in cubes if cube.text in concept.text)
    revised = changed.revise(near.clock(), payload=replace(changed.payload, text="the green boat in the harbour"))
    near.operator.update(revised, actor="ana", cause="test")
    assert not _concepts(near) and near.operator.renew() == 1
    (again,) = _concepts(near)
    assert again.cube_id == concept.cube_id and changed.text not in again.text and again.version > 1


def test_too_few_that_are_left_leave_no_concept(near):
    cubes, _ = _organised(near)
    for cube in cubes[:2]:
        near.operator.lifecycle.transition(cube.cube_id, "archived", cause="wish")
    assert near.operator.renew() == 0 and not _concepts(near)


@pytest.fixture
def pair(tmp_path, mock_embedder):
    """Two facades on one file, with a model that repeats its prompt."""
    llm, clock = MockLLM(function=lambda request: request.messages[0].content), FakeClock()
    path, ids = tmp_path / "vault.sqlite", SequentialIds()
    made = [MemOS(path, embedder=mock_embedder, clock=clock, ids=ids, llm=llm) for _ in range(2)]
    yield made
    for one in made:
        one.close()


def _asked(memory):
    return memory.chat("What do you know about the code of the gate?", user="ana")


def test_another_facades_changes_are_in_the_next_context(pair):
    first, second = pair
    assert "4711" not in _asked(first)
    made = second.add("The code of the gate is 4711.", user="ana")[0]
    assert "4711" in _asked(first), "what another one stored is found at once"
    api = MemoryAPI(
        vault=second.vault,
        governance=second._governance(),
        lifecycle=MemLifecycle(vault=second.vault, clock=second.clock, ids=second.ids),
        clock=second.clock,
        ids=second.ids,
        embedder=second.embedder,
    )
    api.update(Caller("ana"), made.cube_id, "The code of the gate is 8822.")
    reply = _asked(first)
    assert "8822" in reply and "4711" not in reply
    second.forget([made.cube_id], user="ana")
    assert "8822" not in _asked(first)
    second.restore(made.cube_id, 2, user="ana")
    assert "8822" in _asked(first)
    second.forget([made.cube_id], user="ana", erase=True)
    assert "8822" not in _asked(first)


def test_a_duplicate_of_other_rights_stays_beside_the_first(bench):
    old = bench.cube("Mara lives in Porto.").governed(layer="global")
    new = bench.cube("Mara lives in Porto.")
    assert [one.status for one in (*bench.insert(old), *bench.insert(new))] == ["added", "added"]
    shared = bench.cube("Mara lives in Porto.").governed(layer="global")
    assert bench.insert(shared)[0].status == "duplicate"


def test_a_fine_memory_takes_the_rules_of_its_turns_and_goes_with_them(mock_embedder):
    item = '{"memories": [{"text": "Tom rang from +44 7911 123456.", "kind": "fact", "lines": [1, 2]}]}'
    with MemOS(embedder=mock_embedder, clock=FakeClock(), ids=SequentialIds()) as memory:
        memory.llm = MockLLM(function=lambda request: item)
        made = memory.add_dialogue([("Tom", "Ring +44 7911 123456."), ("Ana", "I will.")], user="ana", fine=True)
        memory.drain()
        (fine,) = memory.vault.find(Is("origin", "inference"))
        assert memory.vault.get(fine).governance.sensitivity == "confidential"
        assert set(memory.forget([made[0].cube_id], user="ana")) == {made[0].cube_id, fine}
        memory.restore(made[0].cube_id, 1, user="ana")
        assert fine in memory.vault.find()


def test_what_a_grant_took_back_is_in_no_context_of_the_other(mock_embedder):
    with MemOS(embedder=mock_embedder, clock=FakeClock(), ids=SequentialIds()) as memory:
        (one,) = memory.add("The gate is 4711.", user="ana")
        cube = memory.vault.get(one.cube_id)
        memory.vault.update(
            cube.revise(memory.clock(), governance={"layer": "shared", "acl": (Grant("bob"),)}), actor="ana"
        )
        seen = lambda: memory.operator("ana").search("gate", 3, caller=Caller("bob"))  # noqa: E731
        assert seen()
        shared = memory.vault.get(one.cube_id)
        memory.vault.update(shared.revise(memory.clock(), governance={"acl": ()}), actor="ana")
        assert not seen()

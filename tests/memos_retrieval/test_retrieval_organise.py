"""The reorganiser keeps children, writes parents with all their sources, and adds nothing the second time (C19)."""

from memos.cube import Source
from memos.infrastructure.vault import Is
from memos.llm.mock import MockLLM
from memos.operation.operator import MemOperator
from memos.operation.upkeep.organise import Reorganiser

SUBJECTS = {
    "sailing": ["sail boat race lake", "torn sail boat race", "boat race lake sail wind", "new sail boat race"],
    "bread": ["rye bread dough oven", "burned rye bread oven", "bread dough rye rose", "warm rye dough bread"],
    "odd": ["quarterly tax ledger"],
}


def _fill(bench):
    cubes = [
        bench.cube(text, kind="episode", sources=(Source("d", name, f"{name}:{n}"),))
        for name, texts in SUBJECTS.items()
        for n, text in enumerate(texts)
    ]
    bench.insert(*cubes)
    return cubes


def test_parents_hold_all_sources_and_children_stay(make_bench):
    """C19: reorganiser keeps children and is idempotent."""
    bench = make_bench(MemOperator.Config(organise=Reorganiser.Config(distance=0.7, topic_distance=0.95)))
    cubes = _fill(bench)
    done = bench.operator.organise()
    concepts = bench.vault.get_many(bench.vault.find(Is("semantic_type", "concept")))
    assert done.concepts == len(concepts) >= 2
    for concept in concepts:
        children = bench.vault.get_many(sorted(e.target for e in bench.vault.edges([concept.cube_id], direction="out")))
        assert {c.cube_id for c in children} == set(concept.behavioural.derived_from)
        assert set(concept.turn_ids) == {turn for child in children for turn in child.turn_ids}
        assert len({child.descriptive.sources[0].session for child in children}) == 1
    assert all(bench.vault.get(cube.cube_id).state == "activated" for cube in cubes)


def test_a_second_run_adds_nothing(make_bench):
    """C19: reorganiser keeps children and is idempotent."""
    bench = make_bench(MemOperator.Config(organise=Reorganiser.Config(distance=0.7)))
    _fill(bench)
    bench.operator.organise()
    before = bench.vault.digest()
    again = bench.operator.organise()
    assert (again.concepts, again.topics, again.clustered) == (0, 0, 0)
    assert bench.vault.digest() == before


def test_later_memories_get_parents_of_their_own(make_bench):
    bench = make_bench(MemOperator.Config(organise=Reorganiser.Config(distance=0.7)))
    _fill(bench)
    bench.operator.organise()
    bench.insert(*[bench.cube(f"violin lesson violin teacher bow {n}", kind="episode") for n in "abc"])
    assert bench.operator.organise().concepts == 1


def test_a_model_writes_the_summary_and_rules_stand_in_for_a_bad_reply(make_bench):
    good = MockLLM(function=lambda request: '{"title": "A title", "summary": "A summary."}')
    bad = MockLLM(function=lambda request: "no json here")
    config = MemOperator.Config(organise=Reorganiser.Config(distance=0.7))
    for llm, title, fallbacks in ((good, "A title", 0), (bad, None, 2)):
        bench = make_bench(config, llm)
        _fill(bench)
        done = bench.operator.organise()
        concepts = bench.vault.get_many(bench.vault.find(Is("semantic_type", "concept")))
        assert done.fallbacks == fallbacks and done.concepts == 2
        assert all((c.descriptive.key == title) == (title is not None) for c in concepts)


def test_a_summary_is_found_by_a_search(make_bench):
    """Defect 27 of docs/memos.md: weights of levels were dead."""
    bench = make_bench(MemOperator.Config(organise=Reorganiser.Config(distance=0.7)))
    _fill(bench)
    bench.operator.organise()
    hits = bench.operator.search("rye bread", 3, where=Is("semantic_type", "concept"))
    assert "memories" in hits[0].units[0].text

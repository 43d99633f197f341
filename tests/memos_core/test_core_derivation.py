"""What is derived follows what it was made from (docs/memos.md#derivation), in every adapter and by whatever door."""

import json
from datetime import timedelta

import pytest

from memos.cube import AccessDenied, CubeError, FrozenCube, Grant, IllegalTransition, NotFound
from memos.infrastructure.access import Caller, decide
from memos.infrastructure.audit import LogQuery
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.inheritance import end_of, heir_rules
from memos.infrastructure.vault import Edge, readable_by
from memos.infrastructure.vault.following import DUPLICATE, admitted
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.operation.upkeep.lifecycle import merged_cube

ANA, BOB = Caller("ana"), Caller("bob")


@pytest.fixture
def family(vault, make):
    """A global and a private memory, a summary of both made in the loosest way, and a topic of the summary."""
    vault.add([make("the town is Porto", rules={"layer": "global"}), make("the salary is 900")])
    one, two = vault.find()
    vault.add([make("Porto, 900", derived_from=(one, two), rules={"layer": "global", "sensitivity": "public"})])
    summary = vault.find()[-1]
    vault.add([make("money", derived_from=(summary,), rules={"layer": "global"})])
    return one, two, summary, vault.find()[-1]


def _rules(vault, cube_id):
    return vault.get(cube_id).governance


def test_a_derived_memory_takes_the_strictest_of_its_sources(vault, family):
    for cube_id in family[2:]:
        assert (_rules(vault, cube_id).layer, _rules(vault, cube_id).sensitivity) == ("private", "internal")


def test_readers_of_a_derived_memory_are_those_who_may_read_every_source(vault, make):
    grants = [(), (Grant("bob"), Grant("eve")), (Grant("bob"), Grant("*", ("read",), "deny")), (Grant("bob"),)]
    layers = ["global", "shared", "shared", "global"]
    levels = ["public", "internal", "internal", "restricted"]
    rules = [
        {"layer": layer, "acl": acl, "sensitivity": level}
        for layer, acl, level in zip(layers, grants, levels, strict=True)
    ]
    for size in (1, 2, 3, 4):
        for first in range(len(rules) - size + 1):
            sources = [make(f"text {n}", rules=one) for n, one in enumerate(rules[first : first + size])]
            made = make("all", derived_from=[one.cube_id for one in sources], rules={"layer": "global"})
            heir = admitted(vault, [*sources, made])[-1].governance
            for user in ("ana", "bob", "eve", "zoe"):
                may = all(decide(Caller(user), one.governance, "read").allowed for one in sources)
                assert decide(Caller(user), heir, "read").allowed <= may, (user, first, size)
            assert decide(ANA, heir, "read").allowed


def test_nobody_owns_what_is_made_of_what_they_may_not_read(vault, make, clock):
    vault.add([make("Bob's secret", owner="bob"), make("Ana's note")])
    secret, note = vault.get_many(vault.find())
    made = make("both", derived_from=(secret.cube_id, note.cube_id))
    with pytest.raises(AccessDenied, match=f"ana may own nothing made from it: memory {secret.cube_id} is private"):
        admitted(vault, [made])
    with pytest.raises(CubeError, match="no calling context"):
        heir_rules([make("a", rules={"contexts": ("chat",)}), make("b", rules={"contexts": ("export",)})], clock())


def test_licences_of_all_sources_bind_what_was_made_from_them(vault, make, clock):
    few, ended = '{"max_accesses":1}', '{"expires_at":"2001-01-01T00:00:00+00:00"}'
    vault.add([make(licence, rules={"layer": "global", "licence": licence}) for licence in ("CC-BY-4.0", few, ended)])
    named, counted, over = vault.find()
    for sources, reads in (((named,), 2), ((named, counted), 1), ((counted, over), 0)):
        vault.add([make("made", derived_from=sources, rules={"layer": "global"})])
        made = vault.find()[-1]
        for number in range(3):
            assert (vault.find(readable_by(vault, BOB, clock())).count(made) == 1) == (number < reads or reads == 2)
            vault.touch([made], clock(), "access", "bob")
    with pytest.raises(AccessDenied, match="bob may own nothing made from it: a licence limits reading"):
        admitted(vault, [make("Bob's", owner="bob", derived_from=(counted,))])


def test_it_ends_with_the_first_of_its_sources_whatever_is_revised(vault, make, clock):
    vault.add([make("mortal", rules={"ttl_seconds": 100.0}), make("lasting")])
    clock.advance(seconds=40)
    vault.add([make("both", derived_from=vault.find())])
    mortal, _, made = vault.find()
    clock.advance(seconds=30)
    vault.update(vault.get(made).revise(clock(), descriptive={"tags": ("new",)}))
    assert 0 <= end_of(vault.get(mortal)) - end_of(vault.get(made)) < 0.01
    clock.advance(seconds=30)
    assert made not in vault.find() and mortal not in vault.find()


def test_it_changes_with_the_rules_of_its_source_both_ways(vault, make, clock):
    vault.add([make("a", rules={"layer": "global"}), make("b", rules={"layer": "global"})])
    a, b = vault.find()
    vault.add([make("a and b", derived_from=(a, b), rules={"layer": "global"})])
    made = vault.find()[-1]
    vault.update(vault.get(b).revise(clock(), governance={"layer": "private"}))
    assert _rules(vault, made).layer == "private"
    vault.update(vault.get(b).revise(clock(), governance={"layer": "global"}))
    assert _rules(vault, made).layer == "global", "it had just the rules of its sources, and follows them"
    vault.update(vault.get(made).revise(clock(), governance={"layer": "private"}))
    vault.update(vault.get(b).revise(clock(), governance={"sensitivity": "restricted"}))
    assert (_rules(vault, made).layer, _rules(vault, made).sensitivity) == ("private", "restricted")


def test_what_its_owner_may_not_read_any_more_is_withdrawn_and_comes_back(vault, make, clock):
    vault.add([make("shared", owner="bob", rules={"layer": "shared", "acl": (Grant("ana"),)})])
    (source,) = vault.find()
    vault.add([make("about it", derived_from=(source,), rules={"layer": "shared"})])
    made = vault.find()[-1]
    vault.update(vault.get(source).revise(clock(), governance={"acl": ()}))
    assert vault.find() == [source]
    vault.update(vault.get(source).revise(clock(), governance={"acl": (Grant("ana"),)}))
    assert vault.find() == [source, made]


@pytest.mark.parametrize("state", ["archived", "expired"])
def test_it_leaves_with_a_source_and_comes_back_with_it(vault, lifecycle, family, state):
    one, two, summary, topic = family
    lifecycle.transition(two, state, cause="wish")
    assert vault.find() == [one]
    causes = [entry.cause for entry in vault.audit(LogQuery(cube_id=summary, actor="lineage"))]
    assert causes == [f"source {two} is {state}"]
    with pytest.raises(IllegalTransition, match=f"its source {two} is {state}"):
        lifecycle.restore(summary, cause="wish")
    lifecycle.restore(two, cause="wish")
    assert vault.find() == [one, two, summary, topic]


def test_two_sources_that_left_must_both_come_back(vault, lifecycle, family):
    one, two, summary, topic = family
    for cube_id in (one, two):
        lifecycle.transition(cube_id, "archived", cause="wish")
    lifecycle.restore(one, cause="wish")
    assert vault.find() == [one]
    lifecycle.restore(two, cause="wish")
    assert vault.find() == [one, two, summary, topic]


def test_a_changed_source_withdraws_what_quotes_it(vault, family, clock):
    one, two, *_ = family
    vault.update(vault.get(two).revise(clock(), payload=type(vault.get(two).payload)("the salary is 950")))
    assert vault.find() == [one, two]


def test_a_changed_source_that_comes_back_does_not_bring_the_old_text(vault, lifecycle, family, clock):
    one, two, summary, _ = family
    vault.update(vault.get(two).revise(clock(), payload=type(vault.get(two).payload)("the salary is 950")))
    lifecycle.transition(two, "archived", cause="wish")
    lifecycle.restore(two, cause="wish")
    assert vault.find() == [one, two]
    with pytest.raises(IllegalTransition, match=f"its source {two} is changed"):
        lifecycle.restore(summary, cause="wish")


def test_an_archived_source_that_is_shared_again_stays_away(vault, lifecycle, make, clock):
    vault.add([make("shared", owner="bob", rules={"layer": "shared", "acl": (Grant("ana"),)})])
    (source,) = vault.find()
    vault.add([make("about it", derived_from=(source,), rules={"layer": "shared"})])
    made = vault.find()[-1]
    vault.update(vault.get(source).revise(clock(), governance={"acl": ()}))
    vault.update(vault.get(source).revise(clock(), governance={"acl": (Grant("eve"),)}))
    assert vault.find() == [source], "another change of rights that does not help brings nothing back"
    lifecycle.transition(source, "archived", cause="wish")
    vault.update(vault.get(source).revise(clock(), governance={"acl": (Grant("ana"),)}))
    assert vault.find() == []
    lifecycle.restore(source, cause="wish")
    assert vault.find() == [source, made]


def test_a_purge_takes_what_was_made_of_it_and_erasure_leaves_no_word(vault, lifecycle, family, clock):
    one, two, summary, topic = family
    vault.place(topic, frozen=True)
    lifecycle.transition(two, "expired", cause="time")
    with pytest.raises(FrozenCube, match=topic):
        lifecycle.purge(two, actor="ana", cause="time")
    vault.place(topic, frozen=False)
    lifecycle.purge(two, actor="ana", cause="time")
    assert vault.find(live=False) == [one]
    assert "900" not in json.dumps([cube.to_json() for cube in vault.get_many(vault.find(live=False))])
    with pytest.raises(NotFound):
        vault.get(summary)


def test_copies_keep_the_owner_they_were_given_to_and_end_with_the_original(vault, api, make, clock):
    vault.add([make("a secret", rules={"ttl_seconds": 100.0, "sensitivity": "confidential"})])
    (source,) = vault.find()
    clock.advance(seconds=60)
    copy = api.transfer(ANA, source, to_owner="bob", namespace="bob")
    rules = _rules(vault, copy.cube_id)
    assert (rules.owner, rules.layer, rules.sensitivity) == ("bob", "private", "confidential")
    clock.advance(seconds=40)
    assert vault.find() == []


def test_a_what_if_copy_and_a_merge_take_the_rules_too(vault, lifecycle, make, clock, ids):
    vault.add([make("a", rules={"ttl_seconds": 50.0}), make("b", rules={"layer": "shared", "contexts": ("chat",)})])
    first, second = vault.find()
    copy = lifecycle.what_if(first)
    assert 0 <= end_of(vault.get(first)) - end_of(vault.get(copy.cube_id)) < 0.01
    made = lifecycle.merge(
        [first, second], merged_cube(vault.get_many([first, second]), "a and b", clock=clock, ids=ids), cause="x"
    )
    rules = _rules(vault, made.cube_id)
    assert (rules.layer, rules.contexts, made.cube_id in vault.find()) == ("private", ("chat",), True)
    lifecycle.transition(first, "archived", cause="wish")
    assert made.cube_id not in vault.find(), "a merged text follows those it was merged from"


def test_a_duplicate_that_leaves_takes_nothing_with_it(vault, lifecycle, make):
    vault.add([make("told once"), make("told once")])
    old, new = vault.find()
    vault.update(vault.get(old).revise(vault.clock(), derived_from=(new,)))
    vault.link([Edge(new, old, "merged_into", attributes={DUPLICATE: True})])
    lifecycle.transition(new, "archived", cause="duplicate")
    assert vault.find() == [old]
    assert MemGovernance(vault=vault, clock=vault.clock).lineage([new]) == [new, old], "erasure takes both"


def test_generations_count_changes_of_every_kind_and_no_use(vault, make, clock):
    vault.add([make("a"), make("b")])
    a, b = vault.find()
    seen = [vault.generation("default")]
    steps = [
        lambda: vault.update(vault.get(a).revise(clock(), descriptive={"tags": ("x",)})),
        lambda: vault.place(a, state="archived"),
        lambda: vault.place(b, frozen=True),
        lambda: vault.purge([a]),
        lambda: vault.add([make("c")]),
    ]
    for step in steps:
        step()
        seen.append(vault.generation("default"))
    assert seen == sorted(set(seen))
    vault.touch([b], clock())
    assert vault.generation("default") == seen[-1] and vault.generation("nobody") == 0
    assert vault.stamps("default") == {cube_id: 1 for cube_id in vault.find()}


def test_another_process_changes_the_generation_too(tmp_path, make, clock):
    with_file = [SqliteVault(tmp_path / "v.sqlite", clock=clock) for _ in range(2)]
    with_file[0].add([make("a")])
    before = with_file[1].generation("default")
    with_file[0].place(with_file[0].find()[0], state="archived")
    assert with_file[1].generation("default") > before
    clock.advance(seconds=timedelta(days=1).total_seconds())
    for one in with_file:
        one.close()

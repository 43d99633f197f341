"""The contract of every vault adapter: the same tests for SQLite (in memory, in a file) and the in-memory vault."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from memos.cube import (
    CubeError,
    DuplicateCube,
    FrozenCube,
    Grant,
    NotFound,
    PlaintextPayload,
    Source,
    VersionConflict,
    verify_chain,
)
from memos.infrastructure.access import Caller
from memos.infrastructure.audit import AuditEntry, LogQuery, verify_audit
from memos.infrastructure.vault import (
    AllOf,
    AnyOf,
    Between,
    DerivedFrom,
    Edge,
    FromTurn,
    Happened,
    Is,
    ReadableBy,
    Recorded,
    Tagged,
    Vault,
)


def ids_of(matches):
    return [match.cube_id for match in matches]


def test_an_adapter_has_the_whole_interface(vault):
    """C46: one contract suite; kill -9 fifty times."""
    assert isinstance(vault, Vault)


def test_what_is_stored_is_read_and_found(vault, make, embed):
    cubes = [make("I painted a lake at sunrise"), make("running a charity race"), make("painting lakes again")]
    vault.add(cubes, [embed(cube.text) for cube in cubes])
    assert vault.get_many([cube.cube_id for cube in cubes]) == cubes
    assert set(ids_of(vault.keyword("When did she paint the lake?", 5))) == {cubes[0].cube_id, cubes[2].cube_id}
    assert ids_of(vault.nearest(embed("running a charity race"), 1)) == [cubes[1].cube_id]
    assert np.array_equal(vault.vectors([cubes[1].cube_id])[0], embed("running a charity race"))


def test_titles_and_tags_are_keywords_too(vault, make):
    vault.add([make("body", key="the marathon"), make("body", tags=("swimming",)), make("body")])
    assert ids_of(vault.keyword("marathons", 5)) == ["cube-000001"]
    assert ids_of(vault.keyword("swim", 5)) == ["cube-000002"]


def test_equal_scores_are_ordered_by_id(vault, make, embed):
    vault.add([make("same words") for _ in range(50)], [embed("x")] * 50)
    assert ids_of(vault.keyword("same", 5)) == [f"cube-{n:06d}" for n in range(1, 6)]
    assert ids_of(vault.nearest(embed("x"), 5)) == [f"cube-{n:06d}" for n in range(1, 6)]


def test_queries_without_matches_or_words(vault, make, embed):
    assert vault.keyword("anything", 5) == vault.keyword("", 5) == vault.nearest(embed("x"), 5) == []
    vault.add([make('quotes " OR * ( NEAR')])
    assert vault.keyword("?!", 5) == []
    assert ids_of(vault.keyword('" OR near(', 5)) == ["cube-000001"]
    assert vault.keyword("quotes", 0) == []


def test_a_change_is_searchable_inside_its_transaction_and_gone_after_rollback(vault, make, embed, clock):
    """C15: fresh indexes, 10,000 random operations."""
    vault.add([make("old words"), make("other")], [embed("old"), embed("other")])
    vault.nearest(embed("old"), 1)
    before = vault.digest()
    with pytest.raises(RuntimeError, match="stop"), vault.transaction():
        cube = vault.get("cube-000001")
        vault.update(cube.revise(clock(), payload=PlaintextPayload("fresh words")), embed("fresh"))
        vault.add([make("new memory")], [embed("new")])
        vault.link([Edge("cube-000001", "cube-000003", "relates")])
        vault.place("cube-000002", state="archived")
        vault.touch(["cube-000001"], clock())
        assert ids_of(vault.keyword("fresh", 5)) == ["cube-000001"]
        assert vault.keyword("old", 5) == []
        assert ids_of(vault.nearest(embed("new"), 1)) == ["cube-000003"]
        assert vault.nearest(embed("fresh"), 1)[0].score == pytest.approx(1, abs=1e-5)
        assert "cube-000002" not in ids_of(vault.nearest(embed("other"), 5))
        raise RuntimeError("stop")
    assert vault.digest() == before
    assert ids_of(vault.keyword("old", 5)) == ["cube-000001"]
    assert vault.nearest(embed("old"), 1)[0].score == pytest.approx(1, abs=1e-5)
    assert ids_of(vault.nearest(embed("other"), 1)) == ["cube-000002"]


def test_an_inner_transaction_is_undone_alone(vault, make, embed):
    with vault.transaction():
        vault.add([make("outer")], [embed("outer")])
        with pytest.raises(RuntimeError), vault.transaction():
            vault.add([make("inner", rules={"namespace": "new"})], [embed("inner")])
            raise RuntimeError
        vault.add([make("after", rules={"namespace": "new"})], [embed("after")])
    assert vault.find() == ["cube-000001", "cube-000003"]
    assert vault.keyword("inner", 5, namespaces=("default", "new")) == []
    assert ids_of(vault.keyword("after", 5, namespaces=("new",))) == ["cube-000003"]
    assert ids_of(vault.nearest(embed("after"), 5, namespaces=("new",))) == ["cube-000003"]


def test_a_failed_batch_stores_nothing(vault, make, embed):
    first = make("first")
    vault.add([first], [embed("first")])
    before = vault.digest()
    with pytest.raises(DuplicateCube, match="cube-000001"):
        vault.add([make("second"), first], [embed("second"), embed("first")])
    twin = make("twin")
    with pytest.raises(DuplicateCube, match=twin.cube_id):
        vault.add([twin, twin])
    with pytest.raises(CubeError, match="expected"):
        vault.add([make("third")], [np.ones(3, dtype=np.float32)])
    with pytest.raises(CubeError, match="finite"):
        vault.add([make("fourth")], [np.full(16, np.nan, dtype=np.float32)])
    with pytest.raises(CubeError, match="1 vectors for 2 cubes"):
        vault.add([make("a"), make("b")], [embed("a")])
    assert vault.digest() == before
    assert vault.keyword("second", 5) == []


def test_updates_chain_versions_and_refuse_stale_ones(vault, make, clock):
    """C3: version chain, tampering noticed."""
    cube = make("first text")
    vault.add([cube], actor="ana", cause="create")
    clock.advance(hours=1)
    revised = cube.revise(clock(), payload=PlaintextPayload("second text"), governance={"layer": "shared"})
    vault.update(revised, actor="bob", cause="fix")
    assert vault.get(cube.cube_id) == revised
    chain = vault.versions(cube.cube_id)
    verify_chain(chain)
    assert [(one.version, one.actor, one.cause) for one in chain] == [(1, "ana", "create"), (2, "bob", "fix")]
    assert [one.content for one in chain] == [cube.content(), revised.content()]
    with pytest.raises(VersionConflict, match="version 2"):
        vault.update(cube.revise(clock(), payload=PlaintextPayload("late")))
    with pytest.raises(CubeError, match="namespace is fixed"):
        vault.update(revised.revise(clock(), governance={"namespace": "elsewhere"}))
    with pytest.raises(NotFound):
        vault.update(make("nowhere").revise(clock()))


def test_a_changed_text_drops_its_vector_and_an_unchanged_one_keeps_it(vault, make, embed, clock):
    vault.add([make("text")], [embed("text")])
    vault.update(vault.get("cube-000001").revise(clock(), descriptive={"topic": "t"}))
    assert ids_of(vault.nearest(embed("text"), 1)) == ["cube-000001"]
    vault.update(vault.get("cube-000001").revise(clock(), payload=PlaintextPayload("other")))
    assert vault.vectors(["cube-000001"]) == [None]
    assert vault.nearest(embed("text"), 1) == []


def test_a_frozen_cube_refuses_updates_only(vault, make, clock):
    """C6: frozen."""
    vault.add([make()])
    vault.place("cube-000001", frozen=True)
    with pytest.raises(FrozenCube):
        vault.update(vault.get("cube-000001").revise(clock(), payload=PlaintextPayload("no")))
    vault.touch(["cube-000001"], clock())
    assert vault.get("cube-000001").behavioural.access_count == 1


def test_only_live_memories_are_found_unless_asked_for(vault, make, embed, clock):
    vault.add([make(f"word {n}", rules={"ttl_seconds": 60} if n == 4 else None) for n in range(5)], [embed("w")] * 5)
    for place, state in enumerate(["activated", "archived", "expired"], 1):
        vault.place(f"cube-{place:06d}", state=state)
    assert sorted(ids_of(vault.keyword("word", 9))) == ["cube-000001", "cube-000004", "cube-000005"]
    clock.advance(seconds=60)
    assert sorted(ids_of(vault.nearest(embed("w"), 9))) == ["cube-000001", "cube-000004"]
    assert vault.count() == 2 and vault.count(live=False) == 5
    assert ids_of(vault.keyword("word", 9, where=Is("state", "archived"), live=False)) == ["cube-000002"]
    vault.place("cube-000005", frozen=True)
    assert vault.count() == 3


def test_namespaces_are_apart(vault, make, embed):
    vault.add([make("word", rules={"namespace": name}) for name in ("a", "b", "b")], [embed("w")] * 3)
    assert ids_of(vault.keyword("word", 9, namespaces=("a",))) == ["cube-000001"]
    assert ids_of(vault.nearest(embed("w"), 9, namespaces=("b",))) == ["cube-000002", "cube-000003"]
    assert len(vault.keyword("word", 9, namespaces=("a", "b", "a", "none"))) == 3
    assert vault.keyword("word", 9) == vault.nearest(embed("w"), 9) == []
    assert vault.namespaces() == ["a", "b"] and vault.count(namespaces=("b",)) == 2


@pytest.fixture
def filled(vault, make, clock):
    day = datetime(2024, 5, 1, 12)
    vault.add(
        [
            make(
                "one",
                speaker="Ana",
                tags=("art", "sea"),
                position=1,
                event_start=day,
                sources=(Source("d1", "s1", "D1:1"), Source("d1", "s1", "D1:2")),
            )
        ]
    )
    clock.advance(days=1)
    vault.add(
        [
            make(
                "two",
                owner="bob",
                speaker="Bob",
                tags=("sea",),
                position=2,
                derived_from=("cube-000001",),
                event_start=day + timedelta(days=1),
                event_end=day + timedelta(days=3),
                rules={"priority": 5},
                sources=(Source("d1", "s2", "D2:1"),),
            )
        ]
    )
    vault.add(
        [
            make(
                "three",
                owner="bob",
                rules={"layer": "shared", "acl": (Grant("group:team"), Grant("eve", effect="deny"))},
            )
        ]
    )
    vault.add([make("four", owner="bob", rules={"layer": "global", "contexts": ("chat",)})])
    return vault


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Is("speaker", "Ana", "Bob"), "12"),
        (~Is("speaker", "Ana"), "234"),
        (Tagged("art", "sea"), "12"),
        (Tagged("art", "sea", every=True), "1"),
        (Between("position", 2), "2"),
        (Between("priority", 0, 4), "134"),
        (Happened(after=datetime(2024, 5, 3)), "2"),
        (Happened(before=datetime(2024, 5, 2)), "1"),
        (~Happened(), "34"),
        (FromTurn("d1"), "12"),
        (FromTurn(turn="D1:2"), "1"),
        (DerivedFrom("cube-000001", "x"), "2"),
        (AllOf(), "1234"),
        (AnyOf(), ""),
        (Is("owner", "bob") & (Tagged("sea") | Is("layer", "global")), "24"),
        (ReadableBy(Caller("ana")), "1"),
        (ReadableBy(Caller("ana", context="chat")), "14"),
        (ReadableBy(Caller("ana", groups=("team",))), "13"),
        (ReadableBy(Caller("eve", groups=("team",))), ""),
        (ReadableBy(Caller("bob")), "23"),
    ],
)
def test_filters(filled, where, expected):
    assert filled.find(where) == [f"cube-00000{number}" for number in expected]
    assert filled.count(where) == len(expected)


def test_recorded_order_and_limit(filled, clock):
    assert filled.find(Recorded(after=clock())) == ["cube-000002", "cube-000003", "cube-000004"]
    assert filled.find(Recorded(before=clock())) == ["cube-000001"]
    assert filled.find(order=("-created_at", "-priority"), limit=2) == ["cube-000002", "cube-000003"]
    with pytest.raises(CubeError, match="order 'colour'"):
        filled.find(order=("colour",))
    with pytest.raises(CubeError, match="filter field 'colour'"):
        Is("colour", 1)


def test_uses_are_counted_and_logged(vault, make, clock):
    """Defect 20 of docs/memos.md: no usage was recorded."""
    vault.add([make(), make()])
    vault.touch(["cube-000001"], clock(), "access", "ana")
    clock.advance(days=1)
    vault.touch(["cube-000001", "cube-000002"], clock(), "injection")
    vault.touch(["cube-000001"], clock(), "helpful")
    use = vault.get("cube-000001").behavioural
    assert (use.access_count, use.injections, use.helpful, use.last_access) == (2, 1, 1, clock())
    assert use.heat == pytest.approx(1.5)
    assert [record.use for record in vault.uses("cube-000001")] == ["access", "injection", "helpful"]
    with pytest.raises(NotFound):
        vault.touch(["cube-000002", "missing"], clock())
    assert vault.get("cube-000002").behavioural.access_count == 1


def test_edges_by_direction_and_relation(vault, make):
    vault.add([make(), make(), make()])
    a, b, c = (f"cube-00000{n}" for n in (1, 2, 3))
    vault.link([Edge(a, b, "follows"), Edge(b, c, "causes", 0.5, {"why": "x"}), Edge(a, c, "relates")])
    vault.link([Edge(a, b, "follows", 2.0)])
    assert vault.edges([b]) == [Edge(a, b, "follows", 2.0), Edge(b, c, "causes", 0.5, {"why": "x"})]
    assert vault.edges([a], direction="in") == []
    assert vault.edges([c], relations=["relates"], direction="in") == [Edge(a, c, "relates")]
    vault.unlink([Edge(a, c, "relates")])
    assert vault.edges([c], relations=["relates"]) == []
    with pytest.raises(NotFound, match="missing"):
        vault.link([Edge(a, "missing", "relates")])


def test_purge_leaves_nothing_of_a_cube(vault, make, embed, clock):
    vault.add([make("unicorn"), make("pony")], [embed("u"), embed("p")])
    vault.link([Edge("cube-000001", "cube-000002", "relates")])
    vault.touch(["cube-000001"], clock())
    vault.nearest(embed("u"), 1)
    vault.purge(["cube-000001"])
    assert vault.keyword("unicorn", 5) == [] and ids_of(vault.nearest(embed("u"), 5)) == ["cube-000002"]
    assert vault.edges(["cube-000002"]) == [] and vault.uses() == []
    for call in (vault.get, vault.versions):
        with pytest.raises(NotFound):
            call("cube-000001")


def test_the_audit_log_is_chained_and_queried(vault, clock):
    """C43: audit chain and log query."""
    for number in range(6):
        clock.advance(minutes=1)
        cube = "" if number == 5 else f"c{number % 2}"
        details = {"cubes": ["c0", "c9"]} if number == 5 else {"n": number}
        vault.append_audit(AuditEntry(clock(), "ana" if number < 3 else "bob", "read", cube, details=details))
    log = vault.audit()
    assert verify_audit(log) == 6 and [entry.seq for entry in log] == [1, 2, 3, 4, 5, 6]
    start = log[0].at
    queries = [
        LogQuery(),
        LogQuery(actor="bob"),
        LogQuery(cube_id="c0"),
        LogQuery(cube_id="c9"),
        LogQuery(after=start + timedelta(minutes=2), before=start + timedelta(minutes=4)),
        LogQuery(operations=("write",)),
        LogQuery(outcome="ok", actor="ana"),
        LogQuery(kind="plaintext"),
    ]
    for query in queries:
        assert vault.audit(query) == [entry for entry in log if query.matches(entry)]


def test_audit_entries_of_an_undone_transaction_leave_the_chain_whole(vault, clock):
    vault.append_audit(AuditEntry(clock(), "ana", "one"))
    with pytest.raises(RuntimeError), vault.transaction():
        vault.append_audit(AuditEntry(clock(), "ana", "two"))
        raise RuntimeError
    vault.append_audit(AuditEntry(clock(), "ana", "three"))
    assert verify_audit(vault.audit()) == 2

"""MemLifecycle: state machine, time, freezing, merging, Time Machine (C4-C8, defects B.4 #16, #18)."""

import itertools
import random
from datetime import datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from memos.cube import (
    AccessDenied,
    FakeClock,
    FrozenCube,
    IllegalTransition,
    NotFound,
    PlaintextPayload,
    SequentialIds,
    Source,
    new_cube,
    verify_chain,
)
from memos.cube.cube import STATES
from memos.infrastructure.audit import LogQuery, verify_audit
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.rules import use_counts
from memos.operation.upkeep.lifecycle import MemLifecycle, merged_cube, strength

LEGAL = {
    ("generated", "activated"),
    ("generated", "merged"),
    ("generated", "archived"),
    ("generated", "expired"),
    ("activated", "merged"),
    ("activated", "archived"),
    ("activated", "expired"),
    ("merged", "archived"),
    ("merged", "expired"),
    ("archived", "activated"),
    ("archived", "merged"),
    ("archived", "expired"),
}


@pytest.fixture
def lifecycle(vault, clock, ids):
    return MemLifecycle(vault=vault, clock=clock, ids=ids)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_the_whole_table(before, after, clock, ids, make):
    """C5: state machine, one audit event a transition."""
    vault = MemoryVault(clock=clock)
    lifecycle = MemLifecycle(vault=vault, clock=clock, ids=ids)
    vault.add([make()])
    vault.place("cube-000001", state=before)
    if (before, after) in LEGAL:
        lifecycle.transition("cube-000001", after, cause="test", actor="ana")
        (entry,) = vault.audit()
        assert (entry.operation, entry.cause, entry.details) == ("transition", "test", {"from": before, "to": after})
        assert vault.get("cube-000001").state == after
    else:
        with pytest.raises(IllegalTransition, match=f"{before} to {after}"):
            lifecycle.transition("cube-000001", after, cause="test")
        assert vault.get("cube-000001").state == before and vault.audit() == []


class Lives(RuleBasedStateMachine):
    """Random life: no illegal transition ever happens, each has one audit entry with a cause, chains stay whole."""

    def __init__(self):
        super().__init__()
        self.clock = FakeClock()
        self.vault = MemoryVault(clock=self.clock)
        self.lifecycle = MemLifecycle(vault=self.vault, clock=self.clock, ids=SequentialIds("made"))
        ids = SequentialIds()
        rules = [{"ttl_seconds": 100.0}, {"decay_half_life": 20.0}, {}]
        self.vault.add([new_cube("m", owner="a", ids=ids, clock=self.clock, governance=one) for one in rules])
        self.states = dict.fromkeys(self.vault.find(), "generated")
        self.seen = 0

    cubes = st.sampled_from([f"cube-00000{n}" for n in (1, 2, 3)])

    @rule(cube=cubes, to=st.sampled_from(STATES))
    def move(self, cube, to):
        try:
            self.lifecycle.transition(cube, to, cause="moved")
        except (IllegalTransition, FrozenCube):
            pass

    @rule(cube=cubes)
    def use(self, cube):
        self.lifecycle.use([cube])

    @rule(cube=cubes, version=st.integers(1, 3))
    def restore(self, cube, version):
        try:
            self.lifecycle.restore(cube, version, cause="again")
        except (NotFound, FrozenCube):
            pass

    @rule(cube=cubes, frozen=st.booleans())
    def freeze(self, cube, frozen):
        if frozen:
            self.lifecycle.freeze(cube, actor="a", cause="keep")
        else:
            self.lifecycle.unfreeze(cube, actor="a", cause="let go", privileged=True)

    @rule(cube=cubes)
    def edit(self, cube):
        one = self.vault.get(cube)
        if not one.frozen:
            self.vault.update(one.revise(self.clock(), payload=PlaintextPayload(f"text {one.version}")))

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds):
        self.clock.advance(seconds=seconds)
        self.lifecycle.tick()

    @invariant()
    def log_explains_the_states(self):
        """C5: every state is explained by audit entries, each a legal step with a cause."""
        log = self.vault.audit()
        for entry in log[self.seen :]:
            if entry.operation == "transition":
                before, after = entry.details["from"], entry.details["to"]
                assert self.states[entry.cube_id] == before and entry.cause
                assert (before, after) in LEGAL or (after == "activated" and entry.cause.startswith("restored"))
                self.states[entry.cube_id] = after
        self.seen = len(log)
        for cube_id, state in self.states.items():
            assert self.vault.get(cube_id).state == state
            verify_chain(self.vault.versions(cube_id))
        assert verify_audit(log) == len(log)


Lives.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
TestLives = Lives.TestCase


def test_frozen_refuses_change_merge_and_expiry_but_not_reading(vault, lifecycle, make, clock):
    """C6: frozen."""
    vault.add([make("keep me", rules={"ttl_seconds": 10.0})])
    lifecycle.freeze("cube-000001", actor="ana", cause="evidence")
    before = vault.get("cube-000001").behavioural.digest
    for to in ("merged", "expired"):
        with pytest.raises(FrozenCube):
            lifecycle.transition("cube-000001", to, cause="x")
    with pytest.raises(FrozenCube):
        lifecycle.merge(["cube-000001"], make("merged"), cause="overlap")
    assert vault.count(live=False) == 1
    clock.advance(days=1)
    assert lifecycle.tick() == {"expired": [], "archived": []}
    assert [m.cube_id for m in vault.keyword("keep", 5)] == ["cube-000001"]
    lifecycle.use(["cube-000001"])
    copy = lifecycle.what_if("cube-000001", changes={"topic": "other"})
    assert vault.get("cube-000001").behavioural.digest == before
    assert vault.get(copy.cube_id).descriptive.topic == "other" and vault.count() == 1 + 1
    assert copy.behavioural.derived_from == ("cube-000001",) and vault.keyword("keep", 9) == vault.keyword("keep", 1)
    with pytest.raises(AccessDenied):
        lifecycle.unfreeze("cube-000001", actor="eve", cause="x", privileged=False)
    lifecycle.unfreeze("cube-000001", actor="root", cause="case closed", privileged=True)
    assert lifecycle.tick()["expired"] == ["cube-000001"]
    assert [e.operation for e in vault.audit(LogQuery(operations=("freeze", "unfreeze")))] == ["freeze", "unfreeze"]


def test_expiry_and_decay_equal_an_oracle_at_every_tick(vault, lifecycle, make, clock):
    """C7: TTL and decay equal an oracle."""
    chance = random.Random(2)
    rules = [
        {"ttl_seconds": chance.choice([None, 30.0, 90.0]), "decay_half_life": chance.choice([None, 10.0])}
        for _ in range(30)
    ]
    vault.add([make("word", rules=one) for one in rules])
    start, last, changed = clock(), {}, {}
    for tick in range(1, 25):
        clock.advance(seconds=7)
        now = (clock() - start).total_seconds()
        lifecycle.tick()
        for number, one in enumerate(rules, 1):
            cube_id = f"cube-{number:06d}"
            state = vault.get(cube_id).state
            ttl, half_life = one["ttl_seconds"], one["decay_half_life"]
            if ttl is not None and now >= changed.get(cube_id, 0) + ttl:
                assert state == "expired"
            elif half_life and 0.5 ** ((now - max(last.get(cube_id, 0), changed.get(cube_id, 0))) / half_life) < 0.05:
                assert state == "archived"
            else:
                assert state in ("generated", "activated")
                if chance.random() < 0.2:
                    lifecycle.use([cube_id])
                    last[cube_id] = now
                elif chance.random() < 0.1:
                    vault.update(vault.get(cube_id).revise(clock(), descriptive={"topic": str(tick)}))
                    changed[cube_id] = now
        states = {cube_id: vault.get(cube_id).state for cube_id in [m.cube_id for m in vault.keyword("word", 99)]}
        assert set(states.values()) <= {"generated", "activated"}


def test_idle_memories_are_archived_and_reuse_brings_them_back(vault, clock, ids, make):
    lifecycle = MemLifecycle(
        MemLifecycle.Config(idle_generated=60, idle_activated=120), vault=vault, clock=clock, ids=ids
    )
    vault.add([make("never used"), make("used once")])
    lifecycle.use(["cube-000002"])
    clock.advance(seconds=60)
    assert lifecycle.tick()["archived"] == ["cube-000001"]
    clock.advance(seconds=60)
    assert lifecycle.tick()["archived"] == ["cube-000002"]
    lifecycle.use(["cube-000002"])
    assert vault.get("cube-000002").state == "activated"


def test_any_version_of_five_hundred_edits_is_restored_byte_for_byte(lifecycle, vault, make, clock):
    """C4: restore after 500 edits, retrievable."""
    chance = random.Random(4)
    vault.add([make("version 1")])
    contents = [vault.get("cube-000001").content()]
    with vault.transaction():
        for number in range(2, 502):
            clock.advance(seconds=1)
            cube = vault.get("cube-000001")
            change = chance.choice(
                [
                    {"payload": PlaintextPayload(f"version {number}")},
                    {"descriptive": {"tags": (str(number),)}},
                    {"governance": {"priority": number}},
                ]
            )
            revised = cube.revise(clock(), **change)
            vault.update(revised)
            contents.append(revised.content())
        for version in chance.sample(range(1, 502), 40):
            restored = lifecycle.restore("cube-000001", version, cause="look back")
            assert restored.content() == contents[version - 1]
            contents.append(restored.content())
    chain = vault.versions("cube-000001")
    verify_chain(chain)
    assert [one.content for one in chain] == contents[: len(chain)]
    word = vault.get("cube-000001").text.split()[1]
    assert [m.cube_id for m in vault.keyword(word, 3)] == ["cube-000001"]


@pytest.mark.parametrize("state", ["merged", "archived", "expired"])
def test_the_time_machine_brings_lost_memories_back_to_search(lifecycle, vault, make, state):
    """C4: restore after 500 edits, retrievable."""
    vault.add([make("lost and found")])
    lifecycle.transition("cube-000001", state, cause="x")
    assert vault.keyword("lost", 5) == []
    assert lifecycle.restore("cube-000001", cause="needed").state == "activated"
    assert [m.cube_id for m in vault.keyword("lost", 5)] == ["cube-000001"]
    with pytest.raises(NotFound, match="version 9"):
        lifecycle.restore("cube-000001", 9, cause="x")


def test_merging_keeps_sources_times_and_inputs(lifecycle, vault, make, clock, ids):
    """Defect 16 of docs/memos.md: a merge kept the older time."""
    vault.add(
        [
            make(
                "a",
                tags=("x",),
                event_start=datetime(2024, 1, 5),
                sources=(Source("d", "", "D1:1"),),
                rules={"layer": "shared"},
            )
        ]
    )
    clock.advance(hours=1)
    vault.add(
        [
            make(
                "b",
                tags=("y", "x"),
                event_start=datetime(2024, 1, 2),
                sources=(Source("d", "", "D1:2"),),
                rules={"sensitivity": "restricted"},
            )
        ]
    )
    clock.advance(hours=1)
    inputs = ["cube-000001", "cube-000002"]
    output = lifecycle.merge(
        inputs, merged_cube(vault.get_many(inputs), "a and b", clock=clock, ids=ids), cause="overlap"
    )
    merged = vault.get(output.cube_id)
    assert merged.turn_ids == ("D1:1", "D1:2") and merged.descriptive.tags == ("x", "y")
    assert merged.descriptive.updated_at == clock() and merged.state == "activated"
    assert (merged.descriptive.event_start, merged.descriptive.event_end) == (
        datetime(2024, 1, 2),
        datetime(2024, 1, 5),
    )
    assert (merged.governance.layer, merged.governance.sensitivity) == ("private", "restricted")
    assert [edge.target for edge in vault.edges(inputs, relations=["merged_into"])] == [output.cube_id] * 2
    assert {vault.get(cube_id).state for cube_id in inputs} == {"merged"}
    assert vault.find() == [output.cube_id]
    assert lifecycle.restore("cube-000001", cause="undo").state == "activated"


def test_eviction_archives_and_purging_needs_expiry(lifecycle, vault, make):
    vault.add([make("one"), make("two"), make("three")])
    lifecycle.freeze("cube-000002", actor="a", cause="x")
    assert lifecycle.evict(["cube-000001", "cube-000002"], cause="capacity") == ["cube-000001"]
    assert vault.count(live=False) == 3
    with pytest.raises(IllegalTransition, match="archived"):
        lifecycle.purge("cube-000001", actor="a", cause="x")
    lifecycle.transition("cube-000001", "expired", cause="old")
    lifecycle.purge("cube-000001", actor="a", cause="old")
    assert vault.count(live=False) == 2
    assert vault.audit(LogQuery(operations=("purge",)))[0].cube_id == "cube-000001"


def test_counters_equal_those_recomputed_from_the_access_log(vault, make, clock):
    """C8: counters equal the access log, 10,000 uses."""
    chance = random.Random(8)
    vault.add([make(f"m{n}") for n in range(20)])
    fresh = {cube.cube_id: cube.behavioural for cube in vault.get_many(vault.find())}
    with vault.transaction():
        for _ in range(10_000 // 25):
            clock.advance(seconds=chance.randint(0, 5000))
            ids = [f"cube-{chance.randint(1, 20):06d}" for _ in range(25)]
            vault.touch(ids, clock(), chance.choice(["access", "injection", "helpful", "unhelpful"]))
    recomputed = dict(fresh)
    for record in vault.uses():
        recomputed[record.cube_id] = use_counts(recomputed[record.cube_id], record.at, record.use, 86_400.0)
    assert len(vault.uses()) == 10_000
    assert {cube.cube_id: cube.behavioural for cube in vault.get_many(vault.find())} == recomputed


def test_strength_halves(make, clock):
    cube = make(rules={"decay_half_life": 60.0})
    assert strength(cube, clock()) == 1
    assert strength(cube, clock.advance(seconds=120)) == pytest.approx(0.25)

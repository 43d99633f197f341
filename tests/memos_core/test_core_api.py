"""The Memory API on every adapter, and pipelines (C11, C12, C43; defects B.4 #13, #15)."""

import pytest

from memos.cube import (
    AccessDenied,
    ChainBroken,
    CubeError,
    FrozenCube,
    Grant,
    NotFound,
    PlaintextPayload,
    Source,
    VersionConflict,
)
from memos.errors import ConfigError
from memos.infrastructure.access import Caller
from memos.infrastructure.audit import LogQuery, verify_audit
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.vault import Match
from memos.infrastructure.vault.memory import MemoryVault
from memos.interface.api import MemoryAPI
from memos.interface.pipeline import OPERATIONS, Pipeline, PipelineFailed, PipelineStep
from memos.operation.upkeep.lifecycle import MemLifecycle

ANA, BOB, ROOT = Caller("ana"), Caller("bob"), Caller("root", privileged=True)


def build(vault, clock, ids, **services):
    governance = MemGovernance(vault=vault, clock=clock)
    lifecycle = MemLifecycle(vault=vault, clock=clock, ids=ids)
    return MemoryAPI(vault=vault, governance=governance, lifecycle=lifecycle, clock=clock, ids=ids, **services)


@pytest.fixture
def api(vault, clock, ids):
    return build(vault, clock, ids)


def calls(api):
    """Operations of the audit log other than the transitions that calls cause."""
    return [entry.operation for entry in api.vault.audit() if entry.operation != "transition"]


def test_every_call_leaves_exactly_one_entry(api):
    """C11, C43: Memory API on every adapter."""
    api.create(ANA, ["a lake", "a race"])
    first, second = api.vault.find()
    api.search(ANA, "lake")
    api.read(ANA, first)
    api.update(ANA, first, "a river")
    api.compose(ANA, [first, second])
    api.transfer(ANA, first, to_owner="bob", namespace="bob")
    api.provenance(ANA, first)
    api.log_query(ANA)
    with pytest.raises(AccessDenied):
        api.read(BOB, first)
    expected = ["create", "search", "read", "update", "compose", "transfer", "provenance", "log_query", "denied"]
    assert calls(api) == expected
    api.archive(ANA, second, cause="done")
    assert len(api.vault.audit(LogQuery(operations=("transition",)))) == 2
    assert api.vault.audit()[-1].cause == "done"
    verify_audit(api.vault.audit())


def test_ids_are_given_only_for_what_is_stored(api, make):
    """Defect 15 of docs/memos.md: ids returned for what was not stored."""
    ready = make("ready cube")
    statuses = api.create(
        ANA,
        [
            "good",
            "",
            {"text": "x", "colour": 1},
            ready,
            ready,
            make("theirs", owner="bob"),
            {"text": "titled", "key": "k", "sources": (Source("d", "", "D1:1"),)},
        ],
    )
    assert [status.status for status in statuses] == ["ok", "error", "error", "ok", "error", "error", "ok"]
    assert all((status.cube_id == "") == bool(status.error) for status in statuses)
    stored = [status.cube_id for status in statuses if status.cube_id]
    assert sorted(api.vault.find()) == sorted(stored) and len(stored) == 3
    (entry,) = api.vault.audit()
    assert entry.outcome == "partial" and entry.details["cubes"] == stored


def test_writes_and_reads_share_a_namespace(api):
    """Defect 13 of docs/memos.md: written in one namespace, read in another."""
    api.create(ANA, ["in a"], namespace="a")
    assert api.search(ANA, "in a", namespaces=("a",))[0].cube.text == "in a"
    assert api.search(ANA, "in a") == []


def test_search_sees_only_what_the_caller_may_read(api):
    api.create(ANA, ["secret word", {"text": "shared word", "governance": {"layer": "shared", "acl": (Grant("bob"),)}}])
    assert [hit.cube.text for hit in api.search(BOB, "word")] == ["shared word"]
    assert len(api.search(ANA, "word")) == 2
    leaky = build(api.vault, api.clock, api.ids, search=lambda *_: [Match(api.vault.find()[0], 1.0)])
    with pytest.raises(AccessDenied, match="may not read"):
        leaky.search(BOB, "word")


def test_a_search_counts_uses_only_when_asked(api):
    api.create(ANA, ["word"])
    (cube_id,) = api.vault.find()
    api.search(ANA, "word", use=False)
    assert api.vault.get(cube_id).behavioural.access_count == 0 and api.vault.get(cube_id).state == "generated"
    (hit,) = api.search(ANA, "word")
    assert hit.cube.behavioural.access_count == 1 and hit.cube.state == "activated"


def test_update_modes(api, clock):
    """C11: Memory API on every adapter."""
    api.create(ANA, [{"text": "Likes tea. Lives in Rome.", "tags": ("a",)}])
    (cube_id,) = api.vault.find()
    merged = api.update(ANA, cube_id, "Lives in Rome. Has a cat.", mode="merge", tags=("b",))
    assert merged.text == "Likes tea. Lives in Rome.\nHas a cat." and merged.descriptive.tags == ("a", "b")
    assert api.update(ANA, cube_id, "More.", mode="append", expected_version=2).text.endswith("Has a cat.\nMore.")
    clock.advance(hours=1)
    last = api.update(ANA, cube_id, "mail a@b.org")
    assert last.text == "mail a@b.org" and last.descriptive.updated_at == clock()
    assert last.governance.findings == ("email",) and last.version == 4
    assert [version[2] for version in api.provenance(ANA, cube_id).versions] == [
        "create",
        "merge",
        "append",
        "overwrite",
    ]


def test_refused_updates_change_nothing(api):
    api.create(ANA, ["one", {"text": "two", "governance": {"layer": "global"}}])
    first, second = api.vault.find()
    api.lifecycle.freeze(first, actor="ana", cause="x")
    before = api.vault.digest()
    refusals = [
        (FrozenCube, (ANA, first, "x"), {}),
        (AccessDenied, (BOB, second, "x"), {}),
        (VersionConflict, (ANA, second, "x"), {"expected_version": 7}),
        (NotFound, (ANA, "nowhere", "x"), {}),
        (CubeError, (ANA, second, "x"), {"colour": 1}),
        (CubeError, (ANA, second, "x"), {"mode": "replace"}),
        (CubeError, (ANA, second, ""), {}),
    ]
    for error, arguments, options in refusals:
        with pytest.raises(error):
            api.update(*arguments, **options)
    assert api.vault.digest() == before


def test_provenance_tells_origin_lineage_and_log(api, make):
    """C11: Memory API on every adapter."""
    api.create(ANA, [{"text": "said", "sources": (Source("d", "s", "D1:1"),)}], trigger="ingest")
    (first,) = api.vault.find()
    api.create(ANA, [make("summary", derived_from=(first,), model="m", links=("http://x",), trigger="reorganise")])
    second = api.vault.find()[1]
    api.create(ANA, [make("top", derived_from=(second, "gone"))])
    record = api.provenance(ANA, api.vault.find()[2])
    assert record.lineage == (second, first)
    record = api.provenance(ANA, second)
    assert (record.trigger, record.model, record.links, record.provenance_id) == (
        "reorganise",
        "m",
        ("http://x",),
        second,
    )
    assert api.provenance(ANA, first).turns == ("D1:1",) and record.log[0].operation == "create"


def test_transfers_keep_the_provenance_id(api):
    """C2: origin and provenance id fixed for life."""
    api.create(ANA, ["gift"])
    (first,) = api.vault.find()
    copy = api.transfer(ANA, first, to_owner="bob", namespace="bob")
    assert copy.descriptive.provenance_id == first and api.read(BOB, copy.cube_id).text == "gift"
    with pytest.raises(AccessDenied):
        api.read(ANA, copy.cube_id)


def test_users_read_their_own_log(api):
    """C11: Memory API on every adapter."""
    api.create(ANA, ["x"])
    api.create(BOB, ["y"])
    assert {entry.actor for entry in api.log_query(ANA)} == {"ana"}
    assert {entry.actor for entry in api.log_query(ROOT)} == {"ana", "bob"}
    with pytest.raises(AccessDenied):
        api.log_query(ANA, LogQuery(actor="bob"))


def test_texts_are_embedded(vault, clock, ids, embed):
    class Fake:
        def encode(self, texts):
            return [embed(text) for text in texts]

    api = build(vault, clock, ids, embedder=Fake())
    api.create(ANA, ["one", "two"])
    assert vault.nearest(embed("two"), 1)[0].cube_id == vault.find()[1]
    api.update(ANA, vault.find()[0], "three")
    assert vault.nearest(embed("three"), 1)[0].cube_id == vault.find()[0]


SIX = """
name: tidy
steps:
  - {op: retrieve, query: "${topic}", k: 3, save: found}
  - {op: augment, cubes: "${found}", template: "About ${topic}: {memories}", save: text}
  - {op: create, texts: "${text}", save: made}
  - {op: update, cube: "${made}", text: "reviewed", mode: append}
  - {op: freeze, cube: "${made}"}
  - {op: archive, cubes: "${found}", cause: "summed up"}
"""


@pytest.fixture
def stocked(api):
    api.create(ANA, ["tea is green", "coffee is black", "green tea again"])
    return api


def test_a_yaml_pipeline_runs(stocked):
    """C12: transactional pipeline, a fault at each of 6 steps."""
    run = Pipeline.from_yaml(SIX).run(stocked, ANA, topic="tea")
    assert [step.status for step in run.steps] == ["ok"] * 6
    (made,) = run.context["made"]
    assert stocked.vault.get(made).text.startswith("About tea: ") and stocked.vault.get(made).frozen
    assert stocked.vault.get(made).text.endswith("\nreviewed")
    assert {stocked.vault.get(cube_id).state for cube_id in run.context["found"]} == {"archived"}


@pytest.mark.parametrize("fault", range(6))
@pytest.mark.parametrize("late", [False, True])
def test_a_fault_at_any_step_leaves_the_store_as_it_was(stocked, fault, late):
    """C12: transactional pipeline, a fault at each of 6 steps."""
    pipeline = Pipeline.from_yaml(SIX)
    name = pipeline.steps[fault].op

    def broken(api, caller, **arguments):
        if late:
            OPERATIONS[name](api, caller, **arguments)
        raise ChainBroken("injected")

    before, entries = stocked.vault.digest(), len(stocked.vault.audit())
    with pytest.raises(PipelineFailed, match=rf"step {fault + 1} \({name}\): injected"):
        Pipeline("tidy", pipeline.steps, {name: broken}).run(stocked, ANA, topic="tea")
    assert stocked.vault.digest() == before
    (entry,) = stocked.vault.audit()[entries:]
    assert (entry.outcome, entry.details["error"]) == ("rolled_back", "ChainBroken")
    verify_audit(stocked.vault.audit())


def test_an_isolated_step_fails_alone(stocked):
    def half(api, caller):
        api.create(caller, ["half done"])
        raise ValueError("broken")

    steps = [
        PipelineStep("create", {"texts": "kept"}),
        PipelineStep("half", isolate=True),
        PipelineStep("create", {"texts": "kept too"}),
    ]
    run = Pipeline("p", steps, {"half": half}).run(stocked, ANA)
    assert [(step.status, step.error) for step in run.steps] == [("ok", ""), ("error", "broken"), ("ok", "")]
    texts = {cube.text for cube in stocked.vault.get_many(stocked.vault.find())}
    assert {"kept", "kept too"} <= texts and "half done" not in texts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("steps: []", "no steps"),
        ("[1]", "name and steps"),
        ("name: x\nsteps: [{op: fly}]", "'fly' is none of"),
        ("name: x\nsteps: [1]", "step 1"),
        ("a: [", "not YAML"),
        ("name: x\nsteps: [{op: create}]\nextra: 1", "name and steps"),
    ],
)
def test_bad_pipelines_are_refused_before_they_run(text, reason):
    with pytest.raises(ConfigError, match=reason):
        Pipeline.from_yaml(text)


def test_an_unknown_value_names_what_there_is(clock, ids):
    api = build(MemoryVault(clock=clock), clock, ids)
    with pytest.raises(PipelineFailed, match="'found' is not there"):
        Pipeline("p", [PipelineStep("archive", {"cubes": "${found}"})]).run(api, ANA, topic="x")
    assert PlaintextPayload("x").form == "text"

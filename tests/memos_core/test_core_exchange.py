"""Loader, dumper, migration, MemStore (C47, C48)."""

import json
from datetime import timedelta

import pytest

from memos.cube import (
    AccessDenied,
    ChainBroken,
    CubeError,
    DuplicateCube,
    ForeignFile,
    Grant,
    LicenceError,
    NotFound,
    PlaintextPayload,
)
from memos.errors import DataError
from memos.infrastructure.access import Caller
from memos.infrastructure.dumper import MemDumper, _write
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.loader import MemLoader
from memos.infrastructure.memstore import Licence, MemStore, Subscription
from memos.infrastructure.migrate import read_cube
from memos.infrastructure.sensitivity import read_watermark
from memos.infrastructure.vault import Edge, Is
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.operation.upkeep.lifecycle import MemLifecycle

ROOT, ANA, BOB = Caller("root", privileged=True), Caller("ana"), Caller("bob")


def loader_of(vault, clock, ids):
    return MemLoader(vault=vault, governance=MemGovernance(vault=vault, clock=clock), clock=clock, ids=ids)


def dumper_of(vault, clock):
    return MemDumper(vault=vault, governance=MemGovernance(vault=vault, clock=clock))


@pytest.fixture
def lived(vault, make, embed, clock, ids):
    """A vault with versions, states, counters, edges, namespaces and vectors."""
    vault.add(
        [make(f"memory {n}", rules={"priority": n, "ttl_seconds": 60}, tags=("t",)) for n in range(6)],
        [embed(str(n)) for n in range(6)],
    )
    vault.add([make("no vector, ünïcode", rules={"namespace": "other"})])
    clock.advance(seconds=5)
    vault.update(
        vault.get("cube-000002").revise(clock(), payload=PlaintextPayload("changed")), actor="ana", cause="fix"
    )
    lifecycle = MemLifecycle(vault=vault, clock=clock, ids=ids)
    lifecycle.use(["cube-000001", "cube-000003"], caller="bob")
    lifecycle.freeze("cube-000004", actor="ana", cause="x")
    lifecycle.transition("cube-000005", "archived", cause="x")
    vault.link([Edge("cube-000001", "cube-000002", "relates", 2, {"why": "x"})])
    return vault


@pytest.mark.parametrize("target", [MemoryVault, SqliteVault])
def test_dump_and_load_keep_the_digest_across_adapters(lived, target, clock, ids, tmp_path):
    """C47: dump and load, older schemas."""
    assert dumper_of(lived, clock).dump(tmp_path / "d.jsonl", ROOT) == 7
    other = target(clock=clock)
    assert len(loader_of(other, clock, ids).load(tmp_path / "d.jsonl", ROOT)) == 7
    assert other.digest() == lived.digest()
    assert other.versions("cube-000002") == lived.versions("cube-000002")
    dumper_of(other, clock).dump(tmp_path / "e.jsonl", ROOT)
    assert (tmp_path / "e.jsonl").read_bytes() == (tmp_path / "d.jsonl").read_bytes()


def test_any_damage_is_one_typed_error_and_changes_nothing(lived, clock, ids, tmp_path):
    """C47: dump and load, older schemas."""
    path = tmp_path / "d.jsonl"
    dumper_of(lived, clock).dump(path, ROOT)
    raw = path.read_bytes()
    lines = raw.splitlines(keepends=True)
    damaged = [
        raw[: len(raw) // 2],
        b"",
        b"hello",
        b"[]\n[]\n",
        b"".join(lines[:-1]),
        b"".join(lines[:2] + lines[3:]),
        b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        b'{"format": "else"}\n{}\n',
        b"\xff" + raw,
        raw.replace(b'"schema":2', b'"schema":9', 1),
    ]
    damaged += [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(3, len(raw), 997)]
    empty = MemoryVault(clock=clock)
    before = empty.digest()
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(ForeignFile) as caught:
            loader_of(empty, clock, ids).load(path, ROOT)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert empty.digest() == before and empty.audit() == []
    with pytest.raises(DataError, match="cannot be read"):
        loader_of(empty, clock, ids).load(tmp_path / "missing", ROOT)


def test_a_dump_that_collides_or_lies_is_undone_whole(lived, make, clock, ids, tmp_path):
    dumper_of(lived, clock).dump(tmp_path / "d.jsonl", ROOT)
    before = lived.digest()
    with pytest.raises(DuplicateCube):
        loader_of(lived, clock, ids).load(tmp_path / "d.jsonl", ROOT)
    assert lived.digest() == before
    lines = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text().splitlines()[1:-1]]
    lines[1]["versions"][0]["content"] = lines[1]["versions"][0]["content"].replace("memory", "forgery")
    _write(tmp_path / "d.jsonl", lines)
    empty = MemoryVault(clock=clock)
    with pytest.raises(ChainBroken, match="cube-000002"):
        loader_of(empty, clock, ids).load(tmp_path / "d.jsonl", ROOT)
    assert empty.count(live=False) == 0
    lines[0]["cube"]["colour"] = "blue"
    _write(tmp_path / "d.jsonl", lines)
    with pytest.raises(CubeError, match="colour"):
        loader_of(empty, clock, ids).load(tmp_path / "d.jsonl", ROOT)


def test_a_dump_holds_only_what_its_caller_may_read(vault, make, clock, tmp_path):
    vault.add([make("mine"), make("yours", owner="bob")])
    assert dumper_of(vault, clock).dump(tmp_path / "d.jsonl", ANA) == 1
    assert "yours" not in (tmp_path / "d.jsonl").read_text()
    assert dumper_of(vault, clock).dump(tmp_path / "d.jsonl", ROOT, Is("owner", "bob")) == 1


def test_exports_hold_no_flagged_span_and_the_watermark(vault, make, clock, ids, tmp_path):
    """C44: redaction and watermark."""
    vault.add([make("write ana@b.org or 123-45-6789"), make("other", owner="bob")])
    path = tmp_path / "e.jsonl"
    with pytest.raises(AccessDenied):
        dumper_of(vault, clock).export(path, ANA, ["cube-000001", "cube-000002"])
    assert not path.exists()
    dumper_of(vault, clock).export(path, ANA, ["cube-000001"], mark="for eve")
    assert "ana@b.org" not in path.read_text() and "6789" not in path.read_text()
    other = MemoryVault(clock=clock)
    (loaded,) = loader_of(other, clock, ids).load(path, ANA)
    assert read_watermark(other.get(loaded).text) == "for eve"


def old_cube(**changes):
    header = {
        "id": "old-1",
        "time": "2024-01-01T00:00:00+00:00",
        "owner": "ana",
        "scope": "shared",
        "tags": ["x"],
        "usage_count": 3,
        "version": 7,
    }
    return {
        "schema": 1,
        "kind": "plaintext",
        "payload": {"text": "an old memory"},
        "header": header,
        "state": "activated",
    } | changes


def test_older_schemas_migrate(clock, ids, tmp_path):
    """C2, C47: origin and provenance id fixed for life."""
    cube = read_cube(old_cube())
    assert (cube.cube_id, cube.descriptive.provenance_id, cube.governance.layer) == ("old-1", "old-1", "shared")
    assert cube.version == 1 and cube.state == "activated" and cube.tier == "long_term"
    _write(tmp_path / "old.jsonl", [{"cube": old_cube()}])
    vault = MemoryVault(clock=clock)
    loader_of(vault, clock, ids).load(tmp_path / "old.jsonl", ROOT)
    assert [m.cube_id for m in vault.keyword("old memory", 5)] == ["old-1"]
    for broken in [old_cube(colour=1), old_cube(header={"hue": 1}), old_cube(header=None), {"schema": 7}, {}]:
        with pytest.raises((ForeignFile, CubeError)):
            read_cube(broken)


def test_text_files_become_memories_with_provenance(vault, clock, ids, tmp_path):
    (tmp_path / "notes.md").write_text("First note.\n\nSecond note, mail a@b.org.\n\n\n")
    cubes = loader_of(vault, clock, ids).load_texts([tmp_path / "notes.md"], ANA, tags=("inbox",), ttl_seconds=60)
    assert [cube.text for cube in cubes] == ["First note.", "Second note, mail a@b.org."]
    header = vault.get(cubes[1].cube_id).descriptive
    assert header.origin == "retrieval" and header.sources[0].uri.endswith("notes.md") and header.position == 1
    assert (
        header.tags == ("inbox", "file:notes.md")
        and vault.get(cubes[1].cube_id).governance.sensitivity == "confidential"
    )
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="bad.txt"):
        loader_of(vault, clock, ids).load_texts([tmp_path / "notes.md", tmp_path / "bad.txt"], ANA)
    assert vault.count() == 2


@pytest.fixture
def market(vault, clock, ids):
    pushed = []
    governance = MemGovernance(vault=vault, clock=clock)
    store = MemStore(
        vault=vault,
        governance=governance,
        clock=clock,
        ids=ids,
        push=lambda who, cube: pushed.append((who, cube.cube_id)),
    )
    store.pushed = pushed
    return store


def test_subscriptions_deliver_exactly_the_matches(market, vault, make, embed):
    """C48: publish, subscribe, licence."""
    vault.add(
        [make("one", tags=("sea",)), make("two", tags=("hill",)), make("three")],
        [embed("one"), embed("two"), embed("one")],
    )
    market.subscribe(Subscription("tagger", tags=("sea", "sky")))
    market.subscribe(Subscription("thinker", vector=tuple(map(float, embed("one"))), threshold=0.9))
    listings = [market.publish(cube_id, ANA).cube_id for cube_id in ("cube-000001", "cube-000002", "cube-000003")]
    assert market.pushed == [("tagger", listings[0]), ("thinker", listings[0]), ("thinker", listings[2])]
    assert market.pull("tagger") == [listings[0]] and market.pull("thinker") == [listings[0], listings[2]]
    assert market.pull("nobody") == []
    market.withdraw(listings[0], ANA)
    assert market.pull("thinker") == [listings[2]]
    with pytest.raises(NotFound, match="withdrawn"):
        market.access(listings[0], BOB)
    with pytest.raises(CubeError, match="neither"):
        market.subscribe(Subscription("empty"))


def test_licences_count_reads_by_user_and_expire(market, vault, make, clock):
    """C48: publish, subscribe, licence."""
    vault.add([make("worth money")])
    listing = market.publish("cube-000001", ANA, licence=Licence(2, clock() + timedelta(hours=1)))
    for _ in range(2):
        assert market.access(listing.cube_id, BOB).text == "worth money"
    before = vault.digest()
    with pytest.raises(LicenceError, match="all 2 reads of user bob"):
        market.access(listing.cube_id, BOB)
    assert vault.digest() == before
    market.access(listing.cube_id, Caller("eve"))
    clock.advance(hours=1)
    with pytest.raises(LicenceError, match="expired"):
        market.access(listing.cube_id, Caller("eve"))


def test_publishing_needs_the_right_to_share_and_redacts(market, vault, make):
    vault.add([make("mail a@b.org", rules={"layer": "shared", "acl": (Grant("bob", ("read", "share")), Grant("eve"))})])
    with pytest.raises(AccessDenied, match="share"):
        market.publish("cube-000001", Caller("eve"))
    listing = market.publish("cube-000001", BOB, mark="m")
    assert "a@b.org" not in listing.text and read_watermark(listing.text) == "m"
    assert listing.descriptive.provenance_id == "cube-000001" and listing.behavioural.derived_from == ("cube-000001",)
    with pytest.raises(NotFound):
        market.access("cube-000001", BOB)

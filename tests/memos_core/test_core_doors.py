"""What comes from outside and what goes out: malformed dumps, bad items, licences, files that are none."""

import copy
import hashlib
import json
import os
import random
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from memos import MemOS
from memos.__main__ import main
from memos.cube import (
    AccessDenied,
    ActivationPayload,
    CubeError,
    ForeignFile,
    Grant,
    LicenceError,
    PlaintextPayload,
)
from memos.embed.mock import Mock
from memos.errors import ConfigError, MemosError
from memos.infrastructure.access import Caller
from memos.infrastructure.dumper import MemDumper, _write
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.loader import MemLoader
from memos.infrastructure.memstore import UNREAD, Licence, MemStore, Subscription
from memos.infrastructure.vault import Edge
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault

ROOT, ANA, BOB = Caller("root", privileged=True), Caller("ana"), Caller("bob")
CACHE = {
    "model": "m",
    "revision": "r",
    "weights_digest": "w",
    "dtype": "float32",
    "tokenizer_digest": "t",
    "template_digest": "t",
    "file_digest": "d",
    "bytes": 8,
}


def services(vault, clock):
    return {"vault": vault, "governance": MemGovernance(vault=vault, clock=clock)}


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()[1:-1]]


@pytest.fixture
def lived(make, embed, clock, tmp_path):
    """The lines of a dump with all that a dump can hold."""
    vault = MemoryVault(clock=clock)
    vault.add(
        [
            make("one lake", tags=("t",), attributes={"a": 1.5}, event_start=clock(), rules={"acl": (Grant("bob"),)}),
            make("two"),
            make(ActivationPayload(**CACHE, file="caches/one.bin")),
        ],
        [embed("1"), embed("2"), None],
    )
    vault.update(vault.get("cube-000001").revise(clock(), payload=PlaintextPayload("one lake, changed")))
    vault.touch(["cube-000001"], clock(), "access", "bob")
    vault.link([Edge("cube-000001", "cube-000002", "relates", 2.0, {"why": "x"})])
    MemDumper(**services(vault, clock)).dump(tmp_path / "d.jsonl", ROOT)
    return lines_of(tmp_path / "d.jsonl")


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


NASTY = [
    None,
    True,
    -1,
    10**30,
    1e308 * 10,
    float("nan"),
    "",
    "\ud800",
    "x\x00y",
    "2020-01-01T00:00:00",
    [],
    [[]],
    {},
    {"": None},
    json.loads("[" * 500 + "]" * 500),
]


@pytest.mark.parametrize("kind", [MemoryVault, SqliteVault])
def test_a_malformed_dump_with_a_right_digest_is_one_line_and_changes_nothing(
    kind, lived, clock, ids, tmp_path, capsys
):
    """C47: any value anywhere replaced by one of another kind; what is loaded all the same can be read."""
    chance, path, refused = random.Random(19), tmp_path / "m.jsonl", 0
    bare = [{name: line[name] for name in line if name not in ("versions", "uses")} for line in lived[:3]]
    targets = [
        (whole, number, at) for whole in (lived, bare) for number, line in enumerate(whole) for at in places(line)
    ]
    for whole, number, at in chance.sample(targets, 130 if kind is MemoryVault else 50):
        lines = copy.deepcopy(whole)
        spot, nasty = {"": lines[number]}, chance.choice(NASTY)
        for key in ("", *at)[:-1]:
            spot = spot[key]
        spot[("", *at)[-1]] = nasty
        lines[number] = lines[number] if at else nasty
        with path.open("w") as file:
            write_anyway(file, lines)
        vault = kind(clock=clock)
        before, loader = vault.digest(), MemLoader(**services(vault, clock), clock=clock, ids=ids)
        try:
            loader.load(path, ROOT)
        except MemosError as error:
            refused += 1
            assert vault.digest() == before and "\n" not in str(error) and "m.jsonl" in str(error), (number, at, nasty)
            continue
        loaded = vault.find(live=False)
        assert len(vault.get_many(loaded)) == sum("cube" in line for line in lines)
        assert all(vault.versions(cube_id) for cube_id in loaded) and vault.keyword("lake", 5, live=False) is not None
        assert set(vault.find(order=("-recency", "heat", "event_start"), live=False)) == set(loaded) and vault.digest()
        MemDumper(**services(vault, clock)).dump(tmp_path / "again.jsonl", ROOT)
    assert refused > 20


def write_anyway(file, lines):
    """A dump with a right digest whatever its lines are."""
    body = [json.dumps({"format": "memos-dump", "schema": 2}), *(json.dumps(line) for line in lines)]
    text = "".join(f"{line}\n" for line in body)
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    file.write(text + json.dumps({"lines": len(lines), "digest": digest}) + "\n")


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../x", "a/../../x", "C:\\x", "..\\x", "\\\\host\\x", "", " ", "a\x00b", "link/x", "link"]
)
def test_payload_files_stay_inside_the_dump(file, lived, clock, ids, tmp_path):
    """C47: a cache may not name a file elsewhere, nor a link."""
    (tmp_path / "link").symlink_to("/etc")
    lines = [{"cube": lived[2]["cube"]}]
    lines[0]["cube"]["payload"]["file"] = file
    _write(tmp_path / "p.jsonl", lines)
    vault = MemoryVault(clock=clock)
    with pytest.raises((ForeignFile, CubeError), match="file"):
        MemLoader(**services(vault, clock), clock=clock, ids=ids).load(tmp_path / "p.jsonl", ROOT)
    assert vault.count(live=False) == 0


def test_a_dump_is_loaded_by_those_who_own_all_of_it(make, clock, ids, tmp_path):
    """C42, C47: owners in every version, edges that lead out, namespaces of the system."""
    source = MemoryVault(clock=clock)
    source.add([make("mine"), make("yours", owner="bob"), make("listed", rules={"namespace": "memstore"})])
    taken = source.get("cube-000001").revise(clock(), governance={"owner": "bob"}, payload=PlaintextPayload("planted"))
    source.update(taken)
    source.link([Edge("cube-000001", "cube-000002", "relates")])
    MemDumper(**services(source, clock)).dump(tmp_path / "d.jsonl", ROOT)
    first, second, third, edge = lines_of(tmp_path / "d.jsonl")
    vault = MemoryVault(clock=clock)
    load = lambda who, *lines: (  # noqa: E731
        _write(tmp_path / "x.jsonl", lines),
        MemLoader(**services(vault, clock), clock=clock, ids=ids).load(tmp_path / "x.jsonl", who),
    )
    for who, lines, error in [
        (ANA, [second], AccessDenied),
        (ANA, [first], AccessDenied),
        (BOB, [first], AccessDenied),
        (ANA, [third], AccessDenied),
        (ROOT, [second, edge], ForeignFile),
        (BOB, [second, {"cube": second["cube"], "colour": 1}], ForeignFile),
    ]:
        with pytest.raises(error, match=r"x\.jsonl, line \d"):
            load(who, *lines)
    assert vault.count(live=False) == 0
    load(BOB, second)
    with pytest.raises(AccessDenied, match="MemOS itself"):
        MemLoader(**services(vault, clock), clock=clock, ids=ids).load_texts(
            [], ANA, namespace="memstore/subscriptions"
        )
    assert vault.count() == 1


def test_a_bad_item_loses_no_good_one(api):
    """C11: whatever stands among the items, the good ones are stored and the bad ones say why."""
    bad = [None, 5, [1], {"text": 5}, {"text": "x", "tags": 5}, {"text": "x", "sources": [3]}, {"text": "\ud800"}]
    bad += [{"text": "x", "governance": 7}, {"text": "x", "governance": {"namespace": "memstore"}}, "  ", "\u200b"]
    bad += [
        {"text": "x", "position": 10**30},
        {"text": "x", "attributes": {"n": float("nan")}},
        {"text": "x", "key": b""},
    ]
    bad += [{"text": "x", "event_start": "2020"}, {"payload": ActivationPayload(**CACHE, file="/etc/passwd")}, {1: 2}]
    bad += [{"text": "x", "governance": {"owner": "bob"}}, {"text": "x", "governance": {"ttl_seconds": "soon"}}]
    items = [item for one in bad for item in (one, "good")]
    statuses = api.create(ANA, items)
    assert [status.status for status in statuses] == ["error", "ok"] * len(bad)
    assert all(status.error for status in statuses[::2]) and api.vault.count() == len(bad)
    first = api.vault.find()[0]
    for fields in ({"tags": 5}, {"position": "x"}, {"attributes": []}, {"sources": ("x",)}):
        with pytest.raises(CubeError):
            api.update(ANA, first, "new", **fields)
    for namespace in ("memstore", "memstore/subscriptions", "what-if"):
        with pytest.raises(AccessDenied, match="MemOS itself"):
            api.transfer(ANA, first, to_owner="bob", namespace=namespace)


def test_a_licence_binds_every_door(api, make, clock, tmp_path):
    """C48: two reads are two reads, by whichever door; then, and when it has expired, all are shut."""
    api.vault.add([make("worth money")])
    market, pushed = MemStore(**services(api.vault, clock), clock=clock, ids=api.ids), []
    market.push = lambda who, cube: pushed.append((who, cube.text))
    market.subscribe(Subscription("dan", tags=("t",), vector=(1.0,)))
    api.vault.update(api.vault.get("cube-000001").revise(clock(), descriptive={"tags": ("t",)}))
    listing = market.publish("cube-000001", ANA, licence=Licence(2, clock() + timedelta(hours=1))).cube_id
    assert pushed == [("dan", UNREAD)] and market.pull("dan") == [listing]
    search = lambda who, **how: [h.cube.text for h in api.search(who, "money", namespaces=["memstore"], **how)]  # noqa: E731
    assert search(BOB, use=False) == ["worth money"] and api.compose(BOB, [listing, listing]).text.count("worth") == 2
    doors = [api.read, lambda who, one: api.compose(who, [one]), lambda who, one: market.access(one, who)]
    for door in doors:
        with pytest.raises(LicenceError, match="2 reads of user bob"):
            door(BOB, listing)
    dump = lambda who: MemDumper(**services(api.vault, clock)).dump(tmp_path / "l.jsonl", who)  # noqa: E731
    assert search(BOB) == [] and dump(BOB) == 0
    assert dump(Caller("cy")) == 1 and search(Caller("cy")) == ["worth money"] and search(Caller("cy")) == []
    clock.advance(hours=1)
    for door in doors:
        with pytest.raises(LicenceError, match="expired"):
            door(Caller("eve"), listing)
    assert search(Caller("eve")) == [] and len(search(ANA)) == 1


def test_no_hand_made_note_breaks_the_market(vault, make, clock, ids):
    """C48: what lies in the market's namespaces and is no subscription is passed over."""
    market = MemStore(**services(vault, clock), clock=clock, ids=ids)
    market.subscribe(Subscription("bob", tags=("t",)))
    notes = [{"subscriber": 5}, {}, {"subscriber": "bob", "tags": "t"}, {"subscriber": "bob", "vector": ["x"]}]
    rules = {"namespace": "memstore/subscriptions"}
    vault.add([make("note", rules=rules)])
    for record in notes:
        payload = PlaintextPayload("x", "record", record)
        vault.add([make(payload, rules=rules, semantic_type="subscription", owner="bob")])
    vault.add([make("offer", tags=("t",))], [[1.0, 0.0]])
    market.subscribe(Subscription("cy", vector=(1.0, 0.0, 0.0)))
    listing = market.publish(vault.find()[-2], ANA).cube_id
    assert market.pull("bob") == [listing] and market.pull("cy") == []
    vault.add([make("by hand", rules={"namespace": "memstore", "licence": '{"max_accesses":[]}', "layer": "global"})])
    with pytest.raises(LicenceError):
        market.access(vault.find()[-1], BOB)
    with pytest.raises(ConfigError, match="namespace"):
        MemStore.Config("books")


@pytest.mark.parametrize("user", ["memstore", "memstore/subscriptions", "what-if", "group:staff"])
def test_no_user_is_a_part_of_the_system(user):
    """C42: a user's name is a namespace too."""
    memory = MemOS(embedder=Mock())
    for call in (memory.add, memory.search, memory.chat):
        with pytest.raises(AccessDenied, match="choose another"):
            call("I like tea.", user=user)
    assert memory.stats()["memories"] == 0


def test_a_dump_replaces_plain_files_only(tmp_path, capsys, monkeypatch):
    """C47: no device, link, pipe, folder or the vault itself; nothing half-written stays."""
    vault, base = tmp_path / "v.sqlite", ["--vault", str(tmp_path / "v.sqlite"), "--embedder", "mock"]
    assert main([*base, "add", "I keep bees."]) == 0
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "to-mine").symlink_to("mine.txt")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    targets = [tmp_path / name for name in ("to-mine", "dangling", "folder", "pipe", "mine.txt/x", "n" * 300)]
    before = vault.read_bytes()
    capsys.readouterr()
    for target in [*targets, Path("/dev/null"), vault]:
        assert main([*base, "dump", str(target)]) == 1, target
        assert capsys.readouterr().err.count("\n") == 1
    assert not Path("/dev/null").is_file() and vault.read_bytes() == before
    assert (tmp_path / "mine.txt").read_text() == "mine" and not (tmp_path / "nowhere").exists()
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert main([*base, "dump", str(tmp_path / "mine.txt")]) == 1
    assert "No space left" in capsys.readouterr().err
    monkeypatch.undo()
    assert main([*base, "dump", str(tmp_path / "mine.txt")]) == 0 and len(lines_of(tmp_path / "mine.txt")) == 1
    assert not [path.name for path in tmp_path.iterdir() if "part" in path.name]
    for source in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/zero")):
        assert main([*base, "load", str(source)]) == 1 and "no plain file" in capsys.readouterr().err


def test_a_vault_that_cannot_be_one_is_told(tmp_path, capsys, monkeypatch):
    """C46: no name, a device, a folder, damage, and another process's lock have a line each."""
    monkeypatch.setattr("memos.infrastructure.vault.schema.PATIENCE_S", 0.05)
    path = tmp_path / "v.sqlite"
    base = ["--embedder", "mock", "--vault"]
    assert main([*base, str(path), "add", "I keep bees behind the shed."]) == 0
    (tmp_path / "file").write_text("x")
    for name, reason in [
        ("", "empty"),
        (" ", "empty"),
        ("/dev/null", "no plain file"),
        (str(tmp_path), "a folder"),
        (str(tmp_path / "file" / "v.sqlite"), "cannot be opened"),
        ("a\x00b", "cannot be opened"),
    ]:
        capsys.readouterr()
        assert main([*base, name, "add", "lost"]) == 1
        err = capsys.readouterr().err
        assert reason in err and err.count("\n") == 1
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert main([*base, str(path), "add", "waits"]) == 1
        other.execute("ROLLBACK")
    assert "locked by another process" in capsys.readouterr().err
    raw = bytearray(path.read_bytes())
    for start in range(4096, len(raw), 512):
        raw[start : start + 300] = b"\xff" * 300
    path.write_bytes(raw)
    assert main([*base, str(path), "search", "bees"]) == 1
    err = capsys.readouterr().err
    assert "damaged" in err and err.count("\n") == 1


@contextmanager
def unprivileged():
    """As a user whose permissions count."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_read_only_vault_can_be_searched(folder_too, capsys):
    """C46: what may be read but not written is searched, and says so where something is to be changed."""
    home = Path(tempfile.mkdtemp(prefix="memos-"))  # pytest's own folder is closed to others
    path = home / "v.sqlite"
    with MemOS(path, embedder=Mock()) as memory:
        memory.add("I keep bees behind the shed.", user="ana")
        memory.search("bees", user="ana")  # all that is imported is, before the rights are given up
    path.chmod(0o444)
    home.chmod(0o555 if folder_too else 0o777)
    base = ["--embedder", "mock", "--vault", str(path), "--user", "ana"]
    with unprivileged():
        assert main([*base, "search", "bees"]) == 0 and "behind the shed" in capsys.readouterr().out
        assert main([*base, "stats"]) == 0 and '"memories": 1' in capsys.readouterr().out
        assert main([*base, "add", "more"]) == 1
    assert "read-only" in (err := capsys.readouterr().err) and err.count("\n") == 1
    home.chmod(0o755)
    shutil.rmtree(home)

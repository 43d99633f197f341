"""Checks of docs/memos.md against oracles written apart from the code, at the numbers they name: governance, market and
views (C43, C48, C49).
"""

import inspect
import random
from datetime import timedelta

import numpy as np
import pytest

from memos.cube import (
    AccessDenied,
    CubeError,
    ForeignFile,
    Grant,
    IllegalTransition,
    LicenceError,
    MemCube,
    NotFound,
    RateLimited,
    VersionConflict,
)
from memos.errors import MemosError
from memos.infrastructure.access import Caller
from memos.infrastructure.audit import AuditEntry, LogQuery, verify_audit
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.loader import MemLoader
from memos.infrastructure.memstore import Licence, MemStore, Subscription
from memos.infrastructure.vault import Is
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.infrastructure.vault.view import CompositeView
from memos.interface.api import MemoryAPI

ANA, BOB, ROOT = Caller("ana"), Caller("bob"), Caller("root", privileged=True)


def test_every_call_of_the_api_leaves_one_record_whatever_becomes_of_it(api, clock):
    """C43: each public call, done, denied, refused or failed, leaves exactly one entry that is not a transition it
    caused.
    """
    api.create(ANA, ["alpha", "beta", {"text": "gamma", "governance": {"layer": "shared", "acl": (Grant("bob"),)}}])
    first, second, third = api.vault.find()
    calls = [
        ("create", lambda: api.create(ANA, [""]), None, "create"),
        ("search", lambda: api.search(ANA, "beta"), None, "search"),
        ("read", lambda: api.read(BOB, third), None, "read"),
        ("read", lambda: api.read(BOB, first), AccessDenied, "denied"),
        ("read", lambda: api.read(ANA, "nowhere"), NotFound, "read"),
        ("update", lambda: api.update(ANA, first, "x", expected_version=9), VersionConflict, "update"),
        ("update", lambda: api.update(ANA, first, "alpha two"), None, "update"),
        ("update", lambda: api.update(BOB, third, "x"), AccessDenied, "denied"),
        ("compose", lambda: api.compose(BOB, [third, second]), AccessDenied, "denied"),
        ("compose", lambda: api.compose(ANA, [third, second]), None, "compose"),
        ("transfer", lambda: api.transfer(BOB, third, to_owner="eve", namespace="eve"), AccessDenied, "denied"),
        ("transfer", lambda: api.transfer(ANA, third, to_owner="eve", namespace="eve"), None, "transfer"),
        ("archive", lambda: api.archive(ANA, second, cause="done"), None, None),
        ("archive", lambda: api.archive(ANA, second, cause="again"), IllegalTransition, "archive"),
        ("provenance", lambda: api.provenance(ANA, first), None, "provenance"),
        ("provenance", lambda: api.provenance(ANA, "nowhere"), NotFound, "provenance"),
        ("log_query", lambda: api.log_query(BOB, LogQuery(actor="ana")), AccessDenied, "denied"),
        ("log_query", lambda: api.log_query(ROOT), None, "log_query"),
    ]
    public = {name for name, _ in inspect.getmembers(MemoryAPI, inspect.isfunction) if not name.startswith("_")}
    assert {name for name, *_ in calls} == public
    for name, call, error, operation in calls:
        before = len(api.vault.audit())
        if error is None:
            call()
        else:
            with pytest.raises(error):
                call()
        fresh = api.vault.audit()[before:]
        own = [entry for entry in fresh if entry.operation != "transition"]
        assert [entry.operation for entry in own] == ([operation] if operation else []), name
        assert own or len(fresh) == 1, name
        assert error in (None, AccessDenied) or (own[0].outcome, own[0].details["error"]) == ("error", error.__name__)
    api.governance.config.calls_per_minute = 1
    api.search(ANA, "beta")
    with pytest.raises(RateLimited):
        api.search(ANA, "beta")
    assert [entry.outcome for entry in api.vault.audit()[-2:]] == ["ok", "error"]
    assert verify_audit(api.vault.audit()) == len(api.vault.audit())


def test_a_thousand_random_log_queries_equal_a_hand_written_filter(vault, clock):
    """C43: the filters of the log query against conditions written here."""
    chance = random.Random(43)
    rows = []
    for _ in range(200):
        clock.advance(seconds=chance.randint(0, 3))
        cubes = tuple(chance.sample(["c1", "c2", "c3"], chance.randint(0, 2)))
        row = dict(
            at=clock(),
            actor=chance.choice(["ana", "bob"]),
            operation=chance.choice(["read", "create", "denied"]),
            cube_id=chance.choice(["", "c1", "c2"]),
            kind=chance.choice(["", "plaintext", "activation"]),
            outcome=chance.choice(["ok", "denied", "error"]),
            details={"cubes": list(cubes)} if cubes else {},
        )
        vault.append_audit(AuditEntry(**row))
        rows.append(row)
    sizes = []
    for _ in range(1000):
        after, before = (chance.choice([None, chance.choice(rows)["at"]]) for _ in range(2))
        actor, kind, cube, outcome = (
            chance.choice(options)
            for options in ([None, "ana"], [None, "plaintext", ""], [None, "c1", "c3"], [None, "ok"])
        )
        operations = chance.choice([(), ("read",), ("read", "denied")])
        want = [
            place
            for place, row in enumerate(rows, 1)
            if (not after or row["at"] >= after)
            and (not before or row["at"] < before)
            and actor in (None, row["actor"])
            and (not operations or row["operation"] in operations)
            and kind in (None, row["kind"])
            and (cube is None or cube == row["cube_id"] or cube in row["details"].get("cubes", ()))
            and outcome in (None, row["outcome"])
        ]
        got = vault.audit(LogQuery(after, before, actor, operations, kind, cube, outcome))
        assert [entry.seq for entry in got] == want
        sizes.append(len(want))
    assert sum(0 < size < 200 for size in sizes) > 500


def test_random_subscriptions_get_exactly_their_matches(vault, make, clock, ids):
    """C48: 60 listings, 25 subscriptions by tag, meaning or both: what is pushed and what is pulled equals a plain
    comparison.
    """
    chance, numbers, pushed = random.Random(48), np.random.default_rng(48), []
    store = MemStore(
        vault=vault,
        governance=MemGovernance(vault=vault, clock=clock),
        clock=clock,
        ids=ids,
        push=lambda who, cube: pushed.append((who, cube.cube_id)),
    )
    unit = lambda: (v := numbers.normal(size=6).astype(np.float32)) / np.linalg.norm(v)  # noqa: E731
    wanted = {}
    for n in range(25):
        tags = tuple(chance.sample("uvwxyz", chance.randint(0, 2)))
        vector = tuple(map(float, unit())) if not tags or chance.random() < 0.5 else ()
        wanted[f"s{n}"] = Subscription(f"s{n}", tags, vector, threshold=chance.choice([0.3, 0.6]))
        store.subscribe(wanted[f"s{n}"])
    listings = []
    for n in range(60):
        cube, vector = make(f"memory {n}", tags=tuple(chance.sample("uvwxyz", chance.randint(0, 3)))), unit()
        vault.add([cube], [vector if n % 5 else None])
        listings.append(
            (store.publish(cube.cube_id, ANA).cube_id, set(cube.descriptive.tags), vector if n % 5 else None)
        )
    for name, one in wanted.items():
        want = [
            listing
            for listing, tags, vector in listings
            if tags & set(one.tags)
            or (one.vector and vector is not None and float(np.dot(np.float32(one.vector), vector)) >= one.threshold)
        ]
        assert store.pull(name) == want == [listing for who, listing in pushed if who == name]
    assert 25 * 60 * 0.2 < len(pushed) < 25 * 60 * 0.9


def test_bad_input_gets_one_typed_error_and_changes_nothing(vault, api, make, clock, ids, tmp_path):
    """Issue 4: unknown field, foreign vault file, damaged dump, expired licence, forbidden read."""
    market = MemStore(vault=vault, governance=api.governance, clock=clock, ids=ids)
    loader = MemLoader(vault=vault, governance=api.governance, clock=clock, ids=ids)
    vault.add([make("mine"), make("for sale")])
    listing = market.publish("cube-000002", ANA, licence=Licence(None, clock() + timedelta(seconds=5)))
    clock.advance(seconds=5)
    (tmp_path / "foreign.sqlite").write_text("no database " * 100)
    (tmp_path / "damaged.jsonl").write_text('{"format": "memos dump"}\n{"cube"')
    unknown = make("x").to_json() | {"colour": "blue"}
    before = vault.digest()
    for error, act in [
        (CubeError, lambda: MemCube.from_json(unknown)),
        (ForeignFile, lambda: SqliteVault(tmp_path / "foreign.sqlite")),
        (ForeignFile, lambda: loader.load(tmp_path / "damaged.jsonl", ROOT)),
        (LicenceError, lambda: market.access(listing.cube_id, BOB)),
        (AccessDenied, lambda: api.read(BOB, "cube-000001")),
    ]:
        with pytest.raises(error) as caught:
            act()
        assert isinstance(caught.value, MemosError) and "\n" not in str(caught.value) and vault.digest() == before


@pytest.mark.parametrize("kind", [SqliteVault, MemoryVault])
def test_a_view_is_the_merge_of_its_vaults_with_stable_ties(kind, make, embed, clock):
    """C49: random stores with equal scores and cubes in several mounts; the order of the mounts changes nothing."""
    chance = random.Random(49)
    vaults = {name: kind(clock=clock) for name in "abc"}
    for n in range(90):
        cube = make(f"word w{n % 3} {'more ' * (n % 2)}", speaker=chance.choice(["Ana", "Bo"]))
        for name in chance.sample("abc", chance.choice([1, 1, 1, 2])):
            vaults[name].add([cube], [embed(f"w{n % 3}")])
    view, turned = CompositeView(vaults), CompositeView(dict(reversed(vaults.items())))
    doubles = 0
    for _ in range(100):
        k, where = chance.choice([1, 5, 40, 200]), chance.choice([None, Is("speaker", "Ana")])
        query = chance.choice(["w0", "w1 more", "word"])
        for name, value in (("keyword", query), ("nearest", embed(query))):
            matches = [match for vault in vaults.values() for match in getattr(vault, name)(value, k, where=where)]
            best = {}
            for match in matches:
                if match.cube_id not in best or match.score > best[match.cube_id].score:
                    best[match.cube_id] = match
            want = sorted(best.values(), key=lambda match: (-match.score, match.cube_id))[:k]
            assert getattr(view, name)(value, k, where=where) == want == getattr(turned, name)(value, k, where=where)
            doubles += len(matches) - len(best)
    assert doubles > 500

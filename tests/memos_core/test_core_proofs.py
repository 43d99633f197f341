"""Checks of docs/memos.md against oracles written apart from the code, at the numbers they name (C4, C6-C8, C27,
C43, C48, C49).
"""

import inspect
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from memos.cube import (
    AccessDenied,
    CubeError,
    ForeignFile,
    FrozenCube,
    Grant,
    IllegalTransition,
    LicenceError,
    MemCube,
    NotFound,
    PlaintextPayload,
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
from memos.operation.scheduler import Promotion
from memos.operation.scheduler.promotion import HeatReading
from memos.operation.upkeep.lifecycle import MemLifecycle, merged_cube

ANA, BOB, ROOT = Caller("ana"), Caller("bob"), Caller("root", privileged=True)


@pytest.fixture
def lifecycle(vault, clock, ids):
    return MemLifecycle(vault=vault, clock=clock, ids=ids)


@pytest.fixture
def api(vault, lifecycle, clock, ids):
    return MemoryAPI(
        vault=vault, governance=MemGovernance(vault=vault, clock=clock), lifecycle=lifecycle, clock=clock, ids=ids
    )


def _edit(chance, cube, word):
    """Keyword arguments of a random revision."""
    kind = chance.randrange(4)
    if kind == 0:
        return {"payload": PlaintextPayload(f"{word} {chance.choice('abc')} ünï {chance.random()}")}
    if kind == 1:
        return {"descriptive": {"tags": tuple(chance.sample("xyz", 2)), "attributes": {"n": chance.random()}}}
    if kind == 2:
        return {"governance": {"priority": chance.randint(-3, 3), "layer": chance.choice(["private", "shared"])}}
    return {
        "descriptive": {"event_start": datetime(2024, 1, chance.randint(1, 28))},
        "derived_from": [f"other-{chance.randint(1, 9)}"],
    }


@pytest.mark.parametrize("vault", ["sqlite"], indirect=True)
def test_five_hundred_edit_scripts_restore_every_version_byte_for_byte(vault, lifecycle, make, embed, clock):
    """C4: 500 random scripts of edits; any version comes back byte-identical, and what comes back is found again."""
    chance, restored = random.Random(44), 0
    with vault.transaction():
        for script in range(500):
            word = f"script{script}"
            cube = make(f"{word} first")
            vault.add([cube], [embed(cube.text)])
            contents = [cube.content()]
            for _ in range(chance.randint(1, 6)):
                clock.advance(seconds=1)
                revised = vault.get(cube.cube_id).revise(clock(), **_edit(chance, cube, word))
                vault.update(revised, embed(revised.text))
                contents.append(revised.content())
            if chance.random() < 0.5:
                lifecycle.transition(cube.cube_id, chance.choice(["archived", "merged", "expired"]), cause="script")
            for version in chance.sample(range(1, len(contents) + 1), min(2, len(contents))):
                text = lifecycle.restore(cube.cube_id, version, cause="script", vector=embed(word)).text
                assert vault.get(cube.cube_id).content().encode() == contents[version - 1].encode()
                assert [match.cube_id for match in vault.keyword(word, 3)] == [cube.cube_id] and text.startswith(word)
                restored += 1
    assert restored > 900


def test_every_way_to_change_a_frozen_cube_is_refused(vault, lifecycle, api, make, clock, ids):
    """C6: writing, expiring, merging, restoring and evicting leave a frozen cube's digest alone; reading and copying
    work.
    """
    vault.add([make("frozen words", rules={"ttl_seconds": 5.0}), make("other words")])
    vault.update(vault.get("cube-000001").revise(clock(), descriptive={"topic": "t"}))
    lifecycle.freeze("cube-000001", actor="ana", cause="evidence")
    before = vault.get("cube-000001").behavioural.digest
    both = ["cube-000002", "cube-000001"]
    refused = [
        lambda: vault.update(vault.get("cube-000001").revise(clock(), payload=PlaintextPayload("new"))),
        *(
            lambda mode=mode: api.update(ANA, "cube-000001", "new", mode=mode)
            for mode in ("append", "merge", "overwrite")
        ),
        lambda: lifecycle.merge(both, merged_cube(vault.get_many(both), "both", clock=clock, ids=ids), cause="overlap"),
        lambda: lifecycle.transition("cube-000001", "expired", cause="x"),
        lambda: lifecycle.transition("cube-000001", "merged", cause="x"),
        lambda: lifecycle.restore("cube-000001", 1, cause="x"),
        lambda: api.governance.erase(ANA, ["cube-000001"], cause="x"),
    ]
    for change in refused:
        with pytest.raises(FrozenCube, match="cube-000001"):
            change()
    with pytest.raises(IllegalTransition):
        lifecycle.purge("cube-000001", actor="ana", cause="x")
    assert lifecycle.evict(["cube-000001"], cause="capacity") == []
    clock.advance(seconds=60)
    assert lifecycle.tick()["expired"] == [] and vault.get("cube-000002").state == "generated"
    assert api.read(ANA, "cube-000001").text == "frozen words"
    copy = lifecycle.what_if("cube-000001", 1, changes={"topic": "else"})
    vault.update(vault.get(copy.cube_id).revise(clock(), payload=PlaintextPayload("changed")))
    cube = vault.get("cube-000001")
    assert (cube.behavioural.digest, cube.version, cube.text) == (before, 2, "frozen words")


def test_at_no_moment_is_an_expired_memory_in_any_result(vault, lifecycle, make, embed, clock):
    """C7: the expired set equals an oracle at every tick, and between ticks no channel gives what is over its time."""
    chance, start = random.Random(7), clock()
    ttls = [chance.choice([None, 20.0, 50.0, 80.0]) for _ in range(40)]
    vault.add([make(f"word {n}", rules={"ttl_seconds": ttl}) for n, ttl in enumerate(ttls)], [embed("w")] * 40)
    ends = {f"cube-{n:06d}": ttl for n, ttl in enumerate(ttls, 1) if ttl}
    gone = set()
    for _ in range(60):
        clock.advance(seconds=chance.randint(1, 4))
        now = (clock() - start).total_seconds()
        live = {f"cube-{n:06d}" for n in range(1, 41)} - {cube_id for cube_id, end in ends.items() if now >= end}
        assert {match.cube_id for match in vault.keyword("word", 99)} == live
        assert {match.cube_id for match in vault.nearest(embed("w"), 99)} == live
        assert set(vault.find()) == live and vault.count() == len(live)
        if chance.random() < 0.3:
            due = {cube_id for cube_id, end in ends.items() if now >= end} - gone
            assert set(lifecycle.tick()["expired"]) == due
            gone |= due
            assert set(vault.find(Is("state", "expired"), live=False)) == gone
        changed = chance.choice(sorted(live))
        if changed in ends and chance.random() < 0.3:
            vault.update(vault.get(changed).revise(clock(), descriptive={"topic": str(now)}))
            ends[changed] = now + ttls[int(changed[-6:]) - 1]
    assert len(gone) >= 15


@pytest.mark.parametrize("vault", ["sqlite", "memory"], indirect=True)
def test_ten_thousand_mixed_operations_keep_the_counters_true(vault, lifecycle, api, make, clock):
    """C8: counts, recency and heat equal those computed by hand from what was done;
    other operations do not touch them."""
    chance = random.Random(88)
    vault.add([make(f"m{n}") for n in range(20)])
    done = {f"cube-{n:06d}": [] for n in range(1, 21)}
    with vault.transaction():
        for step in range(10_000):
            if step % 25 == 0:
                clock.advance(seconds=chance.randint(1, 9000))
            cube_id, kind = chance.choice(sorted(done)), chance.randrange(20)
            if kind < 15:
                use = chance.choice(["access", "access", "injection", "helpful", "unhelpful"])
                vault.touch([cube_id], clock(), use)
                done[cube_id].append((use, clock()))
            elif kind == 15:
                lifecycle.use([cube_id])
                done[cube_id].append(("access", clock()))
            elif kind == 16:
                api.read(ANA, cube_id)
                done[cube_id].append(("access", clock()))
            elif kind == 17:
                vault.update(vault.get(cube_id).revise(clock(), payload=PlaintextPayload(f"m{step}")))
            elif kind == 18:
                vault.place(cube_id, state=chance.choice(["generated", "activated", "archived"]))
            elif chance.random() < 0.1:
                lifecycle.restore(cube_id, 1, cause="mixed")
    logged = Counter((use.cube_id, use.use) for use in vault.uses())
    for cube_id, uses in done.items():
        count, seen = Counter(use for use, _ in uses), vault.get(cube_id).behavioural
        reads = [at for use, at in uses if use in ("access", "injection")]
        assert (seen.access_count, seen.injections) == (count["access"] + count["injection"], count["injection"])
        assert (seen.helpful, seen.unhelpful, seen.last_access) == (count["helpful"], count["unhelpful"], max(reads))
        assert seen.heat == pytest.approx(
            sum(0.5 ** ((max(reads) - at).total_seconds() / 86_400) for at in reads), rel=1e-9
        )
        assert all(logged[cube_id, use] == number for use, number in count.items())
    assert sum(map(len, done.values())) > 7000


def _oracle_held(history, hot, cold, windows, stable):
    """Whether a memory is held after its readings, from the rule in words: one pass over its own history, no budget."""
    held, since, promoted = None, 0, 0
    for place, (heat, digest, changed_at, now) in enumerate(history):
        if held is not None and digest != held:
            held, since = None, place + 1
        elif held is not None and heat < cold:
            held = None
        run = 0
        for earlier in range(place, since - 1, -1):
            if history[earlier][0] < hot:
                break
            run += 1
        if held is None and run >= windows and (now - changed_at).total_seconds() >= stable:
            held, promoted = digest, promoted + 1
    return held is not None, promoted


def test_the_promoted_set_equals_an_oracle_over_random_histories():
    """C27: 40 memories over 80 windows with changing heats and contents; then ten unchanged windows build nothing."""
    chance, now = random.Random(27), datetime(2025, 1, 1, tzinfo=UTC)
    rules = Promotion.Config(hot=3.0, cold=1.0, windows=3, stable_seconds=600.0)
    promotion, history = Promotion(rules), {f"m{n:02d}": [] for n in range(40)}
    content = dict.fromkeys(history, (0, now))
    heat, built = dict.fromkeys(history, 2.0), Counter()
    for window in range(80):
        now += timedelta(minutes=5)
        for name in history:
            heat[name] = max(0.0, heat[name] + chance.uniform(-1.5, 1.6))
            if chance.random() < 0.04:
                content[name] = (content[name][0] + 1, now)
            history[name].append((heat[name], str(content[name][0]), content[name][1], now))
        readings = [HeatReading(name, h[-1][0], 10, h[-1][1], h[-1][2]) for name, h in history.items()]
        built.update(promotion.step(readings, now).promote)
        want = {name for name, h in history.items() if _oracle_held(h, 3.0, 1.0, 3, 600.0)[0]}
        assert set(promotion.held) == want, window
    assert all(built[name] == _oracle_held(h, 3.0, 1.0, 3, 600.0)[1] for name, h in history.items())
    assert built.total() > 40 and 5 < len(promotion.held) < 40
    steady = [HeatReading(name, 5.0, 10, str(content[name][0]), content[name][1]) for name in history]
    steps = [promotion.step(steady, now + timedelta(hours=window)) for window in range(1, 14)]
    assert len(promotion.held) == 40 and not any(step.promote or step.demote for step in steps[3:])


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
            parts = [match for vault in vaults.values() for match in getattr(vault, name)(value, k, where=where)]
            best = {}
            for match in parts:
                if match.cube_id not in best or match.score > best[match.cube_id].score:
                    best[match.cube_id] = match
            want = sorted(best.values(), key=lambda match: (-match.score, match.cube_id))[:k]
            assert getattr(view, name)(value, k, where=where) == want == getattr(turned, name)(value, k, where=where)
            doubles += len(parts) - len(best)
    assert doubles > 500

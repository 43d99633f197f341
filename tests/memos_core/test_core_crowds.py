"""How full a tier is and what was used least lately: asked at every insert, so kept beside the rows (C8, C15, C18)."""

import random
import sqlite3

import pytest

from memos.cube import PlaintextPayload
from memos.infrastructure.vault import Is
from memos.infrastructure.vault.sqlite import SqliteVault

TIERS = ("working", "long_term")


class Undo(Exception):
    """Thrown to undo a transaction on purpose."""


def step(vault, make, clock, chance, known):
    """One random change."""
    action = chance.choice(["add", "add", "add", "place", "touch", "purge", "update"])
    if action == "add" or not known:
        cube = make(
            "a note",
            tier=chance.choice(TIERS),
            state=chance.choice(["generated", "activated", "archived"]),
            rules={"namespace": chance.choice("mn"), "ttl_seconds": chance.choice([None, 40.0])},
        )
        vault.add([cube])
        known.append(cube.cube_id)
        return
    cube_id = chance.choice(known)
    if action == "place":
        changes = {
            "state": chance.choice(["activated", "archived", "expired", None]),
            "tier": chance.choice([*TIERS, None]),
        }
        vault.place(cube_id, **changes, frozen=chance.choice([True, False]))
    elif action == "touch":
        vault.touch([cube_id], clock())
    elif action == "purge":
        vault.purge([cube_id])
        known.remove(cube_id)
    elif not vault.get(cube_id).frozen:
        vault.update(vault.get(cube_id).revise(clock(), payload=PlaintextPayload(f"note {chance.random()}")))


def check(vault, known):
    cubes = {cube_id: vault.get(cube_id) for cube_id in known}
    for namespace in ("m", "n", "none"):
        for tier in TIERS:
            live = vault.find(Is("tier", tier), namespaces=[namespace])
            assert vault.crowd(namespace, tier) == len(live) == vault.count(Is("tier", tier), namespaces=[namespace])

            def recency(cube_id):
                cube = cubes[cube_id]
                return max(cube.descriptive.updated_at, cube.behavioural.last_access or cube.descriptive.updated_at)

            order = vault.find(Is("tier", tier), namespaces=[namespace], order=("recency",), limit=5)
            assert order == sorted(live, key=recency)[:5]


@pytest.mark.parametrize("seed", range(3))
def test_a_tier_is_counted_and_ordered_like_its_rows(vault, make, clock, seed):
    chance, known = random.Random(seed), []
    for _ in range(60):
        clock.advance(seconds=chance.randint(0, 9))
        before = list(known)
        try:
            with vault.transaction():
                step(vault, make, clock, chance, known)
                if chance.random() < 0.2:
                    raise Undo
        except Undo:
            known[:] = before
        check(vault, known)


def test_a_file_from_before_is_counted_when_it_is_opened(tmp_path, make, clock):
    path = tmp_path / "old.sqlite"
    vault = SqliteVault(path, clock=clock)
    vault.add([make("one"), make("two"), make("three", state="archived"), make("four", tier="working")])
    vault.close()
    db = sqlite3.connect(path)
    names = db.execute(
        "SELECT type, name FROM sqlite_schema WHERE name LIKE 'crowds%' AND type IN ('trigger', 'table')"
    ).fetchall()
    names += [("index", name) for name in ("cubes_recency", "cubes_mortal", "cubes_session")]
    for kind, name in sorted(names, reverse=True):
        db.execute(f"DROP {kind} {name}")
    db.commit()
    db.close()
    reader = SqliteVault(SqliteVault.Config(str(path), read_only=True), clock=clock)
    assert reader.crowd("default", "long_term") == 2
    reader.close()
    vault = SqliteVault(path, clock=clock)
    vault.add([make("five")])
    assert (vault.crowd("default", "long_term"), vault.crowd("default", "working")) == (3, 1)
    vault.close()


def test_the_least_used_of_a_full_tier_come_from_an_index(sqlite_vault, make, embed):
    """At 100,000 memories every insert into the full tier read all of them (half a minute)."""
    sqlite_vault.add([make(f"note {n}") for n in range(5)])
    asked = []
    sqlite_vault._db.set_trace_callback(asked.append)
    sqlite_vault.find(Is("tier", "long_term") & Is("frozen", 0), namespaces=["default"], order=("recency",), limit=1)
    sqlite_vault.crowd("default", "long_term")
    sqlite_vault._db.set_trace_callback(None)
    plans = [
        [row[3] for row in sqlite_vault._db.execute(f"EXPLAIN QUERY PLAN {text}")] for text in asked if "SELECT" in text
    ]
    assert ["SEARCH cubes USING INDEX cubes_recency (ns=? AND tier=?)"] in plans
    assert not any("SCAN" in line or "cubes_place" in line or "TEMP B-TREE" in line for plan in plans for line in plan)

"""Filters as an algebra, identity through every path, all kinds under permissions and erasure (C2, C13, C42, C45; #13,
#22).
"""

import random
from datetime import UTC, datetime, timedelta

from memos.cube import (
    ActivationPayload,
    FakeClock,
    Grant,
    ParametricPayload,
    PlaintextPayload,
    SequentialIds,
    Source,
    new_cube,
)
from memos.infrastructure.access import Caller
from memos.infrastructure.dumper import MemDumper
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.loader import MemLoader
from memos.infrastructure.vault import (
    Between,
    Brief,
    FromTurn,
    Happened,
    Is,
    Mentions,
    ReadableBy,
    Recorded,
    SaidWithin,
    Tagged,
)
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.interface.api import MemoryAPI
from memos.operation.upkeep.lifecycle import MemLifecycle

DAY0 = datetime(2024, 1, 1)


def stock(chance, clock, count=120):
    """Cubes with tags, layers, speakers, sources, event and record times."""
    ids, out = SequentialIds(), []
    for _ in range(count):
        clock.advance(hours=chance.randint(1, 30))
        start = DAY0 + timedelta(days=chance.randint(0, 60)) if chance.random() < 0.7 else None
        end = start + timedelta(days=chance.randint(0, 9)) if start and chance.random() < 0.6 else None
        out.append(
            new_cube(
                "m",
                owner=chance.choice(["ana", "bob"]),
                ids=ids,
                clock=clock,
                tags=tuple(chance.sample("xyz", chance.randint(0, 3))),
                speaker=chance.choice(["", "Ana", "Bo"]),
                event_start=start,
                event_end=end,
                position=chance.choice([None, 1, 5, 9]),
                sources=tuple(
                    Source("d", chance.choice("st"), f"t{chance.randint(0, 9)}") for _ in range(chance.randint(0, 2))
                ),
                governance={
                    "layer": chance.choice(["private", "shared", "global"]),
                    "priority": chance.randint(-2, 2),
                    "acl": (Grant("eve"),) if chance.random() < 0.3 else (),
                },
            )
        )
    return out


def leaf(chance):
    """A random filter and the same condition written by hand on a cube."""
    a, b = sorted(DAY0 + timedelta(days=chance.randint(0, 70)) for _ in range(2))
    kind = chance.randrange(11)
    if kind == 0:
        names = tuple(chance.sample(["", "Ana", "Bo", "Cy"], chance.randint(1, 2)))
        return Is("speaker", *names), lambda cube: cube.descriptive.speaker in names
    if kind == 1:
        layer = chance.choice(["private", "shared", "global"])
        return Is("layer", layer), lambda cube: cube.governance.layer == layer
    if kind == 2:
        tags, every = set(chance.sample("xyz", chance.randint(1, 2))), chance.random() < 0.5
        return Tagged(
            *tags, every=every
        ), lambda cube: tags <= {*cube.descriptive.tags} if every else bool(tags & {*cube.descriptive.tags})
    if kind == 3:
        low, high = chance.choice([None, -1, 0]), chance.choice([None, 0, 1])
        return (
            Between("priority", low, high),
            lambda cube: (
                (low is None or cube.governance.priority >= low) and (high is None or cube.governance.priority <= high)
            ),
        )
    if kind == 4:
        return (
            Happened(a, b),
            lambda cube: (
                cube.descriptive.event_start is not None
                and cube.descriptive.event_start < b
                and (
                    cube.descriptive.event_start >= a
                    or (cube.descriptive.event_end or cube.descriptive.event_start) > a
                )
            ),
        )
    if kind == 5:
        c, d = ((moment + timedelta(days=366)).replace(tzinfo=UTC) for moment in (a, b))
        return Recorded(c, d), lambda cube: c <= cube.descriptive.created_at < d
    if kind == 6:
        turn, session = f"t{chance.randint(0, 9)}", chance.choice(["", "s", "t"])
        return FromTurn(session=session, turn=turn), lambda cube: any(
            one.turn == turn and session in ("", one.session) for one in cube.descriptive.sources
        )
    if kind == 8:
        return SaidWithin(a, b), lambda cube: a <= cube.descriptive.created_at.replace(tzinfo=None) < b
    if kind == 9:
        return (
            Brief(86_400.0),
            lambda cube: (
                (start := cube.descriptive.event_start) is not None
                and (cube.descriptive.event_end or start) - start <= timedelta(days=1)
            ),
        )
    if kind == 10:
        return Mentions("Bo", "zz"), lambda cube: cube.descriptive.speaker == "Bo"
    place = chance.choice([1, 5])
    return Between(
        "position", place, None
    ), lambda cube: cube.descriptive.position is not None and cube.descriptive.position >= place


def tree(chance, depth):
    if depth == 0 or chance.random() < 0.2:
        return leaf(chance)
    (f, p), (g, q), kind = tree(chance, depth - 1), tree(chance, depth - 1), chance.choice("&|~")
    if kind == "&":
        return f & g, lambda cube: p(cube) and q(cube)
    if kind == "|":
        return f | g, lambda cube: p(cube) or q(cube)
    return ~f, lambda cube: not p(cube)


def test_two_thousand_random_filters_equal_brute_force():
    """C13: filter algebra, 2,000 random filters against brute force."""
    chance, clock = random.Random(13), FakeClock()
    cubes = stock(chance, clock, 80)
    vault = SqliteVault(clock=clock)
    vault.add(cubes)
    sizes = []
    for _ in range(2000):
        where, plain = tree(chance, 3)
        want = [cube.cube_id for cube in cubes if plain(cube)]
        assert vault.find(where) == want, where.sql()
        assert [cube.cube_id for cube in cubes if where.matches(cube)] == want, "what the in-memory adapter asks"
        sizes.append(len(want))
    assert sum(0 < size < len(cubes) for size in sizes) > 1200, "most filters are neither empty nor all"


def test_filters_restrict_keyword_and_vector_search_alike(make, embed):
    """C13: filter algebra, 2,000 random filters against brute force."""
    chance, clock = random.Random(14), FakeClock()
    cubes = stock(chance, clock)
    vault = SqliteVault(clock=clock)
    vault.add(cubes, [embed(cube.cube_id) for cube in cubes])
    for _ in range(60):
        where, plain = tree(chance, 2)
        want = {cube.cube_id for cube in cubes if plain(cube)}
        assert {match.cube_id for match in vault.keyword("m", 999, where=where)} == want
        assert {match.cube_id for match in vault.nearest(embed("q"), 999, where=where)} == want


def kinds(owner, ids, clock, rules):
    """A memory, a cache made of it and an adapter trained on it, under the same rules."""
    text = new_cube("secret", owner=owner, ids=ids, clock=clock, governance=rules)
    cache = new_cube(
        ActivationPayload("m", "r", "w", "f", "t", "c", "cache.bin", "d", 9),
        owner=owner,
        ids=ids,
        clock=clock,
        governance=rules,
        derived_from=(text.cube_id,),
    )
    lora = new_cube(
        ParametricPayload("m", "r", "lora.bin", "d", 1, ("q",), 4, 8.0, (text.cube_id,)),
        owner=owner,
        ids=ids,
        clock=clock,
        governance=rules,
    )
    return [text, cache, lora]


def test_ten_thousand_triples_over_all_kinds_leak_nothing(sqlite_vault, clock, ids):
    """C42: 10,000 triples, all kinds of cubes."""
    vault = sqlite_vault
    chance, users = random.Random(42), ["ana", "bob", "eve", "mia"]
    cubes = []
    for _ in range(84):
        rules = {"layer": chance.choice(["private", "private", "shared"]), "contexts": chance.choice([(), ("chat",)])}
        rules["acl"] = (Grant(chance.choice(users)),) if rules["layer"] == "shared" else ()
        cubes += kinds(chance.choice(users), ids, clock, rules)
    vault.add(cubes)
    governance, triples, crossed = MemGovernance(vault=vault, clock=clock), 0, 0
    for _ in range(40):
        caller = Caller(chance.choice(users), (), chance.choice(["", "chat"]), chance.random() < 0.3)
        readable = set(vault.find(ReadableBy(caller)))
        for cube in cubes:
            rules = cube.governance
            mine, granted = rules.owner == caller.user, any(grant.principal == caller.user for grant in rules.acl)
            allowed = (not rules.contexts or caller.context in rules.contexts) and (mine or granted)
            assert (cube.cube_id in readable) == allowed == governance.explain(caller, "read", cube).allowed
            crossed += allowed and not mine
            triples += 1
    assert triples >= 10_000 and crossed > 100


def test_erasure_takes_caches_and_adapters_along(vault, clock, ids):
    """C45: erasure with lineage, no residue."""
    cubes = kinds("ana", ids, clock, {})
    other = new_cube("harmless", owner="ana", ids=ids, clock=clock)
    vault.add([*cubes, other])
    erased = MemGovernance(vault=vault, clock=clock).erase(Caller("ana"), [cubes[0].cube_id], cause="wish")
    assert set(erased.erased) == {cube.cube_id for cube in cubes} and set(erased.files) == {"cache.bin", "lora.bin"}
    assert vault.find(live=False) == [other.cube_id]


def test_the_provenance_id_outlives_every_path(vault, clock, ids, tmp_path):
    """C2: Update, archive, restore, transfer, dump and load. (A what-if copy is a memory of its own, made from it.)"""
    ana, root = Caller("ana"), Caller("root", privileged=True)
    governance = MemGovernance(vault=vault, clock=clock)
    lifecycle = MemLifecycle(vault=vault, clock=clock, ids=ids)
    api = MemoryAPI(vault=vault, governance=governance, lifecycle=lifecycle, clock=clock, ids=ids)
    first = api.create(ana, ["a lake"])[0].cube_id
    born = vault.get(first).descriptive
    for mode in ("append", "merge", "overwrite"):
        api.update(ana, first, f"{mode}d text", mode=mode)
    lifecycle.transition(first, "archived", cause="idle")
    lifecycle.restore(first, 1, cause="needed")
    for cube in (vault.get(first), api.transfer(ana, first, to_owner="bob", namespace="bob")):
        assert cube.descriptive.provenance_id == born.provenance_id == first and cube.descriptive.origin == born.origin
    MemDumper(vault=vault, governance=governance).dump(tmp_path / "d.jsonl", root)
    other = MemoryVault(clock=clock)
    loader = MemLoader(vault=other, governance=MemGovernance(vault=other, clock=clock), clock=clock, ids=ids)
    loader.load(tmp_path / "d.jsonl", root)
    assert {cube.descriptive.provenance_id for cube in other.get_many(other.find(live=False))} == {first}


def test_tiers_and_namespaces_written_together_share_no_id(vault, clock, ids):
    """Defects 13, 22 of docs/memos.md: written in one namespace, read in another."""
    cubes = [
        new_cube("the same words", owner="ana", ids=ids, clock=clock, tier=tier, governance={"namespace": space})
        for tier in ("working", "long_term", "user")
        for space in ("default", "other")
    ]
    vault.add(cubes)
    assert len({cube.cube_id for cube in cubes}) == 6
    for space in ("default", "other"):
        assert sorted(vault.get(one).tier for one in vault.find(namespaces=[space])) == ["long_term", "user", "working"]
        assert len(vault.keyword("same words", 9, namespaces=(space,))) == 3
    changed = vault.get(cubes[0].cube_id).revise(clock(), payload=PlaintextPayload("other words"))
    vault.update(changed)
    assert vault.get(cubes[2].cube_id).text == "the same words"

"""MemGovernance: permission, denials, sensitivity, watermark, erasure, audit (C42-C45)."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos.cube import (
    AccessDenied,
    ActivationPayload,
    ChainBroken,
    FakeClock,
    FrozenCube,
    Governance,
    Grant,
    NotFound,
    PlaintextPayload,
    RateLimited,
    SequentialIds,
    Source,
    new_cube,
)
from memos.infrastructure.access import Caller, decide
from memos.infrastructure.audit import AuditEntry, LogQuery, verify_audit
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.sensitivity import (
    find_sensitive,
    level_of,
    read_watermark,
    redact,
    strip_watermark,
    watermark,
)
from memos.infrastructure.vault import Edge, ReadableBy
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault

ANA, EVE = Caller("ana"), Caller("eve")


@pytest.fixture
def governance(vault, clock):
    return MemGovernance(vault=vault, clock=clock)


def _expected_read(caller, rules):
    """The rule in words, written apart from the code: contexts first, then owner, layer, denial, grant, global."""
    if rules.contexts and caller.context not in rules.contexts:
        return False
    if rules.owner == caller.user:
        return True
    names = {caller.user, "*"} | {"group:" + group for group in caller.groups}
    effects = {grant.effect for grant in rules.acl if "read" in grant.rights and grant.principal in names}
    if rules.layer == "private" or "deny" in effects:
        return False
    return "allow" in effects or (rules.layer == "global" and rules.sensitivity != "restricted")


def test_ten_thousand_random_triples_leak_nothing():
    """C42: 10,000 triples, all kinds of cubes."""
    chance, clock, ids = random.Random(1), FakeClock(), SequentialIds()
    users, groups, contexts = ["ana", "bob", "eve", "a", "group:g1"], ["g1", "g2"], ["", "chat", "export"]
    principals = [*users, "group:g1", "group:g2", "*"]

    def rules():
        acl = tuple(
            Grant(
                chance.choice(principals),
                tuple(chance.sample(["read", "write", "share"], chance.randint(1, 3))),
                chance.choice(["allow", "allow", "deny"]),
            )
            for _ in range(chance.randint(0, 3))
        )
        return {
            "layer": chance.choice(["private", "shared", "global"]),
            "acl": acl,
            "contexts": tuple(chance.sample(["chat", "export", "cha"], chance.choice([0, 0, 1, 2]))),
            "sensitivity": chance.choice(["public", "restricted"]),
            "read_only": chance.random() < 0.2,
        }

    cubes = [
        new_cube("secret", owner=chance.choice(users), ids=ids, clock=clock, governance=rules()) for _ in range(250)
    ]
    vaults = SqliteVault(clock=clock), MemoryVault(clock=clock)
    for vault in vaults:
        vault.add(cubes)
    triples = allowed_count = 0
    for _ in range(40):
        member = tuple(chance.sample(groups, chance.randint(0, 2)))
        caller = Caller(chance.choice(users), member, chance.choice(contexts), chance.random() < 0.3)
        allowed = {cube.cube_id for cube in cubes if _expected_read(caller, cube.governance)}
        for vault in vaults:
            matches = vault.keyword("secret", 999, where=ReadableBy(caller))
            assert {match.cube_id for match in matches} == allowed == set(vault.find(ReadableBy(caller)))
        for cube in cubes:
            decision = decide(caller, cube.governance, "read", cube.cube_id)
            assert decision.allowed == (cube.cube_id in allowed) and decision.rule
        triples, allowed_count = triples + len(cubes), allowed_count + len(allowed)
    assert triples == 10_000 and 1000 < allowed_count < 9000


@pytest.mark.parametrize(
    ("rules", "caller", "right", "allowed", "reason"),
    [
        ({}, ANA, "write", True, "owner"),
        ({}, EVE, "read", False, "private to its owner"),
        ({"acl": (Grant("eve"),)}, EVE, "read", False, "private"),
        ({"layer": "shared"}, EVE, "read", False, "grants no read to eve"),
        ({"layer": "shared", "acl": (Grant("eve"),)}, EVE, "write", False, "grants no write"),
        ({"layer": "shared", "acl": (Grant("*", ("read", "write")),)}, EVE, "write", True, "grant of write"),
        ({"layer": "global"}, EVE, "read", True, "global"),
        ({"layer": "global"}, EVE, "share", False, "grants no share"),
        ({"layer": "global", "sensitivity": "restricted"}, EVE, "read", False, "restricted"),
        ({"layer": "global", "acl": (Grant("eve", effect="deny"),)}, EVE, "read", False, "denies read to eve"),
        ({"read_only": True}, ANA, "write", False, "read-only"),
        ({"contexts": ("chat",)}, ANA, "read", False, "context ''"),
        ({"layer": "private"}, Caller("root", privileged=True), "read", False, "private"),
    ],
)
def test_each_rule_explains_itself(rules, caller, right, allowed, reason):
    """C42: 10,000 triples, all kinds of cubes."""
    decision = decide(caller, Governance(owner="ana", **rules), right, "m1")
    assert decision.allowed is allowed and reason in decision.rule


def test_denials_are_raised_and_logged(governance, vault, make):
    vault.add([make()])
    assert governance.fetch(ANA, "cube-000001", "write").cube_id == "cube-000001"
    with pytest.raises(AccessDenied, match="private to its owner"):
        governance.fetch(EVE, "cube-000001")
    (entry,) = vault.audit()
    assert (entry.actor, entry.outcome, entry.cube_id) == ("eve", "denied", "cube-000001")


def test_rates_are_limited_by_user(vault, clock):
    governance = MemGovernance(MemGovernance.Config(calls_per_minute=2), vault=vault, clock=clock)
    governance.admit(ANA)
    governance.admit(ANA)
    governance.admit(EVE)
    with pytest.raises(RateLimited, match="wait 60 s"):
        governance.admit(ANA)
    clock.advance(seconds=60)
    governance.admit(ANA)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to ana.b+c@mail.example.org now", ["email"]),
        ("call +49 151 2345 6789 or (555) 123-4567", ["phone", "phone"]),
        ("card 4111 1111 1111 1111 ok", ["card"]),
        ("card 4111 1111 1111 1112 fails its check", []),
        ("key AKIAABCDEFGHIJKLMNOP and sk-abcdefghij0123456789", ["key", "key"]),
        ("token aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF", ["key"]),
        ("the password is hunter2", ["password"]),
        ("ssn 123-45-6789, not 000-12-3456", ["national_id"]),
        ("NINO AB 12 34 56 C", ["national_id"]),
        ("id 11010519491231002X", ["national_id"]),
        ("IBAN DE89 3704 0044 0532 0130 00", ["bank_account"]),
        ("host 192.168.1.17 answers", ["ip_address"]),
        ("we met on 2023-05-08 at 13:56, 120 people came in 2019 and 2020", []),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", ["private_key"]),
    ],
)
def test_sensitive_content_is_detected(text, kinds):
    assert [finding.kind for finding in find_sensitive(text)] == kinds
    assert find_sensitive(redact(text)) == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(["a@b.org", "123-45-6789", "4111111111111111", "and", "+1 555 123 4567", ",", "x"]), max_size=8
    )
)
def test_no_flagged_span_survives_redaction(pieces):
    """C44: redaction and watermark."""
    text = " ".join(pieces)
    clean = redact(text)
    for finding in find_sensitive(text):
        assert text[finding.start : finding.end] not in clean
    assert redact(clean) == clean


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.text(min_size=1, max_size=40).filter(lambda t: not set(t) & set("\u200b\u200c\u2060")),
    st.text("abcé1:-", min_size=1, max_size=20),
)
def test_watermarks_are_invisible_and_recoverable(text, mark):
    """C44: redaction and watermark."""
    marked = watermark(text, mark)
    assert read_watermark(marked) == mark and strip_watermark(marked) == text
    assert read_watermark(watermark(marked, "again")) == "again" and read_watermark(text) is None


def test_content_raises_its_own_sensitivity(governance, make):
    assert governance.classify(make("nothing here")) == {}
    assert governance.classify(make("a@b.org")) == {"findings": ("email",), "sensitivity": "confidential"}
    assert level_of(find_sensitive("a@b.org 123-45-6789"), "public") == "restricted"
    assert level_of([], "confidential") == "confidential"


def test_exports_are_redacted_everywhere_and_marked(governance, vault, make):
    mail = "ana@b.org"
    vault.add([make(f"write {mail}", key=mail, tags=(mail,), attributes={"to": [mail, {mail: mail}]}, links=(mail,))])
    out = governance.exported(ANA, vault.get("cube-000001"), mark="eve:1")
    assert mail not in str(out.to_json()) and read_watermark(out.text) == "eve:1"
    assert vault.get("cube-000001").text == f"write {mail}"
    with pytest.raises(AccessDenied):
        governance.exported(EVE, vault.get("cube-000001"))


@pytest.fixture
def family(vault, make, embed, clock):
    """Source, its summary, a summary of the summary, a cache and an unrelated memory."""
    source = make("xylophone recital", sources=(Source("d1", "s1", "D1:1"),))
    summary = make("xylophone summary", derived_from=(source.cube_id,))
    grand = make("xylophone topic", derived_from=(summary.cube_id, "elsewhere"))
    cache = make(ActivationPayload("m", "r", "w", "f", "t", "c", "cache.bin", "d", 9), derived_from=(grand.cube_id,))
    other = make("unrelated", sources=(Source("d1", "s1", "D1:2"),))
    vault.add([source, summary, grand, cache, other], [embed(c.text) for c in (source, summary, grand)] + [None, None])
    vault.update(source.revise(clock(), payload=PlaintextPayload("zither recital")))
    vault.link([Edge(summary.cube_id, source.cube_id, "aggregates"), Edge(other.cube_id, source.cube_id, "relates")])
    return [cube.cube_id for cube in (source, summary, grand, cache, other)]


def test_erasure_follows_the_lineage(governance, vault, family):
    """C45: erasure with lineage, no residue."""
    erased = governance.erase(ANA, dialogue="d1", turn="D1:1", cause="user wish")
    assert set(erased.erased) == set(family[:4]) and erased.files == ("cache.bin",)
    assert vault.find(live=False) == [family[4]] and vault.edges(family) == []
    for word in ("xylophone", "zither", "recital"):
        assert vault.keyword(word, 9, live=False) == []
    assert vault.audit(LogQuery(operations=("erase",)))[0].details["cubes"] == list(erased.erased)
    verify_audit(vault.audit())


def test_erased_words_leave_no_residue_in_the_file(sqlite_vault, clock, make, tmp_path):
    """C45: erasure with lineage, no residue."""
    secret = make("quokka sanctuary", tags=("wombat",), key="numbat")
    sqlite_vault.add([secret, *(make(f"filler {number}") for number in range(50))])
    sqlite_vault.update(sqlite_vault.get("cube-000001").revise(clock(), payload=PlaintextPayload("bandicoot")))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"quokka" in stored and b"bandicoot" in stored
    MemGovernance(vault=sqlite_vault, clock=clock).erase(ANA, ["cube-000001"], cause="user wish")
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for word in (b"quokka", b"wombat", b"numbat", b"bandicoot", b"sanctuar"):
        assert word not in left
    assert sqlite_vault.keyword("filler", 99) and b"filler" in left


def test_refused_erasures_change_nothing(governance, vault, family):
    vault.place(family[2], frozen=True)
    before = vault.digest()
    with pytest.raises(FrozenCube, match=family[2]):
        governance.erase(ANA, [family[0]], cause="wish")
    with pytest.raises(AccessDenied):
        governance.erase(EVE, [family[0]], cause="malice")
    with pytest.raises(NotFound):
        governance.erase(ANA, turn="D9:9", cause="wish")
    assert vault.digest() == before


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_every_tampering_with_the_audit_log_is_noticed(data):
    """C43: audit chain and log query."""
    vault, clock = MemoryVault(), FakeClock()
    for number in range(data.draw(st.integers(2, 8))):
        vault.append_audit(AuditEntry(clock(), "ana", "read", f"c{number}", details={"n": number}))
    log = vault.audit()
    place = data.draw(st.integers(0, len(log) - 1))
    kind = data.draw(st.sampled_from(["actor", "details", "remove", "swap", "repeat", "outcome"]))
    if kind == "remove" and place == len(log) - 1:
        place -= 1
    broken = list(log)
    if kind == "remove":
        del broken[place]
    elif kind == "swap":
        other = (place + 1) % len(log)
        broken[place], broken[other] = broken[other], broken[place]
    elif kind == "repeat":
        broken.insert(place, broken[place])
    else:
        value = {"n": 99} if kind == "details" else "other"
        broken[place] = replace(broken[place], **{kind: value})
    with pytest.raises(ChainBroken):
        verify_audit(broken)


def test_the_audit_table_is_append_only(sqlite_vault, clock):
    """C43: audit chain and log query."""
    import sqlite3

    sqlite_vault.append_audit(AuditEntry(clock(), "ana", "read"))
    for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'eve'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            sqlite_vault._db.execute(statement)

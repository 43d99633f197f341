"""What a person does to memories that are there, and that everybody sees it at once, whoever did it."""

import json
from datetime import UTC, datetime

import pytest

from memos import MemOS
from memos.__main__ import main
from memos.cube import FakeClock, Grant, SequentialIds
from memos.cube.errors import AccessDenied, FrozenCube
from memos.embed.mock import Mock
from memos.errors import ConfigError, DataError, MemosError
from memos.infrastructure.access import Caller
from memos.infrastructure.licence import Licence
from memos.infrastructure.vault import Tagged
from memos.operation.operator import MemOperator
from memos.operation.upkeep.tiers import Tiers
from memos.rules import Rules, grant, span

NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)


def opened(embedder, path=":memory:", prefix="cube", config=None):
    return MemOS(path, config, embedder=embedder, clock=FakeClock(NOW), ids=SequentialIds(prefix))


@pytest.fixture
def memory(mock_embedder):
    with opened(mock_embedder) as memory:
        yield memory


def found(memory, query, user="ana", **options):
    hits = memory.search(query, user=user, k=9, **options)
    return [line.split(" | ")[-1] for hit in hits for line in hit.text.splitlines()]


# -- rules of what is added -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rules", "readers"),
    [
        ({}, "ana"),
        ({"layer": "global"}, "ana bob eve"),
        ({"layer": "global", "sensitivity": "restricted"}, "ana"),
        ({"layer": "shared"}, "ana"),
        ({"rights": ["bob"]}, "ana bob"),
        ({"rights": ["*", "!eve"]}, "ana bob"),
        ({"layer": "global", "licence": Licence(max_accesses=0)}, "ana"),
        ({"layer": "global", "contexts": ["export"]}, ""),
    ],
)
def test_each_rule_decides_who_finds_it(rules, readers, memory):
    memory.add("The gate is blue.", user="ana", **rules)
    assert " ".join(user for user in ("ana", "bob", "eve") if found(memory, "gate", user, everyone=True)) == readers


def test_how_long_it_lives(memory):
    memory.add("The parcel comes today.", user="ana", ttl=60.0)
    memory.add("The bell rang.", user="ana", decay=60.0)
    assert len(found(memory, "parcel bell")) == 2
    memory.clock.advance(seconds=61)
    assert found(memory, "parcel bell") == ["The bell rang."]
    memory.clock.advance(seconds=3600)
    assert found(memory, "parcel bell") == []


@pytest.mark.parametrize("rules", [{"priority": 1}, {"tags": ["keep"]}])
def test_priority_and_tags(rules, mock_embedder):
    config = MemOS.Config(operator=MemOperator.Config(tiers=Tiers.Config(long_term=2, eviction="heat")))
    with opened(mock_embedder, config=config) as memory:
        memory.add("The first note.", user="ana", **rules)
        memory.add("The second note.", user="ana")
        memory.add("The third note.", user="ana")
        kept = "The first note." in found(memory, "note")
        assert kept is ("priority" in rules), "priority keeps it when there is no room"
        assert len(found(memory, "note", where=Tagged("keep"))) == 0


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ({"layer": "secret"}, "layer 'secret' is none of private, shared, global"),
        ({"sensitivity": "high"}, "sensitivity 'high' is none of"),
        ({"rights": ["bob:fly"]}, "'bob:fly'"),
        ({"rights": ["bob"], "layer": "private"}, "private to its owner"),
        ({"ttl": -1}, "ttl -1 is not positive"),
        ({"colour": 1}, "no rule 'colour'"),
    ],
)
def test_a_rule_that_cannot_be_is_one_line(rules, line, memory):
    with pytest.raises(ConfigError, match=line) as refused:
        memory.add("A note.", user="ana", **rules)
    assert "\n" not in str(refused.value) and memory.stats()["memories"] == 0


def test_rights_and_spans_as_a_person_writes_them():
    assert grant("group:lab:read,write") == Grant("group:lab", ("read", "write"))
    assert grant("!eve") == Grant("eve", ("read",), "deny") and grant("group:lab") == Grant("group:lab")
    assert [span(text) for text in ("90", "30m", "12h", "7d", "2w")] == [90, 1800, 43200, 604800, 1209600]
    assert Rules(rights=["bob"]).governance("ana")["layer"] == "shared"


# -- changing ---------------------------------------------------------------------------------------------------
def test_updated_archived_restored_erased(memory):
    (one,) = memory.add("The gate code is 4711.", user="ana")
    memory.update(one.cube_id, "The gate code is 8822.", user="ana")
    assert found(memory, "gate code") == ["The gate code is 8822."]
    memory.archive(one.cube_id, user="ana")
    assert found(memory, "gate code") == []
    memory.restore(one.cube_id, 1, user="ana")
    assert found(memory, "gate code") == ["The gate code is 4711."]
    with pytest.raises(AccessDenied):
        memory.update(one.cube_id, "Mine.", user="eve")
    memory.erase(one.cube_id, user="ana")
    assert found(memory, "gate code") == []
    with pytest.raises(MemosError):
        memory.restore(one.cube_id, user="ana")


def test_frozen_refuses_every_change_and_is_read(memory):
    (one,) = memory.add("The gate code is 4711.", user="ana", ttl=60.0)
    with pytest.raises(AccessDenied):
        memory.freeze(one.cube_id, user="eve")
    memory.freeze(one.cube_id, user="ana")
    for change in (
        lambda: memory.update(one.cube_id, "x", user="ana"),
        lambda: memory.erase(one.cube_id, user="ana"),
    ):
        with pytest.raises(FrozenCube):
            change()
    memory.clock.advance(days=1)
    assert found(memory, "gate") == ["The gate code is 4711."], "what is frozen does not expire"
    with pytest.raises(AccessDenied):
        memory.unfreeze(one.cube_id, user="ana")
    memory.unfreeze(one.cube_id)
    memory.tick()
    assert found(memory, "gate") == []


def test_what_if_it_said_something_else(memory):
    (one,) = memory.add("The ferry leaves at nine.", user="ana")
    memory.add("The ferry is blue.", user="ana")
    before = found(memory, "ferry")
    memory.what_if(one.cube_id, "The ferry leaves at ten.", user="ana")
    memory.what_if(one.cube_id, "The ferry leaves at noon.", user="ana")
    assert sorted(found(memory, "ferry", supposing=True)) == ["The ferry is blue.", "The ferry leaves at noon."]
    assert found(memory, "ferry") == before and memory.show(one.cube_id, user="ana").version == 1
    assert found(memory, "ferry", "eve", supposing=True) == []
    with pytest.raises(AccessDenied):
        memory.what_if(one.cube_id, "x", user="eve")


def test_a_whole_store_goes_back_to_a_snapshot(tmp_path, mock_embedder):
    with opened(mock_embedder, tmp_path / "v.sqlite") as memory, opened(mock_embedder, tmp_path / "v.sqlite") as other:
        old = memory.add("The gate code is 4711.", user="ana")[0].cube_id
        memory.freeze(old, user="ana")
        before = memory.vault.digest()
        memory.snapshot(tmp_path / "s.sqlite")
        with pytest.raises(DataError, match="exists"):
            memory.snapshot(tmp_path / "s.sqlite")
        memory.add("The fence is blue.", user="ana")
        memory.add("Ben has a dog.", user="ben")
        assert found(other, "fence")[0] == "The fence is blue."
        generation, entries = memory.vault.generation("ana"), memory.verify()
        assert memory.rollback(tmp_path / "s.sqlite") == 1
        assert memory.vault.digest() == before and found(other, "fence gate") == ["The gate code is 4711."]
        assert found(memory, "dog", "ben") == [] and memory.vault.generation("ana") > generation
        assert memory.verify() > entries, "the log goes on"
        with pytest.raises(MemosError, match=r"none\.sqlite"):
            memory.rollback(tmp_path / "none.sqlite")


# -- fresh for everyone -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["api", "facade", "loader", "texts"])
def test_a_change_by_another_door_is_found_at_once_and_the_old_is_not(how, tmp_path, mock_embedder):
    with opened(mock_embedder, tmp_path / "v.sqlite") as one, opened(mock_embedder, tmp_path / "v.sqlite", "b") as two:
        made = one.add("The gate code is 4711.", user="ana")[0].cube_id
        assert found(two, "gate code")
        if how == "api":
            two.api.update(Caller("ana"), made, "The gate code is 8822.")
        elif how == "facade":
            two.update(made, "The gate code is 8822.", user="ana")
        elif how == "loader":
            with opened(mock_embedder, tmp_path / "w.sqlite", "w") as third:
                third.add("The gate code is 8822.", user="ana")
                third.dump(tmp_path / "d.jsonl")
            two.erase(made, user="ana")
            two.load(tmp_path / "d.jsonl")
        else:
            (tmp_path / "notes.txt").write_text("The gate code is 8822.\n\nThe fence is blue.", encoding="utf-8")
            two.erase(made, user="ana")
            ids = two.load_texts([tmp_path / "notes.txt"], user="ana")
            assert all(vector is not None for vector in two.vault.vectors(ids)) and len(ids) == 2
        assert found(one, "gate code")[0] == found(two, "gate code")[0] == "The gate code is 8822."
        assert not any("4711" in text for text in found(one, "gate code"))


def test_a_restored_version_has_a_vector_and_is_found_by_it(memory):
    (one,) = memory.add("The gate code is 4711.", user="ana")
    memory.update(one.cube_id, "Bees sleep in winter.", user="ana")
    memory.restore(one.cube_id, 1, user="ana")
    (vector,) = memory.vault.vectors([one.cube_id])
    assert vector is not None and float(vector @ memory.embedder.encode(["The gate code is 4711."])[0]) > 0.99


def test_a_restored_loser_takes_its_place_back(memory):
    old = memory.add("Ben works at the harbour.", user="ben", at=datetime(2024, 1, 1))[0]
    memory.add("Ben works at the library.", user="ben", at=datetime(2025, 1, 1))
    assert found(memory, "Ben works", "ben") == ["Ben works at the library."]
    memory.restore(old.cube_id, user="ben")
    assert found(memory, "Ben works", "ben") == ["Ben works at the harbour."]


def test_restoring_keeps_to_the_capacity(mock_embedder):
    config = MemOS.Config(operator=MemOperator.Config(tiers=Tiers.Config(long_term=3)))
    with opened(mock_embedder, config=config) as memory:
        made = [memory.add(f"Note {n} on {'abcdef'[n]}.", user="ana", at=None)[0].cube_id for n in range(4)]
        assert memory.stats()["memories"] == 3
        memory.restore(made[0], user="ana")
        assert memory.stats()["memories"] == 3 and "Note 0 on a." in found(memory, "note")


def test_a_vault_remembers_its_embedder(tmp_path, mock_embedder):
    other = Mock(Mock.Config(dim=32))
    with opened(mock_embedder, tmp_path / "v.sqlite") as memory:
        memory.add("The gate code is 4711.", user="ana")
        memory.dump(tmp_path / "d.jsonl")
        assert json.loads(memory.vault.noted("embedder"))["dim"] == mock_embedder.dim
    with opened(other, tmp_path / "v.sqlite") as memory:
        for use in (lambda: found(memory, "gate"), lambda: memory.add("x", user="ana")):
            with pytest.raises(ConfigError, match="mock-hash-128.*reindex"):
                use()
        assert memory.reindex() == 1 and found(memory, "gate") == ["The gate code is 4711."]
    with opened(mock_embedder, tmp_path / "v.sqlite") as memory, pytest.raises(ConfigError, match="mock-hash-32"):
        found(memory, "gate")
    with opened(other, tmp_path / "w.sqlite") as memory:
        memory.load(tmp_path / "d.jsonl")
        assert found(memory, "gate") and memory.vault.vectors(memory.vault.find())[0].size == 32


# -- the command line -------------------------------------------------------------------------------------------
def test_commands(tmp_path, capsys):
    base = ["--vault", str(tmp_path / "v.sqlite"), "--embedder", "mock"]

    def run(*words, user="ana", code=0):
        assert main([*base, *(["--user", user] if user else []), *words]) == code
        return capsys.readouterr()

    def added(*words):
        return run("add", *words).out.split()[0]

    code = added(
        "The gate code is 4711.", "--right", "bob", "--ttl", "7d", "--priority", "2", "--sensitivity", "public"
    )
    rules = json.loads(run("show", code).out)["governance"]
    assert (rules["layer"], rules["ttl_seconds"], rules["priority"]) == ("shared", 604800.0, 2)
    assert "4711" in run("search", "gate", "--everyone", user="bob").out and not run("search", "gate", user="bob").out
    assert run("update", code, "The gate code is 8822.").out == "version 2\n"
    run("snapshot", str(tmp_path / "s.sqlite"), user="")
    run("what-if", code, "The gate code is 1.")
    assert "8822" in run("search", "gate").out and "8822" not in run("search", "gate", "--supposing").out
    run("freeze", code)
    assert "frozen" in run("erase", code, code=1).err and run("unfreeze", code, code=1).err
    run("unfreeze", code, user="")
    assert code in run("archive", code).out and not run("search", "gate").out
    run("restore", code)
    assert "8822" in run("search", "gate").out and code in run("erase", code).out
    assert run("rollback", str(tmp_path / "s.sqlite"), user="").out == "1 memories\n"
    assert "8822" in run("search", "gate").out
    (tmp_path / "n.txt").write_text("One.\n\nTwo.", encoding="utf-8")
    assert run("load-texts", str(tmp_path / "n.txt")).out == "2 memories\n"
    assert run("reindex", user="").out == "3 memories\n"

"""No door shows a memory to somebody who may not read it: 10,000 triples of user, object and context (C42).

Each triple is put to the one decision; every second one goes through a door as well, and all lists are compared.
"""

from __future__ import annotations

import pytest
from leak_store import SPACES, THEN, USERS, LeakStore, callers, dumped, words_in

from memos.__main__ import main
from memos.errors import MemosError
from memos.infrastructure.access import Caller
from memos.infrastructure.dumper import MemDumper
from memos.interface.pipeline import Pipeline, PipelineStep
from memos.serving.mcp import MOST, MemoryTools

MEMORIES, CALLERS = 250, 40
BY_ID = {
    "read": lambda s, c, i: s.api.read(c, i),
    "compose": lambda s, c, i: s.api.compose(c, [i]),
    "export": lambda s, c, i: s.exported(c, i),
    "pipeline": lambda s, c, i: Pipeline("p", [PipelineStep("augment", {"cubes": [i]}, "text")]).run(s.api, c).context,
    "provenance": lambda s, c, i: s.api.provenance(c, i),
    "store": lambda s, c, i: s.market.access(i, c),
}
"""Doors by id; ``store`` opens for listings only."""
FACADE = {
    "show": lambda s, c, i: s.memory.show(i, user=c.user),
    "history": lambda s, c, i: s.memory.history(i, user=c.user),
    "agent": lambda s, c, i: MemoryTools(s.memory, c.user).history(i),
}
"""Doors of the facade by id."""
CHANGES = {
    "update": lambda s, c, i: s.api.update(c, i, "mine now"),
    "archive": lambda s, c, i: s.api.archive(c, i, cause="x"),
    "transfer": lambda s, c, i: s.api.transfer(c, i, to_owner=c.user, namespace="x"),
    "publish": lambda s, c, i: s.market.publish(i, c),
    "erase": lambda s, c, i: s.governance.erase(Caller(c.user, c.groups, c.context), [i], cause="x"),
}
"""Doors that change or copy a memory, closed where it may not be read."""
LEAVE = {
    "restore": lambda s, c, i: s.memory.restore(i, 1, user=c.user),
    "forget": lambda s, c, i: s.memory.forget(i, user=c.user),
    "erase for good": lambda s, c, i: MemoryTools(s.memory, c.user).forget(i, erase=True),
}
"""Doors of the facade that change a memory."""


@pytest.fixture
def store(tmp_path):
    made = LeakStore(tmp_path / "v.sqlite", MEMORIES, seed=22)
    yield made
    made.memory.close()


def outcome(door, *arguments):
    """What a door gave, or what it said."""
    try:
        return True, words_in(door(*arguments))
    except MemosError as error:
        return False, words_in(str(error))


def test_ten_thousand_triples_through_every_door_leak_nothing(store, tmp_path, capsys):
    """C42: every door against every kind of caller; what may be read is found, what may not is nowhere."""
    everybody, triples, allowed, refused = callers(store.chance, CALLERS), 0, 0, 0
    for number, caller in enumerate(everybody):
        for one in store.kept:
            triples += 1
            may = store.may(caller, one)
            assert store.governance.explain(caller, "read", store.vault.get(one.cube_id)).allowed == may, (caller, one)
            bare = Caller(caller.user)  # how the facade sees a user
            allowed, refused = allowed + may, refused + (not may)
            if triples % 2:
                continue
            if not may:
                doors = BY_ID | CHANGES | ({} if store.may(bare, one) else FACADE | LEAVE)
                name = store.chance.choice(list(doors))
                assert outcome(doors[name], store, caller, one.cube_id) == (False, set()), (name, caller, one)
                continue
            doors = BY_ID | (FACADE if caller == bare else {})
            closed = {"store"} if one.space != "memstore" or one.state == "archived" else set()
            closed |= {"read"} if one.state == "archived" else set()  # a read brings it back
            closed |= {"provenance"} if number % 10 else set()  # it reads the whole log
            name = store.chance.choice([name for name in doors if name not in closed])
            past = name in ("history", "agent") and caller.user == one.owner
            older = {f"old{one.number:04}q"} if past else set()
            assert outcome(doors[name], store, caller, one.cube_id) == (True, {one.word} | older), (name, caller, one)
            if name != "provenance":
                store.read(caller, {one.word})
        if number % 4 == 0:
            through_lists(store, caller, tmp_path / f"{number}.jsonl")
    assert triples == 10_000 and allowed > 1500 and refused > 5000
    for user in USERS:
        through_the_facade(store, user, tmp_path / "facade.jsonl")
        through_the_command_line(store, user, tmp_path, capsys)


def through_lists(store, caller, path):
    """Search and dump of one caller: exactly what may be read, each licensed hit counted."""
    hits = store.api.search(caller, "cellar", 999, namespaces=SPACES, use=store.chance.random() < 0.5)
    want = store.readable(caller)
    assert words_in(hits) == want
    store.read(caller, want)
    assert words_in(store.api.search(caller, "cellar", 999, namespaces=SPACES, as_of=THEN)) == store.then(caller)
    assert not words_in(store.api.log_query(caller))
    caller = Caller(caller.user, caller.groups, caller.context)
    want = store.readable(caller, live=False)
    MemDumper(vault=store.vault, governance=store.governance).dump(path, caller)
    store.read(caller, want)
    lines = dumped(path)
    older = {one.word.replace("new", "old") for one in store.kept if one.owner == caller.user}
    assert words_in(path.read_text()) - older == want and len(lines) == len(want)
    for one in store.kept:
        if one.owner != caller.user and one.cube_id in lines:
            assert words_in(lines[one.cube_id]) == {one.word}, "others' history"


def through_the_facade(store, user, path):
    """Search, as of, chat, cache and dump of a user of the facade."""
    caller, memory = Caller(user), store.memory
    for seen, want in (
        (lambda: memory.search("cellar", user=user, k=999), lambda: store.readable(caller, space=user)),
        (lambda: memory.recall("cellar", 999, user=user, use=False), lambda: store.readable(caller, space=user)),
        (lambda: memory.search("cellar", user=user, k=999, as_of=THEN), lambda: store.then(caller, user)),
        (lambda: memory.chat("What lies in the cellar?", user=user, k=999), lambda: store.readable(caller, space=user)),
        (lambda: memory.schedule(user=user), lambda: store.cacheable(caller, user)),
    ):
        expected = want()
        given = seen()
        store.prompts, heard = [], store.prompts
        cached, memory.activation.texts = memory.activation.texts.get(user, []), {}
        assert words_in([given, heard, cached]) == expected
        if not cached:
            store.read(caller, expected)
    expected = store.readable(caller, space=user)
    assert len(expected) < MOST and words_in(MemoryTools(memory, user).search("cellar", k=MOST)) == expected
    store.read(caller, expected)
    assert words_in(memory.explain("What lies in the cellar?", user=user)) == set()
    expected = store.readable(caller, live=False)
    assert memory.dump(path, user=user) == len(expected)
    store.read(caller, expected)
    shown = memory.stats(user=user)
    assert set(shown["users"]) <= {user} and shown["memories"] == len(store.readable(caller, space=user))
    memory.subscribe(user=user, about="cellar", threshold=-1.0)


def through_the_command_line(store, user, folder, capsys):
    """Every command that shows a memory, in the name of a user; the program's clock is later, so less may be live."""
    caller, base = Caller(user), ["--vault", str(folder / "v.sqlite"), "--embedder", "mock", "--user", user]
    for command in (
        ["search", "cellar", "-k", "999"],
        ["search", "cellar", "-k", "999", "--as-of", "2024-03-01"],
        ["explain", "what lies in the cellar?"],
        ["stats"],
        ["skills", "cellar", "-k", "999"],
        ["pull"],
        *(["read", one.cube_id] for one in store.chance.sample(store.kept, 2)),
        ["dump", str(folder / "cli.jsonl")],
        *(["show", one.cube_id] for one in store.chance.sample(store.kept, 3)),
        *(["history", one.cube_id] for one in store.chance.sample(store.kept, 3)),
    ):
        allowed = store.readable(caller, live=False)
        older = {one.word.replace("new", "old") for one in store.kept if one.owner == user}
        code = main([*base, *command])
        out, err = capsys.readouterr()
        if command[0] == "dump":
            out += (folder / "cli.jsonl").read_text()
        seen = words_in(out + err)
        assert seen <= allowed | older, (command, seen - allowed)
        assert code == 0 or not seen
        assert not any(other in err for other in USERS if other != user and len(other) > 2)
        store.read(caller, {word for word in seen if word in store.by_word})

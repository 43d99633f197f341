"""The SQLite vault's indexes against a brute-force oracle, crashes, other processes, foreign files (C15, C46)."""

import multiprocessing
import os
import random
import signal
import sqlite3
import time

import numpy as np
import pytest

from memos.cube import CubeError, FakeClock, ForeignFile, PlaintextPayload, SequentialIds, new_cube
from memos.errors import ConfigError
from memos.infrastructure.vault import Edge, Is, Tagged
from memos.infrastructure.vault import search as search_module
from memos.infrastructure.vault import vectors as vectors_module
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault

WORDS = [f"{a}{b}" for a in ("lake", "race", "song", "train", "stone") for b in ("", "s", "ing", "er")]
FILTERS = [None, Is("speaker", "Ana"), Tagged("x") & ~Is("speaker", "Bob"), Is("state", "generated")]


class Undo(Exception):
    """Thrown to undo a transaction on purpose."""


class Pair:
    """The same operations on the SQLite vault and on the oracle."""

    def __init__(self, path, seed):
        self.clock, self.ids, self.random = FakeClock(), SequentialIds(), random.Random(seed)
        self.vaults = SqliteVault(path, clock=self.clock), MemoryVault(clock=self.clock)
        self.numbers = np.random.default_rng(seed)
        self.known: list[str] = []
        self.checked = 0

    def vector(self):
        row = self.numbers.normal(size=8).astype(np.float32)
        return row / np.linalg.norm(row)

    def text(self):
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, 6)))

    def both(self, call):
        for vault in self.vaults:
            call(vault)

    def add(self):
        cubes = [
            new_cube(
                self.text(),
                owner="ana",
                ids=self.ids,
                clock=self.clock,
                speaker=self.random.choice(["Ana", "Bob"]),
                tags=tuple(self.random.sample(["x", "y"], self.random.randint(0, 2))),
                governance={
                    "namespace": self.random.choice(["default", "default", "other"]),
                    "ttl_seconds": self.random.choice([None, None, 500.0]),
                },
            )
            for _ in range(self.random.randint(1, 3))
        ]
        vectors = [self.vector() if self.random.random() < 0.9 else None for _ in cubes]
        self.both(lambda vault: vault.add(cubes, vectors))
        self.known += [cube.cube_id for cube in cubes]

    def change(self):
        if not self.known:
            return
        cube_id, roll = self.random.choice(self.known), self.random.random()
        state = self.random.choice(["generated", "activated", "archived"])
        vector = self.vector() if roll < 0.2 else None
        payload = PlaintextPayload(self.text())
        if roll < 0.5:
            self.both(lambda vault: vault.update(vault.get(cube_id).revise(self.clock(), payload=payload), vector))
        elif roll < 0.8:
            self.both(lambda vault: vault.place(cube_id, state=state))
        elif roll < 0.9 or len(self.known) > 50:
            self.both(lambda vault: vault.purge([cube_id]))
            self.known.remove(cube_id)
        else:
            other = self.random.choice(self.known)
            self.both(lambda vault: vault.link([Edge(cube_id, other, "relates")]))
            self.both(lambda vault: vault.touch([cube_id], self.clock()))

    def undone(self):
        known = list(self.known)
        first = self.random.random() < 0.5
        with self.vaults[0].transaction(), self.vaults[1].transaction():
            if first:
                self.add()
                known = list(self.known)
            with pytest.raises(Undo), self.vaults[0].transaction(), self.vaults[1].transaction():
                self.add()
                self.change()
                self.search()
                raise Undo
            self.known = known
            self.search()

    def search(self):
        query, vector = " ".join(self.random.choices(WORDS, k=2)), self.vector()
        k, where = self.random.choice([1, 5, 40]), self.random.choice(FILTERS)
        spaces, live = self.random.choice([("default",), ("other",), ("default", "other")]), self.random.random() < 0.8
        options = {"where": where, "namespaces": spaces, "live": live}
        ours, oracle = (vault.keyword(query, k, **options) for vault in self.vaults)
        assert [m.cube_id for m in ours] == [m.cube_id for m in oracle] or same_but_for_rounding(ours, oracle)
        ours, oracle = (vault.nearest(vector, k, **options) for vault in self.vaults)
        assert [m.cube_id for m in ours] == [m.cube_id for m in oracle] or same_but_for_rounding(ours, oracle)
        self.checked += 2


def same_but_for_rounding(ours, oracle):
    """Two rankings agree except for the order (and, at the end, the choice) of scores equal to 1e-5."""
    if len(ours) != len(oracle):
        return False
    return all(abs(a.score - b.score) <= 1e-5 * max(1, abs(b.score)) for a, b in zip(ours, oracle, strict=True))


def test_ten_thousand_random_operations_agree_with_brute_force(tmp_path):
    """C15, defect 21: fresh indexes, 10,000 random operations."""
    pair = Pair(tmp_path / "v.sqlite", seed=7)
    for step in range(10_000):
        roll = pair.random.random()
        if roll < 0.01 and len(pair.known) < 60:
            pair.undone()
        elif roll < 0.32 and len(pair.known) < 60:
            pair.add()
        elif roll < 0.87:
            pair.change()
        else:
            pair.search()
        if step % 500 == 0:
            pair.clock.advance(seconds=100)
    assert pair.checked > 2500
    assert pair.vaults[0].digest() == pair.vaults[1].digest()
    pair.vaults[0].close()
    reopened = SqliteVault(tmp_path / "v.sqlite", clock=pair.clock)
    assert reopened.digest() == pair.vaults[1].digest()
    pair.vaults = reopened, pair.vaults[1]
    for _ in range(50):
        pair.search()


def test_the_8_bit_screen_is_exact(monkeypatch):
    monkeypatch.setattr(vectors_module, "SCREENED", 10)
    numbers = np.random.default_rng(3)
    matrix = numbers.normal(size=(3000, 32)).astype(np.float32) * numbers.uniform(0.1, 3, size=(3000, 1)).astype(
        np.float32
    )
    matrix[100:140] = matrix[99]
    index = vectors_module.VectorIndex(np.arange(3000), matrix)
    assert index._near._screen is None
    for step in range(200):
        if step % 3 == 0:
            row = int(numbers.integers(0, 3000))
            matrix[row] = numbers.normal(size=32)
            index.put(row, matrix[row])
        query = matrix[99] if step % 20 == 0 else numbers.normal(size=32).astype(np.float32)
        scores = matrix.astype(np.float64) @ query
        got = index.top(query, 20)
        assert np.allclose([score for _, score in got], np.sort(scores)[::-1][:20], atol=1e-4)
        assert np.allclose([scores[row] for row, _ in got], [score for _, score in got], atol=1e-4)
    assert index._near._screen is not None
    index.forget()
    for row in range(2000):
        index.drop(row)
    index.forget()
    assert len(index) == 1000 and {row for row, _ in index.top(query, 50)} <= set(range(2000, 3000))


def test_common_words_are_left_out_of_large_vaults_only_where_rarer_ones_find_enough(monkeypatch, make):
    vault = SqliteVault(SqliteVault.Config(keyword_matches=20))
    vault.add([make(f"common word number{n % 50}") for n in range(400)])
    whole = vault.keyword("common number7", 500)
    monkeypatch.setattr(search_module, "WHOLE", 100)
    pruned = vault.keyword("common number7", 8)
    assert [m.cube_id for m in pruned] == [m.cube_id for m in whole[:8]]
    assert len(vault.keyword("common number7", 500)) == 400
    assert len(vault.keyword("common word", 30)) == 30
    assert len(vault.keyword("common number7", 30, where=~Is("cube_id", "cube-000008"))) == 30


def _write_forever(path, acknowledged):
    """Child process: commit batches of ten cubes and report each batch after its commit."""
    vault = SqliteVault(path)
    start = vault.count(live=False)
    for batch in range(start // 10, 10_000):
        ids = SequentialIds("c", batch * 10)
        cubes = [new_cube(f"batch{batch} item", owner="a", ids=ids, clock=vault.clock, tags=("t",)) for _ in range(10)]
        with vault.transaction():
            vault.add(cubes[:5], np.ones((5, 4), dtype=np.float32))
            vault.add(cubes[5:], np.ones((5, 4), dtype=np.float32))
            if batch:
                older = vault.get(f"c-{batch * 10 - 10:06d}")
                vault.update(older.revise(vault.clock(), payload=PlaintextPayload(f"revised{batch}")))
        acknowledged.value = batch + 1


@pytest.mark.timeout(180)
def test_kill_9_at_fifty_random_points_loses_no_commit_and_leaves_no_half(tmp_path):
    """C46: one contract suite; kill -9 fifty times."""
    context, chance, path = multiprocessing.get_context("fork"), random.Random(5), tmp_path / "v.sqlite"
    acknowledged = context.Value("i", 0, lock=False)
    for _ in range(50):
        before = acknowledged.value
        child = context.Process(target=_write_forever, args=(path, acknowledged))
        child.start()
        deadline = time.monotonic() + 20
        while acknowledged.value == before and child.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert acknowledged.value > before
        vault = SqliteVault(path)
        count = vault.count(live=False)
        assert count % 10 == 0 and count >= 10 * acknowledged.value
        ids = vault.find(live=False)
        assert all(vector is not None or n % 10 == 0 for n, vector in enumerate(vault.vectors(ids)))
        batches = count // 10
        assert len(vault.keyword("item", count + 1)) == count - (batches - 1)
        assert [m.cube_id for m in vault.keyword(f"revised{batches - 1}", 5)] == [f"c-{(batches - 2) * 10:06d}"] * (
            batches > 1
        )
        vault.close()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_use_is_known_as_the_file_has_it_and_undone_with_its_transaction(tmp_path, make, clock):
    """Counters are kept in memory beside the file, so that a search need not read what it has just shown (C8)."""
    path = tmp_path / "v.sqlite"
    vault = SqliteVault(path, clock=clock)
    vault.add([make("one"), make("two")])
    ids = vault.find()
    for use in ("access", "injection", "helpful"):
        clock.advance(seconds=60)
        vault.touch([*ids, ids[0]], clock(), use, "ana")
        assert vault.get_many(ids) == SqliteVault(path, clock=clock).get_many(ids)
    before = vault.get_many(ids)
    assert before[0].behavioural.access_count == 4 and len(vault.uses()) == 9
    with pytest.raises(Undo), vault.transaction():
        vault.touch(ids, clock())
        raise Undo
    assert vault.get_many(ids) == before and len(vault.uses()) == 9


def test_two_open_vaults_see_each_others_commits(tmp_path, make, embed):
    first, second = SqliteVault(tmp_path / "v.sqlite"), SqliteVault(tmp_path / "v.sqlite")
    first.add([make("one")], [embed("one")])
    assert [m.cube_id for m in second.nearest(embed("one"), 5)] == ["cube-000001"]
    second.add([make("two"), make("far", rules={"namespace": "n"})], [embed("two"), embed("far")])
    assert [m.cube_id for m in first.nearest(embed("two"), 1)] == ["cube-000002"]
    assert [m.cube_id for m in first.keyword("far", 1, namespaces=("n",))] == ["cube-000003"]
    first.update(first.get("cube-000002").revise(first.clock(), payload=PlaintextPayload("three")), embed("three"))
    assert second.get("cube-000002").text == "three"
    assert second.nearest(embed("three"), 1)[0].score == pytest.approx(1, abs=1e-5)
    second.purge(["cube-000001"])
    assert "cube-000001" not in [m.cube_id for m in first.nearest(embed("one"), 5)]


def test_foreign_and_damaged_files_are_refused_and_left_alone(tmp_path, make):
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, long enough to look at " * 50)
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).executescript("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);")
    newer = tmp_path / "newer.sqlite"
    SqliteVault(newer).close()
    db = sqlite3.connect(newer)
    db.execute("PRAGMA user_version=99")
    db.close()
    for path, reason in [
        (text, "not a vault"),
        (other, "another program"),
        (newer, "newer"),
        (tmp_path, "cannot be opened"),
    ]:
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(ForeignFile, match=reason) as caught:
            SqliteVault(path)
        assert "\n" not in str(caught.value)
        assert path.is_dir() or path.read_bytes() == before


def test_a_read_only_mount_changes_nothing(tmp_path, make, embed):
    path = tmp_path / "v.sqlite"
    with pytest.raises(ForeignFile):
        SqliteVault(SqliteVault.Config(str(path), read_only=True))
    writer = SqliteVault(path)
    writer.add([make("one")], [embed("one")])
    writer.close()
    mounted = SqliteVault(SqliteVault.Config(str(path), read_only=True))
    assert [m.cube_id for m in mounted.nearest(embed("one"), 1)] == ["cube-000001"]
    with pytest.raises(CubeError, match="read-only"):
        mounted.add([make("two")])


def test_config_names_the_bad_value():
    for fields, field in [
        ({"synchronous": "off"}, "synchronous"),
        ({"heat_half_life": 0}, "heat_half_life"),
        ({"keyword_matches": 0}, "keyword_matches"),
    ]:
        with pytest.raises(ConfigError, match=field):
            SqliteVault.Config(**fields)


def test_views_merge_single_searches(make, embed):
    """C49: views merge single searches."""
    from memos.infrastructure.vault.view import CompositeView

    vaults = {name: SqliteVault() for name in ("a", "b")}
    for number in range(20):
        cube = make(f"word w{number % 3}")
        vaults["ab"[number % 2]].add([cube], [embed(f"w{number % 3}")])
    view = CompositeView(vaults)
    for single, merged in [
        ([v.keyword("w1", 9) for v in vaults.values()], view.keyword("w1", 9)),
        ([v.nearest(embed("w2"), 9) for v in vaults.values()], view.nearest(embed("w2"), 9)),
    ]:
        assert merged == sorted((m for part in single for m in part), key=lambda m: (-m.score, m.cube_id))[:9]
    assert view.get("cube-000002").cube_id == "cube-000002"

"""Files that several runs fill at once: caches in SQLite, tables, figures and their sources."""

from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from eval.report.tables.table import Cell, Column, Section, Table
from eval.report.tables.write import write
from eval.runs.write import write_atomic
from memos.embed.cache import CachedEmbedder
from memos.embed.mock import Mock
from memos.errors import DataError
from memos.llm.base import Request
from memos.llm.cache import CachedLLM
from memos.llm.mock import MockLLM
from memos.types import Message

WRITERS = 4
ROUNDS = 5


class Embedder(Mock):
    """One whose vectors differ by a bit from those of its like, as a batch of another length makes them."""

    def __init__(self, bit: float = 0.0, meanwhile=None) -> None:
        super().__init__()
        self.bit, self.meanwhile = np.float32(bit), meanwhile

    def encode(self, texts):
        if self.meanwhile:
            self.meanwhile(texts)
        return super().encode(texts) + self.bit


def ask(text: str) -> Request:
    return Request((Message("user", text),))


def at_once(work) -> list:
    """What each of the writers gives, all started together; each has a connection of its own, as a process has."""
    barrier = threading.Barrier(WRITERS)

    def start(number: int):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(start, range(WRITERS)))


def test_a_new_cache_of_embeddings_is_opened_by_many_at_once_and_loses_no_write(tmp_path):
    for number in range(ROUNDS):
        path = tmp_path / str(number) / "embeddings.sqlite"

        def fill(writer: int, path=path):
            cache = CachedEmbedder(Mock(), path)
            cache.encode([f"text {writer} of this round", "a text of all"])
            cache.close()

        at_once(fill)
    cache = CachedEmbedder(Embedder(meanwhile=lambda texts: pytest.fail(f"lost: {texts}")), path)
    assert cache.encode([f"text {writer} of this round" for writer in range(WRITERS)]).shape == (WRITERS, 128)


def test_a_new_cache_of_replies_is_opened_by_many_at_once_and_loses_no_write(tmp_path):
    for number in range(ROUNDS):
        path = tmp_path / str(number) / "llm.sqlite"

        def fill(writer: int, path=path):
            cache = CachedLLM(MockLLM(), path, "write")
            cache.complete(ask(f"request {writer}"))
            cache.close()

        at_once(fill)
    only = CachedLLM(MockLLM(), path, "only")
    assert all(only.complete(ask(f"request {writer}")).from_cache for writer in range(WRITERS))


@pytest.mark.parametrize("opened", [lambda p: CachedEmbedder(Mock(), p), lambda p: CachedLLM(MockLLM(), p, "write")])
def test_a_cache_that_another_program_writes_is_waited_for(opened, tmp_path):
    """SQLite refuses the change of a busy file's journal mode at once, whatever its time-out."""
    path = tmp_path / "c.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE other (key)")
    threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
    opened(path).close()
    other.close()


def test_all_go_on_with_the_vector_that_was_kept_first(tmp_path):
    first = CachedEmbedder(Embedder(), tmp_path / "e.sqlite")
    second = CachedEmbedder(Embedder(2.0**-20, meanwhile=lambda texts: first.encode(texts[:1])), tmp_path / "e.sqlite")
    both = second.encode(["one", "two"])
    assert np.array_equal(both[0], first.encode(["one"])[0])
    assert np.array_equal(both, second.encode(["one", "two"])) and np.array_equal(both, first.encode(["one", "two"]))


@pytest.mark.parametrize("many", [False, True])
def test_all_go_on_with_the_reply_that_was_kept_first(many, tmp_path):
    first = CachedLLM(MockLLM(function=lambda request: "first"), tmp_path / "c.sqlite", "write")

    def meanwhile(request):
        first.complete(request)
        return "second"

    second = CachedLLM(MockLLM(function=meanwhile), tmp_path / "c.sqlite", "write")
    reply = dict(second.complete_many([ask("q")]))[0] if many else second.complete(ask("q"))
    assert reply.text == "first" and second.complete(ask("q")).text == "first"


@pytest.mark.parametrize("opened", [lambda p: CachedEmbedder(Mock(), p), lambda p: CachedLLM(MockLLM(), p, "write")])
def test_a_file_that_is_no_cache_is_named(opened, tmp_path):
    (tmp_path / "c.sqlite").write_text("these are no pages of a database" * 100)
    with pytest.raises(DataError, match="c.sqlite cannot be read"):
        opened(tmp_path / "c.sqlite")


def test_network_file_systems_have_no_write_ahead_log(tmp_path):
    from memos.shared_sqlite import file_system, journal_mode

    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:21 / / rw - ext4 /dev/vda rw\n"
        "23 22 0:40 / /scratch rw,relatime shared:1 - nfs4 server:/export rw\n"
        "24 22 0:41 / /my\\040disk rw - lustre mgs@tcp:/fs rw\n"
    )
    expected = {
        "/scratch/results/c.sqlite": "nfs4",
        "/scratches/c.sqlite": "ext4",
        "/my disk/x": "lustre",
        "/x": "ext4",
    }
    assert {path: file_system(Path(path), mounts) for path in expected} == expected
    assert file_system(tmp_path, tmp_path / "absent") == ""
    assert journal_mode(tmp_path / "c.sqlite") in ("WAL", "TRUNCATE")


def test_two_writers_of_one_file_leave_one_of_the_two(tmp_path, monkeypatch):
    path, real, inner = tmp_path / "summary.json", os.fsync, []

    def fsync(file):
        real(file)
        if not inner:
            inner.append(True)
            write_atomic(path, "inner")
            assert path.read_text() == "inner"

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomic(path, "outer")
    assert path.read_text() == "outer" and [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path):
    def table(title: str) -> Table:
        return Table("t", title, (Column("n", "n", "count"),), (Section("", ((Cell(1),),)),))

    write(table("old"), tmp_path / "t", {})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TypeError):
        write(table("sources that are no JSON"), tmp_path / "t", {"run": object()})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

"""One MemOS in several threads, and several on one file: no write is lost, no read is stale (docs/memos.md#at-once)."""

import json
import multiprocessing
import threading
from datetime import datetime

import pytest

from memos import MemOS
from memos.at_once import together
from memos.cube.errors import CubeError, NotFound, VaultLocked
from memos.embed.mock import Mock
from memos.infrastructure.access import Caller
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.vault import Is
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.llm.mock import MockLLM
from memos.operation import operator
from memos.operation.retrieval.retrieve import ranked

WRITERS, ROUNDS = 8, 3
PLACES = ("harbour", "library", "bakery", "museum", "castle", "vineyard", "station", "brewery")
DATED = [(f"Ben works at the {place}.", datetime(2020 + year, 3, 1)) for year, place in enumerate(PLACES)]
TIMEOUT_S = 120


def marked(number: int, turn: int) -> str:
    return f"zq{number}x{turn}"


def write(memory: MemOS, number: int, meet) -> int:
    """What one of the writers does; gives how many uses its searches counted."""
    used = 0
    for turn in range(ROUNDS):
        memory.add(f"The locker {marked(number, turn)} is painted.", user="team", kind="episode")
        memory.add("The team meets in the green room.", user="team")
        meet()
        for other in ((number + 1) % WRITERS, (number + 5) % WRITERS):
            hits = memory.search(marked(other, turn), user="team", k=1)
            assert [marked(other, turn) in hit.text for hit in hits] == [True], f"stale: {other}, {turn}: {hits}"
            used += sum(len(hit.cube_ids) for hit in hits)
        meet()
    text, at = DATED[number]
    memory.add(text, user="ben", at=at)
    meet()
    assert [hit.text for hit in memory.search("Where does Ben work?", user="ben")] == ["2027-03-01 | " + DATED[-1][0]]
    return used + 1


def check(memory: MemOS, used: int) -> None:
    """What is there after all writers have ended."""
    live = [cube.text for cube in memory.vault.get_many(memory.vault.find(namespaces=["team"]))]
    lockers = {f"The locker {marked(number, turn)} is painted." for number in range(WRITERS) for turn in range(ROUNDS)}
    assert sorted(live) == sorted([*lockers, "The team meets in the green room."])
    assert memory.vault.count(namespaces=["team"], live=False) == len(lockers) + WRITERS * ROUNDS
    assert memory.vault.count(namespaces=["ben"], live=False) == WRITERS
    for number in range(WRITERS):
        for turn in range(ROUNDS):
            assert marked(number, turn) in memory.search(marked(number, turn), user="team", k=1)[0].text
    cubes = memory.vault.get_many(memory.vault.find(live=False))
    assert sum(cube.behavioural.access_count for cube in cubes) == used + len(lockers) == len(memory.vault.uses())
    assert memory.verify() > 0


def test_eight_threads_of_one_memos(tmp_path, mock_embedder):
    with MemOS(tmp_path / "v.sqlite", embedder=mock_embedder) as memory:
        meet = threading.Barrier(WRITERS, timeout=TIMEOUT_S).wait
        used = together([lambda number=number: write(memory, number, meet) for number in range(WRITERS)])
        check(memory, sum(used))


def in_a_process(path: str, number: int, barrier, results) -> None:
    try:
        barrier.wait(TIMEOUT_S)
        with MemOS(path, embedder=Mock(Mock.Config())) as memory:
            barrier.wait(TIMEOUT_S)
            results.put(write(memory, number, lambda: barrier.wait(TIMEOUT_S)))
    except BaseException as error:
        barrier.abort()
        results.put(repr(error))
        raise


def test_eight_processes_on_one_file(tmp_path):
    """They make the file together, and an index that was built before they wrote follows what they write."""
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload(["pytest", "memos.mos", "memos.embed.mock", "memos.infrastructure.vault.sqlite"])
    barrier, results = start.Barrier(WRITERS + 1), start.SimpleQueue()
    path = str(tmp_path / "v.sqlite")
    writers = [start.Process(target=in_a_process, args=(path, n, barrier, results)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    barrier.wait(TIMEOUT_S)
    with MemOS(path, embedder=Mock(Mock.Config())) as memory:
        assert memory.search("locker", user="team") == []
        barrier.wait(TIMEOUT_S)
        for _ in range(2 * ROUNDS + 1):
            barrier.wait(TIMEOUT_S)
        used = [results.get() for _ in writers]
        for writer in writers:
            writer.join(TIMEOUT_S)
        assert [writer.exitcode for writer in writers] == [0] * WRITERS and all(isinstance(n, int) for n in used), used
        check(memory, sum(used))


@pytest.fixture
def two(tmp_path, mock_embedder):
    """Two on one file, as two processes have it."""
    path = tmp_path / "v.sqlite"
    with MemOS(path, embedder=mock_embedder) as one, MemOS(path, embedder=mock_embedder) as other:
        yield one, other


def test_what_another_changes_is_seen_by_the_next_search(two):
    one, other = two
    first = one.add("Ana keeps bees behind the shed.", user="ana")[0].cube_id
    assert other.search("bees", user="ana") and one.search("bees", user="ana")
    second = one.add("The ladder leans on the wall.", user="ana", kind="episode")[0].cube_id
    assert [hit.cube_ids for hit in other.search("ladder", user="ana", k=1)] == [(second,)]
    other.forget(first, user="ana")
    assert first not in [hit.cube_ids[0] for hit in one.search("bees", user="ana")]
    assert first not in one.operator("ana").index.row_of
    assert first not in [hit.cube_ids[0] for hit in other.search("bees", user="ana")]
    one.restore(first, 1, user="ana")
    assert [hit.cube_ids for hit in other.search("bees", user="ana", k=1)] == [(first,)]
    assert one.search("bees", user="ana")
    other.api.update(Caller("ana"), first, "Ana keeps goats behind the shed.")
    assert "goats" in one.search("goats", user="ana", k=1)[0].text
    one.forget(first, user="ana", erase=True)
    assert first not in [hit.cube_ids[0] for hit in other.search("goats", user="ana")]
    with pytest.raises(NotFound):
        other.history(first)


def test_a_search_begins_again_where_a_memory_is_erased_meanwhile(two, monkeypatch):
    one, other = two
    first = one.add("Ana keeps bees behind the shed.", user="ana")[0].cube_id
    kept = one.add("Ana paints the shed where bees live.", user="ana", kind="episode")[0].cube_id
    operator = one.operator("ana")
    plain = operator.search

    def slow(*arguments, **options):
        hits = plain(*arguments, **options)
        if other.vault.find(Is("cube_id", first)):
            other.forget(first, user="ana", erase=True)
        return hits

    monkeypatch.setattr(operator, "search", slow)
    assert [hit.cube_ids for hit in one.search("bees", user="ana")] == [(kept,)]


def test_what_is_undone_is_in_no_index(two, monkeypatch):
    one, other = two

    def full(*arguments, **options):
        raise CubeError("the log is full")

    with monkeypatch.context() as patched:
        patched.setattr(MemGovernance, "log", full)
        with pytest.raises(CubeError, match="full"):
            one.add("Ana keeps bees.", user="ana")
    assert len(one.operator("ana").index) == 0
    other.add("Ana keeps goats.", user="ana")
    assert [hit.text[13:] for hit in one.search("What does Ana keep?", user="ana")] == ["Ana keeps goats."]


def test_nothing_is_added_to_an_index_that_another_thread_searches(tmp_path, mock_embedder, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments, **options):
        begun.set()
        assert go_on.wait(TIMEOUT_S)
        return ranked(*arguments, **options)

    with MemOS(tmp_path / "v.sqlite", embedder=mock_embedder) as memory:
        memory.add("Ana keeps bees.", user="ana")
        index = memory.operator("ana").index
        monkeypatch.setattr(operator, "ranked", slow)
        searching = threading.Thread(target=memory.search, args=("bees",), kwargs={"user": "ana"})
        searching.start()
        assert begun.wait(TIMEOUT_S)
        adding = threading.Thread(target=memory.add, args=("Ana keeps goats.",), kwargs={"user": "ana"})
        adding.start()
        adding.join(0.3)
        assert adding.is_alive() and len(index) == 1
        go_on.set()
        searching.join(TIMEOUT_S), adding.join(TIMEOUT_S)
        assert len(index) == 2


def test_two_that_drain_read_a_session_once(two):
    one, other = two
    reply = json.dumps({"memories": [{"text": "Mara ran a marathon.", "kind": "fact", "lines": [1]}]})
    drained = []

    def slow(request):
        if not drained:
            drained.append(other.drain())
        return reply

    one.llm, other.llm = MockLLM(function=slow), MockLLM(function=lambda request: reply)
    one.add_dialogue([("Mara", "I ran a marathon.")], user="mara", fine=True)
    done = one.drain()
    assert (drained[0].read, drained[0].made) == (1, 1) and (done.read, done.made) == (0, 0)
    fine = Is("semantic_type", "fact")
    assert one.vault.count(fine, namespaces=["mara"], live=False) == 1 and one.stats()["pending"] == 0


def test_threads_that_drain_take_turns(tmp_path, mock_embedder):
    reply = json.dumps({"memories": [{"text": "Mara ran.", "kind": "fact", "lines": [1]}]})
    with MemOS(tmp_path / "v.sqlite", embedder=mock_embedder) as memory:
        memory.llm = MockLLM(function=lambda request: reply)
        for number in range(4):
            memory.add_dialogue([("Mara", "I ran.")], user=f"user{number}", fine=True)
        done = together([memory.drain] * 4)
        assert sum(one.read for one in done) == sum(one.made for one in done) == 4
        assert len(memory.llm.requests) == 4 and memory.stats()["pending"] == 0


def test_a_file_that_another_keeps_too_long_is_one_clear_line(tmp_path):
    one, other = SqliteVault(tmp_path / "v.sqlite"), SqliteVault(tmp_path / "v.sqlite")
    other._db.execute("PRAGMA busy_timeout=10")
    with one.transaction(), pytest.raises(VaultLocked, match="locked by another process"):
        other.unlink([])
    other.unlink([])
    one.close(), other.close()

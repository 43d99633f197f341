"""MemScheduler: queue, policies, preload, promotion (C25-C27, C29, C30; defects B.4 #9-#12, #23-#26)."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos.cube import FakeClock
from memos.errors import ConfigError
from memos.operation.scheduler import (
    POLICIES,
    HeatPolicy,
    MemQueue,
    NextScenePolicy,
    Policy,
    PolicyCandidate,
    PolicyScene,
    Promotion,
    Task,
    replay,
)
from memos.operation.scheduler.promotion import HeatReading
from memos.operation.scheduler.queue import Counters, QueueTimeout
from memos.operation.scheduler.replay import TraceStep

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def queue_of(handler, label="work", **config):
    queue = MemQueue(MemQueue.Config(**config))
    queue.on(label, handler)
    return queue


def test_a_small_users_wait_is_one_turn_however_long_the_others_backlog():
    """C30, defect 26: queue: order, fairness 100:1, 10,000 tasks with faults, dead letters, drain."""
    order = []
    queue = queue_of(lambda task: order.append(task.user))
    for number in range(1000):
        queue.submit(Task("work", f"c{number}", "big"))
    for number in range(10):
        queue.submit(Task("work", f"s{number}", "small"))
    queue.drain()
    assert [place for place, user in enumerate(order) if user == "small"] == list(range(1, 20, 2))


def test_ten_thousand_tasks_with_random_faults_lose_none_and_keep_order():
    """C30, defect 25: queue: order, fairness 100:1, 10,000 tasks with faults, dead letters, drain."""
    chance, order = random.Random(3), {}

    def handler(task):
        if chance.random() < 0.3 or task.content["poison"]:
            raise ValueError("fault")
        order.setdefault(task.cube, []).append(task.content["n"])

    queue = queue_of(handler, attempts=3)
    tasks = [
        Task("work", f"c{chance.randrange(50)}", f"u{chance.randrange(5)}", {"n": n, "poison": n % 500 == 0})
        for n in range(10_000)
    ]
    tasks = [replace(task, cube=f"{task.user}/{task.cube}") for task in tasks]
    for task in tasks:
        queue.submit(task)
    counters = queue.drain(60)
    done = sorted(n for numbers in order.values() for n in numbers)
    dead = sorted(letter.task.content["n"] for letter in queue.dead)
    assert sorted(done + dead) == list(range(10_000)) and len(set(done)) == len(done)
    assert all(numbers == sorted(numbers) for numbers in order.values())
    assert (counters.submitted, counters.done, counters.dead) == (10_000, len(done), len(dead))
    assert counters.pending == counters.running == 0
    assert all(letter.attempts == 3 and letter.error == "ValueError: fault" for letter in queue.dead)
    assert {n for n in range(10_000) if n % 500 == 0} <= set(dead)


def test_threads_run_one_task_of_a_cube_at_a_time():
    import threading

    running, order, lock = set(), {}, threading.Lock()

    def handler(task):
        with lock:
            assert task.cube not in running
            running.add(task.cube)
        with lock:
            order.setdefault(task.cube, []).append(task.content["n"])
            running.discard(task.cube)

    queue = queue_of(handler, workers=4)
    queue.start()
    for n in range(400):
        queue.submit(Task("work", f"c{n % 7}", "u", {"n": n}))
    counters = queue.drain(30)
    queue.stop()
    assert counters.done == 400 and counters.dead == 0
    assert all(numbers == sorted(numbers) for numbers in order.values())


def test_drain_runs_what_handlers_submit_and_stop_keeps_what_waits():
    """Defect 23 of docs/memos.md: the end outran pending work; unknown operation crashed."""
    seen = []
    queue = MemQueue()

    def handler(task):
        seen.append(task.content["depth"])
        if task.content["depth"] < 5:
            queue.submit(Task("work", "c", "u", {"depth": task.content["depth"] + 1}))

    queue.on("work", handler)
    queue.submit(Task("work", "c", "u", {"depth": 0}))
    queue.stop()
    assert queue.counters().pending == 1
    assert queue.drain().done == 6 and seen == [0, 1, 2, 3, 4, 5]


def test_drain_gives_up_in_time_and_keeps_the_rest():
    queue = queue_of(lambda task: queue.submit(task))
    queue.submit(Task("work", "c", "u"))
    with pytest.raises(QueueTimeout, match="pending=1"):
        queue.drain(0.05)
    assert queue.counters().pending == 1


def test_an_interrupted_task_is_not_lost():
    calls = []

    def handler(task):
        calls.append(task)
        if len(calls) <= 5:
            raise KeyboardInterrupt

    queue = queue_of(handler)
    queue.submit(Task("work", "c", "u"))
    for _ in range(5):  # more often than a failing task is run
        with pytest.raises(KeyboardInterrupt):
            queue.drain()
        assert queue.counters() == Counters(submitted=1, pending=1)
    assert queue.drain() == Counters(submitted=1, done=1) and len(calls) == 6


def test_unknown_labels_are_refused_and_periodic_tasks_run():
    """Defects 12, 23, 24 of docs/memos.md: update crashed when there was nothing to do; timer never reset."""
    clock, seen = FakeClock(), []
    queue = MemQueue(clock=clock)
    queue.on("tidy", lambda task: seen.append(clock()))
    with pytest.raises(ConfigError, match="'fly'.*tidy"):
        queue.submit(Task("fly", "c", "u"))
    queue.every(60, Task("tidy", "all", "system"))
    for _ in range(10):
        clock.advance(seconds=30)
        queue.tick()
        queue.drain()
    assert len(seen) == 5
    with pytest.raises(ConfigError):
        MemQueue.Config(attempts=0)


def candidates(count=6, seed=0):
    numbers = np.random.default_rng(seed)
    return [
        PolicyCandidate(
            f"m{n}",
            tokens=10,
            vector=numbers.normal(size=4),
            labels=frozenset({f"l{n % 3}"}),
            access_count=int(numbers.integers(0, 9)),
            last_access=NOW - timedelta(hours=int(numbers.integers(1, 99))),
            position=n,
        )
        for n in range(count)
    ]


def test_policies_share_one_interface_and_are_deterministic():
    """C25: policies behind one interface, trace replay."""
    scene = PolicyScene(NOW, np.ones(4), frozenset({"l1"}), ("m2",))
    for policy in [make() for make in POLICIES.values()] + [NextScenePolicy()]:
        assert isinstance(policy, Policy)
        ranked = policy.rank(candidates(), scene)
        assert sorted(one.cube_id for one in ranked) == [f"m{n}" for n in range(6)]
        assert ranked == policy.rank(candidates()[::-1], scene)
    first = {name: make().rank(candidates(), scene)[0].cube_id for name, make in POLICIES.items()}
    assert first["label"] in ("m1", "m4")
    assert first["lru"] == max(candidates(), key=lambda one: one.last_access).cube_id
    assert first["semantic"] == max(candidates(), key=lambda one: float(one.vector.sum())).cube_id


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 50), st.integers(0, 5), st.integers(0, 1000))
def test_use_never_lowers_a_rank_and_enough_of_it_overtakes(seed, which, uses):
    """C26, defect 11: frequency matters."""
    policy, scene = HeatPolicy(), PolicyScene(NOW, np.ones(4), frozenset({"l1"}))
    before = candidates(seed=seed)
    places = [one.cube_id for one in policy.rank(before, scene)]
    after = list(before)
    after[which] = replace(before[which], access_count=before[which].access_count + uses)
    used = before[which].cube_id
    assert [one.cube_id for one in policy.rank(after, scene)].index(used) <= places.index(used)
    after[which] = replace(before[which], access_count=10**60)
    assert policy.rank(after, scene)[0].cube_id == used


def test_a_hundred_uses_overtake_nine_rank_steps_in_ten():
    """C26, defect 11: among 20 memories with unit vectors a rank step is worth a number of uses that occurs in life."""
    policy, scene, steps = HeatPolicy(), PolicyScene(NOW, np.ones(4) / 2, frozenset({"l1"})), []
    for seed in range(20):
        cubes = [replace(one, vector=one.vector / np.linalg.norm(one.vector)) for one in candidates(20, seed)]
        order = [one.cube_id for one in policy.rank(cubes, scene)]
        for place, one in enumerate(cubes):
            above, often = order.index(one.cube_id), list(cubes)
            often[place] = replace(one, access_count=one.access_count + 100)
            if above:
                steps.append([each.cube_id for each in policy.rank(often, scene)].index(one.cube_id) < above)
    assert len(steps) == 20 * 19 and sum(steps) > 0.9 * len(steps)


def test_feedback_counts():
    policy, scene = HeatPolicy(), PolicyScene(NOW)
    good, bad = PolicyCandidate("a", helpful=3), PolicyCandidate("b", unhelpful=3)
    assert policy.score(good, scene) > policy.score(PolicyCandidate("c"), scene) > policy.score(bad, scene)


def test_replays_count_hits_and_waste():
    """C25: policies behind one interface, trace replay."""
    cubes = {one.cube_id: one for one in candidates(10)}
    trace = [TraceStep((f"m{n % 10}",)) for n in range(200)]
    lru = replay(POLICIES["lru"](), cubes, trace, capacity=3, start=NOW)
    ahead = replay(NextScenePolicy(), cubes, trace, capacity=3, start=NOW)
    assert lru == replay(POLICIES["lru"](), cubes, trace, capacity=3, start=NOW)
    assert ahead.hit_rate > 0.9 > lru.hit_rate
    assert ahead.needed == 200 and ahead.wasted_tokens <= ahead.loaded_tokens


def reading(name, heat, size=10, digest="d", age=7200.0, now=NOW):
    return HeatReading(name, heat, size, digest, now - timedelta(seconds=age))


def test_promotion_waits_for_heat_and_stability_and_builds_once():
    """C27: promotion with hysteresis and byte budget."""
    promotion = Promotion(Promotion.Config(windows=3))
    builds = [
        promotion.step([reading("a", 5.0), reading("b", 5.0, age=10), reading("c", 2.0)], NOW).promote
        for _ in range(12)
    ]
    assert builds == [(), (), ("a",), *[()] * 9] and promotion.held == ("a",)
    assert promotion.step([reading("a", 2.0)], NOW).demote == ()
    assert promotion.step([reading("a", 0.5)], NOW).demote == (("a", "cold"),)
    for _ in range(3):
        promotion.step([reading("a", 5.0)], NOW)
    assert promotion.step([reading("a", 5.0, digest="new")], NOW).demote == (("a", "changed"),)
    assert promotion.held == () and promotion.step([], NOW).demote == ()
    for _ in range(3):
        promotion.step([reading("a", 5.0)], NOW)
    assert promotion.held == ("a",) and promotion.step([], NOW).demote == (("a", "gone"),)


def test_the_byte_budget_is_never_exceeded_and_only_much_hotter_ones_push_others_out():
    """C27: promotion with hysteresis and byte budget."""
    promotion = Promotion(Promotion.Config(windows=1, budget_bytes=25))
    assert promotion.step([reading("a", 5.0), reading("b", 4.0), reading("c", 9.0)], NOW).promote == ("c", "a")
    later = promotion.step([reading("a", 5.0), reading("c", 9.0), reading("d", 7.0)], NOW)
    assert later.promote == later.demote == ()
    swap = promotion.step([reading("a", 5.0), reading("c", 9.0), reading("d", 11.0)], NOW)
    assert swap.promote == ("d",) and swap.demote == (("a", "budget"),)
    chance = random.Random(1)
    promotion = Promotion(Promotion.Config(windows=2, budget_bytes=50))
    for _ in range(200):
        promotion.step([reading(f"m{n}", chance.random() * 8, chance.randint(1, 30)) for n in range(12)], NOW)
        assert promotion.bytes_held <= 50
    with pytest.raises(ConfigError):
        Promotion.Config(hot=1.0, cold=2.0)


class Spent(Exception):
    """Says nothing about the task: a budget is used up."""


def test_fatal_errors_keep_the_task_and_revived_letters_run_again():
    """C30: queue: order, fairness 100:1, 10,000 tasks with faults, dead letters, drain."""
    seen, moods = [], {"a": Spent("used up"), "b": ValueError("bad")}

    def handler(task):
        seen.append(task.cube)
        if moods.get(task.cube):
            raise moods[task.cube]

    letters = []
    queue = MemQueue(MemQueue.Config(attempts=2), fatal=(Spent,))
    queue.on("work", handler, letters.append)
    for cube in "abc":
        queue.submit(Task("work", cube, "u"))
    for _ in range(3):
        with pytest.raises(Spent):
            queue.drain()
            queue.drain()
    assert queue.counters().pending >= 1 and "a" not in [letter.task.cube for letter in queue.dead]
    moods["a"] = None
    counters = queue.drain()
    assert (counters.done, counters.dead, counters.pending, counters.submitted) == (2, 1, 0, 3)
    assert [letter.task.cube for letter in letters] == ["b"] and isinstance(letters[0].cause, ValueError)
    moods["b"] = None
    assert queue.revive() == 1 and queue.counters().pending == 1
    counters = queue.drain()
    assert (counters.submitted, counters.done, counters.dead) == (3, 3, 0)
    moods["a"] = Spent("again")
    queue.start()
    queue.submit(Task("work", "a", "u"))
    with pytest.raises(Spent):
        queue.drain(10)
    queue.stop()
    assert queue.counters().pending == 1


def test_the_bench_of_policies_runs_twice_alike(monkeypatch, capsys):
    """C25, C29: The script on the synthetic data: every policy has a row, next-scene is compared with LRU, and a second
    run is equal.
    """
    import runpy
    import sys
    from pathlib import Path

    from memos.embed.mock import Mock

    root = Path(__file__).resolve().parents[2]
    monkeypatch.setattr("memos.embed.minilm.MiniLM", lambda *_: Mock(Mock.Config(dim=16)))
    monkeypatch.setattr("memos.embed.cache.CachedEmbedder", lambda inner, path: inner)
    arguments = ["--data", str(root / "eval" / "datasets" / "tiny.json"), "--capacity", "5"]
    texts = []
    for options in ([], [], ["--shuffle", "--seed", "1"]):
        monkeypatch.setattr(sys, "argv", ["bench_scheduler.py", *arguments, *options])
        with pytest.raises(SystemExit) as done:
            runpy.run_path(str(root / "scripts" / "bench_scheduler.py"), run_name="__main__")
        assert done.value.code == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]
    for name in (*POLICIES, "next_scene", "next_scene - lru:", "scene ahead", "scene known"):
        assert name in texts[0]
    assert "[none]" in texts[0] and "0.00]" not in texts[0], "no interval is not an interval of zero"

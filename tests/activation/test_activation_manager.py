"""Promotion and demotion, and chat on a cache (docs/memos.md C27, C28; defects 6, 7, 9, 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conftest_activation import FACTS

from memos import MemOS
from memos.activation.cache_files import load
from memos.activation.manager import ActivationManager, CacheSource
from memos.cube import FakeClock, SequentialIds, new_cube
from memos.embed.mock import Mock
from memos.errors import ConfigError
from memos.infrastructure.access import Caller
from memos.infrastructure.audit import LogQuery
from memos.infrastructure.governance import MemGovernance
from memos.llm.mock import MockLLM
from memos.operation.scheduler import Promotion
from memos.operation.upkeep.lifecycle import MemLifecycle

START = datetime(2025, 1, 1, tzinfo=UTC)


def manager(model, budget: int = 1 << 30, **services) -> ActivationManager:
    rules = Promotion.Config(hot=3.0, cold=1.0, windows=2, stable_seconds=60.0, budget_bytes=budget)
    return ActivationManager(ActivationManager.Config(promotion=rules), model=model, **services)


def sources(*heats: float, digest: str = "a") -> list[CacheSource]:
    return [CacheSource(f"m{i}", FACTS[i], heat, digest + str(i), START) for i, heat in enumerate(heats)]


def later(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_an_unchanged_hot_set_is_built_once(llama):
    """C27, defect 9: the composed text was compared with a value nobody set, so every interval built it again."""
    made = manager(llama)
    for window in range(12):
        made.step("ana", sources(5.0, 4.0, 0.5), later(5 + window))
    assert made.builds == {"ana": 1} and made.hot("ana") == ("m0", "m1")
    assert FACTS[0] in made.memory("ana").system and FACTS[2] not in made.memory("ana").system


def test_heat_must_last_and_content_must_rest(llama):
    made = manager(llama)
    assert not made.step("ana", sources(9.0), later(0.1)).promoted
    assert not made.step("ana", sources(9.0), later(0.5)).promoted, "hot for two windows, but changed a moment ago"
    assert made.step("ana", sources(9.0), later(2)).promoted == ("m0",)
    for window, heat in enumerate((2.0, 1.1, 2.9)):
        assert not made.step("ana", sources(heat), later(3 + window)).demoted, "between the thresholds nothing moves"


def test_demotion_frees_the_measured_bytes(llama):
    """C28, activation to plaintext."""
    made = manager(llama)
    for window in (2, 3):
        made.step("ana", sources(9.0, 9.0), later(window))
    held = made.memory("ana").nbytes
    part = made.step("ana", sources(9.0, 0.1), later(4))
    assert part.demoted == (("m1", "cold"),) and part.freed_bytes == held - made.memory("ana").nbytes > 0
    rest = made.memory("ana").nbytes
    whole = made.step("ana", [], later(5))
    assert whole.demoted == (("m0", "gone"),) and whole.freed_bytes == rest
    assert made.memory("ana") is None and sum(made.pool.nbytes) == 0


def test_a_newcomer_is_encoded_alone(llama):
    made = manager(llama)
    for window in (2, 3):
        first = made.step("ana", sources(9.0, 9.0), later(window))
    for window in (4, 5):
        second = made.step("ana", sources(9.0, 9.0, 9.0), later(window))
    assert second.promoted == ("m2",) and second.built_tokens < first.built_tokens / 2
    whole = llama.build("\n".join(FACTS[:3]))
    assert made.memory("ana").states.ids == whole.states.ids


def test_a_changed_memory_is_demoted_and_the_budget_holds(llama):
    small = manager(llama)._reading(sources(9.0)[0]).bytes
    made = manager(llama, budget=small)
    for window in (2, 3, 4):
        made.step("ana", sources(9.0, 8.0), later(window))
    assert made.hot("ana") == ("m0",), "the second does not fit"
    assert made.step("ana", sources(9.0, 8.0, digest="b"), later(5)).demoted == (("m0", "changed"),)


def test_users_have_windows_and_caches_of_their_own(llama):
    """Defect 10: one global time of the last update for all users."""
    made = manager(llama)
    for window in (2, 3):
        made.step("ana", sources(9.0), later(window))
    assert not made.step("bob", sources(9.0), later(3)).promoted
    assert made.step("bob", sources(9.0), later(4)).promoted == ("m0",)
    assert made.forget("ana") > 0 and made.memory("ana") is None and made.memory("bob") is not None


def test_a_cache_becomes_an_activation_payload(llama, tmp_path):
    """C28, plaintext to activation: what is stored is the cache that was built."""
    made = manager(llama)
    for window in (2, 3):
        made.step("ana", sources(9.0), later(window))
    payload = made.payload("ana", tmp_path, "fp32")
    assert payload.weights_digest == llama.identity.weights and payload.composition == "exact"
    assert load(tmp_path / payload.file, identity=llama.identity).digest() == made.memory("ana").digest()


@pytest.fixture
def memos(llama):
    clock = FakeClock(START)
    made = MemOS(embedder=Mock(Mock.Config(dim=64)), clock=clock, ids=SequentialIds(), activation=manager(llama))
    for fact in FACTS:
        made.add(fact, user="ana", at=datetime(2025, 1, 1))
    yield made, clock
    made.close()


def warm(made: MemOS, clock: FakeClock, query: str) -> None:
    for _ in range(2):
        for _ in range(5):
            made.search(query, user="ana", k=1)
        clock.advance(minutes=10)
        made.schedule(user="ana")


def test_chat_reads_the_cache_and_never_prompts_the_same_memory(memos, monkeypatch):
    """Defects 6 and 7: memories were injected and prompted as well, and the attribute that held them did not exist."""
    made, clock = memos
    warm(made, clock, "Where is the red kite?")
    hot = made.activation.hot("ana")
    assert 0 < len(hot) < len(FACTS)
    seen = []
    inner = made.activation.model.generate
    monkeypatch.setattr(
        made.activation.model,
        "generate",
        lambda memory, queries, max_new: seen.append((memory, queries)) or inner(memory, queries, 4),
    )
    assert isinstance(made.chat("Who told me about two cats?", user="ana"), str)
    (memory, (query,)), cached = seen[0], [made.vault.get(cube_id).text for cube_id in hot]
    assert all(text in memory.system and text not in query for text in cached)
    others = [fact for fact in FACTS if fact not in cached]
    assert others, (hot, query)
    assert any(fact in query for fact in others), query
    assert not any(fact in memory.system for fact in others)


def test_decisions_are_logged_on_the_memory_and_cold_ones_go(memos):
    made, clock = memos
    warm(made, clock, "Where is the red kite?")
    (first, *_) = made.activation.hot("ana")
    clock.advance(days=30)
    changes = made.schedule(user="ana")
    assert (first, "cold") in changes.demoted and changes.freed_bytes > 0 and not made.activation.hot("ana")
    logged = [entry.operation for entry in made.vault.audit(LogQuery(cube_id=first)) if entry.actor == "scheduler"]
    assert logged == ["promote", "demote"]
    assert made.vault.get(first).text == FACTS[0], "the text stays"


def test_a_cache_as_a_cube_keeps_lineage_and_the_texts_their_digests(memos, tmp_path):
    """C28, both ways from start to end: hot texts become a cache, the cache a cube made from them, and cold ones text
    again.
    """
    made, clock = memos
    before = {
        cube.cube_id: cube.behavioural.digest for cube in made.vault.get_many(made.vault.find(namespaces=["ana"]))
    }
    warm(made, clock, "Where is the red kite?")
    hot = made.activation.hot("ana")
    cache = new_cube(
        made.activation.payload("ana", tmp_path, "fp32"),
        owner="ana",
        ids=SequentialIds("kv"),
        clock=clock,
        derived_from=hot,
        governance={"namespace": "ana"},
    )
    made.vault.add([cache])
    assert hot and made.vault.get("kv-000001").parents == hot and cache.payload.file_digest
    assert (
        load(tmp_path / cache.payload.file, identity=made.activation.model.identity).digest()
        == made.activation.memory("ana").digest()
    )
    clock.advance(days=30)
    changes = made.schedule(user="ana")
    assert {cube_id for cube_id, _ in changes.demoted} == set(hot) and made.activation.memory("ana") is None
    after = {cube.cube_id: (cube.behavioural.digest, cube.version) for cube in made.vault.get_many(list(before))}
    assert after == {cube_id: (digest, 1) for cube_id, digest in before.items()}
    assert made.search("Where is the red kite?", user="ana", k=1)[0].cube_ids[0] in before
    gone = MemGovernance(vault=made.vault, clock=clock).erase(Caller("ana"), [hot[0]], cause="wish")
    assert set(gone.erased) == {hot[0], "kv-000001"} and gone.files == (cache.payload.file,)


def test_schedule_without_activation_memory_says_so(llama):
    with MemOS(embedder=Mock(Mock.Config(dim=64))) as made, pytest.raises(ConfigError, match="pass activation="):
        made.schedule()
    with pytest.raises(ConfigError, match="'ana' has no cache"):
        manager(llama).reply("ana", "Hello?")


CHANGES = {
    "archive": lambda made, cube, clock: MemLifecycle(vault=made.vault, clock=clock, ids=SequentialIds("x")).transition(
        cube.cube_id, "archived", cause="wish"
    ),
    "update": lambda made, cube, clock: made.vault.update(
        cube.revise(clock(), payload=replace(cube.payload, text="something else"))
    ),
    "erase": lambda made, cube, clock: MemGovernance(vault=made.vault, clock=clock).erase(
        Caller("ana"), [cube.cube_id], cause="wish"
    ),
    "rights": lambda made, cube, clock: made.vault.update(cube.revise(clock(), governance={"contexts": ("export",)})),
    "expiry": lambda made, cube, clock: clock.advance(days=4),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_cache_never_outlives_what_it_was_made_of(memos, change, monkeypatch):
    """Whoever changes a memory, and without a ``schedule`` in between, no chat reads its old text from the cache."""
    made, clock = memos
    for query in ("Where is the red kite?", "Who told me about two cats?"):
        for _ in range(5):
            made.search(query, user="ana", k=1)
    (cube, *_) = made.vault.get_many(made.vault.find(namespaces=["ana"], order=("-heat",), limit=1))
    made.vault.update(cube.revise(clock(), governance={"ttl_seconds": 3.0 * 86_400}))
    clock.advance(minutes=10)
    for _ in range(2):
        for query in (cube.text, FACTS[1]):
            for _ in range(5):
                made.search(query, user="ana", k=1)
        made.schedule(user="ana")
    cube = made.vault.get(cube.cube_id)
    assert cube.cube_id in made.activation.hot("ana") and cube.text in made.activation.memory("ana").system
    builds = made.activation.builds["ana"]
    made.vault.update(made.vault.get(made.vault.find()[-1]).revise(clock(), descriptive={"tags": ("new",)}))
    assert cube.cube_id in made.activation.hot("ana") and made.activation.builds["ana"] == builds, (
        "others change nothing"
    )
    CHANGES[change](made, cube, clock)
    seen = []
    inner = made.activation.model.generate
    reads = lambda memory, queries, most: seen.append((memory.system, queries)) or inner(memory, queries, 1)  # noqa: E731
    monkeypatch.setattr(made.activation.model, "generate", reads)
    made.llm = MockLLM(function=lambda request: seen.append((request.messages[0].content, [])) or "Well.")
    made.chat("What do you know of my things?", user="ana")
    assert seen and not any(cube.text in str(one) for one in seen)
    assert cube.cube_id not in made.activation.hot("ana")
    held = made.activation.memory("ana")
    assert held is None or cube.text not in held.system

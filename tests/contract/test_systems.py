"""The contract every memory system keeps: one test per ``conf/system/*.yaml``,
on the synthetic data with mock models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from memory_servers import needed

from eval.command.cli import CONF
from eval.core.protocols import MemorySystem
from eval.core.settings import plain
from eval.stages.bench import Bench
from memos.types import Query

SYSTEMS = sorted(path.stem for path in (CONF / "system").glob("*.yaml"))


def bench(name: str, out: Path, *changes: str) -> Bench:
    quoted = f"'{name}'"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        chosen = [f"system={quoted}", *needed(name)]
        overrides = ["experiment=tiny", *chosen, "llm=mock", "embedder=mock", f"out={out}", *changes]
        return Bench(plain(compose("config", overrides)))


def filled(made: Bench, upto: int | None = None, system: MemorySystem | None = None, skip: int = 0):
    conversation = made.dataset.conversations[0]
    if system is None:
        system = made.new_system()
        system.start(conversation)
    for session in conversation.sessions[skip:upto]:
        system.add(session)
    if upto is None:
        system.finish()
    return system


def outcome(system: MemorySystem, made: Bench) -> list:
    searches = []
    for question in made.questions("tiny-1"):
        gold = question.evidence if system.sees_gold else ()
        retrieved = system.search(Query(question.text, gold_turns=gold))
        hits = [(h.text, tuple(h.turn_ids), round(float(h.score), 5)) for h in retrieved.hits]
        searches.append((hits, retrieved.used, retrieved.rendered()))
    return searches


@pytest.mark.parametrize("name", SYSTEMS)
def test_search_answers_with_provenance_and_ranks(name, tmp_path):
    made = bench(name, tmp_path)
    system = filled(made)
    assert isinstance(system, MemorySystem)
    turns = {turn.turn_id for _, turn in made.dataset.conversations[0].turns()}
    for hits, used, context in outcome(system, made):
        assert 0 <= used <= len(hits) <= 200 + used
        assert set().union(*(h[1] for h in hits)) <= turns if hits else True
        assert isinstance(context, str)
        assert all(text.strip() for text, _, _ in hits)
    if name != "null":
        assert any(h[1] for hits, _, _ in outcome(system, made) for h in hits), "no hit carries a source turn"
        assert system.stats()["items"] > 0
    system.close()


@pytest.mark.parametrize("name", SYSTEMS)
def test_deterministic_and_equal_after_save_and_load(name, tmp_path):
    made = bench(name, tmp_path)
    first, second = filled(made), filled(made)
    expected = outcome(first, made)
    assert outcome(second, made) == expected
    (tmp_path / "store").mkdir()
    first.save(tmp_path / "store")
    first.close()
    restored = made.new_system()
    restored.load(tmp_path / "store")
    assert outcome(restored, made) == expected


@pytest.mark.parametrize("name", SYSTEMS)
def test_resuming_between_sessions_neither_loses_nor_repeats(name, tmp_path):
    made = bench(name, tmp_path)
    half = filled(made, upto=2)
    (tmp_path / "store").mkdir()
    half.save(tmp_path / "store")
    resumed = made.new_system()
    resumed.load(tmp_path / "store")
    assert outcome(filled(made, system=resumed, skip=2), made) == outcome(filled(made), made)


def test_only_the_oracle_sees_the_gold(tmp_path):
    seeing = [name for name in SYSTEMS if bench(name, tmp_path).system_class.sees_gold]
    assert seeing == ["oracle"]


def test_rag_chunks_cover_every_turn_once_in_order(tmp_path):
    from baselines.rag import chunk
    from baselines.transcript import TranscriptLine
    from memos import tokens

    lines = [TranscriptLine(f"D1:{i}", f"9:00 am on 1 May, 2023 | A: naïve “quote” number {i} 😀") for i in range(40)]
    document = "".join(x.text + "\n" for x in lines)
    for size in (7, 32, 1000):
        chunks = chunk(lines, size)
        assert len(chunks) == int(np.ceil(len(tokens.cl100k_encode(document)) / size))
        seen = [turn for c in chunks for turn in c.turn_ids]
        assert list(dict.fromkeys(seen)) == [x.turn_id for x in lines]
        for c in chunks:
            for i, x in enumerate(lines):
                if f"number {i} " in c.text:
                    assert x.turn_id in c.turn_ids
    assert chunk(lines, 1000)[0].text == document


@pytest.mark.parametrize("name", SYSTEMS)
def test_loading_and_searching_leave_the_saved_store_as_it_is(name, tmp_path):
    """Other runs read the same folder at the same time."""
    made = bench(name, tmp_path)
    store = tmp_path / "store"
    store.mkdir()
    filled(made).save(store)
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    system = made.new_system()
    system.load(store)
    outcome(system, made)
    system.close()
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before

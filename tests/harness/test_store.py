"""Journals and run folders: durable lines, torn lines, locks, interning; identity and selection."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.core.config import identity, nearest, typed
from eval.core.identity import canonical, digest
from eval.datasets.selection import DatasetConfig, select, stratified
from eval.runs.write import Journal, RunDir, question_key
from memos.errors import ConfigError, DataError


def record(n: int, **fields) -> dict:
    return {"sample_id": "a", "qa_index": n, **fields}


def test_a_torn_last_line_is_dropped_and_the_file_goes_on(tmp_path):
    path = tmp_path / "x.jsonl"
    journal = Journal(path, question_key)
    journal.append(record(0), record(1))
    journal.close()
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[1])):
        path.write_bytes(whole[:-cut])
        again = Journal(path, question_key)
        assert set(again.records) == {("a", 0)}
        again.append(record(1))
        again.close()
        assert path.read_bytes() == whole


def test_a_damaged_line_in_the_middle_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"sample_id": "a", "qa_index": 0}\n{"sample\n{"sample_id": "a", "qa_index": 2}\n')
    with pytest.raises(DataError, match="x.jsonl: line 2"):
        Journal(path, question_key)


def test_the_last_record_of_a_key_holds_and_errors_are_not_ok(tmp_path):
    journal = Journal(tmp_path / "x.jsonl", question_key)
    journal.append(record(0, status="error"), record(1, status="ok"))
    assert journal.ok() == {("a", 1)}
    journal.append(record(0, status="ok"))
    assert journal.ok() == {("a", 0), ("a", 1)}
    journal.close()
    assert Journal(tmp_path / "x.jsonl", question_key).ok() == {("a", 0), ("a", 1)}


def test_threads_wait_for_the_disk_together_and_each_for_its_own_line(tmp_path, monkeypatch):
    """Six threads write while the first waits for the disk: one more fsync covers the five, and none returns before."""
    path, real, covered, writing = tmp_path / "x.jsonl", os.fsync, [], threading.Event()
    journal = Journal(path, question_key)

    def fsync(file: int) -> None:
        if not covered:
            writing.set()
            while journal.written < 6:
                time.sleep(0.001)
        covered.append(len(path.read_bytes().splitlines()))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    on_disk: dict[int, bool] = {}

    def write(n: int) -> None:
        journal.append(record(n))
        place = [json.loads(line)["qa_index"] for line in path.read_text().splitlines()].index(n)
        on_disk[n] = max(covered) > place

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    threads[0].start()
    assert writing.wait(10)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert on_disk == dict.fromkeys(range(6), True) and len(covered) <= 2
    journal.close()


def test_two_processes_cannot_run_one_folder(tmp_path):
    first = RunDir(tmp_path / "run")
    with pytest.raises(ConfigError, match="another process"):
        RunDir(tmp_path / "run")
    first.close()
    RunDir(tmp_path / "run").close()


def test_memories_are_stored_once_and_found_again(tmp_path):
    run = RunDir(tmp_path / "run")
    items = [("one", ("D1:1",), 1), ("two", ("D1:2",), 1), ("one", ("D1:1",), 1)]
    assert run.intern_memories("a", items) == [0, 1, 0]
    run.close()
    run = RunDir(tmp_path / "run")
    assert run.intern_memories("a", [("two", ("D1:2",), 1), ("three", (), 1)]) == [1, 2]
    assert run.intern_memories("b", [("one", ("D1:1",), 1)]) == [3]
    run.close()
    assert len((tmp_path / "run" / "memories.jsonl").read_text().splitlines()) == 4


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), values))
def test_a_digest_ignores_order_and_survives_json(value):
    shuffled = dict(reversed(list(value.items())))
    assert digest(value) == digest(shuffled) == digest(json.loads(canonical(value)))


def test_execution_fields_and_search_fields_leave_fingerprints_alone():
    spec = {"_target_": "baselines.rag.Rag", "name": "rag", "chunk_size": 256, "top_k": 2}
    assert identity(spec, "ingest") == identity({**spec, "top_k": 9}, "ingest")
    assert identity(spec) != identity({**spec, "top_k": 9})
    assert identity(spec, "ingest") != identity({**spec, "chunk_size": 9}, "ingest")
    model = {"_target_": "memos.llm.openai.OpenAIChat", "name": "openai", "model": "m"}
    assert identity(model) == identity({**model, "concurrency": 1, "timeout_s": 3.0, "api_key_env": "OTHER"})
    assert identity(model) != identity({**model, "model": "n"})


def test_typed_names_field_value_and_neighbours():
    with pytest.raises(ConfigError, match="dataset.limit.*many"):
        typed(DatasetConfig, {"limit": "many"}, "dataset")
    with pytest.raises(ConfigError, match="dataset.limt: unknown field; did you mean limit"):
        typed(DatasetConfig, {"limt": 3}, "dataset")
    assert nearest("zzz", ["a", "b"]) == "known: a, b"


def test_a_limit_keeps_the_shares_of_categories_and_is_seeded(tiny_dataset):
    questions = [q for q in tiny_dataset.questions if q.category != 5]
    taken = stratified(questions, 15, 0)
    assert [sum(q.category == c for q in taken) for c in (1, 2, 3, 4)] == [3, 3, 2, 7]
    assert taken == stratified(questions, 15, 0) != stratified(questions, 15, 1)
    assert [q.key for q in taken] == [q.key for q in questions if q in taken]


def test_selection_keeps_only_what_is_asked(tiny_dataset):
    config = DatasetConfig(conversations=["tiny-2"], categories=[2])
    selected = select(tiny_dataset, config, 0)
    assert [c.sample_id for c in selected.conversations] == ["tiny-2"]
    assert {q.category for q in selected.questions} == {2} and len(selected.questions) == 3

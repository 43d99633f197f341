"""Stages: what a failing part leaves behind, what a budget of words keeps, how an ingestion resumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.categories import LOCOMO
from eval.core.settings import plain
from eval.runs.write import RunDir
from eval.stages.bench import Bench
from eval.stages.boundary import Failed, attempt
from eval.stages.ingest import StateFolder, ingest, ingest_conversation
from eval.stages.search import make_query, render, search, waiting
from memos import tokens
from memos.errors import BudgetExceeded, ConfigError
from memos.types import Hit, Retrieved


def bench(out: Path, *own_overrides: str) -> Bench:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = [
            "experiment=tiny",
            "system=rag",
            "system.chunk_size=40",
            "llm=mock",
            "answerer=llm",
            f"out={out}",
            *own_overrides,
        ]
        return Bench(plain(compose("config", overrides)))


def test_errors_are_recorded_but_a_used_up_budget_ends_the_run():
    def broken():
        raise ValueError("no\nluck")

    failed = attempt(broken)
    assert isinstance(failed, Failed)
    assert failed.record["status"] == "error" and failed.record["error"] == "ValueError: no"
    assert "broken" in failed.record["traceback"]
    for kind in (BudgetExceeded, ConfigError):

        def stop(kind=kind):
            raise kind("over")

        with pytest.raises(kind):
            attempt(stop)


def test_a_budget_keeps_the_first_whole_hits(tmp_path):
    made = bench(tmp_path, "track=controlled", "track.budget_words=9")
    hits = (Hit("one two three four", ("D1:1",)), Hit("five six seven eight", ("D1:2",)), Hit("nine ten", ("D1:3",)))
    context, used = render(made, Retrieved(hits, 1))
    assert used == 2 and context == "one two three four\nfive six seven eight"
    assert tokens.count_words(context) <= 9
    own = bench(tmp_path, "track=paper")
    assert render(own, Retrieved(hits, 1)) == ("one two three four", 1)


def test_controlled_has_one_prompt_and_captions(tmp_path):
    made = bench(tmp_path, "track=controlled")
    assert made.prompt == "default" and made.dataset_config.captions
    own = bench(tmp_path)
    assert own.prompt == "rag" and not own.dataset_config.captions
    assert made.fingerprint != own.fingerprint


def test_an_interrupted_ingestion_goes_on_where_it_was_saved(tmp_path, monkeypatch):
    made = bench(tmp_path)
    conversation = made.dataset.conversations[0]
    monkeypatch.setattr("eval.stages.ingest.SAVE_EVERY_S", -1.0)
    added = []

    class Stops(made.system_class):
        def add(self, session):
            if len(added) == 3:
                raise KeyboardInterrupt
            added.append(session.session_id)
            super().add(session)

    with pytest.raises(KeyboardInterrupt):
        ingest_conversation(made, conversation, Stops(made.system_config, embedder=made.embedder()))
    assert StateFolder(made.state_folder(conversation)).progress()["sessions"] == 3
    system = made.new_system()
    again = []
    add = system.add
    system.add = lambda session: (again.append(session.session_id), add(session))
    record = ingest_conversation(made, conversation, system)
    assert added + again == [s.session_id for s in conversation.sessions]
    straight = made.new_system()
    straight.start(conversation)
    for session in conversation.sessions:
        straight.add(session)
    straight.finish()
    assert [c.text for c in system.chunks] == [c.text for c in straight.chunks]
    assert record["status"] == "ok" and record["stats"]["items"] == len(straight.chunks)


def test_gold_reaches_only_the_oracle(tmp_path):
    made = bench(tmp_path)
    question = next(q for q in made.dataset.questions if q.evidence)
    assert make_query(made, question).gold_turns == ()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        oracle = Bench(plain(compose("config", ["experiment=tiny", "system=oracle", f"out={tmp_path}"])))
    assert make_query(oracle, question).gold_turns == question.evidence


def test_categories_have_the_papers_names():
    names = {one.id: one.name for one in LOCOMO}
    assert names == {4: "single-hop", 1: "multi-hop", 2: "temporal", 3: "open-domain", 5: "adversarial"}


def test_ingest_gives_a_store_for_what_is_asked_and_only_once(tmp_path):
    made = bench(tmp_path)
    run = RunDir(made.folder)
    stores = ingest(made, run, waiting(made, run))
    assert next(stores).conversation == made.dataset.conversations[0]
    stores.close()
    assert set(run.journal("ingest", lambda r: r["sample_id"]).records) == {made.dataset.conversations[0].sample_id}
    search(made, run, ingest(made, run, waiting(made, run)))
    assert not waiting(made, run) and list(ingest(made, run, waiting(made, run))) == []
    assert run.journal("ingest", lambda r: r["sample_id"]).ok() == {c.sample_id for c in made.dataset.conversations}
    run.close()


def test_a_conversation_that_cannot_be_ingested_fails_its_questions_alone(tmp_path, monkeypatch):
    made = bench(tmp_path)
    broken = made.dataset.conversations[0].sample_id
    start = made.system_class.start

    def refuse(self, conversation):
        if conversation.sample_id == broken:
            raise OSError("disk full")
        start(self, conversation)

    monkeypatch.setattr(made.system_class, "start", refuse)
    run = RunDir(made.folder)
    search(made, run, ingest(made, run, waiting(made, run)))
    assert {q.sample_id for q in waiting(made, run)} == {broken}
    error = next(r["error"] for r in run.journal("search").records.values() if r["status"] == "error")
    assert error == "ingestion failed: OSError: disk full"
    run.close()

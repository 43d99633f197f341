"""Conversations ingested at once give what they give one after the other, whatever becomes of some of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest
from baseline_runs import ARMS, config, model, results, run_saving_each_session

from baselines.mem0 import Mem0
from eval.experiments.benchmark.experiment import run
from eval.experiments.protocol import BUDGET_REACHED, FAILED_QUESTIONS, OK
from eval.stages.bench import Bench
from eval.stages.concurrency import conversations_at_once
from memos.errors import ConfigError

THREE = "dataset.conversations=[tiny-1,tiny-2,tiny-3]"


def made(arm: str, server, key: str, out: Path, *more: str) -> dict:
    return {
        **config(arm, f"llm.api_key_env={key}", f"llm.base_url={server.base_url}", THREE, *more),
        "out": str(out),
    }


def ledger(config: dict) -> list[dict]:
    """Conversation and usage of each ingest record, in the order in which they stand."""
    lines = (Bench(config).folder / "ingest.jsonl").read_text(encoding="utf-8").splitlines()
    return [{key: json.loads(line)[key] for key in ("sample_id", "usage", "stats")} for line in lines]


@pytest.mark.parametrize("arm", ARMS)
def test_three_at_once_leave_what_one_at_a_time_leaves(arm, scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", model)], latency=0.01)
    one = made(arm, server, server_key, tmp_path / "one", "at_once=1", "llm.concurrency=1")
    assert run(one)["code"] == OK
    asked, server.peak = len(server.chats()), 0
    many = made(arm, server, server_key, tmp_path / "many")
    assert conversations_at_once(Bench(many)) == 64 and run(many)["code"] == OK
    assert len(server.chats()) == 2 * asked and server.peak > 1, "the same calls, several under way"
    expected, found = results(one), results(many)
    for part in expected:
        assert found[part] == expected[part], part
    assert ledger(many) == ledger(one)
    assert [row["sample_id"] for row in ledger(many)] == ["tiny-1", "tiny-2", "tiny-3"]


def test_one_conversation_that_fails_spares_the_others_and_is_tried_again(
    scripted_server, server_key, tmp_path, monkeypatch
):
    server = scripted_server(rules=[("", model)])
    add = Mem0.add

    def broken(self, session):
        if "tiny-2" in self.sample_id and session.session_id.endswith("2"):
            raise ValueError("broke")
        add(self, session)

    start = Mem0.start
    monkeypatch.setattr(Mem0, "sample_id", "", raising=False)
    monkeypatch.setattr(Mem0, "start", lambda self, c: (setattr(self, "sample_id", c.sample_id), start(self, c))[1])
    monkeypatch.setattr(Mem0, "add", broken)
    both = made("mem0", server, server_key, tmp_path / "out")
    assert run(both)["code"] == FAILED_QUESTIONS
    lines = [json.loads(line) for line in (Bench(both).folder / "ingest.jsonl").read_text().splitlines()]
    assert [(row["sample_id"], row["status"]) for row in lines] == [
        ("tiny-1", "ok"),
        ("tiny-2", "error"),
        ("tiny-3", "ok"),
    ]
    monkeypatch.setattr(Mem0, "add", add)
    assert run(both)["code"] == OK
    straight = made("mem0", server, server_key, tmp_path / "straight", "at_once=1")
    run(straight)
    assert results(both)["stores"] == results(straight)["stores"]


def test_a_used_up_budget_stops_all_and_keeps_what_was_paid_for(scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", model)], latency=0.01)
    capped = made("mem0", server, server_key, tmp_path / "out", "budget.tokens=3000", "cache=write")
    assert run(capped)["code"] == BUDGET_REACHED
    assert not [thread for thread in threading.enumerate() if thread.name == "ingest"], "no thread goes on spending"
    spent = len(server.chats())
    free = {**capped, "budget": {"tokens": None, "usd": None}}
    assert run(free)["code"] == OK
    straight = made("mem0", server, server_key, tmp_path / "straight", "at_once=1", "cache=write")
    before = len(server.chats())
    run(straight)
    assert before == len(server.chats()) - before, "no call was paid for twice"
    assert 0 < spent < before and ledger(free) == ledger(straight)


class Killer:
    """The toy model, which kills the asking process instead of answering its n-th request."""

    def __init__(self, left: int) -> None:
        self.pid, self.left = 0, left

    def __call__(self, body):
        self.left -= 1
        if self.left == 0:
            os.kill(self.pid, signal.SIGKILL)
        return model(body)


@pytest.mark.parametrize("arm", ["mem0", "zep", "memos"])
def test_killed_while_three_are_ingested_it_goes_on_to_equal_results(arm, scripted_server, server_key, tmp_path):
    killer = Killer(60)
    server = scripted_server(rules=[("", killer)], latency=0.002)
    killed = made(arm, server, server_key, tmp_path / "killed")
    process = multiprocessing.get_context("spawn").Process(target=run_saving_each_session, args=(killed,))
    process.start()
    assert process.pid
    killer.pid = process.pid
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert run(killed)["code"] == OK
    straight = made(arm, server, server_key, tmp_path / "straight", "at_once=1")
    run(straight)
    expected, resumed = results(straight), results(killed)
    for part in expected.keys() - {"ingest"}:
        assert resumed[part] == expected[part], part
    last = {row["sample_id"]: row for row in ledger(killed)}
    assert list(last.values()) == ledger(straight), "a record may stand twice, the later one holds"


def test_an_interrupt_ends_the_threads(scripted_server, server_key, tmp_path, monkeypatch):
    server = scripted_server(rules=[("", model)], latency=0.005)
    interrupted = made("mem0", server, server_key, tmp_path / "out")
    from eval.stages import ingest

    bring = ingest.Ingestion.bring

    def interrupt(self, conversation):
        if conversation.sample_id == "tiny-2":
            raise KeyboardInterrupt
        return bring(self, conversation)

    monkeypatch.setattr(ingest.Ingestion, "bring", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(interrupted)
    assert not [thread for thread in threading.enumerate() if thread.name == "ingest"]
    monkeypatch.setattr(ingest.Ingestion, "bring", bring)
    assert run(interrupted)["code"] == OK


def test_only_systems_that_say_so_and_wait_for_a_server_are_ingested_at_once(scripted_server, server_key, tmp_path):
    server = scripted_server()

    def at_once(*overrides: str) -> int:
        return conversations_at_once(Bench(made("mem0", server, server_key, tmp_path, *overrides)))

    assert at_once() == 64 and at_once("llm.concurrency=7") == 7 and at_once("at_once=3") == 3
    assert at_once("system.extractor=rules") == 1, "the work is done here"
    here = {**made("mem0", server, server_key, tmp_path), "llm": {"_target_": "memos.llm.mock.MockLLM", "name": "mock"}}
    assert conversations_at_once(Bench(here)) == 1
    assert at_once("system.extractor=rules", "embedder=openai") == 64
    silent = {**made("mem0", server, server_key, tmp_path, "embedder=openai")}
    silent["system"] = {"_target_": "baselines.rag.Rag", "name": "rag"}
    assert conversations_at_once(Bench(silent)) == 1, "it does not say that its instances may share a process"
    assert conversations_at_once(Bench({**silent, "at_once": 2})) == 2, "the user says so"
    for wrong in ("0", "-1", "many", "true"):
        with pytest.raises(ConfigError, match="at_once: expected auto or a number from 1 on"):
            at_once(f"at_once={wrong}")


def test_the_vendors_packages_are_never_run_at_once():
    """They are told the session's date by a change of the whole process."""
    from baselines.vendors.graphiti_package import GraphitiPackage
    from baselines.vendors.langmem_package import LangMemPackage
    from baselines.vendors.mem0ai import Mem0Package

    assert not any(cls.at_once for cls in (GraphitiPackage, LangMemPackage, Mem0Package))

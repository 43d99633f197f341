"""Search, answers and verdicts overlap where they wait for a server, and leave what stage after stage leaves."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from scripted import ScriptedServer
from scripted_replies import FaultPlan
from small_runs import Made

from eval.answerers.llm import LLMAnswerer
from eval.core.config import component_config
from eval.experiments.benchmark.experiment import run
from eval.experiments.protocol import BUDGET_REACHED, FAILED_QUESTIONS, OK
from eval.stages import flow as flows
from eval.stages import former_fingerprints
from eval.stages.bench import Bench
from eval.stages.flow import flowing
from memos.system import MemOSSystem

RULES = [("(?s)Nadia.*JSON object", '{"label": "CORRECT"}'), ("JSON object", '{"label": "WRONG"}')]


def made(server: ScriptedServer, key: str, out: Path, *more: str) -> Made:
    return Made(
        out,
        "llm=openai",
        "llm.model=toy",
        f"llm.base_url={server.base_url}",
        f"llm.api_key_env={key}",
        "llm.backoff_s=0.01",
        "latency.questions=0",
        *more,
    )


def rows(made: Made, name: str) -> list[dict]:
    plain = [
        {k: v for k, v in row.items() if k not in ("ms", "seq", "digest", "from_cache")} for row in made.lines(name)
    ]
    return sorted(plain, key=lambda row: (row["sample_id"], row["qa_index"]))


def staged(monkeypatch) -> None:
    """Have every stage wait for the one before."""
    monkeypatch.setattr("eval.experiments.benchmark.experiment.flowing", lambda bench: [])


@pytest.mark.parametrize("faults", [None, ("429", "500", "drop", "truncated")])
def test_overlapping_stages_leave_the_records_of_one_after_the_other(
    faults, scripted_server, server_key, tmp_path, monkeypatch
):
    plans = [FaultPlan(rate=0.2, seed=3, kinds=faults) if faults else FaultPlan() for _ in range(2)]
    servers = [scripted_server(RULES, latency=0.01, faults=plan) for plan in plans]
    flowed = made(servers[0], server_key, tmp_path / "flowed", "llm.served_as=toys", "max_errors=30")
    assert len(flowing(Bench(flowed.config))) == 3 and flowed.run()["code"] == OK
    staged(monkeypatch)
    straight = made(servers[1], server_key, tmp_path / "straight", "llm.served_as=toys", "max_errors=30")
    assert straight.run()["code"] == OK
    assert flowed.numbers() == straight.numbers()
    for name in ("search", "answers", "scores/judge_llm_generous-*", "scores/judge_llm_strict-*"):
        assert rows(flowed, name) == rows(straight, name), name
    if not faults:
        assert len(servers[0].chats()) == len(servers[1].chats()), "nothing is asked twice"


def test_the_first_question_is_judged_before_the_last_is_searched(scripted_server, server_key, tmp_path, monkeypatch):
    """The search of the last question waits until a verdict is there."""
    judged = threading.Event()

    def say(body):
        if "JSON object" in body["messages"][-1]["content"]:
            judged.set()
        return None

    server = scripted_server([("", say), *RULES])
    own, searched = MemOSSystem.search, []

    def search(self, query):
        searched.append(query)
        assert len(searched) < 30 or judged.wait(60), "no verdict came while questions were searched"
        return own(self, query)

    monkeypatch.setattr(MemOSSystem, "search", search)
    config = made(server, server_key, tmp_path / "out").config
    config["system"] = {"_target_": "memos.system.MemOSSystem", "name": "memos"}
    assert run(config)["code"] == OK and len(searched) == 30 and judged.is_set()


def test_a_judge_that_works_here_waits_for_all_answers(scripted_server, server_key, tmp_path):
    server = scripted_server(RULES)
    mixed = made(server, server_key, tmp_path / "mixed", "judge=offline", "judge@also_judges.strict=llm_strict")
    assert [part.role for part in flowing(Bench(mixed.config))] == ["answerer", "judge llm_strict"]
    assert mixed.run()["code"] == OK and {"judge_offline", "judge_llm_strict"} <= mixed.summary["metrics"].keys()
    here = made(server, server_key, tmp_path / "here", "answerer=reader")
    assert flowing(Bench(here.config)) == [], "nothing flows past an answerer that works here"


def test_a_used_up_budget_ends_the_flow_and_the_next_command_goes_on(scripted_server, server_key, tmp_path):
    server = scripted_server(RULES, latency=0.01)
    capped = made(server, server_key, tmp_path / "out", "budget.tokens=6000", "cache=write")
    assert capped.run()["code"] == BUDGET_REACHED
    assert not [thread for thread in threading.enumerate() if thread.name == "flow"]
    begun = len(capped.lines("answers"))
    assert 0 < begun < 30 and json.loads((capped.folder / "summary.json").read_text())["complete"] is False
    free = made(server, server_key, tmp_path / "out", "cache=write")
    assert free.run()["code"] == OK and len(free.lines("answers")) == 30
    straight = made(server, server_key, tmp_path / "straight", "cache=write")
    asked = len(server.chats())
    assert straight.run()["code"] == OK and straight.numbers() == free.numbers()
    assert asked == len(server.chats()) - asked, "no call was paid for twice"


def test_an_answerer_that_breaks_on_some_questions_spares_the_others_and_is_tried_again(
    scripted_server, server_key, tmp_path, monkeypatch
):
    server = scripted_server(RULES)
    own = LLMAnswerer.answer

    def broken(self, tasks):
        if any("job" in task.question for task in tasks):
            raise ValueError("broke")
        yield from own(self, tasks)

    monkeypatch.setattr(LLMAnswerer, "answer", broken)
    failing = made(server, server_key, tmp_path / "out")
    assert failing.run()["code"] == FAILED_QUESTIONS and failing.summary["failed_by_stage"] == {"answer": 2}
    monkeypatch.setattr(LLMAnswerer, "answer", own)
    assert failing.run()["code"] == OK and failing.summary["failed"] == 0
    assert len(failing.lines("answers")) == 32, "only what failed was asked again"


def test_an_error_that_ends_the_run_is_raised_and_an_interrupt_does_not_wait(
    scripted_server, server_key, tmp_path, monkeypatch
):
    server = scripted_server(RULES, latency=0.005)
    bench = Bench(made(server, server_key, tmp_path / "out").config)
    monkeypatch.setattr("eval.stages.concurrency.INTERRUPTED_S", 0.01)
    from eval.runs.write import RunDir
    from eval.stages.ingest import ingest
    from eval.stages.search import search, waiting

    directory = RunDir(bench.folder)
    with pytest.raises(KeyboardInterrupt), flows.flow(bench, directory, flowing(bench)) as searched:
        search(bench, directory, ingest(bench, directory, waiting(bench, directory)), searched)
        raise KeyboardInterrupt
    directory.close()
    assert run(bench.config)["code"] == OK


def test_what_conversations_at_once_share_is_made_once(tmp_path, monkeypatch):
    """The system's settings and its identity of former times are the same for all conversations of a run."""
    bench = Bench(Made(tmp_path).config)
    (bench.out / "cache" / "state" / "rag").mkdir(parents=True)
    read, former = [], []

    def counted(spec, where, group=""):
        read.append(where)
        return component_config(spec, where, group)

    def part(spec, stage=None):
        former.append(spec["name"])
        return original(spec, stage)

    original = former_fingerprints._part
    monkeypatch.setattr("eval.stages.bench.component_config", counted)
    monkeypatch.setattr(former_fingerprints, "_part", part)
    start = threading.Barrier(6)

    def begin() -> None:
        start.wait(10)
        for conversation in bench.dataset.conversations:
            bench.state_folder(conversation)
            bench.new_system().close()

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == ["system"] and sorted(former) == ["mock", "rag"]
    one, other = bench.new_system(), bench.new_system()
    assert one.config == other.config and one.config is not other.config

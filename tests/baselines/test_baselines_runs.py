"""Whole runs of the harness (ingest, search, answer) behind HTTP: failing calls and SIGKILL change nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
from baseline_runs import ARMS, PRELOADED, config, ingest_usage, model, results, run_saving_each_session
from scripted_replies import FaultPlan

from eval.experiments.benchmark.experiment import run
from eval.stages.ingest import StateFolder

KINDS = ("429", "500", "drop", "truncated", "wrong_schema", "refusal", "garbage")


@pytest.mark.parametrize("arm", ARMS)
def test_a_fifth_of_the_calls_failing_changes_neither_store_nor_answers(arm, scripted_server, server_key, tmp_path):
    common = config(
        arm, f"llm.api_key_env={server_key}", "llm.timeout_s=1.5", "llm.concurrency=4", "llm.max_attempts=8"
    )

    def finished(name: str, faults: FaultPlan) -> dict:
        server = scripted_server(rules=[("", model)], faults=faults)
        made = {**common, "out": str(tmp_path / name), "llm": {**common["llm"], "base_url": server.base_url}}
        run(made)
        return results(made)

    plan = FaultPlan(rate=0.2, seed=5, kinds=(*KINDS * 3, "timeout"), retry_after=0.01)
    calm, stormy = finished("calm", FaultPlan()), finished("stormy", plan)
    assert len(calm["answers"]) == 15 and all(row["status"] == "ok" for row in calm["answers"])
    assert len({row["answer"] for row in calm["answers"]}) > 3 and calm["ingest"][0]["stats"]["items"] > 5
    assert len(set(plan.injected)) >= 4, "several kinds of fault have come"
    for part in calm:
        assert stormy[part] == calm[part], part


@pytest.fixture(scope="module")
def processes():
    """Processes forked from a clean one that has imported the harness (the tests' own process has threads)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


class Killer:
    """The toy model, which kills the asking process instead of answering its n-th request."""

    def __init__(self) -> None:
        self.pid, self.left = 0, 0

    def __call__(self, body):
        self.left -= 1
        if self.left == 0:
            os.kill(self.pid, signal.SIGKILL)
        return model(body)


@pytest.mark.parametrize("arm", ARMS)
def test_killed_within_and_between_sessions_no_session_is_lost_or_repeated(
    arm, processes, scripted_server, server_key, tmp_path, monkeypatch
):
    killer = Killer()
    server = scripted_server(rules=[("", killer)])
    common = config(arm, f"llm.api_key_env={server_key}", f"llm.base_url={server.base_url}")
    saved: list[int] = []
    save = StateFolder.save

    def noted(self, system, progress):
        saved.append(len(server.chats()))
        save(self, system, progress)

    monkeypatch.setattr(StateFolder, "save", noted)
    monkeypatch.setattr("eval.stages.ingest.SAVE_EVERY_S", -1.0)
    straight = {**common, "out": str(tmp_path / "straight")}
    run(straight)
    assert len(saved) == 5 and saved[0] > 0, "four sessions and the end"
    made = {**common, "out": str(tmp_path / "killed")}
    # In the second session; where a session is one call, that call is under way. Where calls of sessions to come were
    # begun ahead, at the ingestion's last one at the latest.
    within = min((saved[0] + saved[1]) // 2 + 1, saved[-1])
    # The first call of the fourth session, counted from the second's first; with calls begun ahead it may be a later
    # one, in the answers even: then the finished store is recorded once all the same.
    between = saved[2] - saved[0] + 1
    for request in (within, between):
        killer.left = request
        process = processes.Process(target=run_saving_each_session, args=(made,))
        process.start()
        killer.pid = process.pid
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
    run(made)
    assert ingest_usage(made) == ingest_usage(straight)
    expected, resumed = results(straight), results(made)
    for part in expected:
        assert resumed[part] == expected[part], part


def test_a_run_killed_after_its_ingestion_records_the_store_once(
    processes, scripted_server, server_key, tmp_path, monkeypatch
):
    killer = Killer()
    server = scripted_server(rules=[("", killer)])
    common = config("openai_memory", f"llm.api_key_env={server_key}", f"llm.base_url={server.base_url}")
    asked: list[int] = []
    save = StateFolder.save

    def noted(self, system, progress):
        asked.append(len(server.chats()))
        save(self, system, progress)

    monkeypatch.setattr(StateFolder, "save", noted)
    straight, made = ({**common, "out": str(tmp_path / name)} for name in ("straight", "killed"))
    run(straight)
    for request in (asked[-1] + 3, 3):  # among the answers, with and without the ingestion before them
        killer.left = request
        process = processes.Process(target=run_saving_each_session, args=(made,))
        process.start()
        killer.pid = process.pid
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
        assert len(results(made)["ingest"]) == 1
    run(made)
    assert results(made)["ingest"] == results(straight)["ingest"]

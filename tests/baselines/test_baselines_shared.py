"""Runs that share a store: started together they give what they give one after another, and each call is made once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from baseline_runs import PRELOADED, config, ingest_usage, model, results, run_saving_each_session
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench

DEPTHS = (1, 2, 3)
"""The runs differ in ``system.top_k`` alone, so that all have one store."""
FEW = ("dataset.conversations=[tiny-1,tiny-2]", "dataset.limit=8")


def ingested(config: dict) -> list[dict]:
    """The ingest records of a run."""
    lines = (Bench(config).folder / "ingest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def processes():
    """Processes forked from a clean one that has imported the harness (the tests' own process has threads)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def together(processes, made: list[dict], target=run) -> list[int]:
    """Exit codes of one process a configuration, started at once."""
    started = [processes.Process(target=target, args=(one,)) for one in made]
    for process in started:
        process.start()
    for process in started:
        process.join(400)
    return [process.exitcode for process in started]


def summary(made: dict) -> dict:
    """The summary of a finished run without its times and without what it paid itself: of runs that share calls, the
    first to ask pays.
    """
    fields = json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))
    return {key: value for key, value in fields.items() if key not in ("latency_ms", "spent")}


def at(common: dict, out: Path, **system) -> dict:
    return {**common, "out": str(out), "system": {**common["system"], **system}}


def test_three_runs_started_together_give_what_they_give_one_after_another(
    processes, scripted_server, server_key, tmp_path
):
    server = scripted_server(rules=[("", model)], latency=0.005)
    common = config(
        "memos", f"llm.api_key_env={server_key}", f"llm.base_url={server.base_url}", "llm.concurrency=2", *FEW
    )
    one, other = ([at(common, tmp_path / name, top_k=k) for k in DEPTHS] for name in ("alone", "together"))
    for made in one:
        run(made)
    calls = len(server.chats())
    assert together(processes, other, run_saving_each_session) == [0, 0, 0]
    assert len(server.chats()) == 2 * calls, "the calls of the ingestion were made once, by whoever was first"
    for alone, shared in zip(one, other, strict=True):
        assert summary(shared) == summary(alone)
        assert results(shared) == results(alone)
        assert ingest_usage(shared) == ingest_usage(other[0]) and ingest_usage(shared)["ingest"]["calls"] > 0
    seconds = {tuple(row["seconds"] for row in ingested(made)) for made in other}
    assert len(seconds) == 1, "all three report the same work, seconds included"


def test_three_runs_without_a_model_share_stores_and_embeddings(processes, tmp_path):
    overrides = [
        "experiment=tiny",
        "system=rag",
        "system.chunk_size=40",
        "llm=mock",
        "answerer=llm",
        "judge=llm_generous",
        "~judge@also_judges.strict",
        "latency.questions=2",
        "metrics.which=[]",
        "dataset.limit=20",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        common = plain(compose("config", overrides))
    one, other = ([at(common, tmp_path / name, top_k=k) for k in DEPTHS] for name in ("alone", "together"))
    for made in one:
        run(made)
    assert together(processes, other, run_saving_each_session) == [0, 0, 0]
    for alone, shared in zip(one, other, strict=True):
        assert summary(shared) == summary(alone) and results(shared) == results(alone)


class Killer:
    """The toy model, which kills the process that is at the store instead of answering its n-th request."""

    def __init__(self, request: int) -> None:
        self.left, self.pids = request, []

    def __call__(self, body):
        self.left -= 1
        if self.left == 0:
            os.kill(self.pids[0], signal.SIGKILL)
        return model(body)


def test_a_run_that_waits_goes_on_where_a_killed_one_was(processes, scripted_server, server_key, tmp_path):
    killer = Killer(10**9)
    server = scripted_server(rules=[("", killer)], latency=0.02)
    common = config("memos", f"llm.api_key_env={server_key}", f"llm.base_url={server.base_url}")
    straight = at(common, tmp_path / "straight", top_k=2)
    run(straight)
    first, second = (at(common, tmp_path / "shared", top_k=k) for k in (1, 2))
    killer.left = 6
    dies = processes.Process(target=run_saving_each_session, args=(first,))
    dies.start()
    killer.pids.append(dies.pid)
    while not any("progress.json" in files for _, _, files in os.walk(tmp_path / "shared")):
        assert dies.is_alive()
    waits = processes.Process(target=run, args=(second,))
    waits.start()
    dies.join(400), waits.join(400)
    assert (dies.exitcode, waits.exitcode) == (-signal.SIGKILL, 0)
    assert summary(second) == summary(straight) and results(second) == results(straight)
    assert ingest_usage(second) == ingest_usage(straight)

"""The latency pass: one question at a time, nothing cached, resumed, and timed with its calls (issue 5).

That every system has its row of latencies is asked in tests/contract/test_tracks.py.
"""

from __future__ import annotations

import json
from pathlib import Path

from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench


def config(out: Path, name: str, questions: int, *own_overrides: str):
    overrides = [
        "experiment=tiny",
        f"system='{name}'",
        "answerer=llm",
        f"latency.questions={questions}",
        "metrics.which=[]",
        f"out={out}",
        *own_overrides,
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", overrides))


def rows(made):
    return [
        json.loads(line) for line in (Bench(made).folder / "latency.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def summary(made):
    return json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))["latency_ms"]


def test_questions_go_one_at_a_time_past_every_cache_and_a_second_run_asks_the_rest(
    scripted_server, server_key, tmp_path
):
    server = scripted_server(latency=0.02)
    common = (
        "llm=openai",
        "llm.model=toy",
        f"llm.base_url={server.base_url}",
        f"llm.api_key_env={server_key}",
        "llm.concurrency=8",
    )
    run(config(tmp_path, "rag", 0, *common))
    answered = len(server.requests)
    assert server.peak > 1 and answered > 20, "answers are asked for together"
    server.peak = 0
    few = config(tmp_path, "rag", 6, *common)
    run(few)
    warm = len({row["sample_id"] for row in rows(few)})
    assert len(rows(few)) == 6 and len(server.requests) == answered + 6 + warm, (
        "each question, and one before them to warm up"
    )
    assert server.peak == 1
    assert all(row["answer_ms"] >= 20 for row in rows(few)), "the reply's time is in it, not a cache's"
    before = len(server.requests)
    run(few)
    assert len(server.requests) == before
    larger = config(tmp_path, "rag", 10, *common)
    run(larger)
    timed = [(row["sample_id"], row["qa_index"]) for row in rows(larger)]
    fresh = {key[0] for key in timed[6:]}
    assert len(set(timed)) == len(timed) == summary(larger)["n"] >= 10
    assert len(server.requests) - before == len(timed) - 6 + len(fresh) and server.peak == 1


def test_a_search_that_asks_a_model_is_timed_with_its_calls(scripted_server, server_key, tmp_path):
    server = scripted_server(latency=0.02)
    made = config(
        tmp_path,
        "mem0_graph",
        5,
        "system.extractor=llm",
        "llm=openai",
        "llm.model=toy",
        f"llm.base_url={server.base_url}",
        f"llm.api_key_env={server_key}",
        "dataset.conversations=[tiny-1]",
    )
    run(made)
    assert all(row["search_ms"] >= 40 for row in rows(made)), "two calls of 20 ms, one for each speaker's graph"
    assert summary(made)["search"]["p50"] >= 40 and summary(made)["total"]["p50"] >= 60

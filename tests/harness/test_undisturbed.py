"""Crowds, faults, kills and second writers change no summary."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import warm
from scripted import ScriptedServer
from scripted_replies import FaultPlan
from small_runs import SMALL, Made

from eval.runs.read import load_run
from eval.runs.write import RunDir
from memos.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
RULES = [("(?s)Nadia.*JSON object", '{"label": "CORRECT"}'), ("JSON object", '{"label": "WRONG"}')]


@pytest.mark.parametrize(
    "kinds", [("429", "500", "drop"), ("429", "500", "drop", "truncated", "refusal")], ids=["calls", "replies"]
)
def test_one_at_a_time_and_64_at_once_with_faults_give_equal_summaries(server_key, tmp_path, kinds):
    finished, port = [], 0
    for concurrency in (1, 64):
        plan = FaultPlan(rate=0.2, seed=5, kinds=kinds)
        with ScriptedServer(RULES, faults=plan, latency=0.005 if concurrency == 1 else 0.05, port=port) as server:
            port = server.port
            made = Made(
                tmp_path / str(concurrency),
                "llm=openai",
                "llm.model=toy",
                f"llm.base_url={server.base_url}",
                f"llm.api_key_env={server_key}",
                f"llm.concurrency={concurrency}",
                "llm.backoff_s=0.01",
                "latency.questions=0",
                "max_errors=30",
            )
            made.run()
            assert plan.injected and (server.peak > 8) == (concurrency == 64)
        finished.append(made)
    assert finished[0].numbers() == finished[1].numbers()
    assert (
        load_run(finished[0].folder)
        .frame.drop(columns=["search_ms", "answer_ms"])
        .sort_index()
        .equals(load_run(finished[1].folder).frame.drop(columns=["search_ms", "answer_ms"]).sort_index())
    )


def command(out: Path) -> list[str]:
    return [
        sys.executable,
        str(ROOT / "run.py"),
        *SMALL,
        "system=rag",
        "system.chunk_size=40",
        "latency.questions=12",
        "llm.latency_ms=25",
        "cache=off",
        f"out={out}",
    ]


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Made:
    made = Made(tmp_path_factory.mktemp("straight") / "out", "latency.questions=12", "llm.latency_ms=1", "cache=off")
    made.run()
    return made


@pytest.mark.parametrize(
    "stage",
    ["search", "answers", "scores/judge_llm_generous-*", "scores/judge_llm_strict-*", "scores/metrics-*", "latency"],
)
def test_killed_in_a_stage_the_summary_comes_out_equal(straight, tmp_path, stage):
    out = tmp_path / "out"
    process = warm.Process(command(out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    start = time.monotonic()
    while process.poll() is None and time.monotonic() - start < 120:
        if any(path.stat().st_size for path in (out / "runs").glob(f"tiny/rag-*/{stage}.jsonl")):
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = Made(out, "latency.questions=12", "llm.latency_ms=1", "cache=off")
    begun = sum(len(path.read_bytes().splitlines()) for path in made.folder.rglob("*.jsonl"))
    assert process.returncode == -signal.SIGKILL and begun
    made.run()
    assert (
        made.numbers() == straight.numbers() and made.summary["latency_ms"]["n"] == straight.summary["latency_ms"]["n"]
    )
    assert "up to date" in made.run()["message"]


def test_a_second_writer_is_refused_in_one_line_and_harms_nothing(straight, tmp_path):
    made = Made(tmp_path / "out", "latency.questions=12", "llm.latency_ms=1", "cache=off")
    holder = RunDir(made.folder)
    with pytest.raises(ConfigError, match="another process is running this very configuration") as error:
        made.run()
    assert "\n" not in str(error.value)
    done = warm.run(command(tmp_path / "out"), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "another process" in done.stderr and "Traceback" not in done.stderr
    holder.close()
    made.run()
    assert made.numbers() == straight.numbers()


def test_two_commands_started_together_leave_one_whole_run(straight, tmp_path):
    out = tmp_path / "out"
    both = [
        warm.Process(command(out), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=300)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 1]) and not any("Traceback" in text for text in ended), ended
    made = Made(out, "latency.questions=12", "llm.latency_ms=1", "cache=off")
    assert made.numbers() == straight.numbers()
    keys = [(r["sample_id"], r["qa_index"]) for r in made.lines("answers")]
    assert (
        len(keys) == len(set(keys)) == 30
        and json.loads((made.folder / "run.json").read_text())["id"] == made.folder.name
    )

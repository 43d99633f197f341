"""``llm.batch=true`` over a whole run: equal records at half the calls' price, picked up again after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import warm
from scripted_batches import BatchServer

from eval.core.places import ROOT
from eval.runs.format.files import check_folder

RULES = [("label", '{"label": "CORRECT"}')]


def command(server, out: Path, *more: str) -> list[str]:
    overrides = [
        "experiment=tiny",
        "llm=openai",
        f"llm.base_url={server.base_url}",
        "llm.model=scripted-1",
        "answerer=llm",
        "judge=llm_generous",
        "~judge@also_judges.strict",
        "system=mem0",
        "system.extractor=llm",
        "latency.questions=2",
        "figures=false",
        "dataset.conversations=[tiny-1]",
        f"out={out}",
        *more,
    ]
    return [sys.executable, str(ROOT / "run.py"), *overrides]


def start(server, out: Path, *more: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return warm.Process(
        command(server, out, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def records(out: Path, name: str) -> list[dict]:
    (path,) = (out / "runs" / "tiny").glob(f"*/{name}.jsonl")
    kept = ("sample_id", "qa_index", "status", "answer", "label", "runs", "usage")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return sorted(
        ({key: row[key] for key in kept if key in row} for row in rows), key=lambda r: (r["sample_id"], r["qa_index"])
    )


@pytest.fixture
def server():
    with BatchServer(rules=RULES) as running:
        yield running


def test_a_run_in_batches_equals_the_direct_one_also_when_it_was_killed(server, tmp_path):
    done = start(server, tmp_path / "direct")
    said, _ = done.communicate(timeout=300)
    assert done.returncode == 0, said
    direct, server.held = len(server.chats()), True
    killed = start(server, tmp_path / "batched", "llm.batch=true")
    deadline = time.monotonic() + 200
    while not any(batch["looks"] > 1 for batch in server.batches.values()):
        assert killed.poll() is None and time.monotonic() < deadline, killed.communicate()[0]
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before, server.held = len(server.chats()), False
    again = start(server, tmp_path / "batched", "llm.batch=true")
    said, _ = again.communicate(timeout=300)
    assert again.returncode == 0, said
    for name in ("answers", "scores/judge_*"):
        assert records(tmp_path / "batched", name) == records(tmp_path / "direct", name)
    (folder,) = (tmp_path / "batched" / "runs" / "tiny").iterdir()
    assert check_folder(folder) == []
    ledger = {row["phase"]: row for row in json.loads((folder / "summary.json").read_text())["ledger_rows"]}
    for phase, share in (("answer", 14 / 15), ("judge", 44 / 45)):
        assert ledger[phase]["batched_prompt_tokens"] == pytest.approx(share * ledger[phase]["prompt_tokens"], rel=0.1)
    assert "batched_prompt_tokens" not in ledger["ingest"] and "batched_prompt_tokens" not in ledger["latency"]
    in_batches = [len(rows) for rows in server.lines()]
    assert in_batches == [13, 41], "14 different questions and 42 verdicts but for one of each, and nothing twice"
    fresh = len(server.chats()) - before
    assert (before - direct) + fresh == direct - sum(in_batches), "the memory, two proofs and the latency pass"

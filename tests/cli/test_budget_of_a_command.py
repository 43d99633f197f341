"""One cap for a whole command as a user meets it: ten jobs, several processes, three invocations."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import warm
from metered import MeteredServer

from memos.llm.spending import Spending
from memos.types import Usage

ROOT = Path(__file__).resolve().parents[2]


def reply(body: dict) -> str | None:
    return '{"label": "CORRECT"}' if '"label"' in body["messages"][-1]["content"] else None


def run(server: MeteredServer, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(ROOT / "run.py"),
        "experiment=tiny",
        "system=null,oracle,full_context,rag,rag_8192,langmem,zep,openai_memory,mem0,memos",
        "embedder=mock",
        "llm=openai",
        f"llm.base_url={server.base_url}",
        "llm.api_key_env=null",
        "answerer=llm",
        "judge=llm_generous",
        "~judge@also_judges.strict",
        "dataset.conversations=[tiny-1]",
        "latency.questions=0",
        "metrics.which=[]",
        "figures=false",
        f"out={out}",
        *more,
    ]
    return warm.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def tokens(usage: Usage) -> int:
    return usage.prompt_tokens + usage.completion_tokens


def test_a_sweep_of_ten_jobs_and_three_invocations_hold_one_cap(tmp_path):
    with MeteredServer([("", reply)], latency=0.01) as server:
        first = run(server, tmp_path, "budget.tokens=12000")
        assert first.returncode == 3, first.stderr
        assert "budget.tokens=12000 is used up" in first.stderr and "'tiny' in" in first.stderr
        assert "a larger budget.tokens goes on, budget.account=NAME begins a new count" in first.stderr
        assert 12_000 <= tokens(server.spent) < 12_000 + server.longest
        spent = server.spent
        second = run(server, tmp_path, "budget.tokens=12000", "jobs=1")
        assert second.returncode == 3 and server.spent == spent, "an invocation that comes later pays nothing more"
        third = run(server, tmp_path, "budget.tokens=30000")
        assert third.returncode == 3 and 30_000 <= tokens(server.spent) < 30_000 + server.longest
        account = Spending(tmp_path / "cache" / "spending.sqlite", "tiny")
        assert account.spent().tokens == tokens(server.spent) and account.spent().calls_under_way == 0
        models = account.by_model()
        assert list(models) == ["gpt-4o-mini"] and models["gpt-4o-mini"][1] == pytest.approx(account.spent().usd)
        last = run(server, tmp_path, "budget.tokens=12000", "budget.account=second", "jobs=1")
        assert last.returncode in (0, 3) and tokens(server.spent) >= 30_000


def test_dollars_are_in_summaries_and_tables(tmp_path):
    with MeteredServer([("", reply)]) as server:
        done = run(
            server, tmp_path, "system=rag,full_context", "latency.questions=2", "llm.price_prompt=1000", "jobs=1"
        )
        assert done.returncode == 0, done.stderr
    for path in (tmp_path / "runs" / "tiny").glob("*/summary.json"):
        summary = json.loads(path.read_text(encoding="utf-8"))
        answer = summary["ledger"]["answer"]
        assert answer["usd"] == pytest.approx(answer["prompt_tokens"] * 1000 / 1e6)
        assert all(row["usd"] > 0 for row in summary["ledger_rows"])
        assert "usd" not in summary["ledger"]["ingest"], "nothing was asked there"
    table = (tmp_path / "tables" / "tiny_cost.md").read_text(encoding="utf-8")
    assert "USD" in table and "at the prices of each run's configuration" in table


def test_a_command_is_foretold_in_a_table_and_nothing_is_run(tmp_path):
    with MeteredServer([("", reply)]) as server:
        told = run(server, tmp_path, "system=rag,full_context", "check=true")
        assert told.returncode == 0, told.stderr
        assert "What this command is going to use" in told.stdout and "USD" in told.stdout
        assert "nothing was run" in told.stdout and not (tmp_path / "runs").exists()
        rows = json.loads((tmp_path / "tables" / "tiny_forecast.json").read_text(encoding="utf-8"))["rows"]
        sums = [row for row in rows if row["phase"] == "all"]
        assert [row["method"] for row in sums] == ["RAG-256/k2", "Full-Context", "all"]
        assert sums[2]["calls"] == sums[0]["calls"] + sums[1]["calls"] > 60 and sums[2]["usd"] > 0
        wrong = run(server, tmp_path, "check=true", "experiment=kv_ttft", "model=random:tiny", "dataset=tiny")
        assert wrong.returncode == 1 and "asks no server and costs nothing" in wrong.stderr


def test_a_cap_on_a_model_without_a_price_is_refused_before_anything(tmp_path):
    with MeteredServer([("", reply)]) as server:
        unknown = run(server, tmp_path, "system=rag", "llm.model=mine", "budget.usd=1")
        assert unknown.returncode == 1 and server.spent == Usage() and not (tmp_path / "runs").exists()
        assert "no price is known for llm.model='mine'" in unknown.stderr and "llm.price_prompt" in unknown.stderr
        (tmp_path / "mine.yaml").write_text("models: {mine: {prompt: cheap}}")
        priced = ("system=rag", "llm.model=mine", "budget.usd=1", f"prices={tmp_path / 'mine.yaml'}")
        wrong = run(server, tmp_path, *priced)
        assert wrong.returncode == 1 and "models.mine.prompt: expected dollars" in wrong.stderr
        (tmp_path / "mine.yaml").write_text("models: {mine: {prompt: 1000}}")
        own = run(server, tmp_path, *priced)
        paid = server.spent.prompt_tokens * 1000 / 1e6
        assert own.returncode == 3 and f"budget.usd=1 is used up ({paid:.4f} USD" in own.stderr
        assert 1 <= paid < 1 + server.longest * 1000 / 1e6, "the cap is passed by less than one request"

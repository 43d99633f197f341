"""A whole run on a real model: answers, both judges, losses in the summary; and the HTTP arm of the KV experiment."""

from __future__ import annotations

import json
from pathlib import Path

from hydra import compose, initialize_config_dir
from slices import SAID, write_dataset

from eval.command.cli import CONF
from eval.core import judging
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.experiments.kv_ttft import server
from eval.judges import labels
from eval.runs.format.fields import check
from eval.runs.format.files import check_folder
from eval.runs.format.kv import AnyCell
from eval.stages.bench import Bench
from memos.errors import LLMError


def test_a_run_ends_with_every_loss_in_its_summary(recorder, tmp_path):
    write_dataset(tmp_path / "slice.json")
    overrides = [
        "experiment=locomo",
        f"dataset.path={tmp_path / 'slice.json'}",
        "system=openai_memory",
        "system.extractor=llm",
        "system.retries=0",
        "llm=openai",
        "llm.model=smollm2",
        f"llm.base_url={recorder.base_url}",
        "llm.max_tokens=120",
        "llm.timeout_s=500",
        "answerer=llm",
        "answerer.retries=0",
        "judge=llm_generous",
        "judge.retries=0",
        "judge.max_tokens=60",
        "judge@also_judges.strict=llm_strict",
        "also_judges.strict.retries=0",
        "also_judges.strict.max_tokens=60",
        "embedder=mock",
        "metrics=lexical",
        "latency.questions=0",
        "figures=false",
        f"out={tmp_path / 'out'}",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = plain(compose("config", overrides))
    outcome = run(config)
    folder = Path(str(outcome["folder"]))
    summary = json.loads((folder / "summary.json").read_text())
    assert check_folder(folder) == [] and summary["complete"] and summary["n"] == 2
    lost = summary["lost"]
    assert lost["stores"] == 1 and lost["asked"] == 1
    assert outcome["code"] == (2 if lost["malformed"] or lost["empty"] or summary["failed"] else 0), outcome
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert {answer["status"] for answer in answers} == {"ok"} and all(answer["usage"]["calls"] for answer in answers)
    for name, runs in (("llm_generous", 3), ("llm_strict", 1)):
        (path,) = (folder / "scores").glob(f"judge_{name}-*.jsonl")
        verdicts = [json.loads(line) for line in path.read_text().splitlines()]
        for verdict in verdicts:
            assert len(verdict["runs"]) == runs
            assert verdict["runs"] == [labels.label(raw) for raw in verdict["raw"]]
        unread = sum(not judging.stands(verdict) for verdict in verdicts)
        assert summary["failures"].get(f"judge_{name}", 0) == unread
    asked = [exchange for exchange in recorder.exchanges if exchange.status == 200]
    ledger = summary["ledger"].values()
    assert sum(phase["calls"] for phase in ledger) >= len(asked), "equal requests are asked once and count each"
    assert Bench(config).budget.spent().tokens == sum(exchange.reply["usage"]["total_tokens"] for exchange in asked)


def test_the_http_arm_measures_or_says_why_not(real_model):
    """llama.cpp's Python server reports neither the tokens of a streamed prompt nor those that its cache gave."""
    lines = [f"{speaker}: {text}" for speaker, text in SAID] * 15
    kv = {"base_url": real_model, "api_key_env": None, "repeats": 2, "timeout_s": 500}
    spec = {"kv": kv, "model": "smollm2", "seed": 0, "lines": lines, "cell": ["short", "short", 120, 12]}
    try:
        cell = server.measure(spec)
    except LLMError as error:
        assert "reports no usable prompt_tokens" in str(error)
        return
    check(cell, AnyCell, "a server's cell")
    assert cell["status"] == "ok" or "cached tokens" in cell["error"] or "cache" in cell["error"]

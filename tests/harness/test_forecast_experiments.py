"""``check=true`` of experiments that are no benchmark: what it foretells, held against what they then ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from baseline_runs import model
from hydra import compose, initialize_config_dir
from metered import MeteredServer

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.adversarial import experiment as adversarial
from eval.experiments.benchmark import experiment as benchmark
from eval.experiments.judge_card import experiment as judge_card
from eval.experiments.judge_matrix import experiment as judge_matrix
from eval.experiments.kv_ttft import experiment as kv_ttft
from eval.experiments.kv_ttft import server as kv_server
from eval.experiments.kv_ttft import texts
from eval.stages import components
from eval.stages.bench import Bench
from memos.errors import ConfigError
from memos.types import Usage

ALONE = "~judge@also_judges.strict"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(components, "_KEPT", {})
    with MeteredServer([("", model)], dim=64) as running:
        yield running


def config(out: Path, server: MeteredServer, *overrides: str) -> dict[str, Any]:
    asked = ["llm=openai", f"llm.base_url={server.base_url}", "llm.api_key_env=null", "figures=false"]
    data = ["dataset=tiny", "dataset.conversations=[tiny-1]"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", [*asked, *data, *overrides, f"out={out}"]))


def foretold(experiment: Any, made: dict[str, Any]) -> Usage:
    """Calls and tokens of the table that ``foretell`` writes, over all phases."""
    experiment.foretell([made], 1)
    path = Path(made["out"]) / "tables" / f"{made['name']}_forecast.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    (total,) = [row for row in rows if row["phase"] == "all"]
    return Usage(total["calls"], total["prompt_tokens"], total["completion_tokens"])


def check(foreseen: Usage, real: Usage) -> None:
    assert foreseen.calls == pytest.approx(real.calls, rel=0.15)
    tokens = [usage.prompt_tokens + usage.completion_tokens for usage in (foreseen, real)]
    assert tokens[0] == pytest.approx(tokens[1], rel=0.15)


def test_both_wordings_of_category_5_are_foretold_and_no_judge(tmp_path: Path, server: MeteredServer):
    rag = (
        "experiment=adversarial",
        "dataset.categories=[5]",
        "system=rag",
        "embedder=mock",
        "answerer=llm",
        "judge=llm_generous",
    )
    made = config(tmp_path, server, *rag)
    foreseen = foretold(adversarial, made)
    server.reset()
    adversarial.run(made)
    check(foreseen, server.spent)
    assert not [body for body in server.chats() if "label" in str(body)], "judged by rule"
    server.reset()
    assert foretold(adversarial, {**made, "probe": False}) == Usage() == server.spent, "a finished run asks nothing"


def test_missing_verdicts_of_a_matrix_are_foretold(tmp_path: Path, server: MeteredServer):
    quick = ("system=oracle", "embedder=mock", "answerer=llm", "judge=llm_strict", ALONE)
    run = config(tmp_path, server, "experiment=tiny", *quick, "latency.questions=0", "metrics.which=[]")
    assert benchmark.run(run)["code"] == 0
    asking = (
        "experiment=judge_matrix",
        "judge=llm_generous",
        "judge.runs=1",
        "matrix.prompts=[generous,strict]",
        ALONE,
    )
    made = config(tmp_path, server, *asking, f"matrix.runs=[{Bench(run).folder}]")
    folder = judge_matrix.Matrix(made).folder
    foreseen = foretold(judge_matrix, made)
    assert not folder.exists(), "nothing was run"
    server.reset()
    assert judge_matrix.run(made)["code"] == 0
    check(foreseen, server.spent)
    assert foretold(judge_matrix, {**made, "probe": False}) == Usage()
    with pytest.raises(ConfigError, match="pilot=3: experiment=judge_matrix ingests no conversations"):
        judge_matrix.foretell([{**made, "pilot": 3}])


def test_verdicts_of_a_card_are_foretold(tmp_path: Path, server: MeteredServer):
    said = {"sample_id": "tiny-1", "question": "Who sings?", "gold": "Nadia", "labels": [1], "category": 4}
    rows = [{**said, "qa_index": i, "answer": f"Nadia {i}" if i % 2 else f"Tom {i}"} for i in range(40)]
    (tmp_path / "published").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "published" / "some.jsonl").write_text(lines, encoding="utf-8")
    card = ("experiment=judge_card", f"card.published_dir={tmp_path / 'published'}", "card.probes_per_kind=2")
    made = config(tmp_path, server, *card, "judge=llm_generous", "judge.runs=1")
    foreseen = foretold(judge_card, made)
    server.reset()
    judge_card.run(made)
    check(foreseen, server.spent)
    with pytest.raises(ConfigError, match="judge=offline asks no language model and costs nothing"):
        judge_card.foretell([config(tmp_path, server, *card, "judge=offline")])


def test_requests_to_a_server_that_is_timed_are_foretold(tmp_path: Path, server: MeteredServer):
    lengths = ("kv.contexts=[300,400,500]", "kv.queries=[40,50,60]", "kv.cells=[short/short,medium/long]")
    timed = (
        "experiment=kv_ttft",
        "dataset.conversations=null",
        "model=gpt-4o-mini",
        f"kv.base_url={server.base_url}",
        "kv.repeats=2",
        *lengths,
    )
    made = config(tmp_path, server, *timed)
    foreseen, bench = foretold(kv_ttft, made), Bench(made)
    lines, questions = texts.lines(bench.dataset, bench.seed)
    server.requests.clear()
    for cell in kv_ttft._kv(made).grid():
        spec = {"model": "gpt-4o-mini", "kv": made["kv"], "cell": cell, "lines": lines, "questions": questions}
        kv_server.measure({**spec, "seed": 0})
    prompts = [" ".join(message["content"] for message in body["messages"]) for body in server.chats()]
    words = sum(len(prompt.split()) for prompt in prompts)
    check(foreseen, Usage(len(prompts), words, len(prompts)))
    with pytest.raises(ConfigError, match="times random:tiny on this machine, asks no server and costs nothing"):
        kv_ttft.foretell([config(tmp_path, server, "experiment=kv_ttft", "model=random:tiny")])

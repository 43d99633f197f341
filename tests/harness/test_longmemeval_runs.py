"""``experiment=longmemeval`` on a synthetic file: the official report from real verdicts, and what a run is told."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from eval.answerers.prompts import put
from eval.command.cli import CONF
from eval.core.identity import canonical, record
from eval.core.settings import plain
from eval.datasets.longmemeval.files import SIZES
from eval.experiments.load import load
from eval.stages.answer import answer_task
from eval.stages.bench import Bench
from eval.stages.search import make_query

FIXTURE = Path(__file__).resolve().parents[1] / "datasets" / "synthetic" / "longmemeval.py"
YES = "{pattern: 'Which (instrument|piano).*yes or no', reply: 'Yes.'}"
NO = "{pattern: 'yes or no', reply: 'no'}"


def synthetic(folder: Path) -> dict:
    spec = importlib.util.spec_from_file_location("synthetic_longmemeval", FIXTURE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synthetic(folder)


def config(folder: Path, *overrides: str) -> dict:
    path = synthetic(folder)["path"]
    base = [
        "experiment=longmemeval",
        f"dataset.path={path}",
        "embedder=mock",
        "metrics=lexical",
        "llm=mock",
        f"llm.rules=[{YES}, {NO}]",
        "answerer=llm",
        "judge=longmemeval",
        "~judge@also_judges.strict",
        "latency.questions=0",
        f"out={folder}/out",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", [*base, *overrides]))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run of two systems: the results folder and the summaries by system."""
    folder = tmp_path_factory.mktemp("longmemeval")
    configs = [config(folder, f"system={name}") for name in ("rag", "sweep/memos_long")]
    experiment = load(configs[0]["entry"])
    outcomes = [experiment.run(one) for one in configs]
    experiment.finish(folder / "out", "longmemeval", outcomes, draw=False)
    summaries = [json.loads((Bench(one).folder / "summary.json").read_text(encoding="utf-8")) for one in configs]
    return folder / "out", {one["system"]: one for one in summaries}


def test_verdicts_become_the_official_report(finished):
    out, summaries = finished
    for summary in summaries.values():
        assert summary["complete"] and summary["failed"] == 0 and summary["n"] == 8
        assert summary["dataset"]["judge"] == "longmemeval"
        # yes to both of single-session-user, one of which cannot be answered; no to all others
        assert summary["by_category"]["single-session-user"]["judge_longmemeval"]["mean"] == 1
        assert summary["metrics"]["judge_longmemeval"]["mean"] == 2 / 8
        assert summary["unanswerable"]["judge_longmemeval"]["mean"] == 1 / 2
    with (out / "tables" / "longmemeval_types.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for row in rows:
        assert float(row["single-session-user"]) == 100 and float(row["knowledge-update"]) == 0
        assert float(row["task_averaged"]) == pytest.approx(100 / 6, abs=1e-3)
        assert (float(row["overall"]), float(row["abstention"])) == (25, 50)
    assert {"longmemeval.md", "longmemeval_recall.md", "longmemeval_types.md"} <= {
        path.name for path in (out / "tables").iterdir()
    }


def test_recall_is_of_the_questions_with_evidence(finished):
    recall = finished[1]["memos"]["metrics"]["evidence_recall_at_20"]
    assert recall["n"] == 7 and recall["mean"] > 0.5


def test_systems_and_answerers_are_told_the_date_and_never_the_type(tmp_path):
    bench = Bench(config(tmp_path, "system=rag"))
    for question in bench.dataset.questions:
        query, task = make_query(bench, question), answer_task(bench, question, "a context")
        assert query.asked == task.asked == question.asked is not None
        assert "Today is Tuesday, 30 May 2023." in put(task)
        told = canonical([record(query), record(task)])
        assert not any(name in told for name in (*SIZES, "abstention")) and not query.gold_turns


def test_the_defaults_need_no_key(tmp_path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = plain(compose("config", ["experiment=longmemeval", f"dataset.path={synthetic(tmp_path)['path']}"]))
    bench = Bench(made)
    assert not bench.uses_llm() and bench.dataset.judge == "longmemeval" and made["judge"]["name"] == "offline"

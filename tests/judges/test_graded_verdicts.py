"""Partial scores and questions a judge does not judge, from the verdict to records, summary, tables and tests."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core import judging
from eval.core.settings import plain
from eval.core.types import GradedVerdict, Verdict
from eval.experiments import rescoring
from eval.experiments.benchmark.experiment import run
from eval.judges import published
from eval.report.significance import against_best, compare_runs, comparison_table
from eval.report.tables.locomo import table3
from eval.runs.read import load_run
from eval.stages.bench import Bench

FIXTURE = Path(__file__).resolve().parents[1] / "datasets" / "synthetic" / "beam.py"


def test_a_grade_counts_and_a_label_without_one_is_read_as_before():
    assert judging.value("correct", ("correct", "wrong"), (0.75, 0.25)) == 0.5
    assert judging.value("correct", ("correct", "correct", "wrong")) == pytest.approx(2 / 3)
    assert judging.value("unparsed", ("unparsed",), (0.75,)) == 0
    assert judging.verdict_value({"label": "wrong", "runs": ["wrong"], "grades": [0.25]}) == 0.25
    assert judging.verdict_value({"label": "not_judged", "runs": []}) is None
    assert judging.stands({"label": "not_judged", "runs": []})
    assert judging.standing("not_judged") == "error", "the rule of runs knows no such label"


def test_rescored_answers_keep_grades_and_leave_out_what_is_not_judged():
    rows = [published.PublishedAnswer("s", "a", n, 4, "q", "g", "a", (), None, None) for n in range(3)]
    graded = GradedVerdict("wrong", 0.25, ("wrong",), grades=(0.25,))
    verdicts = [graded, Verdict("not_judged", None), Verdict("correct", 1.0, ("correct",))]
    made = rescoring.RescoredSet("s", rows, verdicts={"x": verdicts})
    summary = rescoring.summary(made)
    assert summary["metrics"]["judge_x"]["mean"] == pytest.approx(0.625) and summary["metrics"]["judge_x"]["n"] == 2
    assert summary["judged"]["judge_x"] == {"n": 3, "correct": 1, "not_judged": 1, "wrong": 1}
    assert not summary["failed"]


RULES = [["one JSON object and nothing else", '{"score": 0.5}'], ["Reply with yes or no only", "yes"]]


def config(folder, system):
    """A run of the synthetic BEAM under judge=beam and two others; the model gives half points."""
    overrides = [
        "experiment=beam",
        f"system='{system}'",
        "embedder=mock",
        "judge=beam",
        "+judge@also_judges.whole=beam_whole",
        "+judge@also_judges.offline=rubric_offline",
        "llm=mock",
        "latency.questions=0",
        "metrics=lexical",
        f"out={folder}/out",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = plain(compose("config", overrides))
    made["llm"]["rules"] = RULES
    made["dataset"] |= _synthetic()(folder / "data")
    return made


def _synthetic():
    spec = importlib.util.spec_from_file_location("beam_fixture", FIXTURE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synthetic


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("graded"), []
    for system in ("null", "full_context"):
        own = config(folder, system)
        assert run(own)["code"] == 0
        made.append(load_run(Bench(own).folder))
    return made


def test_the_summary_has_both_readings_and_what_stands_beside(runs):
    summary = runs[1].summary
    assert summary["metrics"]["judge_beam"]["n"] == 40
    half, whole = (summary["by_category"]["summarization"][f"judge_{name}"]["mean"] for name in ("beam", "beam_whole"))
    assert (half, whole) == (0.5, 0.0)
    assert summary["metrics"]["beam_order_f1"]["n"] == 4
    assert set(summary["by_category"]["event_ordering"]) >= {"beam_order_f1", "beam_order_tau_f1"}


def test_what_a_judge_does_not_judge_is_counted_and_in_no_mean(runs):
    summary = runs[1].summary
    assert summary["judged"]["judge_rubric_offline"]["not_judged"] == 20
    assert summary["metrics"]["judge_rubric_offline"]["n"] == 20
    assert "judge_rubric_offline" not in summary["by_category"]["event_ordering"]
    assert not summary["failed"] and summary["complete"]
    assert len(runs[1].column("judge_rubric_offline")) == 20
    text = table3([one.summary for one in runs])
    assert any("judges no such question as 20 of these" in note for note in text.notes)


def test_metrics_of_words_are_over_the_questions_that_have_them(runs):
    summary = runs[1].summary
    assert summary["metrics"]["f1_memos"]["n"] == 16
    assert "f1_memos" not in summary["by_category"]["summarization"]
    assert len(runs[1].column("f1_memos")) == 16


def test_records_columns_and_summary_agree(runs):
    for name in ("judge_beam", "judge_beam_whole", "judge_rubric_offline", "f1_memos", "beam_order_f1"):
        column = runs[1].column(name)
        assert sum(column.values()) / len(column) == pytest.approx(runs[1].summary["metrics"][name]["mean"]), name
    record = next(r for r in runs[1].verdicts["judge_beam"].values() if r["grades"] == [0.5])
    assert record["label"] == "wrong" and record["items"] and record["score"] == 0.5


def test_graded_runs_are_compared_on_the_questions_that_have_a_verdict(runs):
    assert set(against_best(runs, "judge_rubric_offline")) == {
        None,
        *("information_extraction", "knowledge_update", "temporal_reasoning", "multi_session_reasoning", "abstention"),
    }
    assert compare_runs(runs[0], runs[1], "judge_rubric_offline").n == 20
    table = comparison_table(runs[0], runs[1], ["judge_beam", "judge_rubric_offline", "f1_memos"])
    assert len(table.sections) == 10 + 3, "overall rows are headed by their own n"


def test_both_readings_share_their_calls(runs):
    spent = {row["role"]: row for row in runs[1].summary["spent"]}
    assert spent["judge beam"]["calls"] > 0
    assert not spent.get("judge beam_whole", {"calls": 0})["calls"], "the replies are in the cache"


def test_run_folder_format_knows_the_new_fields(runs):
    line = next((runs[1].folder / "scores").glob("judge_beam-*.jsonl")).read_text(encoding="utf-8").splitlines()[0]
    assert {"grades", "items", "measures"} <= json.loads(line).keys()

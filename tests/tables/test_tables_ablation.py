"""The ablation table: values by category, answers, changes against the whole system paired by question."""

from types import SimpleNamespace

import pytest

from eval.report.significance import compare_runs
from eval.report.tables.ablation import ablation_table

METRIC, JUDGE = "evidence_recall_at_20", "judge_offline"


def _run(label: str, recall: list[float], answers: list[float]):
    """A run over four questions of three conversations."""
    keys = [("conv-1", 0), ("conv-1", 1), ("conv-2", 0), ("conv-3", 0)]
    columns = {METRIC: dict(zip(keys, recall, strict=True)), JUDGE: dict(zip(keys, answers, strict=True))}
    mean = sum(recall) / 4
    summary = {
        "system": "memos",
        "fingerprint": label,
        "display": {"label": label},
        "n": 4,
        "answerer": "none",
        "judge": "offline",
        "metrics": {
            METRIC: {"mean": mean, "n": 4},
            JUDGE: {"mean": sum(answers) / 4, "n": 4},
            "memory_words": {"mean": 1199.6, "n": 4},
        },
        "latency_ms": {"ingest_s": 3.5, "search": {"p50": 2.25}},
        "by_category": {"1": {METRIC: {"mean": mean / 2, "n": 2}}},
    }
    return SimpleNamespace(summary=summary, column=lambda name: columns.get(name, {}), categories={}, folder=label)


@pytest.fixture
def rows():
    runs = [
        _run("whole", [1, 0.5, 1, 1], [1, 0, 1, 1]),
        _run("without graph", [0.5, 0, 0.5, 0.9], [1, 0, 0, 1]),
    ]
    table = ablation_table(runs, compare_runs)
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, row, strict=True)) for row in table.sections[0].rows]


def test_rows_hold_overall_change_and_category_values(rows):
    whole, without = rows
    assert (whole["method"].value, whole[METRIC].value, whole[f"{METRIC}_change"].value) == ("whole", 0.875, None)
    assert without[f"{METRIC}_change"].value == pytest.approx(-0.4)
    assert without[f"{METRIC}_1"].value == pytest.approx(0.2375) and without[f"{METRIC}_2"].value is None
    assert whole["memory_words"].value == 1200
    assert (whole["ingest_s"].value, whole["search_p50_ms"].value) == (3.5, 2.25)


def test_a_change_has_the_interval_of_the_paired_differences(rows):
    change = rows[1][f"{METRIC}_change"]
    assert change.low < -0.4 < change.high


def test_answers_stand_beside_recall_and_what_was_not_measured_is_missing(rows):
    whole, without = rows
    assert (whole[JUDGE].value, without[JUDGE].value) == (0.75, 0.5)
    assert without[f"{JUDGE}_change"].value == pytest.approx(-0.25)
    assert whole["f1_memos"].value is None and without["f1_memos_change"].value is None

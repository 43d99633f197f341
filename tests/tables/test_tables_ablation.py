"""The ablation table: values by category, held-out conversations apart, changes against the whole system."""

from types import SimpleNamespace

import pytest

from eval.report.tables.ablation import HELD_OUT, ablation_table, held_out

METRIC = "evidence_recall_at_20"


def _run(label: str, mean: float, held: float):
    entry = {"mean": mean, "n": 4}
    summary = {
        "system": "memos",
        "fingerprint": label,
        "display": {"label": label},
        "n": 4,
        "answerer": "none",
        "judge": "none",
        "metrics": {METRIC: entry, "memory_words": {"mean": 1199.6, "n": 4}},
        "latency_ms": {"ingest_s": 3.5, "search": {"p50": 2.25}},
        "by_category": {"1": {METRIC: {"mean": mean / 2, "n": 2}}},
    }
    metrics = {
        (HELD_OUT[0], 0): {METRIC: held},
        (HELD_OUT[1], 1): {METRIC: 1.0},
        ("conv-26", 0): {METRIC: 0.0},
        (HELD_OUT[2], 5): {"f1_locomo": 1.0},
    }
    return SimpleNamespace(summary=summary, values=metrics)


def test_rows_hold_overall_change_category_and_held_out_values():
    table = ablation_table([_run("whole", 0.9, 0.6), _run("without graph", 0.85, 0.2)])
    keys = [column.key for column in table.columns]
    whole, without = (dict(zip(keys, (cell.value for cell in row), strict=True)) for row in table.sections[0].rows)
    assert (whole["method"], whole[f"{METRIC}_all"], whole[f"{METRIC}_change"]) == ("whole", 0.9, None)
    assert without[f"{METRIC}_change"] == pytest.approx(-0.05)
    assert without[f"{METRIC}_1"] == pytest.approx(0.425) and without[f"{METRIC}_2"] is None
    assert without[f"{METRIC}_held_out"] == pytest.approx(0.6)
    assert whole["memory_words"] == 1200
    assert (whole["ingest_s"], whole["search_p50_ms"]) == (3.5, 2.25)


def test_questions_without_the_metric_and_other_conversations_do_not_count():
    run = _run("whole", 0.9, 0.5)
    assert held_out(run, METRIC) == pytest.approx(0.75)
    assert held_out(run, "evidence_recall_words_1600") is None

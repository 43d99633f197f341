"""LongMemEval's official report: its numbers from hand-made summaries, and what its notes say."""

from __future__ import annotations

import math

import pytest

from eval.datasets.longmemeval.dataset import LongMemEval
from eval.report.tables.longmemeval import types_table
from eval.report.tables.summaries import origin_notes
from eval.report.tables.write import markdown

TYPES = [one.id for one in LongMemEval.categories]
MEANS = dict(zip(TYPES, (0.9, 0.8, 0.3, 0.5, 0.4, 0.7), strict=True))
SIZES = dict(zip(TYPES, (70, 56, 30, 133, 133, 78), strict=True))


def entry(mean: float, n: int, half: float | None = 0.06) -> dict:
    return {"mean": mean, "n": n, "ci95": None if half is None else [mean - half, mean + half]}


def summary(**changes) -> dict:
    overall = sum(MEANS[t] * SIZES[t] for t in TYPES) / 500
    made = {
        "schema": 1,
        "system": "rag",
        "track": "paper",
        "fingerprint": "0123456789",
        "n": 500,
        "failed": 3,
        "judge": "longmemeval",
        "display": {"label": "RAG"},
        "dataset": {
            "name": "longmemeval-s",
            "sha256": "a",
            "judge": "longmemeval",
            "n_by_category": SIZES,
            "categories": LongMemEval.categories.record(),
        },
        "metrics": {"judge_longmemeval": entry(overall, 500, 0.04)},
        "by_category": {t: {"judge_longmemeval": entry(MEANS[t], SIZES[t])} for t in TYPES},
        "unanswerable": {"judge_longmemeval": entry(0.6, 30, 0.2)},
        "made_by": {
            "judges": {
                "longmemeval": {
                    "part": "llm_judge",
                    "settings": {},
                    "llm": {"model": "gpt-4o-2024-08-06", "maker": "openai", "place": "", "declared": False},
                }
            },
            "memory": {"part": "rag", "settings": {}, "llm": None, "embedder": None},
            "answerer": {"part": "reader", "settings": {}, "llm": None, "prompt": "", "own_prompt": True},
            "metrics": {},
        },
    }
    return made | changes


def cells(made) -> dict:
    table = types_table([made])
    (section,) = table.sections
    return dict(zip([column.key for column in table.columns], section.rows[0], strict=True))


def test_types_average_overall_and_abstention():
    row = cells(summary())
    assert [row[t].value for t in TYPES] == [MEANS[t] for t in TYPES]
    assert row["task_averaged"].value == pytest.approx(0.6)
    assert row["overall"].value == pytest.approx((63 + 44.8 + 9 + 66.5 + 53.2 + 54.6) / 500)
    assert (row["abstention"].value, row["abstention"].low) == (0.6, pytest.approx(0.4))
    assert row["failed"].value == 3


def test_the_interval_of_the_mean_of_types_follows_from_theirs():
    row = cells(summary())
    assert row["task_averaged"].high - 0.6 == pytest.approx(math.sqrt(6 * 0.06**2) / 6)
    wider = cells(summary(judge_error={"judge_longmemeval": 0.05}))["task_averaged"]
    assert wider.high - 0.6 == pytest.approx(math.hypot(math.sqrt(6 * 0.06**2) / 6, 1.96 * 0.05))
    alone = summary()
    alone["by_category"][TYPES[0]]["judge_longmemeval"] = entry(0.9, 1, None)
    assert cells(alone)["task_averaged"].low is None


def test_a_part_has_the_mean_of_the_types_that_are_there():
    part = summary(n=56)
    part["by_category"] = {TYPES[1]: part["by_category"][TYPES[1]]}
    part["dataset"] |= {"n_by_category": {TYPES[1]: 56}}
    row = cells(part)
    assert row["task_averaged"].value == 0.8 and row[TYPES[0]].value is None


def test_the_sizes_stand_below():
    text = markdown(types_table([summary()]))
    assert "single-session-user 70, single-session-assistant 56, single-session-preference 30" in text
    assert "30 of all cannot be answered" in text and "judge longmemeval (n = 500)" in text
    assert "Not the official numbers" not in text


def test_another_judge_or_model_is_said_not_to_be_the_official_one():
    other = summary()
    other["made_by"]["judges"]["longmemeval"]["llm"]["model"] = "gpt-4o-2024-11-20"
    notes = "\n".join(types_table([other]).notes)
    assert "Not the official numbers: these are verdicts of gpt-4o-2024-08-06" in notes
    offline = summary(system="memos", display={"label": "MemOS"}, judge="offline", fingerprint="1")
    offline["made_by"] = offline["made_by"] | {
        "judges": {"offline": {"part": "offline_judge", "settings": {}, "llm": None}}
    }
    notes = types_table([summary(), offline]).notes
    assert any("Not the official numbers (MemOS)" in note for note in notes)


def test_every_table_says_where_the_main_judge_is_not_the_data_sets_own():
    said = "longmemeval-s has a rubric of its own, judge=longmemeval; the main judge here is offline"
    assert not any("rubric of its own" in note for note in origin_notes([summary()]))
    offline = summary(judge="offline")
    offline["made_by"]["judges"] = {"offline": {"part": "offline_judge", "settings": {}, "llm": None}}
    assert sum(said in note for note in origin_notes([offline, offline])) == 1
    free = summary(judge="offline", dataset={"name": "locomo"}, made_by=offline["made_by"])
    assert not any("rubric of its own" in note for note in origin_notes([free]))

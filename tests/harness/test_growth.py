"""``experiment=growth``: each size is an ordinary run; tables and figure over the sizes; the same command resumes."""

from __future__ import annotations

import csv
import json

import pytest

from eval.command.precheck import precheck
from eval.core.places import conf
from eval.experiments.growth import experiment as growth
from eval.report.tables.growth import change_table, difference, growth_table, steps
from eval.report.tables.table import Cell
from eval.runs.format.files import check_folder
from memos.resources import has_punkt

FAST = ("embedder=mock", "metrics=lexical", "latency.questions=2")
SMALL = ("system=rag,full_context", "dataset.knobs.sessions=3,6", "dataset.knobs.conversations=1")
needs_punkt = pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")


@needs_punkt
def test_sizes_are_ordinary_runs_with_tables_and_a_figure_and_resume(tmp_path):
    configs = precheck(conf(), ["experiment=growth", *FAST, *SMALL, f"out={tmp_path}"]).configs
    outcomes = [growth.run(config) for config in configs]
    growth.finish(tmp_path, "growth", outcomes)
    folders = sorted((tmp_path / "runs" / "growth").iterdir())
    assert len(folders) == 4
    for folder in folders:
        assert check_folder(folder) == []
        memory = json.loads((folder / "memory_size.json").read_text(encoding="utf-8"))
        assert memory["conversations"] == 1 and memory["sessions"] in (3, 6) and memory["tokens"] > memory["turns"]
    with (tmp_path / "tables" / "growth.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["RAG-256/k2", "Full-Context"] * 2
    assert len({row["section"] for row in rows}) == 2 and float(rows[0]["tokens"]) < float(rows[2]["tokens"])
    assert all(row["judge_offline"] and row["search_p50"] for row in rows)
    assert (tmp_path / "tables" / "growth_change.md").exists()

    assert (tmp_path / "figures" / "growth_curves.png").exists()

    (folders[0] / "memory_size.json").unlink()
    again = [growth.up_to_date(config) for config in configs]
    assert all(outcome and "up to date" in outcome["message"] for outcome in again)
    assert (folders[0] / "memory_size.json").exists()


def test_every_system_at_every_size_and_the_large_sizes_on_demand():
    knobs = ("dataset.knobs.conversations=1",)
    jobs = precheck(conf(), ["experiment=growth", *FAST, *knobs, "dataset.knobs.sessions=3,4"]).configs
    asked = [(config["system"]["name"], config["dataset"]["knobs"]["sessions"]) for config in jobs]
    assert len(asked) == len(set(asked)) == 20 and asked[0] == ("null", 3) and asked[-1] == ("memos", 4)


def test_the_size_counts_what_must_be_remembered(tiny_dataset):
    made = growth.size(tiny_dataset.conversations)
    turns = [turn for conversation in tiny_dataset.conversations for _, turn in conversation.turns()]
    assert made["turns"] == len(turns) and made["conversations"] == len(tiny_dataset.conversations)
    assert len(turns) < made["tokens"] < sum(len(turn.text) for turn in turns)


def summary(system: str, data: str, score: float, ms: float) -> dict:
    """As much of a run's summary as the tables read."""
    share = {"mean": score, "ci95": [score - 0.1, score + 0.05], "n": 10}
    return {
        "system": system,
        "display": {"label": system},
        "fingerprint": f"{system}{data}",
        "judge": "offline",
        "answerer": "reader",
        "embedder": "minilm",
        "n": 10,
        "dataset": {"name": "generated", "sha256": data},
        "metrics": {"judge_offline": share, "evidence_recall_words_1600": share},
        "latency_ms": {"search": {"p50": ms, "p95": 2 * ms}, "total": {"p50": ms, "p95": ms}, "ingest_s": ms},
        "ledger": {},
    }


def test_tables_order_by_size_and_name_who_degrades_and_who_slows():
    small, large = ({"conversations": 2, "sessions": 4, "turns": n, "tokens": 10 * n} for n in (100, 400))
    sized = [
        (summary("b", "L", 0.3, 40.0), large),
        (summary("b", "S", 0.5, 10.0), small),
        (summary("a", "S", 0.6, 5.0), small),
        (summary("a", "L", 0.6, 5.0), large),
    ]
    assert [tokens for tokens, _ in steps(sized)] == [500, 2000]
    made = growth_table(sized)
    assert [section.title.split(" (")[0] for section in made.sections] == [
        "500 tokens a conversation",
        "2,000 tokens a conversation",
    ]
    [section] = change_table(sized).sections
    keys = [column.key for column in change_table(sized).columns]
    rows = {row[0].value: dict(zip(keys, row, strict=True)) for row in section.rows}
    assert rows["b"]["judge_offline_change"].value == pytest.approx(-0.2)
    assert rows["b"]["search_times"].value == "4.0" and rows["a"]["search_times"].value == "1.0"
    assert rows["b"]["ingest_times"].value == "1.0" and rows["a"]["ingest_times"].value == "0.2"


def test_the_interval_of_a_change_is_made_of_the_two_means_own():
    made = difference(Cell(0.5, 0.4, 0.53), Cell(0.3, 0.26, 0.4))
    assert made.value == pytest.approx(-0.2)
    assert (made.low, made.high) == (pytest.approx(-0.2 - 0.05), pytest.approx(-0.2 + 2**0.5 * 0.1))
    assert difference(Cell(0.5), Cell(0.3, 0.2, 0.4)).low is None and difference(Cell(), Cell(0.3)).value is None

"""The paper's cells, the verdicts on ours, and the audit of the paper's own sums."""

from pathlib import Path

import pytest
import yaml

from eval.report.paper import reference
from eval.report.paper.audit import audit
from eval.report.paper.reference import check, check_table, load, paper_points
from memos.errors import DataError

CONF = Path(__file__).resolve().parents[2] / "conf"


def value(table: int, column: str, **row) -> float:
    matching = [
        c.value
        for c in load().cells
        if c.table == table and c.column == column and all(c.row.get(k) == v for k, v in row.items())
    ]
    assert len(matching) == 1
    return matching[0]


def test_every_cell_is_there():
    counts = {t: sum(c.table == t for c in load().cells) for t in (3, 4, 5)}
    assert counts == {3: 25 * 9, 4: 20 * 6 - 4, 5: 27 * 4}


@pytest.mark.parametrize(
    ("table", "column", "row", "expected"),
    [
        (3, "judge", {"method": "memos-0630", "category": "overall"}, 73.31),
        (3, "sim", {"method": "langmem", "category": 4}, 76.25),
        (3, "b2", {"method": "zep", "category": 3}, 6.18),
        (3, "meteor", {"method": "mem0", "category": 2}, 34.60),
        (3, "bert_f1", {"method": "openai", "category": 1}, 32.36),
        (4, "judge", {"method": "RAG", "chunk": 8192, "top_k": 2}, 58.20),
        (4, "search_p95", {"method": "RAG", "chunk": 1024, "top_k": 1}, 2436),
        (4, "words", {"method": "Full-Context"}, 22636),
        (4, "total_p95", {"method": "langmem"}, 30139),
        (5, "dir_ttft", {"model": "Qwen3-8B", "context": "long", "query": "long"}, 2.37),
        (5, "kv_ttft", {"model": "Qwen2.5-72B", "context": "medium", "query": "short"}, 0.23),
        (5, "speedup", {"model": "Qwen3-32B", "context": "short", "query": "long"}, 18.6),
    ],
)
def test_cells_against_the_paper(table, column, row, expected):
    assert value(table, column, **row) == expected


def test_commands_are_complete():
    commands = {c.command for c in load().cells}
    assert all(c.startswith("python run.py experiment=") and "{" not in c for c in commands)
    assert sum("system.chunk_size=512 system.top_k=2" in c for c in commands) == 1


def run(system: str = "memos", judge: float = 0.7331, spread: float = 0.02, **fields) -> dict:
    names = {"judge_llm_generous": judge, "memory_words": 1593.0, "f1_memos": 0.5}
    block = {k: {"mean": v, "ci95": [v - spread, v + spread], "n": 1540} for k, v in names.items()}
    return {
        "schema": 1,
        "system": system,
        "track": "paper",
        "fingerprint": "x",
        "complete": True,
        "n": 1540,
        "metrics": block,
        "by_category": {},
        "judge": "llm_generous",
        "display": {},
        "latency_ms": {},
        "not_comparable": [],
        "dataset": {"name": "locomo", "official": True},
        "missing": {"bertscore_f1": "no roberta"},
    } | fields


def verdict(summaries: list, system: str = "memos", column: str = "judge", table: int = 4):
    rows = [
        c
        for c in check(load(), summaries)
        if c.cell.table == table and c.cell.row["system"] == system and c.cell.column == column
    ]
    return rows[0]


def test_the_five_verdicts():
    assert verdict([]).verdict == "NOT RUN"
    assert verdict([run()]).verdict == "OK"
    assert verdict([run(judge=0.75)]).verdict == "OKish"
    assert verdict([run(judge=0.60)]).verdict == "DIFFERS"
    foreign = verdict([run(not_comparable=["answerer is reader"])])
    assert foreign.verdict == "NOT COMPARABLE" and "reader" in foreign.note


def test_edges_of_the_verdicts():
    assert verdict([run(judge=0.7231)]).verdict == "OK"  # exactly one point away
    assert verdict([run(judge=0.7229, spread=0.001)]).verdict == "DIFFERS"
    assert verdict([run(complete=False)]).verdict == "NOT RUN"
    assert verdict([run(track="controlled")]).verdict == "NOT RUN"
    assert verdict([run(not_comparable=["x"]), run(), run(not_comparable=["y"])]).verdict == "OK"
    missing = [
        c
        for c in check(load(), [run()])
        if c.cell.column == "bert_f1" and c.cell.name == "memos-0630" and c.cell.category is None
    ]
    assert missing[-1].verdict == "NOT RUN" and missing[-1].note == "no roberta"


def test_full_context_words_need_no_model_but_the_whole_file():
    near = run("full_context", not_comparable=["answerer is reader"])
    near["metrics"]["memory_words"] = {"mean": 22640.2, "ci95": [20000, 25000], "n": 1540}
    compared = verdict([near], "full_context", "words")
    assert compared.verdict == "OK" and compared.must
    assert verdict([near | {"n": 100}], "full_context", "words").verdict == "NOT COMPARABLE"


def test_rag_rows_match_by_chunk_and_depth():
    ours = run("rag_8192", judge=0.582, display={"chunk": 8192, "top_k": 2})
    hits = [c for c in check(load(), [ours]) if c.verdict == "OK" and c.cell.column == "judge"]
    assert [c.cell.name for c in hits] == ["RAG 8192/k2"]


def test_kv_cells_of_another_model_or_device_are_not_comparable():
    cell = {"model": "Qwen/Qwen3-8B", "context": "long", "query": "short", "kv_ttft": 0.12, "device": "NVIDIA H800"}
    for changed, expected in (
        ({}, "OK"),
        ({"kv_ttft": 0.5}, "DIFFERS"),
        ({"model": "m"}, "NOT COMPARABLE"),
        ({"device": "cpu"}, "NOT COMPARABLE"),
    ):
        checks = [
            c
            for c in check(load(), [], [cell | changed])
            if c.cell.column == "kv_ttft" and c.cell.name == "Qwen3-8B long/short"
        ]
        assert checks[0].verdict == expected


def test_check_table_counts_and_names_commands():
    table = check_table(check(load(), [run()]))
    assert len(table.sections) == 7 and sum(len(s.rows) for s in table.sections) == len(load().cells)
    assert "cells: 449" in table.notes[0] and any("system=zep" in note for note in table.notes)


def test_audit_finds_what_the_specification_found():
    findings = {f.claim: f for f in audit(load())}
    means = [f for f in findings.values() if f.topic == "weighted means"]
    assert len(means) == 10 and all(f.holds for f in means)
    fails = "\n".join(f"{f.claim} {f.numbers}" for f in findings.values() if not f.holds)
    for needle in (
        "not on sim",
        "4942 against 2339",
        "1758 against 1297",
        "9 of 9 cells",
        "Qwen2.5-72B medium/short: 0.71",
        "0.23 s",
        "145 GB",
    ):
        assert needle in fails
    assert "1.00 to 1.94" in fails and "0.83 to 1.17" in fails and "0.87 to 1.26" in fails


def test_audit_would_notice_a_wrong_number(tmp_path):
    raw = yaml.safe_load(reference.PAPER.read_text())
    row = next(r for r in raw["table3"] if r["method"] == "zep" and r["category"] == 2)
    row["judge"] += 1
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(raw))
    broken = [f.claim for f in audit(load(tmp_path / "p.yaml")) if f.topic == "weighted means" and not f.holds]
    assert len(broken) == 1 and "judge" in broken[0]


def test_bad_reference_files(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        load(tmp_path / "gone.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(DataError, match="not YAML"):
        load(tmp_path / "bad.yaml")


def test_overlay_points_have_measured_contexts():
    points = dict((name, (words, score)) for name, words, score in paper_points())
    assert points["memos-0630"] == (1593, pytest.approx(0.7331)) and "RAG" not in points and len(points) == 6


@pytest.mark.parametrize("table", [3, 4])
def test_commands_name_configurations_that_exist(table):
    commands = {c.command for c in load().cells if c.table == table}
    for command in commands:
        for part in command.removeprefix("python run.py ").split():
            group, _, name = part.partition("=")
            if "." not in group:
                assert (CONF / group / f"{name}.yaml").exists(), f"{command}: conf/{group}/{name}.yaml"

"""Marks, missing values, notes, and the four formats of a table."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from eval.report.sources import sources
from eval.report.tables import (
    Cell,
    Column,
    Section,
    Table,
    latex,
    markdown,
    recall_table,
    table3,
    table4,
    terminal,
    write,
)
from eval.report.tables.kv import table5
from eval.report.tables.locomo import Ties
from eval.report.tables.tex import escape
from eval.report.tables.write import to_csv
from eval.runs.read import kv_cells, run_folders

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "runs"
RECALLS = ("at_5", "at_10", "at_20", "at_50", "words_200", "words_400", "words_800", "words_1600", "words_3200")


def summary(system: str, score: float, **fields) -> dict:
    def block(shift: float) -> dict:
        means = {
            "judge_offline": score,
            "judge_offline_strict": score - 0.1,
            "f1_memos": score / 2,
            "rougeL": score / 2,
            "bleu1": score / 3,
            "bleu2": score / 4,
            "meteor": score / 3,
            "similarity": score,
            "memory_words": 1600.4,
        }
        return {k: {"mean": v + shift, "ci95": [v + shift - 0.02, v + shift + 0.03], "n": 10} for k, v in means.items()}

    base = {
        "schema": 1,
        "experiment": "x",
        "system": system,
        "track": "paper",
        "fingerprint": f"fp-{system}",
        "complete": True,
        "n": 1540,
        "failed": 0,
        "metrics": block(0),
        "by_category": {"4": block(0.01), "2": block(-0.01)},
        "ledger": {},
        "latency_ms": {},
        "missing": {"bertscore_f1": "no roberta-large"},
        "display": {"label": system, "chunk": None, "top_k": 20},
        "answerer": "reader",
        "judge": "offline",
        "embedder": "minilm",
        "llm": "none",
        "not_comparable": ["answerer is reader"],
        "dataset": {"name": "locomo", "sha256": "0", "official": True, "n_by_category": {"4": 841, "2": 321}},
    }
    return base | fields


@pytest.fixture
def runs():
    return [summary("oracle", 0.9), summary("a", 0.6), summary("b", 0.7), summary("c", 0.5, failed=3, complete=False)]


def cell(table, section: int, row: int, key: str) -> Cell:
    return table.sections[section].rows[row][[c.key for c in table.columns].index(key)]


def test_sections_are_categories_in_the_papers_order_then_overall(runs):
    assert [s.title for s in table3(runs).sections] == [
        "4 single-hop (n = 841)",
        "2 temporal (n = 321)",
        "overall (n = 1540)",
    ]


def test_best_and_second_are_marked_and_gold_is_not_ranked(runs):
    table = table3(runs)
    marks = [cell(table, 2, i, "judge_offline").mark for i in range(4)]
    assert marks == ["", "second", "best", ""]


def test_equal_as_printed_shares_the_mark_and_all_equal_marks_none():
    same = table3([summary("a", 0.70000001), summary("b", 0.7), summary("c", 0.6)])
    assert [cell(same, 2, i, "judge_offline").mark for i in range(3)] == ["best", "best", "second"]
    flat = table3([summary("a", 0.7), summary("b", 0.7)])
    assert not any(cell(flat, 2, i, "judge_offline").mark for i in range(2))


def test_smaller_is_better_where_the_column_says_so():
    table = Table(
        "t", "t", (Column("ms", "ms", "ms", better=-1),), (Section("", ((Cell(5.0),), (Cell(3.0),), (Cell(None),))),)
    )
    assert [row[0].mark for row in table.marked().sections[0].rows] == ["second", "best", ""]


def test_missing_is_a_dash_with_a_reason_never_zero(runs):
    table = table3(runs)
    assert cell(table, 2, 0, "bertscore_f1").value is None
    assert any("BERT-F1 is missing: no roberta-large" in note for note in table.notes)
    runs[1]["metrics"].pop("meteor")
    assert any("METEOR is missing for a: not measured" in note for note in table3(runs).notes)
    assert "| – |" in markdown(table)


def test_notes_say_who_made_it_what_failed_and_what_it_must_not_stand_beside(runs):
    notes = " ".join(table4(runs).notes)
    assert "Answerer: reader; Judge: offline" in notes and "NOT COMPARABLE" in notes and "answerer is reader" in notes
    assert "c: 3 of 1540 questions failed and count as wrong" in notes and "c: the run is not finished" in notes
    assert "Latency is missing" in notes


def test_tracks_are_never_ranked_together(runs):
    runs[1]["track"] = "controlled"
    titles = [s.title for s in table4(runs).sections]
    assert titles == ["track paper: overall (n = 1540)", "track controlled: overall (n = 1540)"]


def test_two_settings_of_one_system_have_different_names():
    two = [
        summary("rag", 0.5, display={"label": "RAG", "chunk": c, "top_k": 1}, fingerprint=str(c)) for c in (128, 256)
    ]
    for s in two:
        s["metrics"]["evidence_recall_at_5"] = {"mean": 0.5, "ci95": None, "n": 9}
    names = [row[0].value for row in recall_table(two).sections[0].rows]
    assert names == ["RAG chunk=128 k=1", "RAG chunk=256 k=1"]


def test_csv_has_plain_numbers_and_empty_fields(runs):
    rows = list(csv.DictReader(io.StringIO(to_csv(table3(runs)))))
    assert len(rows) == 12
    overall = rows[-2]
    assert overall["section"] == "overall (n = 1540)" and overall["judge_offline"] == "70.0000"
    assert (overall["judge_offline_low"], overall["judge_offline_high"]) == ("68.0000", "73.0000")
    assert overall["bertscore_f1"] == "" and overall["chunk_or_words"] == "1600.4"


@pytest.mark.parametrize("make", [table3, table4])
def test_terminal_fits_and_shows_the_main_interval(runs, make):
    text = terminal(make(runs), 120)
    assert max(map(len, text.splitlines())) <= 120
    assert "[68.0, 73.0]" in text and "70.0*" in text
    assert "[68.0, 73.0]" not in terminal(make(runs), 60)


def test_the_judges_own_error_is_in_the_interval_and_the_notes(runs):
    runs[2]["judge_error"] = {"judge_offline": 0.03}
    own = cell(table3(runs), 2, 2, "judge_offline")
    reach = 1.96 * 0.03
    assert own.low == pytest.approx(0.7 - (0.02**2 + reach**2) ** 0.5) and own.high == pytest.approx(
        0.7 + (0.03**2 + reach**2) ** 0.5
    )
    assert cell(table3(runs), 2, 2, "f1_memos").low == pytest.approx(0.33)
    assert any("own standard error of a score is 3.0 points" in note for note in table3(runs).notes)


def test_tied_cells_are_shown(runs):
    table = table4(runs, Ties({("judge_offline", None): {"fp-a"}}, {"judge_offline": (9, 3)}))
    assert "60.0+≈" in terminal(table) and "sign-flip" in " ".join(table.notes)
    assert any("all sections of a column: Judge offline: 3 of 9" in note for note in table.notes)
    assert r"$^{\approx}$" in latex(table)


def test_latex_structure(runs):
    text = latex(table3(runs))
    assert [text.count(rule) for rule in (r"\toprule", r"\bottomrule", r"\begin{tabular}", r"\end{tabular}")] == [
        1,
        1,
        1,
        1,
    ]
    columns = len(table3(runs).columns)
    for line in text.splitlines():
        if line.endswith(r"\\") and "multicolumn" not in line:
            assert line.count(" & ") == columns - 1
    assert r"\textbf{70.00}" in text and r"\underline{60.00}" in text


def test_latex_escapes():
    assert escape("a_b & 50 % ≈ – {x} #1 \\ 漢") == r"a\_b \& 50 \% $\approx$ -- \{x\} \#1 \textbackslash{} 漢"


@pytest.mark.skipif(
    not shutil.which("pdflatex") or subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True).returncode != 0,
    reason="pdflatex with booktabs is not installed",
)
def test_latex_tables_compile_and_fit_the_page(runs, tmp_path: Path):
    """Tables 3, 4, 5 and recall, with the widest names and intervals in use, on a text width of 16 cm."""
    runs[0]["missing"] = {"bertscore_f1": "a_b & c % d # ≈ ± $ ~ ^ \\ { }"}
    runs[1]["display"]["label"] = "langmem (background, rules)"
    for s in runs:
        s["metrics"] |= {f"evidence_recall_{kind}": {"mean": 0.5, "ci95": [0.4, 0.6], "n": 9} for kind in RECALLS}
        s["metrics"]["memory_words"] = {"mean": 22640.04, "ci95": [20000.0, 25000.0], "n": 10}
    long = [summary(f"s{i}", 0.5) for i in range(30)]
    made = [
        table3(runs),
        table4(runs),
        recall_table(runs),
        table5(kv_cells(run_folders([FIXTURE / "kv_ttft"]))),
        _prose(60),
        _wide(),
        table3(long),
    ]
    for number, table in enumerate(made):
        write(table, tmp_path / f"t{number}", {})
    body = "".join(rf"\input{{t{number}}}\clearpage" for number in range(len(made)))
    head = (
        r"\documentclass{article}\usepackage{booktabs}"
        r"\usepackage[textwidth=16cm,textheight=24cm]{geometry}\begin{document}"
    )
    (tmp_path / "all.tex").write_text(head + body + r"\end{document}")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Float too large" not in done.stdout
    assert "Overfull" not in done.stdout, [line for line in done.stdout.splitlines() if "Overfull" in line]


def _wide() -> Table:
    """As many narrow columns as the audit of the time to first token has."""
    columns = (
        Column("cell", "Ctx/Qry", "text"),
        *(Column(f"c{i}", f"Against peer {i} (MB)", "text") for i in range(16)),
    )
    return Table(
        "wide",
        "Wide",
        columns,
        (Section("a model on a device", ((Cell("medium/medium"), *[Cell("12.34")] * 16),) * 3),),
    )


def _prose(rows: int) -> Table:
    """A table of long texts, far longer than a page, with a note longer than half a page."""
    columns = (Column("claim", "Claim", "text"), Column("numbers", "Numbers", "text"), Column("n", "n", "count"))
    row = (
        Cell("a claim of several words that must be broken into lines to fit " * 2),
        Cell("1.5 against 2.5, " * 8),
        Cell(12345),
    )
    sections = (Section("first", (row,) * rows), Section("second", (row,) * 3))
    return Table("prose", "Claims", columns, sections, ("a note of eight words that says something " * 90,))


def test_a_table_longer_than_a_page_is_several_floats():
    text = latex(_prose(90))
    floats = text.split(r"\begin{table*}")[1:]
    assert len(floats) >= 3 and text.count(r"\label{") == 1 and text.count("12,345") == 93
    assert "(continued)" not in floats[0] and all("(continued)" in part for part in floats[1:])
    assert [("a note" in part) for part in floats] == [False] * (len(floats) - 1) + [True]
    assert r"\emph{first (continued)}" in text and text.count(r"\emph{first}") == 1
    assert latex(_prose(2)).count(r"\begin{table*}") == 1


def test_write_gives_four_files_with_sources(runs, tmp_path):
    paths = write(table3(runs), tmp_path / "deep" / "t", sources(runs, "python x.py"))
    assert [p.name for p in paths] == ["t.md", "t.csv", "t.tex", "t.sources.json"]
    import json

    origin = json.loads(paths[-1].read_text())
    assert origin["command"] == "python x.py" and [r["fingerprint"] for r in origin["runs"]] == [
        f"fp-{s}" for s in ("oracle", "a", "b", "c")
    ]
    assert "commit" in origin and "dirty" in origin


def test_dollars_stand_in_the_main_tables_where_calls_have_a_price():
    """Once for a run: categories have none of their own, and tables without prices have no column."""
    ledger = {
        "ingest": {"calls": 4, "prompt_tokens": 9, "completion_tokens": 2, "usd": 0.5},
        "answer": {"calls": 2, "prompt_tokens": 8, "completion_tokens": 2, "usd": 0.25},
    }
    priced, unpriced = {**summary("a", 0.7), "ledger": ledger}, {**summary("b", 0.6), "ledger": {}}
    for table in (table3([priced, unpriced]), table4([priced, unpriced])):
        keys = [column.key for column in table.columns]
        assert keys[-2:] == ["usd", "usd_1000"] and any(note.startswith("USD:") for note in table.notes)
        first, second = table.sections[-1].rows
        assert first[-2].value == 0.75 and first[-1].value == pytest.approx(250 / 1540)
        assert (second[-2].value, second[-1].value) == (0, None)
        assert all(len(row) == len(keys) for section in table.sections for row in section.rows)
    by_category = table3([priced, unpriced]).sections[0].rows[0]
    assert by_category[-2].value is None and by_category[-1].value is None
    assert "usd" not in [column.key for column in table3([unpriced]).columns]

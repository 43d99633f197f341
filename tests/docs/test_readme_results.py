"""The README's table of results is the one of the committed results/, cell by cell, and is made by a command."""

from __future__ import annotations

import shutil

import pytest
from readme_text import README

from eval.core.places import ROOT
from eval.report.paper.readme_table import BEGIN, END, replace_table, results_table, stated
from memos.errors import DataError


def test_the_readme_states_the_committed_results():
    assert stated(README.read_text(encoding="utf-8")) == results_table(ROOT / "results"), (
        "run: python scripts/tables.py --readme"
    )


def test_the_table_follows_the_results(tmp_path):
    for folder in ("tables", "figures"):
        shutil.copytree(ROOT / "results" / folder, tmp_path / folder)
    path = tmp_path / "tables" / "locomo.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    last = next(i for i, line in enumerate(lines) if "overall" in line and ",MemOS," in line)
    judge = lines[0].split(",").index("judge_offline")
    cells = lines[last].split(",")
    assert cells[judge] != "12.3456"
    lines[last] = ",".join([*cells[:judge], "12.3456", *cells[judge + 1 :]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n", encoding="utf-8")
    replace_table(readme, tmp_path)
    text = readme.read_text(encoding="utf-8")
    assert "| MemOS | " in text and "| 12.3 [" in text and "stale" not in text
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "| 73.31 |" in text and "| 56.54 |" in text, "the paper's values of the same rows"


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match="locomo_recall.csv: missing"):
        results_table(tmp_path)
    with pytest.raises(DataError, match="are missing"):
        stated("no marks here")

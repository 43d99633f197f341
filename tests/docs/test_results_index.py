"""results/README.md shows every committed figure, table and card, and is what the command writes."""

from __future__ import annotations

import re
import shutil

import pytest

from eval.core.provenance import ROOT
from eval.report.tables.index import index_page, write_index
from memos.errors import DataError

RESULTS = ROOT / "results"


def test_the_page_is_in_step():
    page = (RESULTS / "README.md").read_text(encoding="utf-8")
    assert page == index_page(RESULTS), "run: python scripts/tables.py --index"


def test_every_figure_table_and_card_is_on_it_once():
    page = (RESULTS / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"^!\[[^\]]+\]\((.+)\)$", page, re.MULTILINE)
    assert sorted(pictures) == sorted(f"figures/{path.name}" for path in RESULTS.glob("figures/*.png"))
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+\.md)\).*: \S", page, re.MULTILINE)
    assert sorted(links) == sorted(
        f"{p.parent.name}/{p.name}" for kind in ("tables", "cards") for p in RESULTS.glob(f"{kind}/*.md")
    )
    assert all((RESULTS / target).exists() for target in re.findall(r"\]\(([^)]+)\)", page))


def test_a_new_file_changes_the_page(tmp_path):
    for name in ("figures", "tables", "cards"):
        shutil.copytree(RESULTS / name, tmp_path / name)
    before = write_index(tmp_path).read_text(encoding="utf-8")
    shutil.copy(RESULTS / "figures" / "locomo_recall.png", tmp_path / "figures" / "my_experiment_recall_paper.png")
    (tmp_path / "tables" / "my_experiment_cost.md").write_text("### What it cost\n\n| a |\n", encoding="utf-8")
    after = index_page(tmp_path)
    assert after.startswith(before.rstrip("\n")) and "## my_experiment\n" in after
    assert (
        "![my_experiment_recall_paper](figures/my_experiment_recall_paper.png)" in after and ": What it cost" in after
    )


def test_what_has_no_line_is_named(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "locomo_novelty.png").touch()
    with pytest.raises(DataError, match="locomo_novelty.png: no line says what this figure shows"):
        index_page(tmp_path)
    (tmp_path / "figures" / "locomo_novelty.png").unlink()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "locomo.md").write_text("| a |\n", encoding="utf-8")
    with pytest.raises(DataError, match="locomo.md: the first line is no title"):
        index_page(tmp_path)

"""Sweeps over several keys, alone and beside other systems in one command: all jobs are known before, and a second run
does nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import warm

from eval.command.precheck import precheck
from eval.core.places import conf
from memos.errors import ConfigError
from memos.resources import has_punkt

ROOT = Path(__file__).resolve().parents[2]
FAST = (
    "dataset=tiny",
    "dataset.limit=4",
    "embedder=mock",
    "metrics=lexical",
    "latency.questions=0",
    "figures=false",
    "jobs=1",
)
SIZES = (128, 256, 512, 1024, 2048, 4096, 8192)
RAG = {f"RAG-{size}/k{depth}" for size in SIZES for depth in (1, 2)}
needs_punkt = pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")


def labels(*arguments: str) -> list[str]:
    checked = precheck(conf(), [*FAST, *arguments])
    assert checked.whole
    return [config["system"]["label"] for config in checked.configs]


def test_fig9_and_table4_have_the_rows_of_the_paper_and_the_memory_systems():
    fig9, table4 = labels("experiment=fig9"), labels("experiment=table4")
    assert len(fig9) == 18 and set(fig9) == RAG | {"MemOS"} and fig9.count("MemOS") == 4
    assert len(table4) == len(set(table4)) == 20 and set(table4) > RAG and "Full-Context" in table4


def test_the_command_line_narrows_or_replaces_an_experiments_sweeps():
    assert labels("experiment=fig9", "system.chunk_size=512") == ["RAG-512/k1", "RAG-512/k2"]
    assert labels("experiment=fig9", "system=rag", "system.chunk_size=64,96", "system.top_k=1,3") == [
        f"RAG-{size}/k{depth}" for size in (64, 96) for depth in (1, 3)
    ]
    assert labels("experiment=table4", "system=memos") == ["MemOS"]


def test_a_bad_value_of_any_key_is_told_before_anything_starts():
    with pytest.raises(ConfigError, match="chunk_size"):
        labels("experiment=tiny", "system=rag", "system.chunk_size=128,0", "system.top_k=1,2")


def test_the_old_names_of_settings_say_how_to_write_them():
    with pytest.raises(ConfigError, match=r"write system=rag system\.chunk_size=512 system\.top_k=1"):
        labels("experiment=locomo", "system=sweep/rag_512_k1")


def run(out: Path, *arguments: str) -> list[str]:
    """What a command printed about its jobs."""
    command = [sys.executable, str(ROOT / "run.py"), *FAST, f"out={out}", *arguments]
    done = warm.run(command, cwd=out, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.split(":")[0] in ("rag", "memos", "full_context")]


@needs_punkt
def test_two_keys_resume(tmp_path):
    arguments = ("experiment=tiny", "system=rag", "system.chunk_size=64,128", "system.top_k=1,2")
    assert [line.split(", ")[0] for line in run(tmp_path, *arguments)] == ["rag: finished"] * 4
    sweeps = len(list((tmp_path / "sweeps" / "tiny").iterdir()))
    assert all("up to date" in line for line in run(tmp_path, *arguments))
    assert len(list((tmp_path / "sweeps" / "tiny").iterdir())) == sweeps, "no sweep is started where all is done"


@needs_punkt
def test_sweeps_of_one_command_share_their_tables_and_resume(tmp_path):
    first = run(tmp_path, "experiment=fig9")
    assert len(first) == 18 and all(": finished" in line for line in first)
    table = (tmp_path / "tables" / "fig9.md").read_text(encoding="utf-8")
    assert "RAG-128/k1" in table and "RAG-8192/k2" in table and "MemOS" in table
    again = run(tmp_path, "experiment=fig9")
    assert len(again) == 18 and all("up to date" in line for line in again)

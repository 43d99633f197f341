"""scripts/list.py: every configuration has a description, every run folder a state."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import warm

from eval.runs.find import find_runs, states
from memos.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "conf").rglob("*.yaml"))


def listing(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "scripts" / "list.py"), *arguments]
    return warm.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def first_comment(path: Path) -> str:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("# @package")]
    return lines[0]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: str(p.relative_to(ROOT / "conf")))
def test_a_configuration_begins_with_its_description(path):
    line = first_comment(path)
    assert line.startswith("# ") and 15 <= len(line) <= 150, (
        f"{path}: begin with one comment that says what it is: {line!r}"
    )


def test_lists_all_groups_with_their_descriptions(tmp_path):
    done = listing("--out", str(tmp_path))
    assert done.returncode == 0 and done.stderr == ""
    for group in ("experiment", "system", "dataset", "llm", "embedder", "answerer", "judge", "track"):
        for path in (ROOT / "conf" / group).glob("*.yaml"):
            line = next(
                (x for x in done.stdout.splitlines() if x.split()[:1] == [path.stem] and first_comment(path)[2:] in x),
                None,
            )
            assert line, f"{group}/{path.stem} is not listed with its description"
    assert "vendors/mem0ai" in done.stdout and "runs in" in done.stdout and "none yet" in done.stdout


def test_one_group_and_an_unknown_one():
    assert listing("judge").stdout.startswith("judges (judge=NAME)\n") and "systems" not in listing("judge").stdout
    done = listing("judges")
    assert (
        done.returncode == 1
        and done.stderr.startswith("error: judges: no such group; known: ")
        and done.stderr.count("\n") == 1
    )


def test_states_of_runs(tmp_path):
    summaries = {
        "begun": None,
        "done": {"complete": True, "n": 9},
        "failed": {"complete": True, "n": 9, "failed": 2},
        "half": {"complete": False, "n": 9},
    }
    for name, summary in summaries.items():
        folder = tmp_path / "runs" / "trial" / name
        folder.mkdir(parents=True)
        if summary:
            (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    by_folder = {s.folder.name: (s.state, s.n, s.failed) for s in states(tmp_path)}
    assert by_folder == {
        "begun": ("begun", 0, 0),
        "done": ("complete", 9, 0),
        "failed": ("failed questions", 9, 2),
        "half": ("unfinished", 9, 0),
    }
    shown = listing("runs", "--out", str(tmp_path)).stdout.splitlines()
    assert "trial/failed" in shown[3] and shown[3].endswith("failed questions, 9 questions, 2 failed")


def test_states_of_other_experiments(tmp_path):
    kept = {
        "adversarial/rag-1": ("abstention.json", {"free_form": {"n": 7}}),
        "kv_ttft/m-1": ("summary.json", {"complete": False, "cells": [{}, {}], "failed_cells": [{}]}),
    }
    for name, (file, value) in kept.items():
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / file).write_text(json.dumps(value), encoding="utf-8")
    shown = listing("runs", "--out", str(tmp_path)).stdout.splitlines()
    assert shown[1].endswith("complete, 7 questions, 0 failed") and shown[2].endswith("failed cells, 2 cells, 1 failed")


def test_newest_sweep(tmp_path):
    with pytest.raises(DataError, match="run python run.py experiment=trial first"):
        find_runs(tmp_path, "trial")
    listed = tmp_path / "tables" / "trial.runs.json"
    listed.parent.mkdir()
    listed.write_text(json.dumps([str(tmp_path)]), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"give --experiment trial \(it ran\), run python run.py experiment=locomo first"
    ):
        find_runs(tmp_path, "locomo")
    assert find_runs(tmp_path, "trial") == [tmp_path]
    listed.write_text(json.dumps([str(tmp_path / "gone")]), encoding="utf-8")
    with pytest.raises(DataError, match="gone is gone"):
        find_runs(tmp_path, "trial")


def test_runs_are_listed_with_state_and_settings(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "fixture").symlink_to(ROOT / "tests" / "fixtures" / "runs" / "fixture")
    (tmp_path / "runs" / "fig9").symlink_to(ROOT / "tests" / "fixtures" / "runs" / "fig9")
    lines = [line for line in listing("runs", "--out", str(tmp_path)).stdout.splitlines() if line.startswith("  ")]
    assert len(lines) == 12 and all(", 0 failed" in line or ", 1 failed" in line for line in lines)
    assert sum("fig9/rag-" in line and " chunk=" in line for line in lines) == 6

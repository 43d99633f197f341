"""The worked examples of CONTRIBUTING.md: their files go into a copy of the project, their commands are run there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import warm
from readme_text import CONTRIBUTING, ROOT, commands, named_files, words

COPIED = (
    "baselines",
    "conf",
    "eval",
    "memos",
    "run.py",
    "pyproject.toml",
    "results/reference",
    "tests/conftest.py",
    "tests/contract",
    "tests/server",
)
MINE = re.compile(r"\bmy_\w+")
FILES = named_files(CONTRIBUTING)
COMMANDS = [c for c in commands((CONTRIBUTING,)) if MINE.search(c) and "judge_card" not in c]
"""Commands of the examples; the judge card needs published answers, test_readme_runs.py runs it for a shipped judge."""
EXPERIMENTS = [c for c in COMMANDS if c.startswith("python run.py")]
CONTRACTS = [c for c in COMMANDS if "pytest" in c]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of what a reader has, with the files that the page tells to write."""
    place = tmp_path_factory.mktemp("contributing")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name)  # compiled modules too: they stay valid
        else:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    for name, content in FILES.items():
        assert not (place / name).exists(), f"{name} is there already"
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content, encoding="utf-8")
    return place


def run(place: Path, command: str, *options: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(place), "OMP_NUM_THREADS": "1"}
    line = [sys.executable, *words(command)[1:], *options]
    return warm.run(line, cwd=place, env=environment, capture_output=True, text=True, timeout=300)


def test_every_part_has_an_example():
    assert {Path(name).parent.name for name in FILES} >= {
        "system",
        "judge",
        "metrics",
        "dataset",
        "my_package",
        "synthetic",
    }
    assert len(EXPERIMENTS) == 4 and len(CONTRACTS) == 3
    kinds = {words(c)[1].partition("/")[0] for c in COMMANDS}
    assert kinds == {"run.py", "-m"}, "teach this test the new kind of command"


@pytest.mark.parametrize("command", CONTRACTS)
def test_an_example_keeps_the_contract(command, project):
    done = run(project, command, "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-3000:]
    chosen = re.search(r"(\d+) passed", done.stdout)
    assert chosen and int(chosen.group(1)) >= (1 if "-k my_judge" in command else 4), done.stdout[-500:]


@pytest.mark.parametrize("command", EXPERIMENTS)
def test_an_example_runs(command, project, tmp_path):
    small = ["latency.questions=0", "figures=false", "jobs=1", f"out={tmp_path}"]
    if "dataset=my_data" not in words(command):
        small.append("dataset.conversations=[tiny-1]")
    done = run(project, command, *small)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    summaries = [json.loads(p.read_text(encoding="utf-8")) for p in tmp_path.glob("runs/tiny/*/summary.json")]
    assert summaries and all(s["complete"] and s["failed"] == 0 and s["n"] > 0 for s in summaries)
    chosen = dict(w.partition("=")[::2] for w in words(command)[2:])
    for summary in summaries:
        if chosen.get("system") == "my_memory":
            assert summary["system"] == "my_memory" and summary["metrics"]["evidence_recall_at_20"]["mean"] > 0
        if chosen.get("judge") == "my_judge":
            assert 0 < summary["metrics"]["judge_my_judge"]["mean"] < 1
        if chosen.get("metrics") == "my_metrics":
            own = summary["metrics"]["my_brevity"]
            assert (
                0 < own["mean"] <= 1
                and own["n"] == summary["n"]
                and summary["metrics"]["f1_memos"]["n"] == summary["n"]
            )
        if chosen.get("dataset") == "my_data":
            assert summary["dataset"]["name"] == "my_data" and summary["n"] == 2
            assert set(summary["by_category"]) == {"part", "date"}
            assert summary["metrics"]["evidence_recall_at_20"]["mean"] == 1.0


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_the_examples_are_formatted(name, project):
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed; run: pip install -e '.[dev]'")
    line_length = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["line-length"]
    for step in (["format", "--check", "-q"], ["check", "-q"]):
        done = subprocess.run(
            [ruff, *step, f"--line-length={line_length}", "--no-cache", name],
            cwd=project,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

"""A machine without LOCOMO: the main table is the generated benchmark's, loudly named; the experiment refuses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import warm

from memos.resources import PUNKT_FOLDER, has_punkt, nltk_root

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["system=rag,memos", "embedder=mock", "metrics=lexical", "latency.questions=0", "figures=false", "jobs=1"]
SMALL_DATA = ["dataset.knobs.conversations=1", "dataset.knobs.sessions=3"]
UNREACHABLE = "http://127.0.0.1:9"
"""Nothing listens on the discard port."""
needs_punkt = pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that has no ``../shared`` beside it, and a cache with nothing but Punkt."""
    folder = tmp_path_factory.mktemp("machine")
    for name in ("eval", "memos", "baselines", "conf", "scripts"):
        shutil.copytree(ROOT / name, folder / "checkout" / name)  # compiled modules too: they stay valid
    reference = Path("results") / "reference"
    shutil.copytree(ROOT / reference, folder / "checkout" / reference)
    shutil.copy(ROOT / "run.py", folder / "checkout")
    if has_punkt():
        nltk = folder / "cache" / nltk_root().relative_to(nltk_root().parent.parent)
        shutil.copytree(nltk_root() / PUNKT_FOLDER, nltk / PUNKT_FOLDER)
    return folder


def call(machine: Path, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script of the copy, on a machine whose network is down."""
    proxies = {name: UNREACHABLE for kind in ("http", "https") for name in (f"{kind}_proxy", f"{kind.upper()}_PROXY")}
    environment = {name: value for name, value in os.environ.items() if name not in ("LOCOMO_PATH", "NO_PROXY")}
    environment |= {**proxies, "PYTHONPATH": str(machine / "checkout"), "XDG_CACHE_HOME": str(machine / "cache")}
    environment |= {"PIP_NO_INDEX": "1", "no_proxy": ""} | variables
    command = [sys.executable, str(machine / "checkout" / script), *arguments]
    return warm.run(command, cwd=machine / "checkout", env=environment, capture_output=True, text=True, timeout=300)


@needs_punkt
def test_the_main_table_falls_back_loudly_and_in_files_of_its_own_name(elsewhere, tmp_path):
    done = call(elsewhere, "scripts/main_table.py", *SMALL, *SMALL_DATA, f"out={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("THIS IS NOT LOCOMO") == 2, "before the run and after its tables"
    assert done.stdout.rstrip().endswith("#" * 100)
    for said in ("experiment=generated", "locomo10.json", "LOCOMO_PATH=", "CC BY-NC 4.0", "download failed"):
        assert said in done.stdout, said
    tables = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert {"generated.md", "generated_recall.csv", "generated_table4.tex"} <= set(tables)
    assert all(name.startswith("generated") for name in tables)
    assert not (tmp_path / "runs" / "locomo").exists()
    text = (tmp_path / "tables" / "generated.md").read_text(encoding="utf-8")
    assert "generated" in text.splitlines()[0] and "LOCOMO" not in text.splitlines()[0]


@needs_punkt
def test_the_experiment_itself_ends_and_names_the_other(elsewhere, tmp_path):
    done = call(elsewhere, "run.py", "experiment=locomo", *SMALL, f"out={tmp_path}")
    assert done.returncode == 1 and not (tmp_path / "tables").exists()
    [line] = done.stderr.strip().splitlines()
    assert re.match(r"error: LOCOMO is not on this machine: .*run experiment=generated, which needs no data$", line)


def test_a_path_that_the_user_names_wrong_is_not_passed_over(elsewhere, tmp_path):
    done = call(elsewhere, "scripts/main_table.py", *SMALL, f"out={tmp_path}", LOCOMO_PATH="/no/such.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: LOCOMO_PATH=/no/such.json: no such file\n"


@needs_punkt
def test_with_locomo_there_the_main_table_is_locomos(elsewhere, tmp_path):
    """Any file in its format stands in for LOCOMO here."""
    tiny = str(elsewhere / "checkout" / "eval" / "datasets" / "tiny.json")
    done = call(elsewhere, "scripts/main_table.py", *SMALL, "dataset.limit=4", f"out={tmp_path}", LOCOMO_PATH=tiny)
    assert done.returncode == 0, done.stderr
    assert "THIS IS NOT LOCOMO" not in done.stdout and (tmp_path / "tables" / "locomo.md").exists()
    assert not list((tmp_path / "tables").glob("generated*"))


def test_make_locomo_calls_what_falls_back():
    if not shutil.which("make"):
        pytest.skip("make is not on this machine")
    # `make test` hands its own level and flags on, with which make tells the folder it enters.
    outside = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")}
    command = ["make", "--no-print-directory", "-n", "locomo"]
    shown = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=True).stdout
    assert shown.rstrip().endswith("scripts/main_table.py") and "fetch_data.py punkt\n" in shown

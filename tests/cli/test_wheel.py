"""A built wheel in an environment of its own, used in an empty folder: both commands, conf/ and the paper's values."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from memos.resources import has_punkt

ROOT = Path(__file__).resolve().parents[2]
TREE = ("memos", "baselines", "eval", "conf", "results/reference", "pyproject.toml", "setup.py", "README.md")
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of a copy of the tree that has a machine's private settings beside the public ones."""
    pytest.importorskip("setuptools", minversion="70.1")
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "local"))
        else:
            shutil.copy(ROOT / name, tree / name)
    (tree / "conf" / "local").mkdir()
    (tree / "conf" / "local" / "default.yaml").write_text("out: /private\n", encoding="utf-8")
    done = run([sys.executable, "-c", BUILD, str(out)], tree)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def commands(wheel, tmp_path_factory) -> Path:
    """The folder of commands of a new environment with the wheel; the packages it needs are this environment's."""
    home = tmp_path_factory.mktemp("environment")
    assert run([sys.executable, "-m", "venv", "--without-pip", str(home)], home).returncode == 0
    shown = run([str(home / "bin" / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], home)
    # A .pth file in the folder that a .pth file names is not read: an editable install of this project stays out.
    shared = [*dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))), *extra_folders()]
    (Path(shown.stdout.strip()) / "shared.pth").write_text("\n".join(shared) + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "--disable-pip-version-check"]
    done = run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], home)
    assert done.returncode == 0, done.stderr
    return home / "bin"


def extra_folders() -> list[str]:
    """Further folders of packages of this environment."""
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def test_the_wheel_carries_every_file_that_code_reads_and_nothing_private(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    conf = {f"eval/{path.relative_to(ROOT)}" for path in (ROOT / "conf").rglob("*.yaml") if path.parent.name != "local"}
    data = {
        str(path.relative_to(ROOT))
        for package in ("memos", "baselines", "eval")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".json", ".html", ".css", ".js") and "__pycache__" not in path.parts
    }
    assert conf | data | {"eval/paper/paper.yaml"} <= inside
    assert not [name for name in inside if "local/" in name or name.split("/")[0] not in ("memos", "baselines", "eval")]


@pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")
def test_the_benchmark_runs_from_the_wheel_in_an_empty_folder(commands, tmp_path):
    benchmark = [str(commands / "memos-bench"), "experiment=tiny", "system=rag,memos", "latency.questions=0", "jobs=1"]
    benchmark.append("dataset.conversations=[tiny-1]")
    done = run(benchmark, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "tables" / "tiny.md").is_file()
    (manifest,) = (tmp_path / "results" / "runs" / "tiny").glob("rag-*/manifest.json")
    assert '"commit": null' in manifest.read_text(encoding="utf-8")
    again = run(benchmark, tmp_path)
    assert again.returncode == 0 and "up to date" in again.stdout
    card = run([str(commands / "memos-bench"), "experiment=judge_card", "judge=ofline"], tmp_path)
    assert card.returncode == 1 and "offline" in card.stderr, "the groups of conf/ are found"


def test_the_memory_command_works_from_the_wheel(commands, tmp_path):
    assert run([str(commands / "memos"), "--help"], tmp_path).stdout.startswith("usage: memos ")
    vault = ["--vault", "m.sqlite", "--embedder", "mock"]
    assert run([str(commands / "memos"), *vault, "add", "I live in Porto."], tmp_path).returncode == 0
    assert "Porto" in run([str(commands / "memos"), *vault, "search", "Where?"], tmp_path).stdout


def test_the_papers_values_are_in_the_wheel(commands, tmp_path):
    code = (
        "from eval.report.paper.reference import load; from eval.core.places import installed; print(installed(), "
        "len(load().cells) > 100)"
    )
    assert run([str(commands / "python"), "-c", code], tmp_path).stdout.split() == ["True", "True"]

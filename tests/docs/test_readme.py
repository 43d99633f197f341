"""Every command of the README and of docs/ works.

- ``python run.py …`` is run by test_readme_runs.py; where that narrows a sweep, the whole sweep goes through the check
  that runs before
  anything starts.
- ``python scripts/X.py …`` is run on fixture runs (see RUN_ON_FIXTURES); the others (NOT_RUN, with the reason) show
  their help,
  which must know every option the README uses.
- ``make X`` is planned by ``make -n``; the extras of ``pip install`` must be declared; an exported variable must be one
  the code reads.
- The Python block is run; YAML blocks are read.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
import warm
import yaml
from readme_text import CONTRIBUTING, PAGES, blocks, commands, named_files, of, synthetic_fields, text_of, words

from eval.command.cli import CONF, quote_null
from eval.command.precheck import precheck

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "runs"
RUNS = sorted((FIXTURE / "fixture").iterdir())
RUN_ON_FIXTURES = {
    "list.py": [],
    "tables.py": [FIXTURE],
    "figures.py": [FIXTURE / "fixture", "--only", "score_by_category"],
    "report.py": [FIXTURE / "fixture", "--no-figures"],
    "compare.py": RUNS[:2],
    "rescore.py": [RUNS[0], f"--data={FIXTURE / 'dataset.json'}", "--metrics=lexical"],
}
"""Script to what stands for its positional arguments; each writes below ``--out``."""
WRITES_README = {"--readme"}
"""Options that change the README itself; test_readme_results.py holds what they write."""
NOT_RUN = {
    "record.py": "packs runs on a paid model; tests/harness/test_replay.py runs both of its commands",
    "fetch_data.py": "downloads or installs packages",
    "bench_report.py": "a bench",
    "bench_flow.py": "a bench",
    "bench_forecast.py": "a bench",
    "bench_limits.py": "a bench",
    "bench_kv.py": "a bench",
    "bench_search.py": "a bench",
    "bench_scheduler.py": "a bench",
    "bench_scoring.py": "a bench",
    "bench_harness.py": "a bench",
    "bench_answerers.py": "a bench",
    "bench_numerics.py": "a bench",
    "bench_pooling.py": "a bench",
    "bench_ranker.py": "a bench",
    "bench_remote.py": "a bench",
    "memory_server.py": "serves until stopped; tests/baselines/test_remote_page.py starts it",
    "main_table.py": "what make locomo runs; tests/cli/test_without_locomo.py runs it without LOCOMO",
    "fitted.py": "needs the data that a part was fitted on",
    "changes.py": "needs runs of two versions",
    "run_folder.py": "writes a page of docs/, which tests/harness/test_run_format.py holds in step",
    "train_judge.py": "needs LOCOMO and published answers",
    "train_reader.py": "needs LOCOMO",
    "train_retrieval.py": "needs LOCOMO",
}


def run(command: list[object], **kwargs) -> subprocess.CompletedProcess:
    start = warm.run if command[0] == sys.executable and "-c" not in command else subprocess.run
    return start([str(x) for x in command], capture_output=True, text=True, timeout=300, **({"cwd": ROOT} | kwargs))


def installed(distribution: str) -> bool:
    try:
        return bool(metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return False


def narrowed(command: str) -> bool:
    """Whether test_readme_runs.py runs less than the command says: a sweep that no other command runs whole, or jobs on
    Slurm.
    """
    given = words(command)[2:]
    names = [w.partition("=")[2] for w in given if w.startswith("experiment=")]
    swept = any(
        "sweeper" in (CONF / "experiment" / f"{name}.yaml").read_text(encoding="utf-8")
        for name in names
        if name != "locomo"
    )
    return swept or any(w.startswith("hydra/launcher=") for w in given)


def script_commands() -> list[str]:
    return [c for c in commands() if c.startswith("python scripts/")]


BY_HAND = ROOT / "docs" / "memos.md"
"""A page of which tests/docs/test_memos_page.py runs every block."""
KNOWN = (
    *(("python", "run.py"), ("make",), ("pip", "install"), ("export",), ("pytest",), ("python", "-m"), ("cd",)),
    *(("git", "clone"), ("hf", "download"), ("memos",), ("memos-bench", "conformance")),
)


def test_no_command_goes_untested():
    elsewhere = commands((BY_HAND,))
    kinds = [c for c in commands() if c not in elsewhere and not any(tuple(words(c)[: len(k)]) == k for k in KNOWN)]
    assert [c for c in kinds if c not in script_commands()] == [], "teach this test the new kind of command"
    assert len(of("python", "run.py")) > 5 and script_commands(), "the README's commands were not found"


@pytest.mark.parametrize("command", [c for c in of("python", "run.py") if "--help" in c])
def test_help_is_shown(command):
    done = run([sys.executable, *words(command)[1:]])
    assert done.returncode == 0 and "system" in done.stdout


def one_an_experiment(listed: list[str]) -> list[str]:
    """The first command of each experiment and launcher; the others compose it, too."""
    chosen = ("experiment=", "hydra/launcher=")
    return list({tuple(w for w in words(c) if w.startswith(chosen)): c for c in reversed(listed)}.values())


@pytest.mark.parametrize("command", one_an_experiment([c for c in of("python", "run.py") if narrowed(c)]))
def test_whole_sweeps_compose(command, tmp_path):
    arguments = words(command)[2:]
    if any(a.startswith("hydra/launcher=") for a in arguments) and not installed("hydra-submitit-launcher"):
        pytest.skip("the launcher is not installed; run: pip install -e '.[slurm]'")
    own = synthetic_fields(command, tmp_path)
    if own:
        arguments = [a for a in arguments if not a.startswith(("dataset.size=", "dataset.conversations="))]
    elif not any(f"experiment={name}" in arguments for name in ("generated", "growth", "suite")):
        own = ["dataset=tiny"]
    precheck(CONF, [*(quote_null(a) for a in arguments), *own])


@pytest.mark.parametrize("command", script_commands())
def test_script_commands(command, tmp_path):
    script, arguments = Path(words(command)[1]), words(command)[2:]
    assert (ROOT / script).exists(), f"{script} is named in the README and does not exist"
    if script.name in RUN_ON_FIXTURES and not WRITES_README.intersection(arguments):
        options = [a for a in arguments if a.startswith("--")]
        assert all(
            "=" in o or arguments[-1] == o or arguments[arguments.index(o) + 1].startswith("--") for o in options
        ), "write options with a value as --option=value, so that this test knows them from positional arguments"
        done = run([sys.executable, script, *RUN_ON_FIXTURES[script.name], *options, f"--out={tmp_path}"])
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert script.name == "list.py" or any(tmp_path.rglob("*.*")), "nothing was written"
        return
    assert script.name in NOT_RUN or WRITES_README.intersection(arguments), (
        f"add {script.name} to RUN_ON_FIXTURES, or to NOT_RUN with the reason"
    )
    shown = run([sys.executable, script, "--help"])
    assert shown.returncode == 0, shown.stderr
    for option in (a.split("=")[0] for a in arguments if a.startswith("-")):
        assert option in shown.stdout, f"{script.name} knows no {option}"


@pytest.mark.parametrize("command", of("make"))
def test_make_targets_exist(command):
    done = run([*words(command)[:1], "-n", *words(command)[1:]], env={**os.environ, "MAKEFLAGS": ""})
    assert done.returncode == 0, done.stderr
    for script in re.findall(r"(?:scripts/\w+|run)\.py", done.stdout):
        assert (ROOT / script).exists()


@pytest.mark.parametrize("command", of("pip", "install"))
def test_extras_are_declared(command):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = re.search(r"\[(.+)\]", command)
    assert named and set(named.group(1).split(",")) <= set(declared)


@pytest.mark.parametrize("command", of("export"))
def test_exported_variables_are_read(command):
    name = words(command)[1].partition("=")[0]
    sources = [*(ROOT / "conf").rglob("*.yaml"), *(ROOT / "eval").rglob("*.py"), *(ROOT / "memos").rglob("*.py")]
    assert any(name in path.read_text(encoding="utf-8") for path in sources), f"nothing reads {name}"


@pytest.mark.parametrize("command", of("python", "-m"))
def test_modules_show_their_help(command):
    done = run([sys.executable, *words(command)[1:3], "--help"])
    assert done.returncode == 0 and "usage" in done.stdout


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_blocks_run(number, tmp_path):
    if find_spec("torch") is None:
        pytest.skip("the embedder is not installed; run: pip install -e '.[embedded]'")
    code = blocks("python")[number]
    done = run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    assert "print(" not in code or done.stdout.strip()


def test_yaml_blocks_are_configurations():
    for block in set(blocks("yaml")) - set(blocks("yaml", (BY_HAND,))):
        assert {"_target_", "name"} <= set(yaml.safe_load(block))


def test_files_named_in_the_pages_exist():
    text = text_of((*PAGES, CONTRIBUTING))
    named = set(
        re.findall(
            r"`((?:conf|scripts|eval|memos|baselines|tests|results/(?:reference|cards|tables|figures))/[\w./-]*)`", text
        )
    )
    missing = [name for name in named - named_files(CONTRIBUTING).keys() if not (ROOT / name).exists()]
    assert missing == [], "a page names files that are not there"

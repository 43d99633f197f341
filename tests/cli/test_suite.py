"""``experiment=suite``: which jobs a command has, what it goes on without, and that its runs are ordinary ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import warm

from eval.command.precheck import precheck
from eval.core.places import conf
from eval.datasets import find
from eval.experiments.benchmark import experiment as benchmark
from eval.experiments.load import experiment_of
from eval.experiments.suite import experiment as suite
from eval.report.groups import groups
from memos.errors import AbsentData, ConfigError
from memos.resources import has_punkt

ROOT = Path(__file__).resolve().parents[2]
FAST = ("experiment=suite", "embedder=mock", "metrics=lexical", "latency.questions=0")
SMALL = (
    "dataset=tiny,generated",
    "dataset.knobs.conversations=3",
    "dataset.knobs.sessions=2",
    "system=full_context,rag",
)
needs_punkt = pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")


@pytest.fixture
def no_locomo(monkeypatch):
    """A machine that has no LOCOMO and cannot fetch it."""

    def unreachable(*_: object) -> None:
        raise AbsentData("LOCOMO is not on this machine")

    monkeypatch.delenv("LOCOMO_PATH", raising=False)
    monkeypatch.setattr(find, "cached_locomo", lambda: Path("/nowhere/locomo10.json"))
    monkeypatch.setattr(find, "beside_checkout", lambda: Path("/nowhere/locomo10.json"))
    monkeypatch.setattr(find, "download_locomo", unreachable)


def jobs(*arguments: str) -> list[tuple[str, str]]:
    configs = precheck(conf(), [*FAST, *arguments]).configs
    return [(config["dataset"]["name"], config["system"]["name"]) for config in configs]


def test_all_systems_of_the_main_table_on_each_data_set(no_locomo):
    checked = precheck(conf(), list(FAST))
    systems = [config["system"]["name"] for config in checked.configs if config["dataset"]["name"] == "generated"]
    assert len(systems) == 10 and systems[0] == "null" and systems[-1] == "memos"
    sizes = {c["dataset"]["knobs"]["conversations"] for c in checked.configs if "knobs" in c["dataset"]}
    assert sizes == {50}
    assert [outcome["message"] for outcome in checked.left_out] == [
        "locomo: left out: LOCOMO is not on this machine"
    ] and checked.left_out[0]["code"] == 0


def test_the_command_line_picks_data_sets_in_its_order_and_systems_of_all():
    assert jobs("dataset=generated,tiny", "system=rag,memos") == [
        ("generated", "rag"), ("generated", "memos"), ("tiny", "rag"), ("tiny", "memos")
    ]  # fmt: skip
    assert jobs("dataset=tiny", "system=rag") == [("tiny", "rag")]


def test_a_field_goes_to_the_data_sets_that_have_it():
    arguments = ["dataset=tiny,generated", "system=rag", "dataset.knobs.conversations=4", "dataset.limit=7"]
    checked = precheck(conf(), [*FAST, *arguments, "dataset.captions=true"])
    tiny, generated = (config["dataset"] for config in checked.configs)
    assert tiny["captions"] and tiny["limit"] == generated["limit"] == 7
    assert generated["knobs"]["conversations"] == 4 and "captions" not in generated
    assert checked.sweeps[0][-1] == "dataset=tiny" and "dataset.captions=true" not in checked.sweeps[1]
    with pytest.raises(ConfigError, match=r"dataset\.captoins"):
        jobs("dataset=tiny,generated", "dataset.captoins=true")


def test_a_damaged_data_set_is_an_error_and_the_others_go_on(tmp_path, monkeypatch):
    (tmp_path / "locomo10.json").write_text("[{]")
    monkeypatch.setenv("LOCOMO_PATH", str(tmp_path / "locomo10.json"))
    checked = precheck(conf(), [*FAST, "dataset=locomo,tiny", "system=rag"])
    assert [config["dataset"]["name"] for config in checked.configs] == ["tiny"] and len(checked.sweeps) == 1
    (failed,) = checked.left_out
    assert failed["code"] == 1 and failed["folder"] is None and "locomo10.json" in failed["message"]
    with pytest.raises(ConfigError, match="locomo10.json"):
        precheck(conf(), [*FAST, "dataset=locomo", "system=rag"])


def run(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "run.py"), *FAST, f"out={out}", *arguments]
    return warm.run(command, cwd=out, capture_output=True, text=True, timeout=600)


@needs_punkt
def test_one_command_makes_ordinary_runs_tables_and_a_figure_and_resumes(tmp_path):
    first = run(tmp_path, *SMALL, "jobs=1")
    assert first.returncode == 0, first.stderr
    manifests = {p.parent.parent.name: json.loads(p.read_text()) for p in tmp_path.glob("runs/*/*/manifest.json")}
    assert set(manifests) == {"tiny", "generated"}
    assert manifests["tiny"]["config"]["entry"] == "eval.experiments.benchmark.experiment"
    names = {path.name for path in (tmp_path / "tables").glob("*.md")}
    assert names >= {"suite.md", "suite_pairs.md", "suite_apart.md", "suite_tiny.md", "suite_generated_own_knobs.md"}
    assert (tmp_path / "figures" / "suite_pooled.png").exists()
    group = next(one for one in groups([], tmp_path) if one.experiment == "suite")
    assert experiment_of(group) is suite and len(group.folders) == 4
    arguments = [f"out={tmp_path}", "system=rag", *FAST[1:]]
    (ordinary,) = precheck(conf(), [*arguments, "experiment=tiny", "dataset=tiny"]).configs
    assert benchmark.up_to_date(ordinary), "experiment=tiny takes the run for its own"
    for config in precheck(conf(), [*FAST, *SMALL, f"out={tmp_path}"]).configs:
        outcome = suite.up_to_date(config)
        assert outcome and outcome["message"].startswith(f"{config['dataset']['name']}, {config['system']['name']}: up")

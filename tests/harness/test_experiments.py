"""Experiments: one contract, one loader, and one writer for each table."""

from __future__ import annotations

import sys
import types

import pytest
import yaml

from eval.command.cli import CONF
from eval.experiments.load import FORMER, FUNCTIONS, experiment_of, load
from eval.report.groups import RunGroup
from memos.errors import ConfigError

ENTRIES = sorted(
    {
        yaml.safe_load(path.read_text())["entry"]
        for path in [CONF / "config.yaml", *(CONF / "experiment").glob("*.yaml")]
        if "entry" in yaml.safe_load(path.read_text())
    }
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_an_experiment(entry):
    assert all(callable(getattr(load(entry), name)) for name in FUNCTIONS)


@pytest.mark.parametrize(
    "former", ["eval.run.run", *(f"eval.experiments.{name}.run" for name in ("adversarial", "judge_card", "kv_ttft"))]
)
def test_names_in_older_manifests_still_load(former):
    assert load(former) is load(FORMER[former.removesuffix(".run")])
    assert load(former).__name__ in ENTRIES


def test_what_is_no_experiment_is_refused_in_one_line(monkeypatch):
    half = types.ModuleType("half")
    half.check = half.run = lambda config: None
    monkeypatch.setitem(sys.modules, "half", half)
    with pytest.raises(
        ConfigError, match="entry: 'half.run' is no experiment, it lacks changed, up_to_date, tables, finish"
    ):
        load("half.run")
    for entry in ("eval.experiments.absent", "absent.run", ""):
        with pytest.raises(ConfigError, match=f"entry: cannot load '{entry}'"):
            load(entry)


def test_the_manifest_says_which_experiment_writes_the_tables(tmp_path):
    for name, entry in (("old", "eval.run.run"), ("new", "eval.experiments.kv_ttft.experiment")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(f'{{"config": {{"entry": "{entry}"}}}}')
        assert experiment_of(RunGroup(name, (tmp_path / name,))) is load(entry)
    assert experiment_of(RunGroup("judge_card", (), tmp_path)) is load("eval.experiments.judge_card.experiment")

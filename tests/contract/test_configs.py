"""Every configuration composes, is checked, and documents its fields."""

from __future__ import annotations

import dataclasses

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.config import PLAIN, component_config
from eval.core.settings import plain
from eval.stages.bench import Bench

COMPONENTS = sorted(
    path for group in ("system", "llm", "embedder", "answerer", "judge") for path in (CONF / group).glob("*.yaml")
)
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))


def named(path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", COMPONENTS, ids=named)
def test_component_has_a_typed_documented_config(path):
    group = path.parent.name
    with initialize_config_dir(str(CONF), version_base="1.3"):
        spec = plain(compose("config", ["experiment=tiny", f"{group}='{path.stem}'"]))[group]
    assert spec["name"] == path.stem
    cls, config = component_config(spec, group)
    fields = dataclasses.fields(cls.Config)
    assert all(f.metadata.get("help") for f in fields), "a field has no help"
    assert {f.name for f in fields} == set(spec) - set(PLAIN), "the YAML lists other fields than the class"
    source = path.read_text(encoding="utf-8")
    for line in source.splitlines():
        key = line.partition(":")[0]
        if key in {f.name for f in fields}:
            assert "#" in line, f"{key} has no comment"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_composes(name):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = plain(compose("config", [f"experiment={name}", "dataset=tiny"]))
    if config["entry"] == "eval.experiments.benchmark.experiment":
        made = Bench(config)
        assert made.name == name and made.fingerprint

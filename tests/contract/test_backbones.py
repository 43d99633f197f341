"""``backbone=…``: one word for the models of all parts, which any part on the command line overrides."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.command.precheck import precheck
from eval.core.settings import plain
from eval.stages.bench import Bench
from memos.errors import ConfigError

BUNDLES = {
    "none": ("none", "minilm", "reader", "offline", "rules"),
    "gpt-4o-mini": ("openai", "openai", "llm", "llm_generous", "llm"),
    "qwen3-8b-vllm": ("qwen3-8b-vllm", "minilm", "llm", "llm_generous", "llm"),
    "local": ("embedded", "minilm", "smollm2", "offline", "llm"),
}
EXTRACTING = ("mem0", "mem0_graph", "zep", "langmem", "openai_memory", "memos")


def composed(*overrides: str) -> dict:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", ["experiment=locomo", "dataset=tiny", *overrides]))


def test_every_bundle_is_tested():
    assert BUNDLES.keys() == {path.stem for path in (CONF / "backbone").glob("*.yaml")}


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("system", [*EXTRACTING, "rag", "full_context", "sweep/memos_k5"])
def test_a_bundle_sets_every_part_for_every_system(name: str, system: str):
    config = composed(f"backbone={name}", f"system={system}")
    llm, embedder, answerer, judge, extractor = BUNDLES[name]
    assert (config["llm"]["name"], config["embedder"]["name"]) == (llm, embedder)
    assert (config["answerer"]["name"], config["judge"]["name"]) == (answerer, judge)
    assert config["system"].get("extractor", extractor) == extractor
    assert Bench(config).uses_llm() == (extractor == "llm" and "extractor" in config["system"])


@pytest.mark.parametrize("system", [*EXTRACTING, "rag", "'null'"])
def test_no_bundle_is_the_default_and_changes_nothing(system: str):
    base, none = composed(f"system={system}"), composed(f"system={system}", "backbone=none")
    assert base == none and Bench(base).fingerprint == Bench(none).fingerprint
    assert base["system"].get("extractor", "rules") == "rules"


@pytest.mark.parametrize("name", [name for name in BUNDLES if name != "none"])
@pytest.mark.parametrize(
    ("override", "group", "chosen"),
    [
        ("judge=offline_strict", "judge", "offline_strict"),
        ("answerer=reader", "answerer", "reader"),
        ("embedder=mock", "embedder", "mock"),
        ("llm=hf", "llm", "hf"),
        ("llm=mock", "llm", "mock"),
    ],
)
def test_any_part_on_the_command_line_comes_first(name: str, override: str, group: str, chosen: str):
    config = composed(f"backbone={name}", "system=mem0", override)
    assert config[group]["name"] == chosen
    Bench(config)  # no field of the bundle's own choice is left on another part


def test_fields_on_the_command_line_come_first_too():
    config = composed("backbone=gpt-4o-mini", "system=zep", "llm.model=gpt-4.1", "system.extractor=rules")
    assert config["llm"]["model"] == "gpt-4.1" and config["system"]["extractor"] == "rules"
    assert composed("extractor=llm", "llm=openai", "system=langmem")["system"]["label"] == "langmem (background, llm)"
    server = composed("backbone=qwen3-8b-vllm", "llm.base_url=http://node7:8000/v1")["llm"]
    assert server["base_url"] == "http://node7:8000/v1" and server["model"] == "Qwen/Qwen3-8B"
    assert server["price_prompt"] == 0 and server["api_key_env"] is None


def test_a_bundle_takes_the_place_of_what_the_experiment_chose():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = plain(compose("config", ["experiment=tiny", "backbone=gpt-4o-mini"]))
    assert config["embedder"]["name"] == "openai" and config["dataset"]["name"] == "tiny"
    with pytest.raises(ConfigError, match="backbone=gpt-4o: no such backbone; did you mean gpt-4o-mini"):
        precheck(CONF, ["experiment=tiny", "backbone=gpt-4o"])

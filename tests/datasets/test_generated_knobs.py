"""Knobs through Hydra, in the same words everywhere; the generated benchmark in other experiments."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from eval.command.precheck import precheck
from eval.core.places import conf
from eval.datasets.generated.records import Knobs
from eval.experiments.adversarial import experiment as adversarial
from memos.errors import ConfigError
from memos.resources import has_punkt

ROOT = Path(__file__).resolve().parents[2]
FAST = ("system=rag", "embedder=mock", "metrics=lexical", "latency.questions=0", "figures=false")
KNOBS = {knob.name: knob for knob in dataclasses.fields(Knobs)}
needs_punkt = pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")


def test_page_configuration_and_script_say_the_same_of_every_knob():
    page = (ROOT / "docs" / "generated.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| (.+) \|$", page, re.MULTILINE)
    said = {name: (default, text) for name, default, text in rows}
    assert said == {name: (str(knob.default), knob.metadata["help"]) for name, knob in KNOBS.items()}
    text = (conf() / "dataset" / "generated.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["knobs"] == {name: knob.default for name, knob in KNOBS.items()}
    comments = dict(re.findall(r"^  (\w+): \S+ # (.+)$", text, re.MULTILINE))
    assert comments == {name: knob.metadata["help"] for name, knob in KNOBS.items()}


def test_a_knob_is_a_key_of_the_command_line():
    checked = precheck(conf(), ["experiment=generated", *FAST, "dataset.knobs.sessions=3", "dataset.knobs.seed=7"])
    assert checked.configs[0]["dataset"]["knobs"] | {"sessions": 3, "seed": 7} == checked.configs[0]["dataset"]["knobs"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("dataset.knobs.sesions=3", "dataset.knobs.sesions: unknown key; did you mean sessions"),
        ("dataset.knobs.sessions=0", "knobs.sessions: expected 1 to 100000, found 0"),
        ("dataset.knobs.noise=much", "dataset.knobs.noise: Value 'much' of type 'str' could not be converted"),
    ],
)
def test_a_wrong_knob_is_one_line(given, line):
    with pytest.raises(ConfigError) as caught:
        precheck(conf(), ["experiment=generated", *FAST, given])
    assert line in str(caught.value) and "\n" not in str(caught.value)


@needs_punkt
def test_its_unanswerable_questions_go_through_the_adversarial_experiment(tmp_path):
    words = ["experiment=adversarial", "dataset=generated", "dataset.categories=[unanswerable]", f"out={tmp_path}"]
    knobs = ["dataset.knobs.conversations=1", "dataset.knobs.sessions=12"]
    [config] = precheck(conf(), [*words, *knobs, *FAST]).configs
    outcome = adversarial.run(config)
    assert outcome["code"] == 0
    adversarial.finish(tmp_path, "adversarial", [outcome], draw=False)
    text = (tmp_path / "tables" / "adversarial.md").read_text(encoding="utf-8")
    assert "RAG-256/k2" in text and "of the questions that can be answered" in text
    with pytest.raises(ConfigError, match="dataset.categories: expected some of .*unanswerable, found"):
        precheck(conf(), ["experiment=adversarial", "dataset=generated", *knobs, *FAST])

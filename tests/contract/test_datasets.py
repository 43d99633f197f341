"""The contract every data set keeps: one test per ``conf/dataset/*.yaml``, on a synthetic file in its format.

A data set brings ``tests/datasets/synthetic/NAME.py`` with ``synthetic(folder)``: it writes what is to be read below
the folder and returns the fields of its configuration that read it (docs/datasets.md).
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.config import PLAIN
from eval.core.settings import plain
from eval.core.types import Dataset
from eval.datasets.load import checked, load, source_class
from eval.datasets.selection import select
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench

DATASETS = sorted(path.stem for path in (CONF / "dataset").glob("*.yaml"))
FIXTURES = Path(__file__).resolve().parent.parent / "datasets" / "synthetic"
every = pytest.mark.parametrize("name", DATASETS)


def composed(name: str, *overrides: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", ["experiment=tiny", f"dataset={name}", *overrides]))


def synthetic(name: str) -> Callable[[Path], dict[str, Any]]:
    """The function that writes a data set's synthetic file."""
    file = FIXTURES / f"{name}.py"
    assert file.is_file(), f"dataset={name} brings no {file}: a synthetic file in its format for this contract"
    spec = importlib.util.spec_from_file_location(f"synthetic_{name}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synthetic


def configured(name: str, folder: Path, **fields: Any) -> dict[str, Any]:
    """The data set's configuration with its synthetic file, all its categories chosen."""
    folder.mkdir(exist_ok=True)
    spec = composed(name)["dataset"] | synthetic(name)(folder)
    return spec | {"categories": [one.id for one in source_class(spec).categories]} | fields


def loaded(name: str, folder: Path) -> Dataset:
    return load(configured(name, folder))


@every
def test_it_has_a_typed_documented_config(name):
    spec = composed(name)["dataset"]
    fields = dataclasses.fields(source_class(spec).Config)
    assert all(f.metadata.get("help") for f in fields), "a field has no help"
    assert {f.name for f in fields} == set(spec) - set(PLAIN), "the YAML lists other fields than the class"
    assert spec["name"] == name and spec["_target_"]
    for line in (CONF / "dataset" / f"{name}.yaml").read_text(encoding="utf-8").splitlines():
        if line.partition(":")[0] in {f.name for f in fields}:
            assert "#" in line, f"{line}: no comment"


@every
def test_ids_are_unique_and_every_reference_resolves(name, tmp_path):
    data = loaded(name, tmp_path)
    assert data.name and data.sha256 and data.questions and data.conversations
    samples = [talk.sample_id for talk in data.conversations]
    assert len(set(samples)) == len(samples)
    assert len({question.key for question in data.questions}) == len(data.questions)
    turns = {}
    for talk in data.conversations:
        ids = [turn.turn_id for _, turn in talk.turns()]
        assert len(set(ids)) == len(ids) > 0, talk.sample_id
        assert len({session.session_id for session in talk.sessions}) == len(talk.sessions)
        assert {turn.speaker for _, turn in talk.turns()} <= set(talk.speakers), talk.sample_id
        turns[talk.sample_id] = set(ids)
    for question in data.questions:
        assert question.sample_id in turns and question.text.strip()
        assert set(question.evidence) <= turns[question.sample_id], question.key
    assert any(question.evidence for question in data.questions) or not _knows_evidence(data)


def _knows_evidence(data: Dataset) -> bool:
    """Whether the data set says which turns hold the evidence; one that does not says so in its notes."""
    return not any("no evidence" in note for note in data.notes)


@every
def test_categories_golds_and_judge_are_known(name, tmp_path):
    data = loaded(name, tmp_path)
    ids = [one.id for one in data.categories]
    assert len(set(ids)) == len(ids) and all(one.name and 1 <= one.like <= 5 for one in data.categories)
    assert {question.category for question in data.questions} <= set(ids)
    for question in data.questions:
        assert question.golds is None or (question.golds[0] == question.gold and len(question.golds) > 1), question.key
        assert question.options is None or question.gold in question.options, question.key
        assert question.gold or question.unanswerable or question.rubric, question.key
    assert not data.judge or (CONF / "judge" / f"{data.judge}.yaml").is_file()


@every
def test_questions_are_asked_after_what_they_ask_about(name, tmp_path):
    data = loaded(name, tmp_path)
    last = {talk.sample_id: [s.time for s in talk.sessions if s.time is not None] for talk in data.conversations}
    for question in data.questions:
        if question.asked is not None and last[question.sample_id]:
            assert question.asked >= max(last[question.sample_id]), question.key
    for talk in data.conversations:
        times = last[talk.sample_id]
        assert times == sorted(times), f"{talk.sample_id}: sessions are in order of time"


@every
def test_the_same_content_has_one_digest(name, tmp_path):
    first, second = loaded(name, tmp_path / "one"), loaded(name, tmp_path / "two")
    assert first.sha256 == second.sha256
    assert (first.conversations, first.questions) == (second.conversations, second.questions)


@every
def test_parts_of_it_can_be_chosen(name, tmp_path):
    spec = configured(name, tmp_path, limit=2)
    sample = select(load(spec), checked(spec), seed=0)
    assert len(sample.questions) == 2
    assert {q.sample_id for q in sample.questions} == {talk.sample_id for talk in sample.conversations}
    whole = loaded(name, tmp_path)
    one = configured(name, tmp_path, conversations=[whole.conversations[0].sample_id])
    assert [t.sample_id for t in select(load(one), checked(one), seed=0).conversations] == one["conversations"]
    category = whole.questions[-1].category
    some = configured(name, tmp_path, categories=[category])
    assert {q.category for q in select(load(some), checked(some), seed=0).questions} == {category}


@every
def test_a_run_goes_through_with_it(name, tmp_path):
    config = composed(name, "system='null'", "latency.questions=0", "metrics.which=[lexical]", f"out={tmp_path}/out")
    config["dataset"] = configured(name, tmp_path)
    outcome = run(config)
    summary = json.loads((Bench(config).folder / "summary.json").read_text(encoding="utf-8"))
    assert outcome["code"] == 0 and summary["complete"] and not summary["failed"]
    assert summary["n"] == len(loaded(name, tmp_path).questions)
    assert set(summary["by_category"]) <= {str(one.id) for one in source_class(config["dataset"]).categories}


@every
@pytest.mark.parametrize("track", sorted(path.stem for path in (CONF / "track").glob("*.yaml")))
def test_every_track_takes_it(name, track, tmp_path):
    spec = composed(name, f"track={track}", "system='null'")["dataset"] | synthetic(name)(tmp_path)
    assert checked(spec) and load(spec).questions

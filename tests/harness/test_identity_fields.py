"""Identity: every field of the configuration is in a fingerprint or declared as execution only."""

from __future__ import annotations

import dataclasses

import pytest
from identity_benches import changed, config, identities

from eval.core import config as schema
from eval.core.config import component_config, identity, part_id
from eval.core.places import conf
from eval.stages.bench import Bench
from memos.errors import ConfigError


def other(value, field_type: str):
    """Another value of a field's kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.01
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, dict):
        return {**value, "top_k": "7"}
    if isinstance(value, (list, tuple)):
        return [*value, *value[:1]] if value else ["x"]
    return 3 if "int" in field_type else 0.5 if "float" in field_type else "x"


ALTERNATIVES = {
    "order": ("rank", "time"),
    "dates": ("long", "iso"),
    "extractor": ("llm", "rules"),
    "long_prompt": ("cut", "refuse"),
    "structured": ("plain", "json_object"),
    "dtype": ("bfloat16", "float32"),
    "long_texts": ("refuse", "pool"),
    "rubric": ("strict", "generous"),
    "base_url": ("http://other.org/v1",),
    "prompt": ("brief", "default"),
    "rules": ([["a", "b"]],),
    "path": (__file__,),
}
"""Values of fields that do not take just any."""


def components():
    """Every component that a configuration group offers."""
    from eval.command.cli import CONF

    for group in ("system", "llm", "embedder", "answerer", "judge"):
        for file in sorted((CONF / group).rglob("*.yaml")):
            name = file.relative_to(CONF / group).with_suffix("").as_posix()
            if not name.startswith("sweep/"):
                yield group, name


@pytest.mark.parametrize(("group", "name"), list(components()))
def test_every_field_of_every_component_is_in_its_identity_or_declared(tmp_path, group, name):
    quoted = f"'{name}'" if name == "null" else name
    spec = config(tmp_path, f"{group}={quoted}")[group]
    cls, made = component_config(spec, group)
    base, checked = identity(spec), 0
    for field in dataclasses.fields(made):
        now = getattr(made, field.name)
        known = [choice for choice in ALTERNATIVES.get(field.name, ()) if choice != now]
        value = known[0] if known else other(now, str(field.type))
        try:
            component_config({**spec, field.name: value}, group)
        except ConfigError:
            continue  # not any value is allowed; the fields that matter are in ALTERNATIVES
        same = identity({**spec, field.name: value}) == base
        assert same == (field.name in schema.EXECUTION), f"{group}.{field.name}"
        checked += 1
    assert checked or not dataclasses.fields(made)
    assert vars(cls).get("part_id") == part_id(cls), "a part of this project has a stable name of its own"


TOP = [
    ("seed", 1),
    ("track.prompt", "default"),
    ("track.budget_words", 50),
    ("track.name", "other"),
    ("system.label", "other"),
    ("latency.questions", 5),
    ("metrics.which", ["lexical", "similarity"]),
    ("metrics.dtype", "bfloat16"),
    ("metrics.similarity_model", "x/y"),
    ("metrics.bertscore_model", "x/y"),
    ("dataset.captions", True),
    ("dataset.categories", [1]),
    ("dataset.conversations", ["tiny-1"]),
    ("dataset.limit", 9),
    ("embedder.dim", 64),
    ("embedder.label", "other"),
    ("answerer.lines", 4),
    ("answerer.name", "other"),
    ("judge.threshold", 0.6),
    ("also_judges.strict.threshold", 0.7),
    ("llm.reason", "other"),
    ("llm.name", "other"),
]


@pytest.mark.parametrize(("path", "value"), TOP, ids=[path for path, _ in TOP])
def test_every_other_key_changes_what_is_up_to_date(tmp_path, path, value):
    base = config(tmp_path)
    assert Bench(base).score_fingerprint != Bench(changed(base, path, value)).score_fingerprint


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cache", "off"),
        ("max_errors", 3),
        ("figures", False),
        ("accept_code", True),
        ("rerun", True),
        ("budget.tokens", 9),
        ("budget.account", "other"),
        ("prices", str(conf() / "prices.yaml")),
        ("check", True),
        ("pilot", 3),
        ("probe", False),
        ("embedder._target_", "memos.embed.mock.Mock"),
        ("out", "elsewhere"),
    ],
)
def test_execution_keys_change_nothing(tmp_path, monkeypatch, path, value):
    monkeypatch.chdir(tmp_path)  # a folder named without its place is made here
    base = config(tmp_path)
    assert path.split(".")[0] in schema.EXECUTION_KEYS or path.endswith("_target_")
    assert identities(Bench(base)) == identities(Bench(changed(base, path, value)))

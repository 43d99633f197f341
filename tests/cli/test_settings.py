"""Command lines as users mistype them, or as somebody means them ill: one line each, before anything starts."""

from __future__ import annotations

import pytest

from eval.command.cli import CONF
from eval.command.precheck import precheck
from memos.errors import ConfigError

TINY = ["experiment=tiny", "system=rag", "metrics=lexical", "figures=false"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("max_errors=abc", "max_errors: expected a whole number from 0 on, found 'abc'"),
        ("max_errors=null", "max_errors: expected a whole number from 0 on, found null"),
        ("max_errors=1.5", "max_errors: expected .* found 1.5"),
        ("seed=abc", "seed: expected a whole number, found 'abc'"),
        ("seed=null", "seed: expected a whole number, found null"),
        ("seed=true", "seed: expected a whole number, found True"),
        ("repeats=0", "repeats: expected a whole number from 1 on, found 0"),
        ("max_lost=1.5", "max_lost: expected a number from 0 to 1, found 1.5"),
        ("out=null", "out: expected a text, found null"),
        ("out=''", "out: expected a text, found ''"),
        ("out=[a]", r"out: expected a text, found \['a'\]"),
        ("name=../../x", "name: expected a name .* found '../../x'"),
        ("name=..", "name: expected a name"),
        ("name=''", "name: expected a name"),
        ("name=a/b", "name: expected a name"),
        ("jobs=abc", "jobs: expected auto or a number from 1 on, found 'abc'"),
        ("at_once=0", "at_once: expected auto or a number"),
        ("accept_code=3", "accept_code: expected true or false, found 3"),
        ("rerun=null", "rerun: expected true or false, found null"),
        ("sweeps=3", "sweeps: is the experiment's own; sweep by values"),
        ("prices=3", "prices: expected a path, or null, found 3"),
        ("also_judges=null", "also_judges: expected judges by their names, found null"),
        ("also_judges=[a]", "also_judges=.a."),
        ("latency=null", "latency: expected keys with values, found null"),
        ("budget=null", "budget: expected keys with values, found null"),
        ("~latency", "latency: missing"),
        ("~budget", "budget: missing"),
        ("~system", "system"),
        ("~judge", "judge"),
        ("dataset=null", "dataset=null: no such dataset; one of beam"),
        ("embedder=null", "embedder=null: no such embedder"),
        ("llm=3", "llm=3: no such llm"),
        ("hydra=null", "hydra"),
        ("=3", "=3: not of the form key=value"),
        ("+foo=1", "^.foo: unknown key; known: accept_code"),
        ("++foo.bar=1", "foo.bar: unknown key"),
        ("budget.usd=nan", "budget.usd: expected a number, found nan"),
        ("budget.usd=1e400", "budget.usd: expected a number, found inf"),
        ("system=glob(*)", "cannot be swept here; list its values: system=A,B"),
        ("entry=null", "entry: expected a text, found null"),
        ("entry=os.system", "entry: cannot load 'os.system'"),
        ("system._target_=os.system", "system._target_: os.system cannot be used here: it is no class"),
        ("system._target_=pathlib.Path", "system._target_: pathlib.Path cannot be used here: it has no Config, start"),
        ("system._target_=baselines.rag", "system._target_: (cannot load .)?baselines.rag"),
        ("system._target_=3", "system._target_: expected the name of a class, found 3"),
        ("embedder._target_=baselines.rag.Rag", "embedder._target_: .* it has no encode"),
        ("answerer._target_=baselines.rag.Rag", "answerer._target_: .* it has no identity, answer"),
        ("judge._target_=subprocess.Popen", "judge._target_: subprocess.Popen cannot be used here: it has no Config"),
        ("dataset._target_=subprocess.Popen", "dataset._target_: .* it has no Config, categories, load"),
        ("also_judges.strict._target_=os.system", "also_judges.strict._target_: os.system cannot"),
    ],
)
def test_a_value_that_cannot_be_is_one_line(words, reason, tmp_path):
    out = [] if words.startswith(("out=", "~out")) else [f"out={tmp_path}"]
    with pytest.raises(ConfigError, match=reason) as error:
        precheck(CONF, [*TINY, *out, words])
    assert "\n" not in str(error.value)
    assert not any(tmp_path.iterdir())


def test_a_number_as_name_or_folder_is_meant_as_text():
    (config,) = precheck(CONF, [*TINY, "name=7", "out=3"]).configs
    assert (config["name"], config["out"]) == ("7", "3")


def test_further_fields_of_a_request_are_free(tmp_path):
    words = [*TINY, f"out={tmp_path}", "llm=openai", "llm.extra_body={top_k: 5, nested: [1, {a: 2}]}"]
    (config,) = precheck(CONF, words).configs
    assert config["llm"]["extra_body"] == {"top_k": 5, "nested": [1, {"a": 2}]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--multirum"], "--multirum: no such option; did you mean --multirun"),
        (["-x"], "-x: no such option"),
        (["~embedder"], "~embedder: may not be deleted; choose one of minilm, mock"),
        (["~system"], "~system: may not be deleted; choose one of"),
        (["+metrics.also=[os.system]"], "metrics.also._target_: os.system cannot be used here: it is no class"),
        (["+metrics.also=[subprocess.Popen]"], "metrics.also: subprocess.Popen is no scorer; it needs names, identity"),
        (["system._target_=subprocess.Popen"], "subprocess.Popen cannot be used here: it has no Config"),
        (["name=../../x"], "name: expected a name of at most 100 letters"),
    ],
)
def test_what_a_command_may_not_say_is_one_line_before_anything_is_made(words, said, tmp_path):
    with pytest.raises(ConfigError) as error:
        precheck(CONF, ["experiment=tiny", "system=rag", f"out={tmp_path}", *words])
    assert said in str(error.value) and "\n" not in str(error.value) and not any(tmp_path.iterdir())

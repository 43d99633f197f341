"""Roles of models: memory, answerer and every judge ask the common model or one of their own."""

from __future__ import annotations

import json

import pytest
from hydra import compose, initialize_config_dir
from identity_benches import bench, config, identities

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.runs.format import files
from eval.stages.bench import Bench
from memos.errors import ConfigError

SAYS = "llm.rules=[{{pattern: 'JSON object', reply: '{{\"label\": \"{label}\"}}'}}, {{pattern: '.', reply: {model}}}]"
OWN = (
    "llm=mock",
    "llm.model=common",
    "answerer=llm",
    "answerer/llm=mock",
    "answerer.llm.model=writer",
    "judge=llm_generous",
    "judge/llm=mock",
    "judge.llm.model=referee",
    "~judge@also_judges.strict",
    "+judge@also_judges.second=llm_generous",
    "+llm@also_judges.second.llm=mock",
    "also_judges.second.llm.model=other",
)
LABEL = "{pattern: 'JSON object', reply: '{\"label\": \"%s\"}'}"
RULES = (
    "answerer.llm.rules=[{pattern: '.', reply: kite}]",
    f"judge.llm.rules=[{LABEL % 'CORRECT'}]",
    f"also_judges.second.llm.rules=[{LABEL % 'WRONG'}]",
)


def test_a_role_that_is_given_the_common_model_is_the_same_run(tmp_path):
    asking = ("llm=mock", "llm.model=m", "answerer=llm", "judge=llm_generous", "system=mem0", "system.extractor=llm")
    common = bench(tmp_path, *asking)
    own = bench(tmp_path, *asking, "answerer/llm=mock", "answerer.llm.model=m", "judge/llm=mock", "judge.llm.model=m")
    assert identities(common) == identities(own)


def test_a_role_of_its_own_changes_what_rests_on_it_and_nothing_else(tmp_path):
    asking = ("llm=mock", "answerer=llm", "judge=llm_generous", "system=mem0", "system.extractor=llm")
    plain_, judged, answered, all_ = (
        identities(bench(tmp_path, *asking, *more))
        for more in (
            (),
            ("judge/llm=mock", "judge.llm.model=j"),
            ("answerer/llm=mock", "answerer.llm.model=a"),
            ("llm.model=x",),
        )
    )
    judge = "judge llm_generous"
    assert judged[judge] != plain_[judge] and judged["summary"] != plain_["summary"]
    assert {k: v for k, v in judged.items() if k not in (judge, "summary")} == {
        k: v for k, v in plain_.items() if k not in (judge, "summary")
    }
    assert answered["run"] != plain_["run"] and answered["stores"] == plain_["stores"]
    assert answered["search"] == plain_["search"] and all_["stores"] != plain_["stores"]


def test_a_model_that_no_role_asks_is_in_no_fingerprint_but_the_summarys(tmp_path):
    own = ("answerer=llm", "answerer/llm=mock", "judge=llm_generous", "judge/llm=mock")
    without, beside = (identities(bench(tmp_path, *own, f"llm={llm}")) for llm in ("none", "mock"))
    assert {k: v for k, v in without.items() if k != "summary"} == {k: v for k, v in beside.items() if k != "summary"}


def test_every_role_asks_its_own_model_and_each_judge_has_its_column_and_journal(tmp_path):
    made = config(tmp_path, *OWN, *RULES, "metrics.which=[lexical]", "figures=false")
    assert run(made)["code"] == 0
    folder = Bench(made).folder
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["metrics"]["judge_llm_generous"]["mean"] == 1
    assert summary["metrics"]["judge_llm_generous_second"]["mean"] == 0
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {record["model"] for record in answers} == {"writer"} and {r["answer"] for r in answers} == {"kite"}
    for name, model in (("llm_generous", "referee"), ("llm_generous_second", "other")):
        file = folder / summary["journals"][f"judge_{name}"]["file"]
        verdicts = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert {verdict["model"] for verdict in verdicts} == {model} and len(verdicts) == summary["n"]
        assert summary["made_by"]["judges"][name]["llm"]["model"] == model
        assert summary["judged"][f"judge_{name}"]["n"] == summary["n"]
    assert summary["made_by"]["answerer"]["llm"]["model"] == "writer" and summary["made_by"]["memory"]["llm"] is None
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    models = {role: (asked or {}).get("own", {}).get("model") for role, asked in manifest["roles"].items()}
    assert models == {
        "memory": None,
        "answerer": "writer",
        "judge llm_generous": "referee",
        "judge llm_generous_second": "other",
    }
    assert files.check_folder(folder) == []


def test_a_judge_that_fails_is_counted_by_its_own_name(tmp_path):
    rules = (RULES[0], RULES[1], "also_judges.second.llm.rules=[{pattern: '.', reply: hm}]")
    made = config(tmp_path, *OWN, *rules, "metrics.which=[lexical]", "figures=false")
    outcome = run(made)
    summary = json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))
    assert outcome["code"] == 2 and summary["failures"] == {"judge_llm_generous_second": summary["n"]}


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        (("judge=llm_strict", "+judge@also_judges.b=llm_strict"), ["llm_strict"]),
        (
            ("judge=llm_strict", "+judge@also_judges.b=llm_strict", "also_judges.b.runs=2"),
            ["llm_strict", "llm_strict_b"],
        ),
        (
            ("judge=llm_strict", "+judge@also_judges.b=llm_strict", "+llm@also_judges.b.llm=mock"),
            ["llm_strict"],
        ),
        (
            (
                "judge=llm_strict",
                "+judge@also_judges.b=llm_strict",
                "+llm@also_judges.b.llm=mock",
                "also_judges.b.llm.model=b",
            ),
            ["llm_strict", "llm_strict_b"],
        ),
        (("judge=offline", "+judge@also_judges.b=offline", "also_judges.b.threshold=0.7"), ["offline", "offline_b"]),
        (("judge=offline", "+judge@also_judges.b=llm_strict", "also_judges.b.name=mine"), ["offline", "mine"]),
    ],
)
def test_judges_that_differ_have_different_names_and_equal_ones_are_one(tmp_path, overrides, names):
    made = bench(tmp_path, "llm=mock", "~judge@also_judges.strict", *overrides)
    assert [spec["name"] for spec in made.judge_specs] == names
    assert len({made.judge_fingerprint(spec) for spec in made.judge_specs}) == len(names)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("answerer=llm",), "answerer=llm needs a language model; .*answerer/llm=openai"),
        (("llm=mock", "answerer=llm", "answerer/llm=none"), "answerer=llm needs a language model"),
        (("judge=llm_strict",), "judge=llm_strict needs a language model; .*judge/llm=openai"),
        (("answerer=llm", "answerer/llm=mock", "judge=llm_strict"), "judge=llm_strict needs a language model"),
        (("+judge@also_judges.b=llm_strict",), r"also_judges\.b=llm_strict needs .*\+llm@also_judges\.b\.llm=openai"),
        (("judge=llm/mock",), "judge=mock: that is a language model and no judge; write judge/llm=mock"),
        (("answerer=llm/mock",), "no answerer; write answerer/llm=mock"),
        (("judge/llm=mock",), "judge/llm=mock: judge=offline asks no language model"),
        (("answerer/llm=mock",), "answerer/llm=mock: answerer=reader asks no language model"),
        (("answerer=llm", "answerer/llm=mock", "system=mem0", "system.extractor=llm"), "system=mem0 needs a language"),
        (("llm=mock", "judge.name='a b'"), "judge.name: 'a b' is no name of a judge"),
        (
            (
                "+judge@also_judges.a=offline",
                "also_judges.a.threshold=0.6",
                "also_judges.a.name=offline_b",
                "+judge@also_judges.b=offline",
                "also_judges.b.threshold=0.7",
            ),
            "two judges are called 'offline_b'",
        ),
    ],
)
def test_a_role_without_a_model_is_refused_in_one_line(tmp_path, overrides, said):
    with pytest.raises(ConfigError, match=said) as raised:
        bench(tmp_path, *overrides)
    assert "\n" not in str(raised.value)


def test_every_model_may_be_a_roles_own():
    names = sorted(path.stem for path in (CONF / "llm").glob("*.yaml"))
    for role in ("answerer", "judge"):
        assert sorted(path.stem for path in (CONF / role / "llm").glob("*.yaml")) == names
        for name in names:
            with initialize_config_dir(str(CONF), version_base="1.3"):
                made = plain(compose("config", ["experiment=tiny", f"{role}/llm={name}", f"llm={name}"]))
            assert made[role]["llm"] == made["llm"]


def test_the_models_that_tables_print_are_those_of_the_roles(tmp_path):
    from eval.report.tables.summaries import origin_notes

    made = config(tmp_path, *OWN, *RULES, "metrics.which=[lexical]", "figures=false")
    run(made)
    summary = json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))
    text = " ".join(origin_notes([summary]))
    assert "writer" in text and "referee" in text and "other" in text and "common" not in text

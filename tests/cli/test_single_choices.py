"""A group of which there is one choice is not given a list, of which Hydra would silently take the last."""

from __future__ import annotations

import pytest

from eval.command.cli import CONF
from eval.command.precheck import precheck
from memos.errors import ConfigError


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("judge=[offline,llm_strict]", r"judge=\[offline,llm_strict\]: one choice only.*\+judge@also_judges"),
        ("judge@also_judges.strict=[offline,offline_strict]", r"one choice only.*\+judge@also_judges"),
        ("+judge@also_judges.more=[offline,offline_strict]", r"one choice only.*\+judge@also_judges"),
        ("system=[rag,memos]", "system=rag,memos runs one after the other"),
        ("system=[rag,memos],rag", "system=rag,memos runs one after the other"),
        ("answerer=[reader,llm]", "one choice only"),
        ("llm=[none,mock]", "one choice only"),
        ("answerer/llm=[mock,none]", "one choice only"),
        ("judge/llm=[mock,none]", "one choice only"),
        ("embedder=[minilm,mock]", "one choice only"),
        ("dataset=[tiny,locomo]", "one choice only"),
        ("metrics=[default,lexical]", "one choice only"),
        ("track=[paper,controlled]", "one choice only"),
        ("hydra/launcher=[basic,local_jobs]", "one choice only"),
        ("dataset=[tiny]", "write dataset=tiny"),
    ],
)
def test_a_list_for_one_choice_is_refused_in_one_line(override, said):
    with pytest.raises(ConfigError, match=said) as raised:
        precheck(CONF, ["experiment=tiny", override])
    assert "\n" not in str(raised.value)


def test_a_list_of_experiments_is_refused():
    with pytest.raises(ConfigError, match="experiment=tiny,locomo runs one after the other"):
        precheck(CONF, ["experiment=[tiny,locomo]"])


def test_a_list_in_a_configuration_file_is_refused(tmp_path):
    import shutil

    conf = tmp_path / "conf"
    shutil.copytree(CONF, conf)
    text = (conf / "experiment" / "tiny.yaml").read_text(encoding="utf-8")
    listed = text.replace("defaults:\n", "defaults:\n  - override /judge: [offline, offline_strict]\n")
    (conf / "experiment" / "mine.yaml").write_text(listed, encoding="utf-8")
    with pytest.raises(ConfigError, match="judge=a list: one choice only"):
        precheck(conf, ["experiment=mine", "system=rag"])


def test_lists_that_are_values_and_sweeps_stay_allowed():
    checked = precheck(
        CONF, ["experiment=tiny", "system=rag,memos", "metrics.which=[lexical]", "dataset.categories=[1,4]"]
    )
    assert len(checked.configs) == 2


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "answerer.llm.model=x",
            "answerer has no model of its own yet; give it one first, such as answerer/llm=openai",
        ),
        ("judge.llm.base_url=http://x", "judge has no model of its own yet; .*judge/llm=openai"),
        (
            "also_judges.strict.llm.model=x",
            r"also_judges\.strict has no model of its own yet; .*\+llm@also_judges\.strict",
        ),
    ],
)
def test_a_field_of_a_model_that_a_role_does_not_have_says_how_to_give_it_one(override, said):
    with pytest.raises(ConfigError, match=said):
        precheck(CONF, ["experiment=tiny", "system=rag", override])

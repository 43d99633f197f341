"""The command line: paths with characters of Hydra's grammar, and a launcher that is not installed."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from case_tools import record

from eval.command.cli import CONF
from eval.command.precheck import precheck
from eval.stages.bench import Bench
from memos.errors import MemosError

TINY = ["experiment=tiny", "system=rag", "metrics=lexical", "figures=false"]
INSTALLED = find_spec("hydra_plugins") is not None and find_spec("hydra_plugins.hydra_submitit_launcher") is not None


def test_c84_a_quoted_path_may_have_any_character(tmp_path):
    """MemPalace/mempalace#1203, Hydra's grammar: =, comma, brackets and spaces in a path."""
    folder = tmp_path / "a=b, (ç) [x]"
    folder.mkdir()
    path = folder / "lo co.json"
    path.write_text(json.dumps([record(sample_id="../../x"), record(sample_id="c2")]), encoding="utf-8")
    (config,) = precheck(CONF, [*TINY, f"out={tmp_path}", f"dataset.path='{path}'"]).configs
    made = Bench(config)
    assert len(made.dataset.conversations) == 2
    for conversation in made.dataset.conversations:
        assert made.state_folder(conversation).resolve().is_relative_to(tmp_path.resolve() / "cache")


def test_c84_a_path_of_windows_is_told_in_one_line(tmp_path):
    """MemPalace/mempalace#1203: backslashes are escapes of the grammar."""
    with pytest.raises(MemosError) as error:
        precheck(CONF, [*TINY, f"out={tmp_path}", r"dataset.path=C:\Users\me\lo.json"])
    assert "\n" not in str(error.value)


@pytest.mark.skipif(INSTALLED, reason="the launcher is installed here")
def test_c85_a_missing_launcher_says_what_to_install(tmp_path):
    """facebookresearch/phyre-fwd#3: the name of the launcher alone helps nobody."""
    with pytest.raises(MemosError) as error:
        precheck(CONF, ["experiment=tiny", "system=rag,memos", "hydra/launcher=gpu_nodes", f"out={tmp_path}"])
    assert "slurm]" in str(error.value) or "hydra-submitit-launcher" in str(error.value)

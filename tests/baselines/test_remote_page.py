"""The worked example of docs/remote.md, command by command, beside a server on a free port."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.command.conformance import main as conformance
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench
from memos.__main__ import main as memos

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "remote.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("## A worked example")[2].partition("\n## ")[0]
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", EXAMPLE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def url():
    """The server of the page's first command, on a free port."""
    program, *arguments = shlex.split(COMMANDS[0])
    with subprocess.Popen([sys.executable, *arguments, "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert program == "python" and server.stdout is not None
        yield server.stdout.readline().split()[-1]
        server.terminate()


def test_the_worked_example_runs(url, tmp_path, capsys):
    server, check, benchmark = map(shlex.split, COMMANDS)
    assert server[1].endswith("memory_server.py") and check[:2] == ["memos-bench", "conformance"]
    assert conformance([url, *check[3:]]) == 0, capsys.readouterr().out
    small = ["dataset.conversations=[tiny-1]", "llm=mock", "embedder=mock", "metrics.which=[]", "latency.questions=0"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = plain(compose("config", [*benchmark[2:], *small, f"system.url={url}", f"out={tmp_path}"]))
    run(config)
    summary = json.loads((Bench(config).folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["complete"] and summary["failed"] == 0 and summary["n"] == 15
    assert 0 < summary["metrics"]["evidence_recall_at_20"]["mean"] <= 1


def test_recall_of_a_system_that_names_no_turns_is_missing(tmp_path):
    from memory_servers import handler, reference, serving

    def reply(self, verb, name, body):
        status, message = reference().Handler.reply(self, verb, name, body)
        for hit in message.get("hits", []):
            del hit["turns"]
        return status, message

    with serving(handler(reply=reply)) as url, initialize_config_dir(str(CONF), version_base="1.3"):
        small = ["dataset.conversations=[tiny-1]", "llm=mock", "embedder=mock", "metrics.which=[]"]
        chosen = ["experiment=tiny", "system=http", f"system.url={url}", "latency.questions=0"]
        config = plain(compose("config", [*chosen, *small, f"out={tmp_path}"]))
        run(config)
    summary = json.loads((Bench(config).folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["complete"] and summary["retrieval"]["metrics"] == {}
    assert not [name for name in summary["metrics"] if name.startswith("evidence_")]
    assert summary["metrics"]["memory_words"]["mean"] > 0


def test_serving_is_refused_in_one_line(capsys):
    assert memos(["--embedder", "mock", "serve", "--rest", "--host", "0.0.0.0", "--port", "0"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: serve: host 0.0.0.0 can be reached from other machines; with --token-env name")
    assert said.count("\n") == 1
    assert memos(["--embedder", "mock", "serve", "--rest", "--token-env", "NO_SUCH_TOKEN"]) == 1
    assert capsys.readouterr().err.startswith("error: --token-env: the variable NO_SUCH_TOKEN is not set")

"""What a user is told where a run cannot go on: one line with the remedy, exit code 1, what was recorded kept."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import warm
from scripted_replies import Reply

from eval.core.device import check_devices
from memos.errors import ConfigError
from memos.weights import model_identity

ROOT = Path(__file__).resolve().parents[2]


def run(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "run.py", "experiment=tiny", "system=oracle", f"out={out}", "figures=false"]
    return warm.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)


def asking(url: str, *further: str) -> list[str]:
    return ["answerer=llm", "llm=openai", f"llm.base_url={url}", "llm.model=m", "llm.backoff_s=0.001", *further]


def told(ended: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error."""
    assert "Traceback" not in ended.stderr + ended.stdout, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    return line


def test_a_wrong_key_ends_the_run_with_what_was_searched(scripted_server, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "a-wrong-key")
    wrong = Reply(status=401, error={"code": "invalid_api_key", "message": "Incorrect API key: a-wrong-key"})
    server = scripted_server(rules=[("", wrong)])
    ended = run(tmp_path, *asking(server.base_url, "llm.api_key_env=MY_KEY", "llm.concurrency=1"))
    assert ended.returncode == 1 and "put a valid key into the variable MY_KEY" in told(ended)
    assert len(server.requests) == 1
    (folder,) = (tmp_path / "runs" / "tiny").glob("oracle-*")
    assert (folder / "search.jsonl").read_text().count("\n") >= 1
    assert not any("a-wrong-key" in path.read_text() for path in tmp_path.rglob("*.json*"))


def test_a_dead_host_ends_the_run(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    ended = run(tmp_path, *asking(url, "llm.api_key_env=null", "llm.max_attempts=2"))
    assert ended.returncode == 1 and "start the server, or correct llm.base_url" in told(ended)


def test_failed_questions_are_told_with_their_reasons(scripted_server, tmp_path):
    def reply(body):
        asked = body["messages"][-1]["content"]
        return Reply(status=400, error={"message": "filtered by policy"}) if len(asked) % 3 == 0 else "yes"

    server = scripted_server(rules=[("", reply)])
    ended = run(tmp_path, *asking(server.base_url, "llm.api_key_env=null", "llm.concurrency=1"))
    lines = ended.stdout + ended.stderr
    assert ended.returncode == 2 and "Traceback" not in lines
    assert "times: Rejected: m at http://127.0.0.1/v1 refuses: 400 filtered by policy" in lines
    (folder,) = (tmp_path / "runs" / "tiny").glob("oracle-*")
    failed = json.loads((folder / "summary.json").read_text())["failed"]
    assert 0 < failed and f"; {failed} times: " in lines


@pytest.mark.parametrize(
    ("device", "line"),
    [("cuda:99", "torch .* sees .* CUDA device"), ("gpu", "is no device"), ("cuda", "sees no CUDA device")],
)
def test_a_device_that_is_not_there(monkeypatch, device, line):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=rf"^llm.device={device}.*{line}"):
        check_devices({"llm": {"device": device}, "embedder": {"device": "cpu"}, "kv": {"device": "auto"}})
    check_devices({"llm": {"device": "auto"}, "embedder": {"device": "cpu"}})


def test_a_missing_model_folder(tmp_path):
    with pytest.raises(ConfigError, match=f"model folder {tmp_path}/no does not exist; give one that holds a model"):
        model_identity(f"{tmp_path}/no")
    ended = run(tmp_path, "answerer=llm", "llm=hf", f"llm.model={tmp_path}/no")
    assert ended.returncode == 1 and "does not exist" in told(ended)
    (tmp_path / "empty").mkdir()
    ended = run(tmp_path, "answerer=llm", "llm=hf", f"llm.model={tmp_path}/empty")
    assert ended.returncode == 1 and "config.json, tokenizer and weights" in told(ended)

"""No file and no message of a run holds a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from scripted import ScriptedServer

from eval.command.cli import CONF
from eval.command.precheck import precheck
from eval.core.places import ROOT
from eval.runs.write import Journal, question_key, write_json
from memos import secret_values
from memos.errors import ConfigError
from memos.llm.openai_wire import completion_of
from memos.secret_values import from_variable, hidden, hidden_in

KEY = "zq-Secret93847561aBcDeF"
TINY = ["experiment=tiny", "system=rag", "metrics=lexical", "figures=false"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(secret_values, "_values", set())
    monkeypatch.setenv("SOME_KEY", KEY)


def test_only_keys_that_were_read_are_taken_out():
    assert hidden(f"bad key {KEY}") == f"bad key {KEY}"
    assert from_variable("SOME_KEY") == KEY and from_variable(None) == from_variable("NO_SUCH") == ""
    assert hidden(f"bad key {KEY}!") == "bad key (key)!"
    kept = {"a": ["x", {"b": 3}]}
    assert hidden_in(kept) is kept
    assert hidden_in({"a": ["x", {"b": f"-{KEY}-"}]}) == {"a": ["x", {"b": "-(key)-"}]}


def test_journals_and_derived_files_are_written_without_it(tmp_path):
    from_variable("SOME_KEY")
    journal = Journal(tmp_path / "j.jsonl", question_key, place="run/j")
    journal.append({"sample_id": "c", "qa_index": 0, "answer": f"it is {KEY}"})
    journal.close()
    assert journal.records["c", 0]["answer"] == "it is (key)"
    again = Journal(tmp_path / "j.jsonl", question_key, place="run/j")
    assert again.records == journal.records and not again.void
    again.close()
    write_json(tmp_path / "s.json", {"error": [KEY]})
    assert all(KEY not in path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json*"))


def test_a_reply_of_a_server_is_taken_without_it():
    """Systems keep what a model says in stores of their own; it is clean before they see it."""
    from_variable("SOME_KEY")
    call = {"function": {"name": "note", "arguments": {"text": f"it is {KEY}"}}}
    message = {"content": f"<think>{KEY}?</think>It is {KEY}.", "tool_calls": [call]}
    reply = completion_of({"choices": [{"message": message}]}, 1.0, 1)
    assert reply.text == "It is (key)." and KEY not in repr(reply)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["llm.base_url='http://me:PASS@host/v1'"], "llm.base_url: a user or password stands in the address"),
        (["llm.base_url='http://host/v1?api_key=PASS'"], "llm.base_url: api_key stands in the address"),
        (["llm.api_key_env=sk-PASS1234567890abcdefghij"], "llm.api_key_env: expected the NAME"),
        (["llm.api_key_env=hf_PASS1234567890abcdefghij"], "llm.api_key_env: expected the NAME"),
        (["llm.api_key_env='my key PASS'"], "llm.api_key_env: expected the NAME"),
        (["+llm.headers.Authorization='Bearer PASS'"], "llm.headers.Authorization: give env:NAME"),
        (["+llm.query.key=PASS"], "llm.query.key: give env:NAME"),
        (["llm.extra_body={provider: {api_key: PASS}}"], "llm.extra_body.provider.api_key: give env:NAME"),
    ],
)
def test_a_key_in_a_configuration_is_refused_and_not_repeated(words, reason, tmp_path):
    with pytest.raises(ConfigError, match=reason) as error:
        precheck(CONF, [*TINY, f"out={tmp_path}", "llm=openai", *words])
    assert "PASS" not in str(error.value) and "\n" not in str(error.value)
    assert not any(tmp_path.iterdir())


def test_an_embedder_takes_no_key_in_its_address_either(tmp_path):
    for word in ("embedder.base_url='http://u:PASS@h/v1'", "embedder.api_key_env=sk-PASS1234567890abcdefghij"):
        with pytest.raises(ConfigError, match="embedder") as error:
            precheck(CONF, [*TINY, f"out={tmp_path}", "embedder=openai", word])
        assert "PASS" not in str(error.value)


def test_a_key_that_a_model_repeats_is_in_no_file_and_no_message(tmp_path):
    """Every file below the folder is searched, the response cache included."""
    command = [sys.executable, str(ROOT / "run.py"), *TINY, f"out={tmp_path}", "answerer=llm", "llm=openai"]
    command += ["llm.api_key_env=SOME_KEY", "dataset.limit=3", "latency.questions=2", "llm.model=scripted-1"]
    with ScriptedServer(rules=[("", f"It is {KEY}, a kite.")]) as server:
        command.append(f"llm.base_url={server.base_url}")
        ran = subprocess.run(command, env={**os.environ, "SOME_KEY": KEY}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    answers = [line for path in written if path.name == "answers.jsonl" for line in path.read_text().splitlines()]
    assert len(answers) == 3 and all(json.loads(line)["answer"] == "It is (key), a kite." for line in answers)
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []
    assert KEY not in ran.stdout + ran.stderr

"""No file and no message of a run holds a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from asking import ask
from scripted import ScriptedServer
from scripted_replies import Reply

from baselines.vendors.common import Connection
from eval.command.cli import CONF
from eval.command.conformance import main as check_server
from eval.command.precheck import precheck
from eval.core.places import ROOT
from eval.runs.write import Journal, question_key, write_json
from memos import secret_values
from memos.errors import ConfigError
from memos.llm.openai_client import resolved
from memos.llm.openai_wire import completion_of
from memos.llm.retry import Rejected
from memos.secret_values import from_variable, hidden, hidden_in, key_from, remember_environment
from memos.serving.address import address

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
    assert hidden_in({f"n {KEY}": 3}) == {"n (key)": 3}, "a server may name its numbers so"


def test_a_key_is_taken_out_as_json_and_addresses_write_it(monkeypatch, tmp_path):
    odd = 'a/b"c\\d+e=12345678'
    monkeypatch.setenv("ODD_KEY", odd)
    from_variable("ODD_KEY")
    write_json(tmp_path / "s.json", {"error": f"<{odd}>"})
    assert json.loads((tmp_path / "s.json").read_text()) == {"error": "<(key)>"}
    assert hidden(f"https://h/?key={quote(odd, safe='')}") == "https://h/?key=(key)"


def test_a_package_reads_variables_by_itself(monkeypatch):
    monkeypatch.setenv("PROVIDERS_API_KEY", "abcdefgh-12345678")
    monkeypatch.setenv("SHORT_TOKEN", "short")
    remember_environment()
    assert hidden("abcdefgh-12345678, short") == "(key), short"


def test_a_reply_that_is_cut_holds_no_piece_of_a_key(scripted_server, client, monkeypatch):
    """Messages are shortened; what a server says is clean before that."""
    monkeypatch.setenv("SOME_KEY", KEY)
    said = Reply(status=400, error={"message": "x" * 290 + KEY, "code": KEY})
    server = scripted_server(rules=[("", said)], model=f"m-{KEY}")
    with pytest.raises(Rejected) as error:
        client(server, api_key_env="SOME_KEY").complete(ask("kite"))
    assert KEY[:8] not in str(error.value)
    server = scripted_server(rules=[("", Reply("red", finish_reason=KEY))], model=f"m-{KEY}")
    assert KEY not in repr(client(server, api_key_env="SOME_KEY").complete(ask("kite")))


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
        (["+llm.headers.X-Auth-Token=PASS"], "llm.headers.X-Auth-Token: give env:NAME"),
        (["llm.api_key_env=a1b2PASS4e5f60718293a4b5c6d7e8f90"], "llm.api_key_env: expected the NAME"),
        (["llm.api_key_env=AKIAPASS0SFODNN7EXAMPLE"], "llm.api_key_env: expected the NAME"),
        (["llm.base_url='http://[PASS'"], "llm.base_url: no address that can be read"),
        (["llm.base_url='http://h:PASSport/v1'"], "llm.base_url: no address that can be read"),
        ([f"llm.model='{KEY}'"], "llm.model: holds the value of the variable SOME_KEY"),
        ([f"llm.served_as='at {KEY}'"], "llm.served_as: holds the value of the variable SOME_KEY"),
        ([f"llm.extra_body={{a: [x{KEY}]}}"], "llm.extra_body.a.0.: holds the value of the variable SOME_KEY"),
        (["llm.model=sk-PASS1234567890abcdefghij"], "llm.model: holds what looks like a key"),
    ],
)
def test_a_key_in_a_configuration_is_refused_and_not_repeated(words, reason, tmp_path):
    with pytest.raises(ConfigError, match=reason) as error:
        precheck(CONF, [*TINY, f"out={tmp_path}", "llm=openai", *words])
    said = str(error.value).replace("'PASSport", "")
    assert "PASS" not in said and KEY not in said and "\n" not in said
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("system", "words", "reason"),
    [
        ("http", ["system.url='http://me:PASS@h'"], "system.url: a user or password"),
        ("http", ["+system.headers.Cookie=PASS"], "system.headers.Cookie: give env:NAME"),
        ("mcp", ["system.url='http://h/?token=PASS'"], "system.url: token stands in the address"),
        ("mcp", ["system.command=[x,--key,sk-PASS1234567890abcdefghij]"], r"system.command.2.: holds what looks like"),
        ("mcp", ["+system.env={API_KEY: PASS}"], "system.env.API_KEY: give env:NAME"),
        ("vendors/mem0ai", ["system.base_url='http://me:PASS@h/v1'"], "system.base_url: a user or password"),
        ("vendors/mem0ai", ["system.api_key_env=sk-PASS1234567890abcdefghij"], "system.api_key_env: expected the NAME"),
    ],
)
def test_no_system_takes_a_key_in_its_configuration(system, words, reason, tmp_path):
    with pytest.raises(ConfigError, match=reason) as error:
        precheck(CONF, ["experiment=tiny", f"system={system}", f"out={tmp_path}", *words])
    assert "PASS" not in str(error.value) and "\n" not in str(error.value)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["two words-123", "line\nbreak-123", "küss-1234567"])
def test_a_malformed_key_is_one_line_wherever_it_is_read(value, monkeypatch):
    monkeypatch.setenv("SOME_KEY", value)
    for read in (
        lambda: key_from("SOME_KEY", "system.api_key_env"),
        lambda: address("127.0.0.1", None, "SOME_KEY"),
        lambda: check_server(["http://127.0.0.1:9", "--token-env", "SOME_KEY"]),
        lambda: Connection(api_key_env="SOME_KEY").key(),
    ):
        with pytest.raises(ConfigError, match="the key has a blank, a line break or a sign that is no ASCII") as error:
            read()
        assert value not in str(error.value) and "\n" not in str(error.value)
    if " " not in value:  # a header may be more than a key
        with pytest.raises(ConfigError, match="h.X=env:SOME_KEY: what is there has a line break"):
            resolved({"X": "env:SOME_KEY"}, "h")


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

"""Servers as they are: what they refuse is asked for otherwise, and learnt."""

from __future__ import annotations

import json

import pytest
from asking import ask
from scripted_replies import Reply

from memos.llm.base import Completion, Request, ToolCall
from memos.llm.openai_dialect import Dialect, form_of
from memos.llm.retry import Rejected
from memos.llm.structured import complete_json
from memos.llm.tool_text import read_calls
from memos.types import Message

COLOUR = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}
NOTE = {
    "type": "function",
    "function": {"name": "note", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}
RED = '{"colour": "red"}'


def refusing(status: int, error, takes=lambda body: not form_of(body), reply=RED):
    """A script that refuses what ``takes`` is false of."""
    return [("", lambda body: reply if takes(body) else Reply(status=status, error=error))]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "response_format is not supported"}),
        (400, {"message": "bad request"}),
        (422, {"message": [{"loc": ["body", "response_format"], "msg": "extra fields not permitted"}]}),
        (422, {"message": "Unprocessable Entity"}),
        (500, {"message": "Internal Server Error"}),
        (501, {"message": "not implemented"}),
    ],
)
def test_a_refused_schema_goes_into_the_prompt(scripted_server, client, status, error):
    server = scripted_server(rules=refusing(status, error))
    llm = client(server)
    for number in range(3):
        assert llm.complete(ask(f"kite {number}", json_schema=COLOUR)).text == RED
    assert form_of(server.chats()[-1]) is None and '"colour"' in server.chats()[-1]["messages"][-1]["content"]
    before = len(server.requests)
    llm.complete(ask("kite again", json_schema=COLOUR))
    assert len(server.requests) == before + 1  # learnt: nothing is refused any more


def test_one_status_500_does_not_weaken_the_form(scripted_server, client):
    server = scripted_server(rules=[("kite", RED)], faults=["500"])
    llm = client(server)
    assert llm.complete(ask("kite", json_schema=COLOUR)).attempts == 2
    assert {form_of(body) for body in server.chats()} == {"json_schema"}


def test_a_form_that_was_taken_once_is_kept(scripted_server, client):
    """A bad request of another cause, later, is that request's own."""
    server = scripted_server(queue=[RED, Reply(status=400, error={"message": "bad request"}), RED])
    llm = client(server)
    llm.complete(ask("kite 1", json_schema=COLOUR))
    with pytest.raises(Rejected, match="bad request"):
        llm.complete(ask("kite 2", json_schema=COLOUR))
    llm.complete(ask("kite 3", json_schema=COLOUR))
    assert {form_of(body) for body in server.chats()} == {"json_schema"}


def test_a_refusal_of_every_form_is_told(scripted_server, client):
    server = scripted_server(rules=refusing(422, {"message": "no"}, takes=lambda body: False))
    with pytest.raises(Rejected, match="422 no"):
        client(server).complete(ask("kite", json_schema=COLOUR))
    assert [form_of(body) for body in server.chats()] == ["json_schema", "grammar", "json_object", None]


def test_an_ignored_schema_goes_into_the_prompt_from_the_second_attempt(scripted_server, client):
    def reply(body):
        return RED if '"colour"' in body["messages"][-1]["content"] else "The kite is red."

    server = scripted_server(rules=[("kite", reply)])
    reply = complete_json(client(server), Request((Message("user", "kite"),)), COLOUR)
    assert reply.value == {"colour": "red"} and reply.attempts == 2


def test_a_looping_reply_is_malformed_and_no_timeout(scripted_server, client):
    """Extraction has a limit of its own, so that the loop ends with finish_reason length."""
    server = scripted_server(rules=[("kite", lambda body: "a " * (body.get("max_tokens") or 10**6))])
    llm = client(server)
    reply = llm.complete(ask("kite", json_schema=COLOUR))
    assert server.chats()[0]["max_tokens"] == 4096 and len(reply.text.split()) == 4096
    assert client(server, max_tokens=50).complete(ask("kite")).usage.completion_tokens == 50
    assert client(server, max_tokens=50).complete(ask("kite", max_tokens=7)).usage.completion_tokens == 7


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (400, "registry.ollama.ai/library/gemma:2b does not support tools"),
        (404, "No endpoints found that support tool use"),
        (422, "bad request"),
        (500, "tools param requires --jinja flag"),
        (500, "Internal Server Error"),
    ],
)
def test_refused_tools_become_json(scripted_server, client, status, message):
    written = json.dumps({"content": "ok", "tool_calls": [{"name": "note", "arguments": {"text": "red"}}]})
    script = refusing(status, {"message": message}, takes=lambda body: "tools" not in body, reply=written)
    server = scripted_server(rules=script)
    llm = client(server)
    for number in range(3):
        reply = llm.complete(ask(f"note kite {number}", tools=(NOTE,)))
        assert reply.text == "ok" and reply.tool_calls == (ToolCall("note", '{"text": "red"}'),)
    before = len(server.requests)
    llm.complete(ask("note it", tools=(NOTE,)))
    assert len(server.requests) == before + 1 and '"parameters"' in server.chats()[-1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"tool_calls": [], "content": "no"}', ("no", ())),
        ('{"name": "note", "arguments": {"text": "a"}}', ("", (ToolCall("note", '{"text": "a"}'),))),
        ('[{"name": "note", "parameters": {}}]', ("", (ToolCall("note", "{}"),))),
        ('Yes. <tool_call>{"name": "note", "arguments": "{}"}</tool_call>', ("Yes.", (ToolCall("note", "{}"),))),
        ('{"function": {"name": "note", "arguments": {}}}', ("", (ToolCall("note", "{}"),))),
        ('{"name": "other", "arguments": {}}', None),
        ('{"colour": "red"}', None),
        ("just text", None),
    ],
)
def test_calls_written_as_text(text, expected):
    assert read_calls(text, (NOTE,)) == expected


@pytest.mark.parametrize("model", ["o3-mini", "o1", "gpt-5", "gpt-5-mini-2025-08-07", "openai/o4-mini"])
def test_reasoning_models_are_known_by_name(scripted_server, client, capsys, model):
    server = scripted_server(rules=[("kite", "red STOP blue")])
    reply = client(server, model=model).complete(ask("kite", max_tokens=9, stop=("STOP",)))
    body = server.chats()[0]
    assert "temperature" not in body and "stop" not in body
    assert ("max_completion_tokens" in body) == ("gpt-5" not in model)
    assert f"note: {model} takes no temperature" in capsys.readouterr().out
    assert reply.text.strip() == "red"


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "octopus", "qwen3"])
def test_other_models_keep_their_fields(model):
    dialect = Dialect.of_model(model, "plain")
    assert dialect.limit_field == "max_tokens" and not dialect.dropped


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("temperature", {"message": "Unsupported value: 'temperature' does not support 0", "param": "temperature"}),
        ("seed", {"message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "input": 0}]}}),
        ("max_tokens", {"message": "'max_tokens' is not supported. Use 'max_completion_tokens' instead."}),
        ("stop", {"message": "Unsupported parameter: 'stop'", "param": "stop"}),
        ("stream_options", {"message": "Unknown field stream_options"}),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_fields_are_dropped_or_renamed(scripted_server, client, field, error, status):
    server = scripted_server(rules=refusing(status, error, takes=lambda body: field not in body, reply="red"))
    llm = client(server, stream=field == "stream_options")
    for number in range(2):
        assert llm.complete(ask(f"kite {number}", max_tokens=5, stop=("x",))).text == "red"
    assert len(server.requests) == 3
    if field == "max_tokens":
        assert server.chats()[-1]["max_completion_tokens"] == 5


def test_azure_and_headers(scripted_server, client, monkeypatch):
    monkeypatch.setenv("EXTRA", "a-secret")
    server = scripted_server()
    llm = client(
        server.base_url + "/openai/deployments/my-deployment",
        query={"api-version": "2024-10-21"},
        headers={"api-key": "env:EXTRA", "X-Title": "memos"},
        extra_body={"top_k": 3},
        stream=True,
    )
    assert isinstance(llm.complete(ask("kite")), Completion)
    logged = server.requests[0]
    assert logged.path == "/v1/openai/deployments/my-deployment/chat/completions"
    assert logged.headers["?"] == "api-version=2024-10-21"
    assert logged.headers["api-key"] == "a-secret" and logged.headers["x-title"] == "memos"
    assert "authorization" not in logged.headers and logged.body["top_k"] == 3
    assert "a-secret" not in repr(llm.identity()) + repr(llm.config)


def test_azures_hosts_get_the_key_in_their_header():
    from memos.llm.openai_client import headers_of
    from memos.llm.openai_config import OpenAIConfig

    for host in ("x.openai.azure.com", "x.services.ai.azure.com"):
        headers = headers_of(OpenAIConfig(), f"https://{host}/openai/v1", "the-key")
        assert headers["api-key"] == "the-key" and "Authorization" not in headers
    assert headers_of(OpenAIConfig(), "https://api.openai.com/v1", "the-key")["Authorization"] == "Bearer the-key"


@pytest.mark.parametrize(
    ("where", "name"), [("headers", "Authorization"), ("headers", "api-key"), ("query", "key"), ("query", "sig")]
)
def test_keys_do_not_stand_in_configurations(where, name):
    from memos.errors import ConfigError
    from memos.llm.openai import OpenAIChat

    with pytest.raises(ConfigError, match=rf"llm.{where}.{name}: give env:NAME"):
        OpenAIChat.Config(**{where: {name: "sk-123"}})


def test_a_missing_variable_is_named(scripted_server, client):
    from memos.errors import ConfigError

    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE is not set"):
        client(scripted_server(), headers={"api-key": "env:NO_SUCH_VARIABLE"}).complete(ask("kite"))

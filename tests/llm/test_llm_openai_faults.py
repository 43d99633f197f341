"""The OpenAI-compatible client against scripted faults."""

from __future__ import annotations

import threading

import pytest
from asking import ask

from memos.errors import ConfigError, LLMError, PromptTooLong
from memos.llm.base import Completion
from memos.llm.openai import OpenAIChat
from memos.llm.retry import Rejected, Unreachable


@pytest.mark.parametrize("fault", ["429", "500", "drop", "garbage"])
def test_passing_faults_are_retried(scripted_server, client, fault):
    server = scripted_server(rules=[("kite", "red")], faults=[fault, fault])
    reply = client(server).complete(ask("what colour is the kite"))
    assert (reply.text, reply.attempts, len(server.requests)) == ("red", 3, 3)


def test_a_timeout_is_retried(scripted_server, client):
    server = scripted_server(rules=[("kite", "red")], faults=["timeout"], timeout_s=5)
    assert client(server, timeout_s=0.3).complete(ask("kite")).attempts == 2


@pytest.mark.parametrize("fault", ["400", "401"])
def test_lasting_faults_raise_at_once(scripted_server, client, fault):
    server = scripted_server(faults=[fault] * 5)
    with pytest.raises(Rejected, match=fault):
        client(server).complete(ask("kite"))
    assert len(server.requests) == 1


def test_used_up_quota_is_not_retried(scripted_server, client):
    from scripted_replies import Reply

    error = {"code": "insufficient_quota", "message": "quota"}
    server = scripted_server(rules=[("kite", Reply(status=429, error=error))])
    with pytest.raises(Rejected, match="insufficient_quota"):
        client(server).complete(ask("kite"))
    assert len(server.requests) == 1


def test_attempts_are_bounded(scripted_server, client):
    server = scripted_server(faults=["500"] * 10)
    with pytest.raises(Unreachable, match="3 times"):
        client(server, max_attempts=3).complete(ask("kite"))
    assert len(server.requests) == 3


def test_retry_after_is_obeyed(scripted_server, client):
    from scripted_replies import Fault

    server = scripted_server(faults=[Fault("429", retry_after=0.4)])
    client(server).complete(ask("kite"))
    assert server.requests[1].time - server.requests[0].time >= 0.4


def test_server_says_context_too_long(scripted_server, client):
    server = scripted_server(faults=["too_long"])
    with pytest.raises(PromptTooLong, match="maximum context length"):
        client(server).complete(ask("kite"))


def test_many_with_faults_equal_the_fault_free_run(scripted_server, client):
    from scripted_replies import FaultPlan

    requests = [ask(f"Line {i} says {i * i}.\nQuestion: what says line {i}?") for i in range(60)]
    clean = dict(client(scripted_server()).complete_many(requests))
    server = scripted_server(faults=FaultPlan(rate=0.2, kinds=("429", "500", "drop", "garbage")))
    faulty = dict(client(server, concurrency=8).complete_many(requests))
    assert len(server.faults.injected) >= 5
    assert {i: r.text for i, r in faulty.items()} == {i: r.text for i, r in clean.items()}
    assert server.peak <= 8


def test_one_failure_does_not_stop_the_others(scripted_server, client):
    from scripted_replies import Reply

    server = scripted_server(rules=[("number 3", Reply(status=404, error={"message": "no such model"}))])
    outcomes = dict(client(server).complete_many([ask(f"number {i}") for i in range(6)]))
    assert isinstance(outcomes.pop(3), LLMError)
    assert all(isinstance(outcome, Completion) for outcome in outcomes.values()) and len(outcomes) == 5


def test_concurrency_holds_over_threads(scripted_server, client):
    server = scripted_server(latency=0.02)
    llm = client(server, concurrency=3)
    threads = [threading.Thread(target=llm.complete, args=(ask(f"q {i}"),)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 < server.peak <= 3 and len(server.requests) == 12


def test_closing_the_iterator_cancels_the_rest(scripted_server, client):
    server = scripted_server(latency=0.05)
    llm = client(server, concurrency=2)
    replies = llm.complete_many([ask(f"q {i}") for i in range(100)])
    next(replies)
    replies.close()
    assert llm.complete(ask("still alive")).text
    assert len(server.requests) < 100


@pytest.mark.parametrize(
    ("refuse", "form"), [((), "json_schema"), (("json_schema",), "json_object"), (("json_schema", "json_object"), None)]
)
def test_structured_output_falls_back(scripted_server, client, refuse, form):
    server = scripted_server(rules=[("kite", '{"colour": "red"}')], refuse=refuse)
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    llm = client(server)
    outcomes = list(llm.complete_many([ask(f"kite {i}", json_schema=schema) for i in range(8)]))
    assert {outcome.text for _, outcome in outcomes} == {'{"colour": "red"}'}
    llm.complete(ask("kite", json_schema=schema))
    last = server.chats()[-1]
    assert (last.get("response_format") or {}).get("type") == form
    if form != "json_schema":
        assert '"colour"' in last["messages"][-1]["content"]


def test_options_a_server_lacks_are_given_up(scripted_server, client):
    server = scripted_server(rules=[("kite", "red")], refuse=["seed", "max_tokens"])
    assert client(server).complete(ask("kite", max_tokens=5)).text == "red"
    assert server.chats()[-1]["max_completion_tokens"] == 5 and "seed" not in server.chats()[-1]


def test_everything_of_a_request_is_sent(scripted_server, client):
    tool = {"type": "function", "function": {"name": "note", "parameters": {"type": "object", "properties": {}}}}
    server = scripted_server()
    reply = client(server, extra_body={"top_k": 4}).complete(
        ask("kite", temperature=0.5, max_tokens=7, seed=3, stop=("\n",), tools=(tool,), sample_index=2)
    )
    body = server.chats()[0]
    assert reply.tool_calls[0].name == "note" and reply.finish_reason == "tool_calls"
    assert (body["temperature"], body["max_tokens"], body["seed"], body["stop"], body["top_k"]) == (
        0.5,
        7,
        5,
        ["\n"],
        4,
    )


def test_refusal_is_told_apart(scripted_server, client):
    server = scripted_server(faults=["refusal"])
    assert client(server).complete(ask("kite")).finish_reason == "refusal"


def test_usage_and_cached_tokens(scripted_server, client):
    server = scripted_server(rules=[("kite", "it is red")], prefix_cache=True)
    llm = client(server)
    first, second = llm.complete(ask("one two three kite a")), llm.complete(ask("one two three kite b"))
    assert (first.usage.prompt_tokens, first.usage.completion_tokens, first.usage.cached_tokens) == (5, 3, 0)
    assert second.usage.cached_tokens == 4


def test_streams_give_the_same_and_time_the_first_token(scripted_server, client):
    tool = {"type": "function", "function": {"name": "note", "parameters": {"type": "object", "properties": {}}}}
    server = scripted_server(rules=[("kite", "it is bright red")], latency=0.02, token_delay=0.02)
    llm = client(server, stream=True)
    reply = llm.complete(ask("kite"))
    assert (reply.text, reply.usage.completion_tokens, reply.finish_reason) == ("it is bright red", 4, "stop")
    assert 20 <= reply.ttft_ms < reply.latency_ms
    assert llm.complete(ask("call it", tools=(tool,))).tool_calls[0].arguments == "{}"


def test_a_prompt_beyond_the_window_is_refused_or_cut(scripted_server, client):
    server = scripted_server()
    long = "Question: who? " + "word " * 3000 + "Answer with a name."
    with pytest.raises(PromptTooLong, match=r"window of scripted-1 \(1000 tokens\)"):
        client(server, context_window=1000).complete(ask(long, max_tokens=50))
    assert not server.requests
    reply = client(server, context_window=1000, long_prompt="cut").complete(ask(long, max_tokens=50))
    sent = server.chats()[0]["messages"][0]["content"]
    assert reply.cut_tokens > 2000
    assert sent.startswith("Question: who?") and sent.endswith("Answer with a name.") and len(sent.split()) > 800


def test_key_stays_in_the_environment(scripted_server, client, server_key, monkeypatch):
    server = scripted_server()
    llm = client(server, api_key_env=server_key)
    llm.complete(ask("kite"))
    assert server.requests[0].headers["authorization"] == "Bearer not-a-secret"
    assert "not-a-secret" not in repr(llm.config) + repr(llm.identity())
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        OpenAIChat().complete(ask("kite"))


@pytest.mark.parametrize(
    "fields", [{"long_prompt": "x"}, {"concurrency": 0}, {"base_url": "localhost"}, {"structured": "y"}]
)
def test_settings_are_checked(fields):
    with pytest.raises(ConfigError, match=f"llm.{next(iter(fields))}"):
        OpenAIChat.Config(**fields)

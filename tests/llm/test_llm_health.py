"""A run that cannot succeed ends after its first calls, in one line with the remedy; prompts are cut to what fits."""

from __future__ import annotations

import socket

import pytest
from asking import ask
from scripted_replies import Reply

from memos.embed.openai import OpenAIEmbedder
from memos.errors import ConfigError, PromptTooLong
from memos.llm.base import Completion
from memos.llm.health import Health, Unusable
from memos.llm.refusal import duration, refusal_of
from memos.llm.retry import Rejected


def refused(status: int, **error) -> Reply:
    return Reply(status=status, error=error)


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (refused(401, message="Incorrect API key provided"), r"put a valid key into the variable MY_KEY"),
        (
            refused(400, message="API key not valid. Please pass a valid API key."),
            r"valid key into the variable MY_KEY",
        ),
        (refused(404, code="model_not_found", message="The model `x` does not exist"), r"correct llm.model=scripted-1"),
        (refused(404, message="model 'x' not found, try pulling it first"), r"correct llm.model=scripted-1"),
        (refused(429, code="insufficient_quota", message="You exceeded your current quota"), "add credit"),
        (refused(402, message="Insufficient Balance"), "add credit"),
        (refused(418, message="teapot"), "418 teapot"),
        (refused(404, message="no such page"), "is llm.base_url the address of a chat server"),
        (refused(500, message="proxy"), r"http://127.0.0.1:\d+/v1 failed 6 times.*no call has come through yet"),
    ],
)
def test_a_run_that_cannot_succeed_ends_after_its_first_calls(scripted_server, client, monkeypatch, reply, line):
    monkeypatch.setenv("MY_KEY", "some-long-key")
    server = scripted_server(rules=[("q", reply)])
    llm = client(server, concurrency=2, api_key_env="MY_KEY")
    with pytest.raises(ConfigError, match=line) as caught:
        list(llm.complete_many([ask(f"q {i}") for i in range(500)]))
    assert isinstance(caught.value, Unusable) and "\n" not in str(caught.value) and len(server.requests) <= 24


def test_a_dead_host_is_told_after_the_first_call(client):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(
        Unusable, match=r"no connection to http://127.0.0.1:\d+/v1 .*start the server, or correct llm.base_url"
    ):
        list(client(url, max_attempts=2).complete_many([ask(f"q {i}") for i in range(300)]))
    with pytest.raises(Unusable, match="no connection to http://no-such-host.invalid"):
        client("http://no-such-host.invalid/v1", max_attempts=1).complete(ask("q"))


def test_an_embedder_with_a_wrong_key_ends_the_run(scripted_server):
    server = scripted_server(faults=["401"])
    with pytest.raises(ConfigError, match="valid key into the variable OPENAI_API_KEY") as caught:
        OpenAIEmbedder(OpenAIEmbedder.Config(base_url=server.base_url, max_retries=0)).encode(["kite"])
    assert "\n" not in str(caught.value)


def test_a_dead_embedder_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ConfigError, match=r"start the server, or correct embedder.base_url"):
        OpenAIEmbedder(OpenAIEmbedder.Config(base_url=url, max_retries=0)).encode(["kite"])


def test_records_before_the_end_are_given_out(scripted_server, client):
    """The key is withdrawn in the middle: what came before is yielded, and the rest is not sent one by one."""
    server = scripted_server(queue=["yes"] * 5 + [refused(401, message="key revoked")] * 400)
    got = []
    with pytest.raises(Unusable, match="key revoked"):
        for _, outcome in client(server, concurrency=1).complete_many([ask(f"q {i}") for i in range(300)]):
            got.append(outcome)
    assert sum(isinstance(outcome, Completion) for outcome in got) == 5 and len(server.requests) < 20


def test_failures_of_single_requests_are_theirs(scripted_server, client):
    """Every second request is refused for what it says: no run ends for that."""
    server = scripted_server(rules=[("bad", refused(400, message="content filter")), ("good", "yes")])
    asked = [ask(f"{'bad' if i % 2 else 'good'} {i}") for i in range(40)]
    outcomes = dict(client(server, concurrency=1).complete_many(asked))
    assert sum(isinstance(outcome, Rejected) for outcome in outcomes.values()) == 20


def test_a_verdict_is_forgotten(monkeypatch):
    health = Health()
    with pytest.raises(Unusable):
        health.failed("key", "wrong")
    with pytest.raises(Unusable):
        health.check()
    monkeypatch.setattr("memos.llm.health._FORGOTTEN_S", 0.0)
    health.check()


def test_an_echoed_key_is_taken_out(scripted_server, client, server_key):
    server = scripted_server(rules=[("kite", refused(401, message="wrong key not-a-secret here"))])
    with pytest.raises(Unusable, match=r"wrong key \(key\) here") as caught:
        client(server, api_key_env=server_key).complete(ask("kite"))
    assert "not-a-secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", " padded", "ключ"])
def test_a_key_that_can_be_none_is_named(scripted_server, client, monkeypatch, key):
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(ConfigError, match="llm.api_key_env='MY_KEY'") as caught:
        client(scripted_server(), api_key_env="MY_KEY").complete(ask("kite"))
    assert key not in str(caught.value)
    embedder = OpenAIEmbedder(
        OpenAIEmbedder.Config(model="m", dim=2, base_url="http://127.0.0.1:1", api_key_env="MY_KEY")
    )
    with pytest.raises(ConfigError, match="embedder.api_key_env='MY_KEY'"):
        embedder.encode(["kite"])


TOO_LONG = [
    "This model's maximum context length is {n} tokens. However, your messages resulted in {m} tokens.",
    "This model's maximum context length is {n} tokens. However, you requested {t} tokens ({m} in the messages, {r} in "
    "the completion).",
    "The input ({m} tokens) is longer than the model's context length ({n} tokens).",
    "request ({m} tokens) exceeds the available context size ({n} tokens), try increasing it",
    "prompt is too long: {m} tokens > {n} maximum",
    "The input token count ({m}) exceeds the maximum number of tokens allowed ({n}).",
    "The decoder prompt (length {m}) is longer than the maximum model length of {n}.",
    "Prompt contains {m} tokens and 0 draft tokens, too large for model with {n} maximum context length",
    "the request exceeds the available context size",
]


def windowed(form: str, window: int):
    """A server whose tokens are words, and whose window is so many."""

    def reply(body):
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        reserve = body.get("max_tokens") or 0
        if prompt + reserve <= window:
            return "yes"
        return refused(400, message=form.format(n=window, m=prompt, t=prompt + reserve, r=reserve))

    return [("", reply)]


@pytest.mark.parametrize("form", TOO_LONG)
def test_a_long_prompt_is_recut_from_what_the_server_says(scripted_server, client, form):
    server = scripted_server(rules=windowed(form, 400))
    long = "Question: who? " + "unbelievable " * 900 + "Answer with a name."
    with pytest.raises(PromptTooLong, match=r"llm.long_prompt=cut") as caught:
        client(server).complete(ask(long, max_tokens=50))
    assert "\n" not in str(caught.value)
    reply = client(server, long_prompt="cut").complete(ask(long, max_tokens=50))
    sent = server.chats()[-1]["messages"][0]["content"]
    assert reply.text == "yes" and reply.cut_tokens > 0
    assert sent.startswith("Question: who?") and sent.endswith("Answer with a name.")
    if "{m}" in form:
        assert len(sent.split()) > 0.85 * 350


def test_a_reply_limit_of_ours_shrinks_before_a_prompt_is_cut(scripted_server, client):
    server = scripted_server(rules=windowed(TOO_LONG[1], 1000))
    schema = {"type": "object", "properties": {}}
    assert client(server).complete(ask("word " * 700, json_schema=schema)).text == "yes"
    assert [body["max_tokens"] for body in server.chats()] == [4096, 300]


def test_prompts_are_counted_by_the_models_own_tokenizer(tmp_path):
    from tiny_model import save

    from memos.llm.counting import prompt_counter
    from memos.types import Message

    messages = (Message("system", "Answer."), Message("user", "word " * 20_000))
    assert prompt_counter("o200k_base")(messages) == pytest.approx(20_000, rel=0.01)
    assert prompt_counter(None)(messages) == pytest.approx(20_000, rel=0.01)
    of_bytes = prompt_counter(str(save(tmp_path / "model")))(messages)
    assert 100_000 < of_bytes < 100_100  # one token a byte, and the template
    with pytest.raises(ConfigError, match=r"llm.tokenizer='cl200k' is no folder, no hub id"):
        prompt_counter("cl200k")
    with pytest.raises(ConfigError, match=r"llm.tokenizer='/no/such/folder'"):
        prompt_counter("/no/such/folder")


def test_errors_of_providers_are_read():
    google = [{"error": {"code": 429, "message": "Resource exhausted", "details": [{"retryDelay": "34s"}]}}]
    assert refusal_of(429, google, "", {}).asks_to_wait() == 34.0
    pydantic = {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs", "input": {"prompt": "temperature"}}]}
    read = refusal_of(422, pydantic, "", {})
    assert "seed" in read.words and "temperature" not in read.words
    assert refusal_of(500, "<html>oops</html>", "oops", {}).message == "oops"
    assert [duration(text) for text in ("6m0s", "1h2m3.5s", "300ms", "7", "soon")] == [360, 3723.5, 0.3, 7, None]

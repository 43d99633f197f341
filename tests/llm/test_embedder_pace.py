"""Embeddings of a server keep the pace of their model: shared by threads and processes, waits spend no try."""

from __future__ import annotations

import threading

import pytest
from scripted import ScriptedServer
from scripted_limits import RateLimit
from scripted_replies import Fault

from memos.embed.openai import OpenAIEmbedder
from memos.errors import ConfigError, LLMError
from memos.llm.limits import Limits, pace_host
from memos.llm.limits_headers import REQUESTS


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def embedder(server: ScriptedServer, **fields) -> OpenAIEmbedder:
    settings = OpenAIEmbedder.Config(model="e", base_url=server.base_url, api_key_env="NO_KEY", dim=server.dim)
    for name, value in fields.items():
        setattr(settings, name, value)
    return OpenAIEmbedder(settings)


@pytest.mark.parametrize("headers", ["openai", ""])
def test_no_embedding_fails_under_a_limit_that_two_clients_share(scripted_server, headers):
    """Each waits as long as the server asks, with no further try allowed."""
    limit = RateLimit(tokens=200, minute_s=0.5, headers=headers)
    server = scripted_server(limit=limit)
    clients, shapes = [embedder(server, max_retries=0, batch_size=1) for _ in range(2)], []

    def encode(client: OpenAIEmbedder, mark: str) -> None:
        shapes.append(client.encode([f"{mark} {'word ' * 25} {i}" for i in range(6)]).shape)

    threads = [threading.Thread(target=encode, args=(client, str(n))) for n, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shapes == [(6, server.dim)] * 2 and (limit.refused or headers)  # a stated limit may be kept beforehand
    assert [client.usage.calls for client in clients] == [6, 6]


def test_a_configured_limit_holds_from_the_first_call(scripted_server):
    """600 a minute are ten a second and twenty at once: a server that takes no more need never refuse."""
    limit = RateLimit(requests=22, minute_s=2.2, headers="none")
    texts = [f"text {i}" for i in range(26)]
    assert len(embedder(scripted_server(limit=limit), requests_per_minute=600, batch_size=1).encode(texts)) == 26
    assert not limit.refused


def test_another_process_sees_what_an_embedder_sent(scripted_server):
    """The pace lies in the file of its host and model, where calls of models lie too."""
    server = scripted_server()
    embedder(server, batch_size=1).encode(["a", "b", "c"])
    with Limits(pace_host(server.base_url), "e", {}).shared() as (pace, _):
        assert pace.admitted[REQUESTS] == 3 and not any(entry.calls for entry in pace.running.values())


def test_passing_failures_spend_tries_and_refusals_for_good_none(scripted_server):
    broken = scripted_server(faults=[Fault("500"), None])
    assert embedder(broken, max_retries=1).encode(["a"]).shape == (1, broken.dim)
    worse = scripted_server(faults=[Fault("500")] * 9)
    with pytest.raises(LLMError, match="server had an error"):
        embedder(worse, max_retries=1).encode(["a"])
    assert len(worse.requests) == 2
    refusing = scripted_server(faults=[Fault("401")] * 9)
    with pytest.raises(ConfigError, match="embedder.api_key_env"):
        embedder(refusing).encode(["a"])
    assert len(refusing.requests) == 1


def test_patience_with_a_rate_limit_ends(scripted_server):
    server = scripted_server(faults=[Fault("429", retry_after=60)] * 9)
    with pytest.raises(LLMError, match="slow down"):
        embedder(server, patience_s=30).encode(["a"])
    assert len(server.requests) == 1
    with pytest.raises(ConfigError, match=r"embedder\.tokens_per_minute=0"):
        OpenAIEmbedder.Config(tokens_per_minute=0)

"""What the tests of the OpenAI-compatible client share."""

from __future__ import annotations

import pytest

from memos.llm.openai import OpenAIChat


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Clients of a scripted server, with a user's cache of their own."""
    monkeypatch.setattr("memos.llm.limits.cache_root", lambda: tmp_path / "cache")
    made = []

    def make(server, **fields) -> OpenAIChat:
        settings = {"api_key_env": None, "backoff_s": 0.001, "timeout_s": 10.0, "model": "scripted-1", **fields}
        base_url = server if isinstance(server, str) else server.base_url
        made.append(OpenAIChat(OpenAIChat.Config(**{"base_url": base_url, **settings})))
        return made[-1]

    yield make
    for llm in made:
        llm.close()

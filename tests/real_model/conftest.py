"""A real model on loopback for this folder; every test is marked ``llama`` and skips with the reason without one."""

from __future__ import annotations

import pytest
from real_server import Recorder, missing, real_server

from memos.llm.openai import OpenAIChat


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "real_model" in str(item.path):
            item.add_marker(pytest.mark.llama)


@pytest.fixture(scope="session")
def real_model():
    """Address of the server."""
    if reason := missing():
        pytest.skip(reason)
    with real_server() as address:
        yield address


@pytest.fixture
def recorder(real_model):
    """A proxy before the server that writes down what passes."""
    with Recorder(real_model).running() as running:
        yield running


@pytest.fixture
def client(recorder):
    """A client of the model; replies are short, since a weak model often finds no end."""
    made = []

    def make(**fields) -> OpenAIChat:
        config = {"max_tokens": 120, "timeout_s": 500, "max_attempts": 1, **fields}
        made.append(OpenAIChat(OpenAIChat.Config(model="smollm2", base_url=recorder.base_url, **config)))
        return made[-1]

    yield make
    for llm in made:
        llm.close()

"""Pytest fixtures of the scripted server. ``pythonpath`` of pyproject.toml holds this folder, ``tests/conftest.py``
names the plugin.
"""

from __future__ import annotations

import pytest
from scripted import ScriptedServer


@pytest.fixture
def scripted_server():
    """Start scripted servers: ``server = scripted_server(rules=[…], faults=[…])``; all stop with the test."""
    running = []

    def start(*args, **options) -> ScriptedServer:
        server = ScriptedServer(*args, **options).__enter__()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def server_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an environment variable that holds a made-up key for the scripted server."""
    monkeypatch.setenv("SCRIPTED_API_KEY", "not-a-secret")
    return "SCRIPTED_API_KEY"

"""``memos serve --mcp`` through the official SDK's client: in the process, over stdio, over HTTP on loopback."""

import asyncio
import os
import socket
import sys
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from memos import MemOS
from memos.__main__ import main
from memos.embed.mock import Mock
from memos.errors import ConfigError
from memos.serving.address import Address, this_machine_only

if find_spec("mcp") is None:
    pytest.skip("mcp is not installed; run: pip install -e '.[mcp]'", allow_module_level=True)

from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from memos.serving import mcp as serving

ROOT = Path(__file__).parents[2]


@pytest.fixture
def memory():
    with MemOS(embedder=Mock(Mock.Config())) as memory:
        yield memory


def result_of(reply):
    assert not reply.is_error, reply.content
    return reply.structured_content["result"]


def error_of(reply):
    assert reply.is_error
    return reply.content[0].text


async def use(client) -> None:
    """Each tool once, as an agent uses them."""
    names = [tool.name for tool in (await client.list_tools()).tools]
    assert names == ["add", "search", "forget", "history"]
    told = {"text": "Ben works at the harbour.", "when": "2024-03-01", "tags": ["job"]}
    first = result_of(await client.call_tool("add", told))[0]["id"]
    made = result_of(await client.call_tool("add", {"text": "Ben works at the library.", "when": "2025-03-01"}))[0]
    assert (made["status"], made["other"]) == ("replaced", first)
    hits = result_of(await client.call_tool("search", {"query": "Where does Ben work?", "k": 1}))
    assert [(hit["text"], hit["ids"]) for hit in hits] == [("2025-03-01 | Ben works at the library.", [made["id"]])]
    then = {"query": "Where does Ben work?", "as_of": "2024-06-01"}
    assert "harbour" in result_of(await client.call_tool("search", then))[0]["text"]
    versions = result_of(await client.call_tool("history", {"memory_id": first}))
    assert [one["version"] for one in versions] == [1, 2] and "contradicted by" in versions[1]["cause"]
    assert result_of(await client.call_tool("forget", {"memory_id": made["id"]})) == [made["id"]]
    assert result_of(await client.call_tool("search", {"query": "Where does Ben work?"})) == []
    assert result_of(await client.call_tool("forget", {"memory_id": first, "erase": True})) == [first]
    assert first in error_of(await client.call_tool("history", {"memory_id": first}))


def test_an_agent_adds_searches_forgets_and_looks_back(memory):
    async def talk():
        async with Client(serving.mcp_server(memory, "ben")) as client:
            await use(client)

    asyncio.run(talk())
    assert memory.vault.namespaces() == ["ben"] and memory.verify() > 0


def test_an_agent_reaches_no_other_users_memories_and_is_told_why(memory):
    secret = memory.add("The vault code is 9911.", user="ana")[0].cube_id

    async def talk():
        async with Client(serving.mcp_server(memory, "eve")) as client:
            assert result_of(await client.call_tool("search", {"query": "What is the vault code?"})) == []
            for tool, more in (("history", {}), ("forget", {}), ("forget", {"erase": True})):
                refused = error_of(await client.call_tool(tool, {"memory_id": secret, **more}))
                assert "private to its owner" in refused and "9911" not in refused
            assert "k: 0" in error_of(await client.call_tool("search", {"query": "code", "k": 0}))
            assert "as_of: 'May'" in error_of(await client.call_tool("search", {"query": "code", "as_of": "May"}))

    asyncio.run(talk())
    assert memory.search("vault code", user="ana")


def test_over_stdio(tmp_path):
    """The command itself, as an agent's configuration starts it."""
    words = [
        "-m",
        "memos",
        "--vault",
        str(tmp_path / "v.sqlite"),
        "--user",
        "ben",
        "--embedder",
        "mock",
        "serve",
        "--mcp",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    async def talk():
        async with Client(StdioServerParameters(command=sys.executable, args=words, env=environment)) as client:
            await use(client)

    asyncio.run(talk())


@contextmanager
def listening(memory, where):
    """The HTTP server in a thread; its address."""
    import uvicorn

    app = serving.http_app(serving.mcp_server(memory, "ben"), where)
    server = uvicorn.Server(uvicorn.Config(app, host=where.host, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_over_http_with_a_token(memory):
    import httpx2

    with listening(memory, Address(port=0, token="a-long-token-of-the-test")) as url:

        async def talk():
            headers = {"Authorization": "Bearer a-long-token-of-the-test"}
            async with httpx2.AsyncClient(headers=headers) as http:
                async with Client(streamable_http_client(url + serving.PATH, http_client=http)) as client:
                    await use(client)

        asyncio.run(talk())
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for headers in ({}, {"Authorization": "Bearer a-long-token-of-the-tesT"}, {"Authorization": "Basic a-long"}):
            refused = httpx2.post(url + serving.PATH, json=call, headers=headers)
            assert refused.status_code == 401 and "tools" not in refused.text
    with listening(memory, Address(port=0)) as url:
        other = httpx2.post(url + serving.PATH, json=call, headers={"Host": "evil.example"})
        assert other.status_code >= 400, "a page of another site reaches a server on loopback"


def test_nobody_from_outside_is_served_without_a_token():
    for host in ("127.0.0.1", "127.9.9.9", "localhost", "::1", "a.localhost"):
        assert this_machine_only(host) and Address(host).admits(None)
    for host in ("0.0.0.0", "::", "192.168.0.7", "memory.example.org", ""):
        with pytest.raises(ConfigError, match="--token-env"):
            Address(host)
        assert Address(host, token="t").admits("bearer t") and not Address(host, token="t").admits(None)


def test_the_command_says_what_is_wrong(tmp_path, capsys, monkeypatch):
    base = ["--vault", str(tmp_path / "v.sqlite"), "--embedder", "mock", "serve"]
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words, said in (
            (["--mcp", "--host", "0.0.0.0", "--port", "0"], "other machines"),
            (["--mcp", "--token-env", "NO_SUCH_TOKEN"], "NO_SUCH_TOKEN is not set"),
            (["--mcp", "--port", "70000"], "--port 70000"),
            (["--mcp", "--port", port], f"cannot listen on 127.0.0.1:{port}"),
        ):
            assert main([*base, *words]) == 1
            assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(base)
    assert "--mcp" in capsys.readouterr().err

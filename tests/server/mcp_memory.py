"""An MCP memory server on loopback, in a thread of the test: sessions by the words they share with the question."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from functools import cache

import pytest


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


@cache
def lasting() -> str:
    """The URL of a server that lives as long as the process."""
    pytest.importorskip("mcp", reason="needs the extra mcp: pip install -e '.[mcp]'")
    import uvicorn
    from mcp.server import MCPServer

    server, kept = MCPServer("word-overlap", version="1", log_level="ERROR"), dict[str, list[dict]]()

    @server.tool()
    def remember(talk: str, text: str, turns: list[str]) -> str:
        kept.setdefault(talk, []).append({"text": text, "source": {"turns": turns}})
        return "done"

    @server.tool()
    def recall(talk: str, question: str, most: int) -> dict:
        asked = words(question)
        return {"memories": sorted(kept.get(talk, []), key=lambda one: -len(asked & words(one["text"])))[:most]}

    @server.tool()
    def forget(talk: str) -> str:
        return f"{len(kept.pop(talk, []))} forgotten"

    @server.tool()
    def conversations() -> list[str]:
        return sorted(kept)

    listener = socket.create_server(("127.0.0.1", 0))
    app = server.streamable_http_app(stateless_http=True, json_response=True)
    runner = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    threading.Thread(target=lambda: asyncio.run(runner.serve([listener])), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"


def mapped() -> list[str]:
    """What ``system=mcp`` needs to use it."""
    return [
        f"system.url={lasting()}",
        "system.unit=session",
        "system.add_tool=remember",
        "system.add_arguments={talk:'{conversation}',text:'{lines}',turns:'{turn_ids}'}",
        "system.search_tool=recall",
        "system.search_arguments={talk:'{conversation}',question:'{query}',most:'{limit}'}",
        "system.hits=memories",
        "system.hit_text=text",
        "system.hit_turns=source.turns",
        "system.forget_tool=forget",
        "system.forget_arguments={talk:'{conversation}'}",
    ]

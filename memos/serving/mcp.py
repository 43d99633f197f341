"""A MemOS for agents: add, search, forget and history as tools of the Model Context Protocol.

The server acts for one user: no tool takes a user's name, so no agent reaches another's memories. It speaks over its
standard input and output, or over HTTP at ``/mcp``.
"""

from __future__ import annotations

import json
import socket
from datetime import datetime
from functools import wraps
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from memos.errors import ConfigError, DataError, MemosError, require
from memos.mos import MemOS
from memos.serving.address import Address

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

PATH = "/mcp"
"""Where the HTTP server answers."""
MOST = 50
"""Memories a search gives at most."""
INSTRUCTIONS = (
    "A memory that lasts over conversations. Search it before you answer about the user's life, work or wishes. Add "
    "what is worth knowing later: one fact a call, in whole sentences, with names and dates. Newer facts replace older "
    "ones by themselves."
)


class MemoryTools:
    """What the tools do, for one user."""

    def __init__(self, memory: MemOS, user: str) -> None:
        self.memory, self.user = memory, user

    def add(self, text: str, speaker: str = "", when: str = "", tags: list[str] | None = None) -> list[dict[str, str]]:
        """Remember a text.

        Args:
            text: what to remember, in whole sentences.
            speaker: who said it, where it is an utterance.
            when: when it was said, such as 2024-05-08 or 2024-05-08T14:30; now where it is empty.
            tags: labels.
        """
        made = self.memory.add(text, user=self.user, speaker=speaker, at=_moment(when, "when"), tags=tags or ())
        return [{"id": one.cube_id, "status": one.status, "other": one.other} for one in made]

    def search(self, query: str, k: int = 5, as_of: str = "") -> list[dict[str, Any]]:
        """Find memories, best first.

        Args:
            query: a question or key words.
            k: how many at most, from 1 to 50.
            as_of: a date such as 2021-06-30: what held then; now where it is empty.
        """
        if not 1 <= k <= MOST:
            raise DataError(f"k: {k} is not from 1 to {MOST}")
        hits = self.memory.search(query, user=self.user, k=k, as_of=_moment(as_of, "as_of"))
        return [{"text": hit.text, "ids": list(hit.cube_ids), "score": round(hit.score, 4)} for hit in hits]

    def forget(self, memory_id: str, erase: bool = False) -> list[str]:
        """Take a memory out of every search; gives the ids of what left.

        Args:
            memory_id: of the memory, as add and search give it.
            erase: remove it for good, with its history and all that was made from it.
        """
        return list(self.memory.forget(memory_id, user=self.user, erase=erase))

    def history(self, memory_id: str) -> list[dict[str, Any]]:
        """All versions of a memory, oldest first: text, time, who changed it and why.

        Args:
            memory_id: of the memory, as add and search give it.
        """
        return [
            {
                "version": one.version,
                "text": json.loads(one.content)["payload"].get("text", ""),
                "at": one.at.isoformat(),
                "actor": one.actor,
                "cause": one.cause,
            }
            for one in self.memory.history(memory_id, user=self.user)
        ]


def _moment(text: str, field: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise DataError(f"{field}: {text!r} is no date such as 2021-06-30 or 2021-06-30T14:00") from error


def mcp_server(memory: MemOS, user: str = "default") -> MCPServer:
    """The server, ready to run over any transport of the SDK.

    Raises:
        MissingDependency: the extra ``mcp`` is not installed.
    """
    require("mcp", "mcp")
    from mcp.server.mcpserver import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError

    tools, server = MemoryTools(memory, user), MCPServer("memos", instructions=INSTRUCTIONS, log_level="WARNING")
    for call in (tools.add, tools.search, tools.forget, tools.history):
        server.add_tool(_plainly(call, ToolError), description=getdoc(call))
    return server


def _plainly(call: Any, error_of: type[Exception]) -> Any:
    """The call, whose errors of ours reach the agent as one line."""

    @wraps(call)
    def answered(*arguments: Any, **options: Any) -> Any:
        try:
            return call(*arguments, **options)
        except MemosError as error:
            raise error_of(str(error)) from error

    return answered


def http_app(server: MCPServer, where: Address) -> Any:
    """The server as an ASGI application that answers at ``PATH``, and only those who send the token."""
    app = server.streamable_http_app(streamable_http_path=PATH, host=where.host)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {name.lower(): value for name, value in scope["headers"]}
            given = headers.get(b"authorization")
            if not where.admits(None if given is None else given.decode("latin-1")):
                start = {"type": "http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Bearer")]}
                await send(start)
                await send({"type": "http.response.body", "body": b"a token is needed: Authorization: Bearer ..."})
                return
        await app(scope, receive, send)

    return guarded


def serve(memory: MemOS, user: str, where: Address) -> None:
    """Serve until interrupted: over HTTP where a port is given, else over standard input and output.

    Raises:
        ConfigError: the address is taken or not this machine's.
    """
    server = mcp_server(memory, user)
    if where.port is None:
        server.run("stdio")
        return
    import uvicorn

    try:
        listener = socket.create_server((where.host, where.port), family=_family(where.host))
    except OSError as error:
        raise ConfigError(f"serve: cannot listen on {where.host}:{where.port}: {error.strerror}") from error
    with listener:
        place = f"[{where.host}]" if ":" in where.host else where.host
        print(f"MCP server on http://{place}:{listener.getsockname()[1]}{PATH} for user {user}", flush=True)
        uvicorn.Server(uvicorn.Config(http_app(server, where), log_level="warning")).run(sockets=[listener])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET

"""A connection to one MCP server, by the official SDK (extra ``mcp``), with a synchronous face."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TextIO

from baselines.remote.settings import LoopThread, RemoteConfig
from memos.errors import ConfigError, DataError, on_one_line, require
from memos.llm.openai_client import resolved
from memos.llm.retry import Rejected, Unreachable
from memos.secret_values import hidden, hidden_in, key_from, remember_environment

_OPEN_S = 60.0
"""Longest wait for a server to start and greet."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The command of a server that speaks over standard input and output."""

    command: Sequence[str]
    env: Mapping[str, str]
    folder: str
    """Where it runs."""


@dataclass(frozen=True, slots=True)
class ToolReply:
    """What a tool returned."""

    structured: Any
    texts: tuple[str, ...]


class McpConnection:
    """One MCP session. It opens with the first call.

    Args:
        server: the address of a server, or the command that starts one.
        config: time-outs and headers.
    """

    def __init__(self, server: str | Launch, config: RemoteConfig) -> None:
        self._server, self._config = server, config
        self._loop = LoopThread("mcp")
        self._client: Any = None
        self._ended: asyncio.Event | None = None
        self._session: asyncio.Task[None] | None = None
        self.name = self.version = ""
        """What the server calls itself."""
        self.tools: dict[str, Mapping[str, Any]] = {}
        """Tool to the JSON schema of its arguments."""

    @property
    def where(self) -> str:
        """The server as the configuration names it."""
        if isinstance(self._server, str):
            return f"system.url={self._server}"
        return f"system.command={' '.join(self._server.command)}"

    def open(self) -> None:
        """Connect, where that is still to be done.

        Raises:
            ConfigError: there is no MCP server.
            MissingDependency: the SDK is not installed.
        """
        if self._client is None:
            require("mcp", "mcp")
            try:
                self._loop.run(self._open())
            except BaseException:
                self._loop.close()
                raise

    def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Call a tool once.

        Raises:
            Unreachable: there was no reply in time, or the connection broke.
            Rejected: the tool reports an error.
            DataError: the reply is longer than ``max_reply_mb``.
        """
        self.open()
        return self._loop.run(self._call(tool, arguments))

    def close(self) -> None:
        """End the session, and the server that was started for it."""
        if self._session is not None:
            self._loop.run(self._close())
        self._loop.close()

    async def _open(self) -> None:
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.Event()
        self._session = asyncio.create_task(self._hold(opened, self._ended))
        try:
            await asyncio.wait_for(asyncio.shield(opened), min(_OPEN_S, self._config.timeout_s))
        except TimeoutError:
            await self._close()
            raise ConfigError(f"{self.where}: no MCP server greets there within {_OPEN_S:g} s") from None
        except ConfigError:
            self._session = None
            raise

    async def _close(self) -> None:
        if self._session is None or self._ended is None:
            return
        self._ended.set()
        done, _ = await asyncio.wait([self._session], timeout=10)
        if not done:
            self._session.cancel()
            await asyncio.wait([self._session], timeout=5)
        self._session = self._client = None

    async def _hold(self, opened: asyncio.Future[None], ended: asyncio.Event) -> None:
        """The session from its first moment to its last: the SDK wants one task to enter and to leave it."""
        import mcp

        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
            try:
                async with AsyncExitStack() as stack:
                    target = await self._target(stack, log)
                    client = await stack.enter_async_context(
                        mcp.Client(target, read_timeout_seconds=self._config.timeout_s)
                    )
                    named, listed = client.server_info, await client.list_tools()
                    self.name, self.version = (hidden(named.name), hidden(named.version)) if named else ("", "")
                    self.tools = {tool.name: tool.input_schema or {} for tool in listed.tools}
                    self._client = client
                    opened.set_result(None)
                    await ended.wait()
            except Exception as error:  # noqa: BLE001 - the SDK and the transports below it raise errors of many kinds
                if not opened.done():
                    log.seek(0)
                    *_, last = ["", *filter(None, log.read().splitlines())]
                    said = last and f"; the server's last words: {hidden(last)[:200]!r}"
                    opened.set_exception(ConfigError(f"{self.where}: no MCP server: {_reason(error)}{said}"))
            finally:
                self._client = None

    async def _target(self, stack: AsyncExitStack, log: TextIO) -> Any:
        """What the SDK connects to; what a started server writes on standard error goes to ``log``."""
        import mcp
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamable_http_client

        if isinstance(self._server, str):
            headers = resolved(self._config.headers or {}, "system.headers")
            if key := key_from(self._config.api_key_env, "system.api_key_env"):
                headers["Authorization"] = f"Bearer {key}"
            if not headers:
                return self._server
            client = require("httpx2", "mcp").AsyncClient(headers=headers, timeout=self._config.timeout_s)
            return streamable_http_client(self._server, http_client=await stack.enter_async_context(client))
        program, *arguments = self._server.command
        remember_environment()
        env = {**os.environ, **resolved(self._server.env, "system.env")}
        parameters = mcp.StdioServerParameters(command=program, args=arguments, env=env, cwd=self._server.folder)
        return stdio_client(parameters, errlog=log)

    async def _call(self, tool: str, arguments: Mapping[str, Any]) -> ToolReply:
        from mcp import MCPError

        client = self._client
        if client is None:
            raise Unreachable(f"{self.where}: the server has ended")
        try:
            async with asyncio.timeout(self._config.timeout_s):
                reply = await client.call_tool(tool, dict(arguments))
        except TimeoutError:
            limit = f"{self._config.timeout_s:g} s (system.timeout_s)"
            raise Unreachable(f"{self.where}: {tool}: no reply within {limit}") from None
        except MCPError as error:
            raise Rejected(f"{self.where}: {tool}: {_reason(error)}") from error
        except Exception as error:  # noqa: BLE001 - a broken connection shows as errors of many kinds
            raise Unreachable(f"{self.where}: {tool}: {_reason(error)}") from error
        texts = tuple(hidden(block.text) for block in reply.content if getattr(block, "text", None) is not None)
        if sum(map(len, texts)) > self._config.max_reply_mb * 1e6:
            limit = f"{self._config.max_reply_mb:g} MB (system.max_reply_mb)"
            raise DataError(f"{self.where}: {tool}: the reply is longer than {limit}")
        if reply.is_error:
            raise Rejected(f"{self.where}: {tool} reports: {on_one_line(' '.join(texts))[:300]}")
        return ToolReply(hidden_in(reply.structured_content), texts)


def _reason(error: BaseException) -> str:
    """The first error inside groups of them, on one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return hidden(on_one_line(f"{type(error).__name__}: {error}"))[:300]

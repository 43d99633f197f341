"""Requests to a server's chat completions and their raw answers, through the official SDK."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from memos.errors import ConfigError, MissingDependency
from memos.llm.openai_config import OPENAI_URL, OpenAIConfig
from memos.llm.openai_stream import StreamParts, chunk_of
from memos.llm.openai_wire import BadReply
from memos.secret_values import from_variable

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CONNECT_S = 10.0
"""Longest wait for a connection: a host that does not take one by then is dead."""
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
"""Hosts that take the key in a header of their own."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of status 200."""

    data: Any
    headers: Mapping[str, str]
    latency_ms: float
    ttft_ms: float | None = None
    """Time to the first token; only of streamed answers."""


class OpenAITransport:
    """One connection pool to one server; belongs to the event loop it was made in."""

    def __init__(self, config: OpenAIConfig, base_url: str, key: str) -> None:
        self._client = make_client(config, base_url, key)
        self._response: Any = _http().Response
        self._options: Any = {"headers": headers_of(config, base_url, key)}

    async def post(self, body: Mapping[str, Any]) -> Answered:
        """Send a request and read the whole reply.

        Raises:
            openai.APIError, httpx.HTTPError: as the SDK raises them.
            BadReply: the reply is no JSON.
        """
        start = time.perf_counter()
        response = await self._client.post(
            "/chat/completions", body=dict(body), cast_to=self._response, options=self._options
        )
        spent = (time.perf_counter() - start) * 1000
        try:
            return Answered(json.loads(response.text), response.headers, spent)
        except (ValueError, RecursionError) as error:
            raise BadReply(f"the reply is no JSON: {' '.join(response.text.split())[:80]!r}") from error

    async def stream(self, body: Mapping[str, Any]) -> Answered:
        """Send a request and collect its streamed reply; raises as ``post`` does."""
        streamed, first, start = StreamParts(), None, time.perf_counter()
        response = await self._client.post(
            "/chat/completions",
            body=dict(body),
            cast_to=self._response,
            options=self._options,
            stream=True,
            stream_cls=_stream_class(),
        )
        try:
            async for line in response.aiter_lines():
                chunk = chunk_of(line)
                if chunk is not None and streamed.add(chunk) and first is None:
                    first = (time.perf_counter() - start) * 1000
        finally:
            await response.aclose()
        return Answered(streamed.body(), response.headers, (time.perf_counter() - start) * 1000, first)

    @property
    def sdk(self) -> AsyncOpenAI:
        """The SDK's client, for calls of other kinds."""
        return self._client

    async def close(self) -> None:
        await self._client.close()


def make_client(config: OpenAIConfig, base_url: str, key: str) -> AsyncOpenAI:
    """The SDK's client with its own retries off, on aiohttp: half the CPU time a request of its default transport."""
    import openai

    timeout = _http().Timeout(config.timeout_s, connect=min(_CONNECT_S, config.timeout_s))
    try:
        http_client = openai.DefaultAioHttpClient(timeout=timeout)
    except RuntimeError as error:
        raise MissingDependency("aiohttp is not installed; run: pip install 'openai[aiohttp]'") from error
    return openai.AsyncOpenAI(
        base_url=base_url,
        api_key=key,
        max_retries=0,
        timeout=timeout,
        http_client=http_client,
        default_query=resolved(config.query or {}, "query"),
    )


def headers_of(config: OpenAIConfig, base_url: str, key: str) -> dict[str, Any]:
    """Headers of a request besides the SDK's own; a key in a header of its own takes the place of the bearer.

    Azure's hosts get the key in their header ``api-key``.
    """
    import openai

    headers: dict[str, Any] = resolved(config.headers or {}, "headers")
    names = {name.lower() for name in headers}
    if (urlsplit(base_url).hostname or "").endswith(_AZURE) and not names & {"api-key", "authorization"}:
        headers["api-key"] = key
    if any(name.lower() in ("api-key", "x-api-key", "x-goog-api-key") for name in headers):
        headers.setdefault("Authorization", openai.Omit())
    return headers


def key_of(config: OpenAIConfig, base_url: str) -> str:
    """The key from the variable that the configuration names.

    Raises:
        ConfigError: OpenAI itself is asked and there is none, or what is there can be no key.
    """
    name = config.api_key_env
    key = from_variable(name)
    if not key and base_url == OPENAI_URL:
        raise ConfigError(
            f"llm.api_key_env={name!r} names no variable with a key; export {name or 'OPENAI_API_KEY'}=…, or set "
            f"llm.base_url to a server that needs none"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"llm.api_key_env={name!r}: the key has a blank, a line break or a sign that is no ASCII")
    return key or "no-key"


def resolved(fields: Mapping[str, str], where: str) -> dict[str, str]:
    """Fields with ``env:NAME`` replaced by the value of that variable.

    Raises:
        ConfigError: a variable is not set.
    """
    out = {}
    for name, value in fields.items():
        variable = str(value).removeprefix("env:")
        if str(value).startswith("env:") and variable not in os.environ:
            raise ConfigError(f"llm.{where}.{name}={value}: the variable {variable} is not set; export {variable}=…")
        out[name] = from_variable(variable) if str(value).startswith("env:") else str(value)
    return out


def _http() -> Any:
    """The transport library of the installed SDK."""
    try:
        import httpx2 as httpx
    except ModuleNotFoundError:
        import httpx  # pyright: ignore[reportMissingImports]  # one of the two is there
    return httpx


def transport_error() -> type[Exception]:
    """Base of the transport's own errors, which the SDK lets through in the middle of a reply."""
    return _http().HTTPError


def never_connected(error: BaseException | None) -> bool:
    """Whether a connection was never made: nobody listens there, or the host has no address."""
    http = _http()
    while error is not None:
        if isinstance(error, http.ConnectError | http.ConnectTimeout | http.UnsupportedProtocol):
            return True
        error = error.__cause__ or error.__context__
    return False


def _stream_class() -> Any:
    import openai

    return openai.AsyncStream[Any]

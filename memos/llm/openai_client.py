"""Requests to a server's chat completions and their raw answers: one POST each over aiohttp.

The official SDK makes the rarer calls (batches, files). For chat completions it took half of a call's processor time
(docs/benchmarks.md#calls-of-a-model), so a request goes out here as it stands, with the SDK's key, account, proxy and
certificates.
"""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from memos.errors import ConfigError, MissingDependency
from memos.llm.answered import Answered, StatusError
from memos.llm.openai_config import OPENAI_URL, OpenAIConfig
from memos.llm.openai_stream import StreamParts, chunk_of
from memos.llm.openai_wire import BadReply
from memos.secret_values import from_variable, hidden, key_from

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CONNECT_S = 10.0
"""Longest wait for a connection: a host that does not take one by then is dead."""
_KEPT_S = 5.0
"""How long an idle connection is kept: servers that close theirs earlier are rare."""
_CONNECTIONS = 1000
_LINE_BYTES = 1 << 20
"""Longest line of a stream, half of it."""
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
"""Hosts that take the key in a header of their own."""
_ACCOUNT = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}
"""Headers that the SDK takes from the environment."""


class OpenAITransport:
    """One connection pool to one server; made, used and closed in one event loop."""

    def __init__(self, config: OpenAIConfig, base_url: str, key: str) -> None:
        self._config, self._base_url, self._key = config, base_url, key
        self._url = _address(base_url + "/chat/completions", resolved(config.query or {}, "llm.query"))
        self._proxy = proxy_of(base_url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEPT_S, ssl=trusted(base_url)),
            headers=headers_of(config, base_url, key),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT_S, config.timeout_s)),
            read_bufsize=_LINE_BYTES,
        )

    async def post(self, body: Mapping[str, Any]) -> Answered:
        """Send a request and read the whole reply.

        Raises:
            StatusError: an answer with an error status.
            aiohttp.ClientError, TimeoutError, OSError: there was none, or it broke off.
            BadReply: the reply is no JSON.
        """
        start = time.perf_counter()
        async with self._session.post(self._url, data=_encoded(body), proxy=self._proxy) as response:
            raw = await response.read()
        spent = (time.perf_counter() - start) * 1000
        text = hidden(raw.decode("utf-8", "replace"))  # a server may repeat a key, in its errors above all
        if response.status >= 400:
            raise _status_error(response, text)
        try:
            return Answered(json.loads(text), response.headers, spent)
        except (ValueError, RecursionError) as error:
            raise BadReply(f"the reply is no JSON: {' '.join(text.split())[:80]!r}") from error

    async def stream(self, body: Mapping[str, Any]) -> Answered:
        """Send a request and collect its streamed reply; raises as ``post`` does."""
        streamed, first, start = StreamParts(), None, time.perf_counter()
        async with self._session.post(self._url, data=_encoded(body), proxy=self._proxy) as response:
            if response.status >= 400:
                raise _status_error(response, hidden((await response.read()).decode("utf-8", "replace")))
            async for line in _lines(response.content):
                chunk = chunk_of(hidden(line.decode("utf-8", "replace")))
                if chunk is not None and streamed.add(chunk) and first is None:
                    first = (time.perf_counter() - start) * 1000
        return Answered(streamed.body(), response.headers, (time.perf_counter() - start) * 1000, first)

    @cached_property
    def sdk(self) -> AsyncOpenAI:
        """The SDK's client, for calls of other kinds."""
        return make_client(self._config, self._base_url, self._key)

    async def close(self) -> None:
        await self._session.close()
        if "sdk" in self.__dict__:
            await self.sdk.close()


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The lines of a stream.

    Raises:
        BadReply: one is longer than any event.
    """
    while True:
        try:
            line = await content.readline()
        except (ValueError, HttpProcessingError) as error:  # how one and another version of aiohttp says so
            raise BadReply(f"the stream holds a line of more than {2 * _LINE_BYTES} bytes") from error
        if not line:
            return
        yield line


def _encoded(body: Mapping[str, Any]) -> bytes:
    return _SENT.encode(body).encode()


_SENT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _status_error(response: aiohttp.ClientResponse, text: str) -> StatusError:
    try:
        return StatusError(response.status, json.loads(text), response.headers)
    except (ValueError, RecursionError):
        return StatusError(response.status, text.strip(), response.headers)


def make_client(config: OpenAIConfig, base_url: str, key: str) -> AsyncOpenAI:
    """The SDK's client with its own retries off, and the headers that requests have here."""
    import openai

    headers: dict[str, Any] = headers_of(config, base_url, key)
    if not any(name.lower() == "authorization" for name in headers):
        headers["Authorization"] = openai.Omit()
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
        default_query=resolved(config.query or {}, "llm.query"),
        default_headers=headers,
    )


def headers_of(config: OpenAIConfig, base_url: str, key: str) -> dict[str, str]:
    """Headers of a request. A key in a header of its own takes the place of the bearer; Azure's hosts get it so."""
    own = resolved(config.headers or {}, "llm.headers")
    names, where = {name.lower() for name in own}, urlsplit(base_url)
    if (where.hostname or "").endswith(_AZURE) and not names & {"api-key", "authorization"}:
        own["api-key"] = key
        names.add("api-key")
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "memos (aiohttp)"}
    headers |= {header: os.environ[name] for header, name in _ACCOUNT.items() if os.environ.get(name)}
    if where.username is not None:
        login = f"{unquote(where.username)}:{unquote(where.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    elif not names & {"api-key", "x-api-key", "x-goog-api-key"}:
        headers["Authorization"] = f"Bearer {key}"
    return {name: text for name, text in headers.items() if name.lower() not in names} | own


def proxy_of(base_url: str) -> str | None:
    """The proxy that the environment names for a server (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY)."""
    where, proxies = urlsplit(base_url), urllib.request.getproxies()
    proxy = proxies.get(where.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(where.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _address(url: str, query: Mapping[str, str]) -> URL:
    """The address of a request, without a login that stands in it.

    Raises:
        ConfigError: it is none.
    """
    try:
        return URL(url).with_user(None).update_query(query)
    except ValueError as error:
        raise ConfigError(f"llm.base_url={url.removesuffix('/chat/completions')!r} is no URL: {error}") from error


def trusted(base_url: str) -> Any:
    """The certificates that the SDK trusts: those of SSL_CERT_FILE or SSL_CERT_DIR, else certifi's."""
    return _http().create_ssl_context() if base_url.startswith("https://") else True


def key_of(config: OpenAIConfig, base_url: str) -> str:
    """The key from the variable that the configuration names.

    Raises:
        ConfigError: OpenAI itself is asked and there is none, or what is there can be no key.
    """
    name = config.api_key_env
    key = key_from(name, "llm.api_key_env")
    if not key and base_url == OPENAI_URL:
        raise ConfigError(
            f"llm.api_key_env={name!r} names no variable with a key; export {name or 'OPENAI_API_KEY'}=…, or set "
            f"llm.base_url to a server that needs none"
        )
    return key or "no-key"


def resolved(fields: Mapping[str, str], where: str) -> dict[str, str]:
    """Fields with ``env:NAME`` replaced by the value of that variable.

    Raises:
        ConfigError: a variable is not set, or what is there can stand in no header.
    """
    out = {}
    for name, value in fields.items():
        variable = str(value).removeprefix("env:")
        if str(value).startswith("env:") and variable not in os.environ:
            raise ConfigError(f"{where}.{name}={value}: the variable {variable} is not set; export {variable}=…")
        out[name] = _header_from(variable, f"{where}.{name}") if str(value).startswith("env:") else str(value)
    return out


def _header_from(variable: str, where: str) -> str:
    """A header's or parameter's value from a variable, such as a key behind the word Bearer."""
    value = from_variable(variable)
    if not value.isascii() or not value.isprintable():
        raise ConfigError(f"{where}=env:{variable}: what is there has a line break or a sign that is no ASCII")
    return value


def _http() -> Any:
    """The transport library of the installed SDK."""
    try:
        import httpx2 as httpx
    except ModuleNotFoundError:
        import httpx  # pyright: ignore[reportMissingImports]  # one of the two is there
    return httpx


def never_connected(error: BaseException | None) -> bool:
    """Whether a connection was never made: nobody listens there, or the host has no address."""
    kinds = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
    while error is not None:
        if isinstance(error, kinds):
            return True
        error = error.__cause__ or error.__context__
    return False

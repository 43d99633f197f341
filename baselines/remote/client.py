"""Requests to a memory server and their replies: at the shared pace, tried again where it helps, one line where not."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from baselines.remote.settings import LoopThread, RemoteConfig
from memos.errors import on_one_line
from memos.llm.health import Health, Unusable
from memos.llm.limits import Limits
from memos.llm.limits_headers import REQUESTS, TOKENS, stated_limits
from memos.llm.openai_calls import innermost_reason
from memos.llm.openai_client import never_connected, proxy_of, resolved, trusted
from memos.llm.retry import Backoff, Rejected, Unreachable, is_transient, retry_after
from memos.secret_values import hidden, hidden_in, key_from
from memos.servers import served_as
from memos.serving.wire import OffProtocol, read_message

_CONNECT_S = 10.0
_FIRST_ATTEMPTS = 3
"""Attempts of the first request to a server: nobody may listen there at all."""
_BUSY = (429, 503)
_CHUNK = 1 << 16


class NotThere(Rejected):
    """The server knows nothing of that name (status 404)."""


class InUse(Rejected):
    """The server has something else of that name (status 409)."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    raw: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _NoReply:
    """An attempt that brought nothing."""

    reason: str
    connected: bool = True
    pause_s: float | None = None


@dataclass
class _Asking:
    """Where one request stands."""

    what: str
    method: str
    path: str
    body: bytes | None
    attempts: int
    failures: int = 0
    unconnected: int = 0
    waited_since: float = field(default_factory=time.monotonic)


class RestClient:
    """One server, asked by one thread at a time over kept connections.

    Args:
        url: where the protocol's addresses begin.
        config: time-outs, attempts, headers.
    """

    def __init__(self, url: str, config: RemoteConfig) -> None:
        self.url, self.config = url.rstrip("/"), config
        self._backoff, self._random = Backoff(config.backoff_s, config.backoff_max_s), random.Random()
        self._limits = Limits(
            served_as(url, config.served_as) + url,
            "memory",
            {REQUESTS: None, TOKENS: None},
            base_s=config.backoff_s,
            max_s=config.backoff_max_s,
        )
        self._health, self._loop = Health(), LoopThread("memory-server")
        self._session: aiohttp.ClientSession | None = None
        self._answered = False

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object that answers a request; empty where the answer has no content.

        Raises:
            NotThere, InUse: status 404 and 409.
            Rejected: the server refuses for good.
            Unreachable: every attempt failed.
            Unusable: no request to this server can succeed.
            OffProtocol: the answer is no JSON object, or longer than ``max_reply_mb``.
        """
        encoded = None if body is None else json.dumps(body).encode()
        attempts = self.config.max_attempts if self._answered else min(self.config.max_attempts, _FIRST_ATTEMPTS)
        return self._loop.run(self._ask(_Asking(f"{method} {self.url}{path}", method, path, encoded, attempts)))

    def close(self) -> None:
        """Close the connections; a later request opens them again."""
        if self._session is not None:
            self._loop.run(self._session.close())
            self._session = None
        self._limits.close()
        self._loop.close()

    async def _ask(self, asking: _Asking) -> dict[str, Any]:
        while True:
            self._health.check()
            reply = await self._attempt(asking)
            if isinstance(reply, _Reply):
                self._answered = True
                self._health.succeeded()
                return _message(asking.what, reply)
            asking.unconnected += not reply.connected
            if asking.failures >= asking.attempts:
                raise self._unreachable(asking, reply.reason)
            await asyncio.sleep(self._backoff.wait(max(asking.failures, 1), reply.pause_s, self._random))

    async def _attempt(self, asking: _Asking) -> _Reply | _NoReply:
        async with self._limits.permit(0.0) as permit:
            try:
                async with asyncio.timeout(self.config.timeout_s):
                    reply = await self._send(asking)
            except TimeoutError as error:
                asking.failures += 1
                reason = f"no reply within {self.config.timeout_s:g} s (system.timeout_s)"
                return _NoReply(reason, not never_connected(error))
            except (aiohttp.ClientError, OSError) as error:
                asking.failures += 1
                return _NoReply(f"connection failed: {innermost_reason(error)}", not never_connected(error))
            wish = retry_after(reply.headers)
            if reply.status == 429 or (reply.status in _BUSY and wish is not None):
                permit.refused(wish, stated_limits(reply.headers))
                return self._keeps_patience(asking, reply, wish)
            permit.came_through(0.0, stated_limits(reply.headers))
        if reply.status < 400:
            return reply
        if is_transient(reply.status, None) and reply.status not in (409, 501):
            asking.failures += 1
            return _NoReply(f"{reply.status} {_words(reply)}", True, wish)
        raise self._refusal(asking, reply)

    def _keeps_patience(self, asking: _Asking, reply: _Reply, wish: float | None) -> _NoReply:
        """A server that asks for time is given it, which spends no attempt.

        Raises:
            Unusable: for as long as the configuration allows.
        """
        waited = time.monotonic() - asking.waited_since
        if max(waited, wish or 0.0) > self.config.patience_s:
            self._health.end(
                f"{asking.what} asks to wait, after {waited:.0f} s still (system.patience_s="
                f"{self.config.patience_s:g}): {reply.status} {_words(reply)}"
            )
        return _NoReply(f"{reply.status} {_words(reply)}", True, wish)

    async def _send(self, asking: _Asking) -> _Reply:
        """One request and its whole reply.

        Raises:
            OffProtocol: it is longer than ``max_reply_mb``.
        """
        url, most = URL(self.url + asking.path, encoded=True), int(self.config.max_reply_mb * 1e6)
        async with self._opened().request(asking.method, url, data=asking.body, proxy=proxy_of(self.url)) as response:
            raw = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                raw += chunk
                if len(raw) > most:
                    response.close()
                    raise OffProtocol(
                        f"{asking.what}: the reply is longer than {self.config.max_reply_mb:g} MB (system.max_reply_mb)"
                    )
        return _Reply(response.status, bytes(raw), response.headers)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Accept": "application/json", "Content-Type": "application/json"}
            if key := key_from(self.config.api_key_env, "system.api_key_env"):
                headers["Authorization"] = f"Bearer {key}"
            headers |= resolved(self.config.headers or {}, "system.headers")
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trusted(self.url)),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT_S, self.config.timeout_s)),
            )
        return self._session

    def _refusal(self, asking: _Asking, reply: _Reply) -> Rejected:
        said = f"{asking.what}: {reply.status} {_words(reply)}"
        if reply.status in (401, 403):
            return Unusable(f"{said}; name the variable that holds its token (system.api_key_env)")
        return {404: NotThere, 409: InUse}.get(reply.status, Rejected)(said)

    def _unreachable(self, asking: _Asking, reason: str) -> Unreachable:
        """Every attempt failed.

        Raises:
            Unusable: nobody ever listened there.
        """
        if asking.unconnected == asking.failures:
            self._health.failed(
                "host", f"no connection to {self.url} ({reason}); start the server, or correct system.url"
            )
        times = f"failed {asking.failures} times, last" if asking.failures > 1 else "failed"
        return Unreachable(f"{asking.what} {times}: {reason}")


def _message(what: str, reply: _Reply) -> dict[str, Any]:
    """The object of a reply, without the keys that were sent: a server may repeat them."""
    try:
        return hidden_in(read_message(reply.raw))
    except OffProtocol as error:
        raise OffProtocol(f"{what}: the reply is {error}: {_text(reply.raw)!r}") from None


def _words(reply: _Reply) -> str:
    """What a server says of an error, on one line."""
    try:
        error = json.loads(reply.raw)["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return _text(reply.raw)
    return hidden(on_one_line(str(error.get("message", error) if isinstance(error, dict) else error)))[:300]


def _text(raw: bytes) -> str:
    return hidden(on_one_line(raw[:400].decode("utf-8", "replace")))[:80]

"""The memory protocol over HTTP: a server around any memory system, of which MemOS is one (docs/remote.md).

``memos serve --rest`` is this. In a program:

    with RestServer(lambda: MemOSSystem(embedder=embedder)) as server:
        print(server.url)
"""

from __future__ import annotations

import hmac
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from memos.errors import ConfigError, MemosError
from memos.serving.conversations import Conversations, ServedSystem, Taken, UnknownConversation
from memos.serving.wire import (
    OffProtocol,
    field_of,
    greeting_message,
    read_message,
    read_query,
    read_session,
    retrieved_message,
    texts_of,
)

MOST_BYTES = 64 << 20
"""Longest body of a request."""
_IDLE_S = 120.0
_OF_CONVERSATION = re.compile(r"/conversations/([^/]+)(?:/(\w+))?")


class RestServer:
    """Serves conversations of the memory protocol; ``with`` it in a thread, or ``forever`` in this one.

    Args:
        make: makes an empty memory system, one for each conversation.
        host, port: where it listens; port 0 takes a free one.
        folder: where conversations are kept over restarts; None: in memory alone.
        token: what clients must send as ``Authorization: Bearer``; None: nothing.
        name, version: what it calls itself.
        turn_ids: whether its hits name the turns they come from.

    Raises:
        ConfigError: the address is taken, or is reachable from other machines and no token is asked for.
    """

    def __init__(
        self,
        make: Callable[[], ServedSystem],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        folder: Path | None = None,
        token: str | None = None,
        name: str = "memos",
        version: str = "1",
        turn_ids: bool = True,
    ) -> None:
        self.conversations = Conversations(make, folder)
        self.token, self.greeting = token, greeting_message(name, version, turn_ids=turn_ids)
        try:
            self._http = _Listener((host, port), _handler(self))
        except OSError as error:
            raise ConfigError(f"serve: cannot listen on {host}:{port}: {error.strerror}") from error
        if token is None and not ip_address(str(self._http.server_address[0])).is_loopback:
            self._http.server_close()
            raise ConfigError(f"serve: {host} can be reached from other machines; a token is needed")
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        host, port = self._http.server_address[:2]
        return f"http://{host}:{port}"

    def forever(self) -> None:
        """Serve until interrupted."""
        try:
            self._http.serve_forever()
        finally:
            self._end()

    def __enter__(self) -> RestServer:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="rest", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._end()

    def _end(self) -> None:
        self._http.server_close()
        self.conversations.close()

    def reply(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any] | None]:
        """Status and message for a request; None: no content.

        Raises:
            OffProtocol: the body is not what it should be.
            UnknownConversation, Taken: as their names say.
        """
        if (method, path) == ("GET", "/protocol"):
            return 200, self.greeting
        if (method, path) == ("POST", "/conversations"):
            name = field_of(body, "id", str)
            if not name:
                raise OffProtocol("id: it is empty")
            self.conversations.create(name, texts_of(body, "speakers"))
            return 201, {"id": name}
        of = _OF_CONVERSATION.fullmatch(path)
        if of is None:
            return 404, {"error": f"{method} {path}: no such address; docs/remote.md lists them"}
        name, kept = unquote(of[1]), self.conversations
        match method, of[2]:
            case "POST", "sessions":
                return 200, {"new": kept.add(name, read_session(body))}
            case "POST", "finish":
                return 200, {"pending": kept.finish(name)}
            case "POST", "search":
                return 200, retrieved_message(kept.search(name, read_query(body)))
            case "GET", "stats":
                return 200, kept.stats(name)
            case "DELETE", None:
                kept.delete(name)
                return 204, None
        return 404, {"error": f"{method} {path}: no such address; docs/remote.md lists them"}


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left before its reply is no error of the server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(server: RestServer) -> type[BaseHTTPRequestHandler]:
    """The class that answers one connection of a server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a reply's head and body leave at once
        timeout = _IDLE_S

        def _answer(self) -> None:
            body = self._body()  # read whatever comes of it: the next request stands behind it
            if body is None:
                self.close_connection = True
                self._send(413, {"error": f"the body has no length, or is longer than {MOST_BYTES >> 20} MB"})
            elif not self._allowed():
                self._send(401, {"error": "Authorization: Bearer TOKEN is missing or wrong"})
            else:
                self._send(*self._made(body))

        do_GET = do_POST = do_DELETE = _answer

        def _body(self) -> bytes | None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > MOST_BYTES or self.headers.get("Transfer-Encoding"):
                return None
            return self.rfile.read(int(length))

        def _allowed(self) -> bool:
            given = self.headers.get("Authorization", "").encode()
            return server.token is None or hmac.compare_digest(given, f"Bearer {server.token}".encode())

        def _made(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
            try:
                return server.reply(self.command, urlsplit(self.path).path.rstrip("/") or "/", read_message(body))
            except UnknownConversation as error:
                return 404, {"error": f"there is no conversation {error.args[0]!r}"}
            except Taken as error:
                return 409, {"error": str(error)}
            except OffProtocol as error:
                return 400, {"error": f"the body is wrong: {error}"}
            except MemosError as error:
                return 500, {"error": str(error)}
            except Exception as error:  # noqa: BLE001 - a client is told of it, whatever it is; the server goes on
                traceback.print_exc(file=sys.stderr)
                return 500, {"error": f"{type(error).__name__}: {error}"}

        def _send(self, status: int, message: dict[str, Any] | None) -> None:
            raw = b"" if message is None else json.dumps(message).encode()
            self.send_response(status)
            if message is not None:
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(raw)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are not listed."""

    return Handler

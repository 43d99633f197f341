"""Memory servers in threads of the test: the reference server of docs/remote.md, and variants of it."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import mcp_memory

REFERENCE = Path(__file__).resolve().parents[2] / "scripts" / "examples" / "memory_server.py"


@cache
def reference() -> ModuleType:
    """The module of the reference server."""
    spec = importlib.util.spec_from_file_location("memory_server", REFERENCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def handler(base: type | None = None, **members: Any) -> type:
    """A handler with conversations of its own, and what is given in place of the reference's members."""
    quiet = {"log_message": lambda self, *_: None}
    return type("Handler", (base or reference().Handler,), {"talks": {}, **quiet, **members})


@contextmanager
def serving(answers: type | None = None, port: int = 0) -> Iterator[str]:
    """The URL of a server that answers with a handler; the reference's where None is given."""
    server = ThreadingHTTPServer(("127.0.0.1", port), answers or handler())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@cache
def lasting() -> str:
    """The URL of a reference server that lives as long as the process."""
    entered = serving()
    _ENTERED.append(entered)
    return entered.__enter__()


_ENTERED: list[Any] = []
"""Servers that live as long as the process."""


def needed(system: str) -> list[str]:
    """What a system of ``conf/system`` needs besides its name: the address of a server, for those that ask one."""
    return {"http": lambda: [f"system.url={lasting()}"], "mcp": mcp_memory.mapped}.get(system, list)()

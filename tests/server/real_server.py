"""A real model behind a real server on loopback, and a proxy that writes down what passes between it and us.

The server is llama.cpp's (``.ci/llama``), else ``transformers serve`` where it is installed; the model is
SmolLM2-135M-Instruct, from the file that ``scripts/fetch_data.py smollm2`` fetches.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from memos.errors import MissingDependency
from memos.llm.embedded import EmbeddedLM
from memos.resources import find_smollm2

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 6144
START_S = 240


@dataclass
class Exchange:
    """One request to the server and what it said."""

    path: str
    body: dict[str, Any]
    status: int
    reply: dict[str, Any]

    @property
    def text(self) -> str:
        """The content of a chat completion."""
        return (self.reply.get("choices") or [{"message": {}}])[0]["message"].get("content") or ""

    @property
    def finish_reason(self) -> str | None:
        return (self.reply.get("choices") or [{}])[0].get("finish_reason")


@dataclass
class Recorder:
    """A proxy on loopback; streams are passed on and not written down."""

    target: str
    exchanges: list[Exchange] = field(default_factory=list)
    base_url: str = ""

    @contextmanager
    def running(self) -> Iterator[Recorder]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass(None)

            def do_POST(self) -> None:
                self._pass(self.rfile.read(int(self.headers["content-length"])))

            def _pass(self, raw: bytes | None) -> None:
                url = recorder.target.removesuffix("/v1") + self.path
                request = urllib.request.Request(url, raw, {"content-type": "application/json"})
                try:
                    with urllib.request.urlopen(request, timeout=600) as answer:
                        status, kind, content = answer.status, answer.headers["content-type"], answer.read()
                except urllib.error.HTTPError as error:
                    status, kind, content = error.code, error.headers["content-type"], error.read()
                if raw is not None and "json" in (kind or ""):
                    recorder.exchanges.append(Exchange(self.path, json.loads(raw), status, json.loads(content)))
                self.send_response(status)
                self.send_header("content-type", kind or "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        return Handler


def missing() -> str | None:
    """Why no server can be started here; None where one can."""
    try:
        find_smollm2()
    except MissingDependency as error:
        return str(error)
    if _llama() or _transformers():
        return None
    return "no server for a real model is here; build llama.cpp's with: bash .ci/llama"


@contextmanager
def real_server() -> Iterator[str]:
    """Start the server; gives its address up to ``/v1``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    python = _llama()
    command = _llama_command(python, port) if python else _transformers_command(port)
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "HF_HUB_OFFLINE": "1"}
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen, address: str, log: Any) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(f"{address}/v1/models", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"the server did not start: {log.read()[-2000:]}") from None
            time.sleep(0.2)


def _llama() -> str | None:
    """The Python that has llama.cpp's server."""
    own = ROOT / ".venv" / "llama" / "bin" / "python"
    if own.exists() and list(own.parents[1].glob("lib/python*/site-packages/llama_cpp/server")):
        return str(own)
    return sys.executable if importlib.util.find_spec("llama_cpp") else None


def _llama_command(python: str, port: int) -> list[str]:
    options = {
        "model": find_smollm2(),
        "model_alias": "smollm2",
        "host": "127.0.0.1",
        "port": port,
        "n_ctx": WINDOW,
        "n_threads": 1,  # two wait for one another where other tests run beside
        "n_threads_batch": 1,
        "interrupt_requests": "false",
        "chat_format": "chatml-function-calling",  # the model's own format, with calls held to their parameters
    }
    return [python, "-m", "llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())]


def _transformers() -> str | None:
    """The command of ``transformers serve`` where it has what it needs."""
    if not all(importlib.util.find_spec(name) for name in ("transformers", "fastapi", "uvicorn")):
        return None
    return shutil.which("transformers", path=str(Path(sys.executable).parent))


def _transformers_command(port: int) -> list[str]:
    model = EmbeddedLM().source()
    return [
        str(_transformers()),
        "serve",
        "--host=127.0.0.1",
        f"--port={port}",
        "--device=cpu",
        f"--force-model={model}",
    ]

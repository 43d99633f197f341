"""Starts commands of this project as processes of their own, out of a process that has the large libraries loaded.

What a command costs to start is mostly imports of other people's packages: torch, NLTK, Hydra. A server that has
imported them forks for every command, which then runs as it would from a shell: its own interpreter state, arguments,
environment, folder, streams, signals and exit code. The project's own modules are never loaded in the server. Tests of
what gets imported, and of the start itself, use ``subprocess``.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("warm_server.py")
_STARTED: list[Path] = []


def _address() -> Path:
    """The socket of this process's server, which is started when first needed."""
    if not _STARTED:
        folder = Path(tempfile.mkdtemp(prefix="warm"))
        address = folder / "socket"
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        server = subprocess.Popen([sys.executable, str(SERVER), str(address)], env=environment, stdin=subprocess.PIPE)
        while not address.exists():
            if server.poll() is not None:
                raise RuntimeError(f"the server of warm processes ended with {server.returncode}")
            time.sleep(0.01)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(server.kill)
        _STARTED.append(address)
    return _STARTED[0]


class Process:
    """What ``subprocess.Popen`` is, for ``[sys.executable, SCRIPT, ...]`` and ``[sys.executable, "-m", MODULE, ...]``.

    Both streams go to files of their own, as text that ``communicate`` returns; SIGINT acts as from a terminal.
    """

    def __init__(
        self,
        command: Sequence[Any],
        *,
        cwd: Any = None,
        env: Mapping[str, str] | None = None,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        text: bool = True,
    ) -> None:
        self.args = [str(word) for word in command]
        assert self.args[0] == sys.executable and text
        self.returncode: int | None = None
        self._files = [tempfile.TemporaryFile("w+b"), tempfile.TemporaryFile("w+b")]
        chosen = [self._files[0], self._files[0] if stderr is subprocess.STDOUT else self._files[1]]
        request = {
            "argv": self.args[1:],
            "cwd": str(cwd or os.getcwd()),
            "env": dict(os.environ if env is None else env),
        }
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(_address()))
        numbers = array.array("i", [file.fileno() for file in chosen])
        body = json.dumps(request).encode()
        self._socket.sendmsg([len(body).to_bytes(8, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)])
        self._socket.sendall(body)
        self._lines = self._socket.makefile("r")
        self.pid = int(self._lines.readline())

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            waiting = select.poll()
            waiting.register(self._socket, select.POLLIN)
            if timeout is not None and not waiting.poll(timeout * 1000):
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = int(self._lines.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that was written to both streams, when the process has ended."""
        self.wait(timeout)
        return self._text(0), self._text(1)

    def _text(self, which: int) -> str:
        self._files[which].seek(0)
        return self._files[which].read().decode("utf-8").replace("\r\n", "\n")


def run(
    command: Sequence[Any],
    *,
    cwd: Any = None,
    env: Mapping[str, str] | None = None,
    capture_output: bool = True,
    text: bool = True,
    timeout: float = 600,
    check: bool = False,
) -> subprocess.CompletedProcess[str]:
    """``subprocess.run`` with both streams captured as text.

    Raises:
        subprocess.TimeoutExpired: after ``timeout`` seconds; the process is killed.
        subprocess.CalledProcessError: with ``check``, where the exit code is not 0.
    """
    assert capture_output
    process = Process(command, cwd=cwd, env=env, text=text)
    try:
        stdout, stderr = process.communicate(timeout)
    except BaseException:
        process.kill()
        raise
    assert process.returncode is not None
    if check and process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, stdout, stderr)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

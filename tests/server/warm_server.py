"""The server behind ``warm``: ``python warm_server.py SOCKET`` until its standard input closes.

Every connection is one command. It sends the number of the process, then its exit code (a signal's number negative).
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

LIBRARIES = (
    "torch",
    "nltk.data",
    "scipy.stats",
    "pandas",
    "hydra",
    "omegaconf",
    "bpe_openai",
    "openai",
    "faiss",
    "tqdm",
    "rouge_score.rouge_scorer",
)
"""Slow to import, without a thread of their own before they are used."""
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("memos", "baselines", "eval")
"""The project's own, loaded from the checkout of this file."""


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    numbers = array.array("i")
    head, ancillary, *_ = connection.recvmsg(8, socket.CMSG_SPACE(2 * numbers.itemsize))
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(content)
    size, body = int.from_bytes(head, "big"), b""
    while len(body) < size:
        body += connection.recv(size - len(body))
    return json.loads(body), list(numbers)


def become(request: dict[str, Any], streams: list[int]) -> None:
    """Run the command in this process, which was just forked, and end it."""
    null = os.open(os.devnull, os.O_RDONLY)
    for target, number in enumerate((null, *streams)):
        os.dup2(number, target)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    argv = request["argv"]
    own = [path for path in request["env"].get("PYTHONPATH", "").split(os.pathsep) if path]
    libraries = sys.path[1:]
    code: Any = 0
    try:
        if argv[0] == "-m":
            sys.argv, sys.path = argv[1:], [request["cwd"], *own, *libraries]
            unload_others()
            runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv, sys.path = argv, [os.path.dirname(os.path.abspath(argv[0])), *own, *libraries]
            unload_others()
            runpy.run_path(argv[0], run_name="__main__")
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    finish(code or 0)


def load_own() -> None:
    """Import every module of the project that can be imported here."""
    before = sys.path
    sys.path = [str(ROOT), *before]
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                with contextlib.suppress(ImportError):
                    importlib.import_module(module.name)
    sys.path = before


def unload_others() -> None:
    """Forget the project's modules where the command would find them in another checkout."""
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in PACKAGES}
    importlib.invalidate_caches()
    if all((spec := importlib.util.find_spec(name)) and spec.origin == loaded[name].__file__ for name in PACKAGES):
        sys.modules.update(loaded)


def finish(code: int) -> None:
    import atexit
    import threading

    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def main(address: str) -> None:
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    load_own()
    importlib.import_module("hydra.core.plugins").Plugins.instance()
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address + ".part")
    listening.listen(64)
    os.rename(address + ".part", address)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([listening, wake_read, 0], [], [])
        if 0 in ready and not os.read(0, 1):
            return
        if wake_read in ready:
            os.read(wake_read, 512)
        if listening in ready:
            connection, _ = listening.accept()
            request, streams = receive(connection)
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                for open_socket in (listening, connection, *waiting.values()):
                    open_socket.close()
                become(request, streams)
            for number in streams:
                os.close(number)
            connection.sendall(f"{pid}\n".encode())
            waiting[pid] = connection
        for pid in list(waiting):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with contextlib.suppress(OSError):
                    waiting[pid].sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                waiting.pop(pid).close()


if __name__ == "__main__":
    main(sys.argv[1])

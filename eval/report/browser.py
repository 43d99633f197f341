"""Headless Chromium over its debugging pipe (Chrome DevTools Protocol): opens a page, presses keys, reads what it shows.

Used by the test and the bench of the report page; needs a Chromium on the PATH and no package.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from memos.errors import MissingDependency

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
CODES = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, ""), "/": ("Slash", 191, "/"),
         "ArrowRight": ("ArrowRight", 39, ""), "ArrowLeft": ("ArrowLeft", 37, "")}  # fmt: skip


def find_chromium() -> str | None:
    """Path of the first Chromium on the PATH."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One headless Chromium with one page; a context manager.

    Args:
        size: window width and height in pixels.
        dark: whether pages see a preference for dark colours.
        timeout_s: longest wait for anything.

    Raises:
        MissingDependency: no Chromium on the PATH.
        TimeoutError: the browser does not reply in time.
    """

    def __init__(self, size: tuple[int, int] = (1400, 1000), *, dark: bool = False, timeout_s: float = 60) -> None:
        program = find_chromium()
        if program is None:
            raise MissingDependency(f"no Chromium on the PATH ({', '.join(NAMES)}); install Debian's package chromium")
        self.timeout_s = timeout_s
        self._profile = tempfile.mkdtemp(prefix="report-browser-")
        self._ids, self._rest, self._session = count(1), b"", ""
        ours, theirs = os.pipe(), os.pipe()
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (ours[0], theirs[1])]
        flags = [*FLAGS, f"--window-size={size[0]},{size[1]}", f"--user-data-dir={self._profile}"]
        flags += ["--blink-settings=preferredColorScheme=0"] if dark else []
        # The protocol wants its pipe at descriptors 3 and 4, which the shell can place.
        shell = ["bash", "-c", f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}', "bash", program, *flags, "about:blank"]
        self._process = subprocess.Popen(
            shell, pass_fds=ends, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for fd in (ours[0], theirs[1], *ends):
            os.close(fd)
        self._out, self._in = ours[1], theirs[0]
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and return its result; events are passed over."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + self.timeout_s
        while True:
            reply = self._receive(until, method)
            if reply.get("id") == number:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']['message']}")
                return reply["result"]

    def _receive(self, until: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError(f"{method}: Chromium did not reply within {self.timeout_s:g} s")
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise RuntimeError(f"{method}: Chromium ended; can it start on this machine?")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)

    def open(self, path: Path, fragment: str = "") -> float:
        """Open a report page and wait until it says it is drawn.

        Returns:
            Seconds from the start of the navigation until drawn, as the page measured them.
        """
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        return float(self.wait("document.documentElement.dataset.ready")) / 1000

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (a promise is awaited)."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails'].get('exception', {}).get('description')}")
        return result["result"].get("value")

    def wait(self, expression: str) -> Any:
        """The value of an expression as soon as it is true-like (a plain value: an element arrives here as ``{}``).

        Raises:
            TimeoutError: it stays false.
        """
        until = time.monotonic() + self.timeout_s
        while time.monotonic() < until:
            value = self.evaluate(f"document.readyState === 'complete' ? ({expression}) : null")
            if value:
                return value
            time.sleep(0.02)
        raise TimeoutError(f"{expression}: not true within {self.timeout_s:g} s")

    def press(self, *names: str) -> None:
        """Press keys one after the other."""
        for name in names:
            code, number, text = CODES.get(name, (f"Key{name.upper()}", ord(name.upper()[0]), name))
            shared = {"key": name, "code": code, "windowsVirtualKeyCode": number}
            self.call("Input.dispatchKeyEvent", type="keyDown", **shared, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def screenshot(self, path: Path) -> None:
        """Write what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

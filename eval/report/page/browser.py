"""Headless Chromium by playwright: opens a report page, presses keys, reads what it shows.

Used by the test and the bench of the report page. The browser is one that is installed (Debian's package ``chromium``,
or Chrome); playwright brings its driver in its wheel, and nothing is downloaded.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

from memos.errors import MissingDependency, require

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic")


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
        MissingDependency: no Chromium on the PATH, or playwright is not installed.
        playwright.sync_api.Error: the browser does not start, or a wait takes too long.
    """

    def __init__(self, size: tuple[int, int] = (1400, 1000), *, dark: bool = False, timeout_s: float = 60) -> None:
        program = find_chromium()
        if program is None:
            raise MissingDependency(f"no Chromium on the PATH ({', '.join(NAMES)}); install Debian's package chromium")
        api = require("playwright.sync_api", "dev", package="playwright")
        self._playwright = api.sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=program, args=FLAGS, timeout=timeout_s * 1000
            )
            self.page = self._browser.new_page(
                viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
            )
        except api.Error:
            self._playwright.stop()
            raise
        self.page.set_default_timeout(timeout_s * 1000)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def open(self, path: Path, fragment: str = "") -> float:
        """Open a report page and wait until it says it is drawn.

        Returns:
            Seconds from the start of the navigation until drawn, as the page measured them.
        """
        self.page.goto("about:blank")
        self.page.goto(path.resolve().as_uri() + fragment)
        return float(self.wait("document.documentElement.dataset.ready")) / 1000

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (a promise is awaited)."""
        return self.page.evaluate(expression)

    def wait(self, expression: str) -> Any:
        """The value of an expression as soon as it is true-like."""
        return self.page.wait_for_function(expression).json_value()

    def press(self, *names: str) -> None:
        """Press keys one after the other."""
        for name in names:
            self.page.keyboard.press(name)

"""Whether a client's calls can succeed at all: a wrong key or a dead host ends a run after its first calls."""

from __future__ import annotations

import threading
import time

from memos.errors import ConfigError
from memos.llm.retry import Rejected

_FORGOTTEN_S = 30.0
"""How long a verdict keeps further calls from being sent."""
_FIRST = {"key": 1, "host": 1, "quota": 1, "model": 2}
"""Failed calls of one cause, before any call succeeded, that end the run; any other cause takes ``_FIRST_OTHER``."""
_FIRST_OTHER = 3
_LATER = {"key": 10, "host": 10, "quota": 1, "model": 10}
"""The same in a row, after some call succeeded; other causes are single requests' own then."""


class Unusable(Rejected, ConfigError):
    """Every call of this client fails for one cause, which no further call mends: the run ends here, and resumes."""


class Health:
    """Counts a client's failures by cause; shared by all its calls, in whichever threads they are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._succeeded = False
        self._cause, self._count = "", 0
        self._verdict: Unusable | None = None
        self._since = 0.0

    def check(self) -> None:
        """Raise the verdict where there is one, so that calls that wait are not sent.

        Raises:
            Unusable: for a while after it was found.
        """
        with self._lock:
            if self._verdict is not None and time.monotonic() - self._since < _FORGOTTEN_S:
                raise Unusable(*self._verdict.args)
            self._verdict = None

    def succeeded(self) -> None:
        """A call came through."""
        with self._lock:
            self._succeeded, self._cause, self._count = True, "", 0

    def failed(self, cause: str, message: str) -> None:
        """A call failed for good.

        Args:
            cause: ``key``, ``host``, ``quota``, ``model``, or any other name under which equal failures are counted.
            message: one line with the remedy.

        Raises:
            Unusable: where every further call would fail the same way.
        """
        with self._lock:
            self._count = self._count + 1 if cause == self._cause else 1
            self._cause = cause
            most = _LATER.get(cause) if self._succeeded else _FIRST.get(cause, _FIRST_OTHER)
            if most is None or self._count < most:
                return
        self.end(message)

    def end(self, message: str) -> None:
        """Find that no call can succeed any more.

        Raises:
            Unusable: always.
        """
        with self._lock:
            self._verdict, self._since = Unusable(message), time.monotonic()
            self._cause, self._count = "", 0
        raise Unusable(message)

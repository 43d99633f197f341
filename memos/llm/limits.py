"""One pace for all calls to a model: of every phase, thread and process of this machine.

The state lies in a small file in the user's cache, under a lock of the kernel, so that a killed process leaves nothing
behind but calls that are no more counted once it is seen to be gone.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import platform
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from memos.llm.limits_headers import REQUESTS, TOKENS, Stated
from memos.llm.pace import Pace, Sent
from memos.resources import cache_root
from memos.servers import is_loopback, served_as

_STALE_S = 86_400.0
"""Files that nobody has touched for a day are removed."""
_LOCK_TRIES, _LOCK_PAUSE_S = 200, 0.001
"""A process that was stopped while it held the lock must not stop the others: they go on with what they know."""
_NEWS_S = 0.5
"""Longest wait before the shared state is looked at again."""
_MOST_BYTES = 1 << 16
_WRITTEN = json.JSONEncoder(separators=(",", ":"))
_IDLE_PROCESS_S = 1.0
"""How often it is checked whether the other processes still run."""


def pace_host(base_url: str) -> str:
    """What a server is called in the pace of its models; on loopback its port tells it from others."""
    return served_as(base_url) + (base_url if is_loopback(base_url) else "")


class Permit:
    """One call that is under way."""

    def __init__(self, limits: Limits, sent: Sent) -> None:
        self._limits, self._sent, self._open = limits, sent, True

    def came_through(self, used: float, stated: Mapping[str, Stated]) -> None:
        """The call succeeded, with so many tokens as the server counts and such limits in its headers."""
        with self._ended() as (pace, now):
            pace.came_through(now, self._sent, used, stated)

    def refused(self, pause_s: float | None, stated: Mapping[str, Stated]) -> None:
        """The call was refused for the rate: all calls pause, for the time the server asks for where it does."""
        with self._ended() as (pace, now):
            pace.refused(now, self._sent, pause_s, self._limits.first_pause(pace), stated)

    def end(self) -> None:
        """The call is under way no more, however it ended."""
        if self._open:
            with self._ended():
                pass

    @contextmanager
    def _ended(self) -> Iterator[tuple[Pace, float]]:
        self._open = False
        with self._limits.shared() as (pace, now):
            pace.left(now, self._sent)
            yield pace, now
        self._limits.tell()


class Limits:
    """The shared pace of one model at one provider.

    Args:
        host: host of the provider (with a port where it has one).
        model: model id.
        own: limits a minute of the configuration, by ``requests`` and ``tokens``; None: none.
        base_s: the pause after a first refusal for the rate that names no time.
        folder: where the file lies; None: the user's cache. Where it cannot be written, this process paces alone.
    """

    def __init__(
        self,
        host: str,
        model: str,
        own: Mapping[str, float | None],
        *,
        base_s: float = 0.5,
        max_s: float = 30.0,
        folder: Path | None = None,
    ) -> None:
        self.own = {kind: own.get(kind) for kind in (REQUESTS, TOKENS)}
        self._base_s, self._max_s = base_s, max_s
        digest = hashlib.sha256(json.dumps([host, model]).encode()).hexdigest()[:16]
        node = "".join(c if c.isalnum() else "-" for c in platform.node())[:40]
        self.path = (folder or cache_root() / "limits") / f"{node}-{digest}.json"
        self._lock = threading.Lock()
        self._pace, self._file, self._pid, self._looked = Pace(), -1, 0, 0.0
        self._written = b""
        """What the file held when this process last let go of it: where it still does, nobody else has paced since."""
        self._turn: asyncio.Lock | None = None
        self._news: asyncio.Event | None = None
        self._threads, self._told = threading.Lock(), threading.Event()
        self._draw = random.Random()

    @contextmanager
    def shared(self) -> Iterator[tuple[Pace, float]]:
        """The state, to be changed, and this moment on the clock that all processes share."""
        with self._lock:
            held = self._take()
            now = time.monotonic()
            try:
                if held:
                    self._read(now)
                self._drop_dead(now)
                self._pace.fill(now, self.own)
                yield self._pace, now
            finally:
                if held:
                    try:
                        self._write()
                    finally:
                        fcntl.flock(self._file, fcntl.LOCK_UN)

    @asynccontextmanager
    async def permit(self, tokens: float) -> AsyncIterator[Permit]:
        """Wait until a call may go out; inside, it is under way.

        Args:
            tokens: estimate of what the call will use.
        """
        permit = Permit(self, await self._admit(tokens * self._pace.scale))
        try:
            yield permit
        finally:
            permit.end()

    @contextmanager
    def permit_here(self, tokens: float) -> Iterator[Permit]:
        """``permit`` for threads that run no loop; they go in turn."""
        permit = Permit(self, self._admit_here(tokens * self._pace.scale))
        try:
            yield permit
        finally:
            permit.end()

    def _admit_here(self, tokens: float) -> Sent:
        with self._threads:
            while True:
                self._told.clear()
                with self.shared() as (pace, now):
                    wait = pace.admit(now, str(os.getpid()), tokens)
                if isinstance(wait, Sent):
                    return wait
                self._told.wait(min(wait + self._draw.uniform(0, 0.01), _NEWS_S))

    async def _admit(self, tokens: float) -> Sent:
        """Wait for the turn. Callers of one loop go in the order in which they came."""
        if self._turn is None or self._news is None:
            self._turn, self._news = asyncio.Lock(), asyncio.Event()
        turn, news = self._turn, self._news
        async with turn:
            while True:
                news.clear()
                with self.shared() as (pace, now):
                    wait = pace.admit(now, str(os.getpid()), tokens)
                if isinstance(wait, Sent):
                    return wait
                try:
                    async with asyncio.timeout(min(wait + self._draw.uniform(0, 0.01), _NEWS_S)):
                        await news.wait()
                except TimeoutError:
                    continue

    def since_success(self) -> float:
        """Seconds since a call of any process came through."""
        return time.monotonic() - self._pace.succeeded

    def first_pause(self, pace: Pace) -> float:
        """The pause after a first refusal that names no time, drawn so that machines do not come back together."""
        return min(self._base_s * self._draw.uniform(0.5, 1.0), self._max_s / 2.0 ** min(pace.refusals, 30))

    def tell(self) -> None:
        """Wake the caller whose turn it is; of callers in a loop always called there."""
        self._told.set()
        if self._news is not None:
            self._news.set()

    def close(self) -> None:
        """Let go of the file and of the loop; a later call takes them again."""
        with self._lock:
            self._turn = self._news = None
            if self._file >= 0 and self._pid == os.getpid():
                os.close(self._file)
            self._file, self._pid = -1, 0

    def _take(self) -> bool:
        """Hold the file's lock; whether it is held."""
        if self._pid != os.getpid():  # a forked child would share the lock of its parent
            self._file, self._pid = self._open(), os.getpid()
        if self._file < 0:
            return False
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(_LOCK_PAUSE_S)
            except OSError:
                return False
        return False

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for other in self.path.parent.glob("*.json"):
                if time.time() - other.stat().st_mtime > _STALE_S:
                    other.unlink(missing_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return -1

    def _read(self, now: float) -> None:
        try:
            text = os.pread(self._file, _MOST_BYTES, 0)
        except OSError:
            text = b""
        if text and text == self._written:
            return
        self._written = text
        try:
            state = json.loads(text or b"{}")
        except ValueError:
            state = {}
        self._pace = Pace.from_json(state if isinstance(state, dict) else {}, now)

    def _write(self) -> None:
        """Blanks fill the text up to the length of the one before, so that the file need not be cut."""
        text = _WRITTEN.encode(self._pace.to_json()).encode().ljust(len(self._written))
        try:
            os.pwrite(self._file, text, 0)
        except OSError:
            return
        self._written = text

    def _drop_dead(self, now: float) -> None:
        """Forget the calls of processes that are gone."""
        if now - self._looked < _IDLE_PROCESS_S:
            return
        self._looked = now
        for name in list(self._pace.running):
            try:
                os.kill(int(name), 0)
            except ProcessLookupError:
                del self._pace.running[name]
            except (PermissionError, ValueError, OverflowError):
                continue

"""What the remote systems share: how a server is asked, and the loop that asks it."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from memos.errors import ConfigError
from memos.secret_values import check_address, check_fields, check_variable

T = TypeVar("T")


@dataclass
class RemoteConfig:
    """Fields that every remote system has."""

    served_as: str | None = field(
        default=None,
        metadata={"help": "name of what the server serves, in place of its address; a new name is a new system"},
    )
    api_key_env: str | None = field(
        default=None, metadata={"help": "NAME of the environment variable that holds the bearer token; null: none"}
    )
    headers: dict[str, str] | None = field(
        default=None, metadata={"help": "further headers of a request; env:NAME takes a variable's value"}
    )
    top_k: int = field(
        default=20,
        metadata={"help": "memories in the context, where the server does not say how many", "stage": "search"},
    )
    concurrency: int = field(default=8, metadata={"help": "conversations ingested at once"})
    timeout_s: float = field(default=120.0, metadata={"help": "longest wait for one reply"})
    patience_s: float = field(
        default=1800.0, metadata={"help": "longest wait for background work, and for a server that asks for time"}
    )
    max_attempts: int = field(default=6, metadata={"help": "attempts a request, the first included"})
    backoff_s: float = field(default=0.5, metadata={"help": "bound of the first random wait; doubles each time"})
    backoff_max_s: float = field(default=30.0, metadata={"help": "largest bound of a random wait"})
    max_reply_mb: float = field(default=32.0, metadata={"help": "longest reply that is read, in megabytes"})

    def __post_init__(self) -> None:
        check_variable(self.api_key_env, "system.api_key_env")
        check_fields(self.headers, "system.headers")
        for name in ("top_k", "concurrency", "timeout_s", "patience_s", "max_attempts", "max_reply_mb"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"system.{name}: must be positive, found {getattr(self, name)}")


def check_url(url: str) -> None:
    """Refuse an address that is none, or that holds a key.

    Raises:
        ConfigError: naming the field.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"system.url={url!r} is no http(s) URL")
    check_address(url, "system.url")


def fresh_name(sample_id: str) -> str:
    """A name for a conversation on a server that no other conversation has, of this run or any other."""
    return f"{sample_id[:80]}-{uuid.uuid4().hex[:12]}"


class LoopThread:
    """An event loop in a thread of its own, with a synchronous face; made at the first use, and again after ``close``.

    Args:
        name: of the thread, for people.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._loop is not None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done in the loop; its result."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread; nothing may be under way."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None

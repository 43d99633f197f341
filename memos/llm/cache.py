"""A response cache on disk, keyed by everything that changes a response."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from memos.errors import ConfigError, DataError, LLMError
from memos.layers import innermost
from memos.llm.base import LLM, Completion, Request
from memos.llm.layer import Layer
from memos.llm.wire import completion_from_dict, completion_to_dict, describe, request_key
from memos.secret_values import hidden
from memos.shared_sqlite import TIMEOUT_S, open_shared

MODES = ("off", "read", "write", "only")
_BATCH = 400
_COLUMNS = "key TEXT PRIMARY KEY, reply TEXT NOT NULL"


class NotCached(LLMError):
    """Mode ``only`` met a request that the cache does not hold."""


class CachedLLM(Layer):
    """Wraps a model with a cache in one SQLite file that many processes and threads may share.

    Modes: ``off`` neither reads nor writes; ``read`` reads and asks the model for the rest without keeping it;
    ``write`` reads, and keeps what the model adds; ``only`` reads and refuses the rest (NotCached), so it works
    without a key. Each reply is one committed transaction: a killed process loses at most the replies in flight.
    A cached reply keeps its usage, latency and model id, and says ``from_cache=True``. Failures and replies whose
    prompt was refused are never kept. Where two processes ask the same at once, both go on with the reply that was kept
    first.

    The key takes the inner model's ``identity()`` (provider, model, server or weights, and what else changes its
    replies)
    and every field of the request, ``sample_index`` included. Replies that were kept under the provider's
    ``earlier_identity()`` are served too, so that no paid reply is lost by a change of the key.

    Args:
        code: digest of the model's code where a change of it must not find old replies; empty for servers.
        earlier: whether replies under the earlier identity may be served.
        served: is given the key and the reply of every request that comes through.
    """

    def __init__(
        self,
        inner: LLM,
        path: Path | None,
        mode: str = "write",
        *,
        code: str = "",
        earlier: bool = True,
        served: Callable[[str, Completion], None] | None = None,
    ) -> None:
        if mode not in MODES:
            raise ConfigError(f"cache={mode!r} is unknown; use one of {', '.join(MODES)}")
        if path is None and mode != "off":
            raise ConfigError(f"cache={mode} needs a file; none was given")
        super().__init__(inner)
        self.mode, self._served = mode, served
        self._identity = dict(inner.identity())
        self._keyed = {**self._identity, "code": code} if code else self._identity
        self._earlier = _earlier_identity(inner) if earlier else None
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        if path is not None and mode != "off" and not (mode == "read" and not path.exists()):
            self._db = _open(path, writable=mode == "write")
        self.hits = 0
        """Replies the cache gave so far."""

    def identity(self) -> dict[str, Any]:
        return dict(self._identity)

    def key(self, request: Request) -> str:
        return request_key(self._keyed, request)

    def complete(self, request: Request) -> Completion:
        if self._db is None:
            return self.inner.complete(request)
        key = self.key(request)
        kept = self._kept([(key, request)]).get(key)
        if kept is not None:
            return self._given(key, kept)
        if self.mode == "only":
            raise self._absent(request, key)
        return self._given(key, self._write(key, self.inner.complete(request)))

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Cached replies first, then the model's; equal requests are asked once."""
        if self._db is None:
            yield from self.inner.complete_many(requests)
            return
        keys = [self.key(request) for request in requests]
        kept = self._kept(list(dict(zip(keys, requests, strict=True)).items()))
        absent: dict[str, list[int]] = {}
        for index, key in enumerate(keys):
            if key in kept:
                yield index, self._given(key, kept[key])
            elif self.mode == "only":
                yield index, self._absent(requests[index], key)
            else:
                absent.setdefault(key, []).append(index)
        waiting = list(absent.items())
        if not waiting:
            return
        for position, outcome in self.inner.complete_many([requests[indexes[0]] for _, indexes in waiting]):
            key, indexes = waiting[position]
            if isinstance(outcome, Completion):
                outcome = self._given(key, self._write(key, outcome))
            yield indexes[0], outcome
            repeat = replace(outcome, from_cache=True) if isinstance(outcome, Completion) else outcome
            for index in indexes[1:]:
                yield index, repeat

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        self.inner.close()

    def _given(self, key: str, reply: Completion) -> Completion:
        if self._served is not None:
            self._served(key, reply)
        return reply

    def _absent(self, request: Request, key: str) -> NotCached:
        return NotCached(
            f"cache=only has no reply of {self.name} to {describe(request)!r} (sample {request.sample_index}, "
            f"key {key[:12]}); run once with cache=write"
        )

    def _kept(self, wanted: list[tuple[str, Request]]) -> dict[str, Completion]:
        """Cached replies by present key, those under an earlier key included."""
        older = {} if self._earlier is None else {request_key(self._earlier, r): key for key, r in wanted}
        kept = self._read([*dict.fromkeys([key for key, _ in wanted] + list(older))])
        replies = {older[key]: reply for key, reply in kept.items() if key in older}
        replies.update((key, reply) for key, reply in kept.items() if key not in older or older[key] == key)
        self.hits += len(replies)
        return replies

    def _read(self, keys: list[str]) -> dict[str, Completion]:
        replies: dict[str, Completion] = {}
        if self._db is None:
            return replies
        with self._lock:
            for start in range(0, len(keys), _BATCH):
                some = keys[start : start + _BATCH]
                marks = ",".join("?" * len(some))
                for key, text in self._db.execute(f"SELECT key, reply FROM replies WHERE key IN ({marks})", some):
                    if (reply := _reply(text)) is not None:
                        replies[key] = reply
        return replies

    def _write(self, key: str, completion: Completion) -> Completion:
        """Keep a reply; returns it, or the one that another process has kept meanwhile."""
        if self._db is None or self.mode != "write" or completion.from_cache:
            return completion
        text = _text(completion)
        with self._lock, self._db:
            if self._db.execute("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, text)).rowcount:
                return completion
            (kept,) = self._db.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
            if (reply := _reply(kept)) is not None:
                return reply
            self._db.execute("UPDATE replies SET reply = ? WHERE key = ?", (text, key))
        return completion


def keep_replies(path: Path, replies: Mapping[str, Completion]) -> None:
    """Put replies by key into a cache, made where it is missing; those that it holds stay as they are."""
    db = _open(path, writable=True)
    try:
        with db:
            rows = ((key, _text(reply)) for key, reply in replies.items())
            db.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?)", rows)
    finally:
        db.close()


def _reply(text: str) -> Completion | None:
    """A kept reply; None where it is damaged: it is asked for again, and takes the place."""
    try:
        return completion_from_dict(json.loads(text), from_cache=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _text(completion: Completion) -> str:
    return hidden(json.dumps(completion_to_dict(completion), ensure_ascii=False))


def _earlier_identity(llm: Any) -> dict[str, Any] | None:
    """The earlier identity of the provider below all layers; None where it has none."""
    earlier = getattr(innermost(llm), "earlier_identity", None)
    return earlier() if earlier else None


def _open(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Open (and where writable make) the cache file.

    Raises:
        DataError: when the file is absent in a reading mode, or is no cache.
    """
    if not writable and not path.exists():
        raise DataError(f"response cache {path} does not exist; run once with cache=write")
    if writable:
        return open_shared(path, "replies", _COLUMNS, "response cache")
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_S, check_same_thread=False
        )
        db.execute("SELECT key FROM replies LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        raise DataError(f"response cache {path} cannot be read ({error}); move it away to start a new one") from error
    return db

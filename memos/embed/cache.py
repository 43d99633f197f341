"""An on-disk cache of embeddings by model and text, so that no text is ever embedded twice on a machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from memos.embed.base import Embedder, identity_of
from memos.layers import waits_for_a_server
from memos.llm.cache import NotCached
from memos.shared_sqlite import open_shared

_COLUMNS = "key BLOB PRIMARY KEY, vector BLOB NOT NULL"
_KEEP = (
    "INSERT INTO vectors VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET vector = excluded.vector "
    "WHERE length(vectors.vector) <> ?"
)
"""The first vector of a key stays, but for one of another length, which is damaged."""


class CachedEmbedder:
    """Wraps an embedder; vectors live in one SQLite file that several processes may share.

    Equal texts always give the identical vector, whichever batch they came in and whichever process was first. The key
    takes what the embedder's ``identity()`` says (server, weights, dtype, dimensions; its name and dimensions where it
    has none) and the text. Vectors kept under an embedder's ``earlier_name()`` are served too, so that none is paid for
    twice.

    Args:
        code: digest of the embedder's code where a change of it must not find old vectors; empty for servers.
        earlier: whether vectors under the earlier name may be served.
        only: refuse texts that the file does not hold (NotCached) in place of embedding them.
        served: is given the key and the vector of every text.
    """

    def __init__(
        self,
        inner: Embedder,
        path: Path,
        *,
        code: str = "",
        earlier: bool = True,
        only: bool = False,
        served: Callable[[bytes, np.ndarray], None] | None = None,
    ) -> None:
        self._only, self._served = only, served
        self.inner = inner
        self._mark: str | None = None
        self._code = code
        self._earlier = getattr(inner, "earlier_name", lambda: None)() if earlier else None
        self.name, self.dim, self.max_tokens = inner.name, inner.dim, inner.max_tokens
        self._db = open_shared(Path(path), "vectors", _COLUMNS, "embedding cache")
        self._lock = threading.RLock()
        self._remote = bool(getattr(type(inner), "remote", False))
        self._alone = nullcontext() if waits_for_a_server(inner) else threading.Lock()
        """Held while texts are embedded; calls of a server may be under way at once."""

    @property
    def pooled(self) -> int:
        return self.inner.pooled

    def identity(self) -> dict[str, Any]:
        """The inner embedder's identity; its name and dimensions where it has none."""
        return identity_of(self.inner)

    def _key(self, text: str) -> bytes:
        if self._mark is None:
            self._mark = json.dumps([self.identity(), self._code], sort_keys=True)
        return _hashed(self._mark, text)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim).

        A model that works here is asked by one thread at a time; threads may wait for a server at once.
        """
        with self._lock:
            keys = [self._key(text) for text in texts]
            by_key = self._kept(keys, texts)
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in by_key}
            if missing and not self._remote:
                by_key.update(self._embedded(missing))
        if missing and self._remote:
            by_key.update(self._embedded(missing))
        if self._served is not None:
            with self._lock:
                for key in dict.fromkeys(keys):
                    self._served(key, by_key[key])
        if not keys:
            return np.zeros((0, self.dim), dtype=np.float32)
        return np.stack([by_key[key] for key in keys])

    def _embedded(self, missing: Mapping[bytes, str]) -> dict[bytes, np.ndarray]:
        """Embed texts by key, and keep their vectors."""
        items, by_key = list(missing.items()), {}
        if self._only:
            raise NotCached(
                f"cache=only has no embedding by {self.name} of {items[0][1][:80]!r}; run once with cache=write"
            )
        for start in range(0, len(items), 2048):
            part = items[start : start + 2048]
            vectors = self.inner.encode([text for _, text in part])
            with self._lock:
                by_key.update(self._keep([key for key, _ in part], vectors))
        return by_key

    def lookup(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors of those texts that are cached; nothing is embedded."""
        with self._lock:
            keys = [self._key(text) for text in texts]
            by_key = self._kept(keys, texts)
        return {text: by_key[key] for key, text in zip(keys, texts, strict=True) if key in by_key}

    def _kept(self, keys: Sequence[bytes], texts: Sequence[str]) -> dict[bytes, np.ndarray]:
        """Cached vectors by present key, those under the earlier name included."""
        by_key = self._read(list(dict.fromkeys(keys)))
        if self._earlier is not None:
            absent = [(key, text) for key, text in zip(keys, texts, strict=True) if key not in by_key]
            older = {_hashed(self._earlier, text): key for key, text in absent}
            by_key.update((older[key], vector) for key, vector in self._read(list(older)).items())
        return by_key

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Vectors of the right length that the file holds."""
        by_key: dict[bytes, np.ndarray] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)
            whole = ((key, blob) for key, blob in rows if isinstance(blob, bytes) and len(blob) == 4 * self.dim)
            by_key.update((key, np.frombuffer(blob, dtype=np.float32)) for key, blob in whole)
        return by_key

    def _keep(self, keys: Sequence[bytes], vectors: np.ndarray) -> dict[bytes, np.ndarray]:
        """Keep vectors; returns what is kept: another process may have been first,
        with the last bit of another batch."""
        rows = [(key, vector.tobytes(), 4 * self.dim) for key, vector in zip(keys, vectors, strict=True)]
        with self._db:
            before = self._db.total_changes
            self._db.executemany(_KEEP, rows)
            fresh = self._db.total_changes - before == len(rows)
        own = dict(zip(keys, vectors, strict=True))
        return own if fresh else own | self._read(keys)

    def close(self) -> None:
        self._db.close()


def keep_vectors(path: Path, vectors: Mapping[bytes, np.ndarray]) -> None:
    """Put vectors by key into a cache, made where it is missing; those that it holds stay as they are."""
    db = open_shared(path, "vectors", _COLUMNS, "embedding cache")
    try:
        with db:
            rows = ((key, np.asarray(vector, np.float32).tobytes()) for key, vector in vectors.items())
            db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
    finally:
        db.close()


def _hashed(mark: str, text: str) -> bytes:
    return hashlib.blake2b(f"{mark}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

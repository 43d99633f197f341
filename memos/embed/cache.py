"""An on-disk cache of embeddings by model and text, so that no text is ever embedded twice on a machine."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memos.embed.base import Embedder


class CachedEmbedder:
    """Wraps an embedder; vectors live in one SQLite file that several processes may share.

    Equal texts always give the identical vector, whichever batch they came in. The key takes what the embedder's
    ``identity()`` says (server, weights, dtype, dimensions; its name and dimensions where it has none) and the text.
    Vectors kept under an embedder's ``earlier_name()`` are served too, so that none is paid for twice.

    Args:
        code: digest of the embedder's code where a change of it must not find old vectors; empty for servers.
        earlier: whether vectors under the earlier name may be served.
    """

    def __init__(self, inner: Embedder, path: Path, *, code: str = "", earlier: bool = True) -> None:
        self.inner = inner
        self._mark: str | None = None
        self._code = code
        self._earlier = getattr(inner, "earlier_name", lambda: None)() if earlier else None
        self.name, self.dim, self.max_tokens = inner.name, inner.dim, inner.max_tokens
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        self._lock = threading.Lock()

    @property
    def pooled(self) -> int:
        return self.inner.pooled

    def identity(self) -> dict[str, Any]:
        """The inner embedder's identity; its name and dimensions where it has none."""
        own = getattr(self.inner, "identity", None)
        return dict(own()) if own else {"model": self.name, "dim": self.dim}

    def _key(self, text: str) -> bytes:
        if self._mark is None:
            self._mark = json.dumps([self.identity(), self._code], sort_keys=True)
        return _hashed(self._mark, text)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        with self._lock:
            keys = [self._key(text) for text in texts]
            found = self._read(dict.fromkeys(keys))
            if self._earlier is not None:
                older = {_hashed(self._earlier, text): key for key, text in zip(keys, texts, strict=True) if key not in found}
                found.update((older[key], vector) for key, vector in self._read(older).items())
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
            items = list(missing.items())
            for start in range(0, len(items), 2048):
                part = items[start : start + 2048]
                vectors = self.inner.encode([text for _, text in part])
                with self._db:
                    self._db.executemany(
                        "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                        [(key, vector.tobytes()) for (key, _), vector in zip(part, vectors, strict=True)],
                    )
                found.update((key, vector) for (key, _), vector in zip(part, vectors, strict=True))
            if not keys:
                return np.zeros((0, self.dim), dtype=np.float32)
            return np.stack([found[key] for key in keys])

    def _read(self, keys: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """Vectors of the right length that the file holds."""
        found: dict[bytes, np.ndarray] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            rows = self._db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(part))})", part)
            vectors = ((key, np.frombuffer(blob, dtype=np.float32)) for key, blob in rows)
            found.update((key, vector) for key, vector in vectors if len(vector) == self.dim)
        return found

    def close(self) -> None:
        self._db.close()


def _hashed(mark: str, text: str) -> bytes:
    return hashlib.blake2b(f"{mark}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

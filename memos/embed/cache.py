"""An on-disk cache of embeddings by content hash, so that no text is ever embedded twice on a machine."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memos.embed.base import Embedder


class CachedEmbedder:
    """Wraps an embedder; vectors live in one SQLite file that several processes may share.

    Equal texts always give the identical vector, whichever batch they came in.
    """

    def __init__(self, inner: Embedder, path: Path) -> None:
        self.inner = inner
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

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self.name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        with self._lock:
            keys = [self._key(text) for text in texts]
            found: dict[bytes, np.ndarray] = {}
            unique = list(dict.fromkeys(keys))
            for start in range(0, len(unique), 500):
                part = unique[start : start + 500]
                rows = self._db.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(part))})", part
                )
                found.update((key, np.frombuffer(blob, dtype=np.float32)) for key, blob in rows)
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

    def close(self) -> None:
        self._db.close()

"""An on-disk cache of embeddings by content hash, so that no text is ever embedded twice on a machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memos.embed.base import Embedder
from memos.shared_sqlite import open_shared

_COLUMNS = "key BLOB PRIMARY KEY, vector BLOB NOT NULL"


class CachedEmbedder:
    """Wraps an embedder; vectors live in one SQLite file that several processes may share.

    Equal texts always give the identical vector, whichever batch they came in and whichever process was first.
    """

    def __init__(self, inner: Embedder, path: Path) -> None:
        self.inner = inner
        self.name, self.dim, self.max_tokens = inner.name, inner.dim, inner.max_tokens
        self._db = open_shared(Path(path), "vectors", _COLUMNS, "embedding cache")
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
            found = self._read(list(dict.fromkeys(keys)))
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
            items = list(missing.items())
            for start in range(0, len(items), 2048):
                part = items[start : start + 2048]
                vectors = self.inner.encode([text for _, text in part])
                found.update(self._keep([key for key, _ in part], vectors))
            if not keys:
                return np.zeros((0, self.dim), dtype=np.float32)
            return np.stack([found[key] for key in keys])

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        found: dict[bytes, np.ndarray] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)
            found.update((key, np.frombuffer(blob, dtype=np.float32)) for key, blob in rows)
        return found

    def _keep(self, keys: Sequence[bytes], vectors: np.ndarray) -> dict[bytes, np.ndarray]:
        """Keep vectors; returns what is kept: another process may have been first, with the last bit of another batch."""
        rows = [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        with self._db:
            before = self._db.total_changes
            self._db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
            fresh = self._db.total_changes - before == len(rows)
        return dict(zip(keys, vectors, strict=True)) if fresh else self._read(keys)

    def close(self) -> None:
        self._db.close()

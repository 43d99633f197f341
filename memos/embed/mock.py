"""A deterministic embedder for tests: hashed words and character trigrams, no model, no downloads."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from memos.embed.base import unit
from memos.errors import ConfigError
from memos.model_origin import SYNTHETIC, ModelOrigin


class Mock:
    """Unit vectors of hashed words (weight 1) and character trigrams (weight 0.5), so that similar texts are near."""

    @dataclass
    class Config:
        dim: int = field(default=128, metadata={"help": "dimensions of the vectors"})

        def __post_init__(self) -> None:
            if self.dim < 2:
                raise ConfigError(f"embedder.dim: expected 2 or more, found {self.dim}")

    part_id = "mock_embedder"
    max_tokens = 1_000_000

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self.dim = self.config.dim
        self.name = f"mock-hash-{self.dim}"
        self.pooled = 0

    @property
    def model_origin(self) -> ModelOrigin:
        """Scripted: hashes in place of a model."""
        return ModelOrigin(self.name, SYNTHETIC)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            row[0] = 1e-3
            features = [_features(word) for word in text.lower().split()]
            if features:
                codes = np.concatenate([codes for codes, _ in features])
                np.add.at(row, codes % self.dim, np.concatenate([weights for _, weights in features]))
        return unit(out)


@lru_cache(maxsize=50_000)
def _features(word: str) -> tuple[np.ndarray, np.ndarray]:
    """Codes (int64) and signed weights (float32) of a word and its trigrams, in the order in which they are added."""
    padded = f"<{word}>"
    parts = [word, *(padded[start : start + 3] for start in range(len(padded) - 2))]
    codes = np.array([zlib.crc32(part.encode("utf-8", "surrogatepass")) for part in parts], dtype=np.int64)
    weights = np.full(len(parts), 0.5, dtype=np.float32)
    weights[0] = 1.0
    return codes, np.where(codes & 0x80000000, weights, -weights)

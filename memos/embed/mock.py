"""A deterministic embedder for tests: hashed words and character trigrams, no model, no downloads."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

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
            for word in text.lower().split():
                self._add(row, word, 1.0)
                padded = f"<{word}>"
                for start in range(len(padded) - 2):
                    self._add(row, padded[start : start + 3], 0.5)
        return unit(out)

    def _add(self, row: np.ndarray, feature: str, weight: float) -> None:
        code = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
        row[code % self.dim] += weight if code & 0x80000000 else -weight

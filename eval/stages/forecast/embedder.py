"""The embedder of a forecast: counts the tokens that a server would be asked to embed, and asks it nothing.

Texts whose vectors the cache on disk holds get these, so that a run that was begun finds its own contexts again. Others
get those of an embedder that runs here, or hashed words in place of a server's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from eval.stages.forecast.model import Place
from eval.stages.forecast.tally import EMBED, EMBEDDER, LATENCY, Purpose, Tally
from memos.embed.base import Embedder, identity_of
from memos.embed.cache import CachedEmbedder
from memos.types import Usage


class ForecastEmbedder:
    """Vectors for a simulation.

    Args:
        inner: the embedder of the configuration.
        place, tally: what is asked is counted here.
        tokens: of a text.
        cache: the embedding cache, which is only read; None where there is none yet.
        known: texts that this command has embedded already, shared by its jobs.
        vectors: embeds what is not known.
    """

    def __init__(
        self,
        inner: Embedder,
        place: Place,
        tally: Tally,
        tokens: Callable[[str], int],
        cache: CachedEmbedder | None,
        known: dict[str, np.ndarray],
        vectors: Embedder,
    ) -> None:
        self.inner, self.place, self.tally, self.tokens = inner, place, tally, tokens
        self.name, self.dim, self.max_tokens = inner.name, inner.dim, inner.max_tokens
        self.remote = bool(getattr(inner, "remote", False))
        self._known, self._cache = known, cache
        self._vectors = vectors

    @property
    def pooled(self) -> int:
        return 0

    def identity(self) -> dict[str, Any]:
        return identity_of(self.inner)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        if self.place.timed and self.remote:
            self._count(list(texts))
        absent = [text for text in dict.fromkeys(texts) if text not in self._known]
        kept = self._cache.lookup(absent) if self._cache and absent else {}
        self._known.update(kept)
        fresh = [text for text in absent if text not in kept]
        if fresh:
            self._known.update(zip(fresh, self._vectors.encode(fresh), strict=True))
            if self.remote and not self.place.timed:
                self._count(fresh)
        return np.stack([self._known[text] for text in texts])

    def _count(self, texts: Sequence[str]) -> None:
        config = getattr(self.inner, "config", None)
        batch = getattr(config, "batch_size", 1)
        usage = Usage(-(-len(texts) // batch), sum(self.tokens(text or " ") for text in texts))
        phase = LATENCY if self.place.timed else EMBED
        self.tally.add(Purpose(phase, EMBEDDER, self.name, "embedding"), self.place.sample_id, usage)

"""The embedding cache between threads: a server is asked by several at once, a model that runs here by one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from memos.embed.cache import CachedEmbedder
from memos.embed.mock import Mock


class Slow(Mock):
    """Waits until as many threads as wanted are inside."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.barrier, self.inside, self.peak = threading.Barrier(wanted), 0, 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.inside += 1
        self.peak = max(self.peak, self.inside)
        self.barrier.wait(10)
        self.inside -= 1
        return super().encode(texts)


class Server(Slow):
    remote = True


@pytest.mark.parametrize(("inner", "peak"), [(Server(4), 4), (Slow(1), 1)], ids=["server", "here"])
def test_who_is_asked_at_once(tmp_path, inner: Slow, peak: int):
    cache, vectors = CachedEmbedder(inner, tmp_path / "e.sqlite"), {}

    def work(number: int) -> None:
        vectors[number] = cache.encode([f"text {number}", "the same"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inner.peak == peak and len(vectors) == 4
    plain = Mock().encode([*(f"text {number}" for number in range(4)), "the same"])
    for number, own in vectors.items():
        assert np.array_equal(own, plain[[number, 4]])
    cache.close()

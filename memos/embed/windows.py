"""Long texts: embed window by window and average by length, so that no text is cut in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from memos.embed.base import unit


def encode_windows(
    windows: Sequence[Sequence[str]], sizes: Sequence[Sequence[int]], encode: Callable[[list[str]], np.ndarray]
) -> np.ndarray:
    """Unit vectors of texts given as windows.

    Args:
        windows: for each text its windows, one or more.
        sizes: the length of each window in tokens, the weight of its vector.
        encode: gives a vector for each window text.

    Returns:
        float32 array of shape (texts, dim) with unit rows.
    """
    flat = [window for text in windows for window in text]
    vectors = unit(encode(flat))
    out = np.zeros((len(windows), vectors.shape[1]), dtype=np.float32)
    row = 0
    for index, weights in enumerate(sizes):
        for weight in weights:
            out[index] += vectors[row] * max(weight, 1)
            row += 1
    return unit(out)

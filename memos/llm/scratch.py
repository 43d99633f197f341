"""Memory that one computation uses again and again. Loads torch.

A fresh tensor of some hundred kilobytes is often memory that the system has to map and clear first, which takes as long
as many a product on it.
"""

from __future__ import annotations

from math import prod

import torch


class Scratch:
    """Tensors by name; what a name held before is overwritten. For one thread at a time.

    Args:
        like: a tensor of the precision and device wanted.
    """

    def __init__(self, like: torch.Tensor) -> None:
        self._like, self._kept = like, {}

    def __call__(self, name: str, *shape: int) -> torch.Tensor:
        """A contiguous tensor with any content."""
        size = prod(shape)
        kept = self._kept.get(name)
        if kept is None or len(kept) < size:
            kept = self._kept[name] = self._like.new_empty(size)
        return kept[:size].view(shape)

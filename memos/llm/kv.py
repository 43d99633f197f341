"""Key-value states: read-only shared prefixes, growing suffix caches, and a store of prefixes by byte budget.

Importing this module loads torch and transformers; import it only where a model runs.
"""

from __future__ import annotations

import functools
import inspect
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import transformers
from transformers.cache_utils import Cache, DynamicLayer

from memos.errors import LLMError
from memos.llm.prefix import common_length


@dataclass(frozen=True, slots=True, eq=False)
class SharedPrefix:
    """Keys and values of a token prefix at positions 0 … n-1; never written to after it is made."""

    ids: tuple[int, ...]
    keys: tuple[torch.Tensor, ...]
    """One tensor a layer, shape (key-value heads, n, head size), rotary positions applied."""
    values: tuple[torch.Tensor, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        return sum(tensor.numel() * tensor.element_size() for tensor in (*self.keys, *self.values))

    def head(self, n: int) -> SharedPrefix:
        """The first ``n`` tokens, as views of the same memory."""
        if n == len(self):
            return self
        return SharedPrefix(self.ids[:n], tuple(k[:, :n] for k in self.keys), tuple(v[:, :n] for v in self.values))

    def extended(self, ids: Sequence[int], suffix: SuffixCache) -> SharedPrefix:
        """This prefix followed by the first row of a suffix cache that was encoded on top of it."""
        n = len(ids)
        joined = [
            (torch.cat([key, new_key[:, :n]], dim=1), torch.cat([value, new_value[:, :n]], dim=1))
            for key, value, new_key, new_value in zip(self.keys, self.values, *suffix.first_row(), strict=True)
        ]
        return SharedPrefix((*self.ids, *ids), tuple(k for k, _ in joined), tuple(v for _, v in joined))


class SuffixLayer(DynamicLayer):
    """One layer's keys and values after the shared prefix, in memory reserved up front.

    ``keys`` and ``values`` are views of the filled part, shape (rows, key-value heads, filled, head size).
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity, self.filled = capacity, 0

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs):
        rows, heads, new, size = key_states.shape
        if not self.is_initialized:
            self.dtype, self.device = key_states.dtype, key_states.device
            self._keys = key_states.new_empty(rows, heads, self.capacity, size)
            self._values = value_states.new_empty(rows, heads, self.capacity, value_states.shape[-1])
            self.is_initialized = True
        end = self.filled + new
        self._keys[:, :, self.filled : end] = key_states
        self._values[:, :, self.filled : end] = value_states
        self.filled = end
        self.keys, self.values = self._keys[:, :, :end], self._values[:, :, :end]
        return self.keys, self.values

    def get_seq_length(self) -> int:
        return self.filled

    def keep_rows(self, rows: torch.Tensor) -> None:
        """Drop all rows but the given ones."""
        self._keys, self._values = self._keys.index_select(0, rows), self._values.index_select(0, rows)
        self.keys, self.values = self._keys[:, :, : self.filled], self._values[:, :, : self.filled]


class SuffixCache(Cache):
    """What a model writes while it reads prompts' own tokens and answers; a shared prefix is never copied into it."""

    def __init__(self, layers: int, capacity: int) -> None:
        self._suffixes = [SuffixLayer(capacity) for _ in range(layers)]
        super().__init__(layers=list(self._suffixes))

    def first_row(self) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
        """Keys and values of the first row, a tensor (key-value heads, filled, head size) a layer."""
        filled = [(layer.keys, layer.values) for layer in self._suffixes]
        return (
            tuple(keys[0] for keys, _ in filled if keys is not None),
            tuple(values[0] for _, values in filled if values is not None),
        )

    def keep_rows(self, rows: torch.Tensor) -> None:
        for layer in self._suffixes:
            layer.keep_rows(rows)


def reading(module: torch.nn.Module, cache: Cache | None) -> dict[str, Cache | None]:
    """A cache under the name by which a transformers module takes it, to be passed as keyword arguments.

    transformers 5.24 calls it ``cache`` and takes ``past_key_values`` up to 5.40; older versions know only the latter.
    Both take unknown arguments without a word, so a cache under the wrong name would be ignored.

    Raises:
        LLMError: the module takes a cache under neither name.
    """
    return {_cache_name(type(module)): cache}


@functools.cache
def _cache_name(kind: type[torch.nn.Module]) -> str:
    taken = inspect.signature(kind.forward).parameters
    for name in ("cache", "past_key_values"):
        if name in taken:
            return name
    raise LLMError(f"{kind.__name__} of transformers {transformers.__version__} takes no cache under a known name")


class PrefixStore:
    """Recently used prefixes up to a number of bytes; the least recently used ones go first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._kept: OrderedDict[tuple[int, ...], SharedPrefix] = OrderedDict()

    @property
    def nbytes(self) -> int:
        return sum(prefix.nbytes for prefix in self._kept.values())

    def match(self, ids: Sequence[int], min_shared: int) -> SharedPrefix | None:
        """The longest kept prefix of ``ids`` (a view of a kept one), at least ``min_shared`` long; None without."""
        ids = tuple(ids)
        best, length = None, min_shared - 1
        for key in self._kept:
            shared = common_length(key, ids)
            if shared > length:
                best, length = key, shared
        if best is None or length < 1:
            return None
        self._kept.move_to_end(best)
        return self._kept[best].head(length)

    def add(self, prefix: SharedPrefix) -> None:
        """Keep a prefix if it fits the budget at all; prefixes that it contains are dropped."""
        if prefix.nbytes > self.max_bytes or not len(prefix):
            return
        for key in [key for key in self._kept if prefix.ids[: len(key)] == key]:
            del self._kept[key]
        self._kept[prefix.ids] = prefix
        while self.nbytes > self.max_bytes:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        self._kept.clear()

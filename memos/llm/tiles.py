"""Exact attention of many queries by blocks of keys, tokens in columns; float32 on a processor. Loads torch.

Scores are held keys by queries, so that both products take the stored keys and values as they lie and the widest
operand by rows, which BLAS multiplies fastest. A block's keys are split into a part a thread: each thread multiplies,
exponentiates and sums scores that it made itself, and the parts are put together at a tile's end. Exponentials are
taken without a maximum; where the first scores are too large for that, or a sum of exponentials leaves the range in
which it is harmless, the tile is done with one a part (Milakov and Gimelshein, arXiv 1805.02867).

Between products that fill a core's second cache every call of the library starts cold, so what is the same in all
layers (shapes, memory and views of it) is made once a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch

QUERIES = 1024
"""About how many queries (tokens times grouped heads) a tile has."""
SCORES = 5 << 15
"""Most scores of a block's part: they stay in a core's second cache while they are used."""
_LOUD = 60.0
"""Size of a score from which exponentials are not taken as they are."""
_PROBED = 64
"""Keys of each part whose scores are looked at before the first exponential is taken."""
_NOTHING = -80.0
"""Scores so far under the maximum count as much less than float32 can tell; exponentials that underflow are slow."""
_LEAST, _MOST = 1e-25, 1e30
"""Sums of exponentials between which neither lost small terms nor large ones are felt in float32."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Keys and values that queries attend to, each (key-value heads, tokens, size)."""

    own_keys: torch.Tensor
    """Of the tokens read now, all of them."""
    own_values: torch.Tensor
    keys: torch.Tensor | None = None
    """Of a prefix that every query sees."""
    values: torch.Tensor | None = None


class Block(NamedTuple):
    """One head's keys and values in equal parts, as views."""

    keys: torch.Tensor
    """(parts, keys, size)"""
    values: torch.Tensor
    """(parts, value size, keys)"""
    twice: int = 0
    """Keys at the start of each part but the first that an earlier part has as well."""
    visible: torch.Tensor | None = None
    """(parts, keys, queries): 1 where a query sees a key, else 0; without it all see all."""


class _Tile(NamedTuple):
    """Queries of the tokens ``start`` to ``end``; tensors are (key-value heads, size, groups, tokens)."""

    start: int
    end: int
    asked: torch.Tensor
    padding: torch.Tensor
    """What a wider tile left beside these queries."""
    found: torch.Tensor
    total: torch.Tensor
    out: torch.Tensor


class Attention:
    """Softmax attention, causal among the tokens read now, for layers of one shape. For one thread at a time.

    Args:
        shape: (heads, size, columns) of the queries; column ``i`` is own token ``first + i``.
        kept: key-value heads.
        width: size of a value.
        first, count: the first own token that asks, and how many ask; columns after these are padding.
        scale: of the scores.
        like: a tensor of the precision and device wanted.
    """

    def __init__(
        self, shape: Sequence[int], kept: int, width: int, first: int, count: int, scale: float, like: torch.Tensor
    ) -> None:
        heads, size, columns = shape
        self.first, self.count, self.scale = first, count, scale
        self.groups, self.parts = heads // kept, torch.get_num_threads()
        step = -(-count // -(-count * self.groups // QUERIES))
        self.rows = -(-self.groups * step // 16) * 16  # so that a matrix' rows start on cache lines
        self.most = max(1, SCORES // self.rows)
        self._asked = like.new_zeros(kept, size, self.rows)
        self._found, self._total = (like.new_empty(kept, n, self.rows) for n in (width, 1))
        self._mixed = like.new_empty(self.parts, width, self.rows)
        self._out = like.new_zeros(heads, width, columns)
        self._scores = like.new_empty(self.parts * (max(self.most, step) + self.parts) * self.rows)
        self._scores_by_length: dict[int, torch.Tensor] = {}
        self._sums = like.new_empty(0, self.parts, 1, self.rows)
        self._tiles = [self._tile(start, min(count, start + step)) for start in range(0, count, step)]

    def _tile(self, start: int, end: int) -> _Tile:
        used, shape = self.groups * (end - start), (self.groups, end - start)
        asked, mixed, total = (one[..., :used].unflatten(2, shape) for one in (self._asked, self._found, self._total))
        out = self._out.unflatten(0, (-1, self.groups)).transpose(1, 2)[..., start:end]
        return _Tile(start, end, asked, self._asked[..., used:], mixed, total, out)

    def __call__(self, query: torch.Tensor, seen: Seen) -> torch.Tensor:
        """(heads, value size, columns), zeros for padding; the next call overwrites it.

        Args:
            query: of the shape given.
        """
        grouped = query.unflatten(0, (-1, self.groups)).transpose(1, 2)
        past = self._blocks(seen.keys, seen.values) if seen.keys is not None and seen.values is not None else None
        safe = False
        for tile in self._tiles:
            torch.mul(grouped[..., tile.start : tile.end], self.scale, out=tile.asked)
            if len(self._tiles) > 1:
                tile.padding.zero_()
            begin, end = self.first + tile.start, self.first + tile.end
            before = self._blocks(seen.own_keys[:, :begin], seen.own_values[:, :begin])
            visible = _visible(end - begin, self.groups, self.parts, self.rows)
            own = _block(seen.own_keys[:, begin:end], seen.own_values[:, begin:end], self.parts, visible)
            for head, last in enumerate(own):
                blocks = [*(past[head] if past else ()), *before[head], last]
                safe = safe or not self._mix(head, blocks)
                if safe:
                    self._mix_safely(head, blocks)
            torch.div(tile.found, tile.total, out=tile.out)
        return self._out

    def _blocks(self, keys: torch.Tensor, values: torch.Tensor) -> list[list[Block]]:
        """Each head's blocks of keys (key-value heads, tokens, size) that every query sees,
        about ``most`` keys a part."""
        made: list[list[Block]] = [[] for _ in keys]
        if count := keys.shape[1]:
            step = -(-count // -(-count // (self.parts * self.most)))
            step = -(-step // self.parts) * self.parts
            equal = count // step
            even = [
                one[:, : equal * step].unflatten(1, (equal, self.parts, step // self.parts)) for one in (keys, values)
            ]
            for blocks, key, value in zip(made, even[0].unbind(), even[1].mT.unbind(), strict=True):
                blocks += map(Block, key.unbind(), value.unbind())
            if count > equal * step:
                rest = _block(keys[:, equal * step :], values[:, equal * step :], self.parts)
                for blocks, block in zip(made, rest, strict=True):
                    blocks.append(block)
        return made

    def _scores_of(self, block: Block) -> torch.Tensor:
        """Memory for (parts, keys, queries)."""
        length = block.keys.shape[1]
        if length not in self._scores_by_length:
            size = self.parts * length * self.rows
            self._scores_by_length[length] = self._scores[:size].view(self.parts, length, self.rows)
        return self._scores_by_length[length]

    def _mix(self, head: int, blocks: Sequence[Block]) -> bool:
        """Write the values that a head's queries find, not yet divided by their sums of exponentials, and these sums.

        Returns:
            False where maxima are needed: then what was written is of no use.
        """
        asked = self._asked[head].expand(self.parts, -1, -1)
        mixed = self._found[head, None] if self.parts == 1 else self._mixed
        mixed.zero_()
        if len(self._sums) < len(blocks):
            self._sums = self._sums.new_empty(len(blocks), *self._sums.shape[1:])
        for number, (block, sums) in enumerate(zip(blocks, self._sums.unbind(), strict=False)):
            scores = self._scores_of(block)
            torch.bmm(block.keys, asked, out=scores)
            if not number and not _within(scores[:, :_PROBED], -_LOUD, _LOUD):
                return False
            _count(scores.exp_(), block)
            torch.sum(scores, 1, keepdim=True, out=sums)
            mixed.baddbmm_(block.values, scores)
        total = torch.sum(self._sums[: len(blocks)], (0, 1), out=self._total[head])
        if self.parts > 1:
            torch.sum(mixed, 0, out=self._found[head])
        return _within(total, _LEAST, _MOST)

    def _mix_safely(self, head: int, blocks: Sequence[Block]) -> None:
        """The same with exponentials of the distance to the largest score so far, one for each query and part."""
        asked = self._asked[head].expand(self.parts, -1, -1)
        mixed, least = self._mixed.zero_(), torch.finfo(asked.dtype).min
        total = mixed.new_zeros(self.parts, 1, self.rows)
        peak = torch.full_like(total, least)
        for block in blocks:
            scores = torch.bmm(block.keys, asked, out=self._scores_of(block))
            if block.visible is not None:
                scores.masked_fill_(block.visible == 0, least)
            top = torch.maximum(scores.amax(1, keepdim=True), peak)
            fade = (peak - top).exp_()
            _count(scores.sub_(top).clamp_(min=_NOTHING).exp_(), block)
            total.mul_(fade).add_(scores.sum(1, keepdim=True))
            mixed.mul_(fade).baddbmm_(block.values, scores)
            peak = top
        fade = (peak - peak.amax(0)).exp_()
        torch.sum(total.mul_(fade), 0, out=self._total[head])
        torch.sum(mixed.mul_(fade), 0, out=self._found[head])


def _block(
    keys: torch.Tensor, values: torch.Tensor, part_count: int, visible: torch.Tensor | None = None
) -> list[Block]:
    """One block for each head of keys and values (key-value heads, tokens, size), however many tokens there are."""
    count = keys.shape[1]
    if count < part_count:  # each part has all of them, but the first alone counts
        twice, split = count, (one[:, None].expand(-1, part_count, -1, -1).mT for one in (keys, values))
    else:
        size, twice = divmod(count, part_count)
        split = (one.unfold(1, size + twice, size) for one in (keys, values))
    key, value = split
    return [Block(*one, twice, visible) for one in zip(key.mT.unbind(), value.unbind(), strict=True)]


@lru_cache(maxsize=8)
def _visible(tokens: int, groups: int, part_count: int, rows: int) -> torch.Tensor:
    """(parts, keys, rows) for folded queries: 1 where a key comes no later than its query, else 0; 1 for padding."""
    seen = torch.ones(1, tokens, rows)
    seen[0, :, : groups * tokens] = torch.ones(tokens, tokens).triu_().repeat(1, groups)
    return _block(seen, seen, part_count)[0].keys.contiguous()


def _count(exponentials: torch.Tensor, block: Block) -> None:
    """Keep the exponentials (parts, keys, queries) of what a query sees, each key once."""
    if block.visible is not None:
        exponentials.mul_(block.visible)
    if block.twice:
        exponentials[1:, : block.twice] = 0


def _within(values: torch.Tensor, low: float, high: float) -> bool:
    """Whether all values lie between two bounds; false with a value that is no number."""
    least, most = torch.aminmax(values)
    return low < float(least) <= float(most) < high

"""Exact attention of many queries by blocks of keys, tokens in columns; float32 on a processor. Loads torch.

Scores are held keys by queries, so that both products take the stored keys and values as they lie and the widest
operand by rows, which BLAS multiplies fastest. A block's keys are split into a part a thread: each thread multiplies,
exponentiates and sums scores that it made itself, and the parts are put together at a tile's end. Exponentials are
taken without a maximum; where the first scores are too large for that, or a sum of exponentials leaves the range in
which it is harmless, the tile is done with one a part (Milakov and Gimelshein, arXiv 1805.02867).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch

from memos.llm.scratch import Scratch

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


class Block:
    """Keys and values in equal parts: for each key-value head a view (parts, keys, size) and one (parts, value size, keys).

    Where the keys do not divide, each part but the first begins with the last ``twice`` keys of the one before it.

    Args:
        keys, values: (key-value heads, tokens, size).
        parts: as many, or one a key if there are fewer keys.
        visible: (parts, keys, queries): 1 where a query sees a key, else 0; without it all see all.
    """

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, parts: int, visible: torch.Tensor | None = None) -> None:
        self.parts = min(parts, keys.shape[1])
        step, self.twice = divmod(keys.shape[1], self.parts)
        self.length, self.visible = step + self.twice, visible
        self.keys = keys.unfold(1, self.length, step).mT.unbind()
        self.values = values.unfold(1, self.length, step).unbind()


def attend(query: torch.Tensor, seen: Seen, first: int, count: int, scale: float, scratch: Scratch) -> torch.Tensor:
    """Softmax attention, causal among the tokens read now.

    Args:
        query: (heads, size, columns); column ``i`` is own token ``first + i``.
        count: columns that are tokens; those after it are padding and come back as zeros.
        scale: of the scores.

    Returns:
        (heads, value size, columns), in scratch memory.
    """
    heads, size, columns = query.shape
    kept, width = seen.own_keys.shape[0], seen.own_values.shape[-1]
    groups, parts = heads // kept, torch.get_num_threads()
    step = -(-count // -(-count * groups // QUERIES))
    rows = -(-groups * step // 16) * 16  # so that a matrix' rows start on cache lines
    most = max(1, SCORES // rows)
    asked, found, total = (scratch(name, kept, n, rows) for name, n in (("asked", size), ("found", width), ("total", 1)))
    out = scratch("attended", heads, width, columns)
    out[..., count:] = 0
    grouped_in, grouped_out = (one.unflatten(0, (kept, groups)).transpose(1, 2) for one in (query, out))
    past = [] if seen.keys is None or seen.values is None else list(_blocks(seen.keys, seen.values, parts, most))
    safe = False
    for start in range(0, count, step):
        end = min(count, start + step)
        used, shape = groups * (end - start), (groups, end - start)
        asked[..., used:] = 0
        torch.mul(grouped_in[..., start:end], scale, out=asked[..., :used].unflatten(2, shape))
        (keys, own_keys), (values, own_values) = (
            own[:, : first + end].tensor_split((first + start,), 1) for own in (seen.own_keys, seen.own_values)
        )
        own = Block(own_keys, own_values, parts, _visible(end - start, groups, parts, rows))
        blocks = [*past, *_blocks(keys, values, parts, most), own]
        for head in range(kept):
            safe = _tile(asked[head], blocks, head, (found[head], total[head]), safe, scratch)
        mixed, sums = (one[..., :used].unflatten(2, shape) for one in (found, total))
        torch.div(mixed, sums, out=grouped_out[..., start:end])
    return out


def _blocks(keys: torch.Tensor, values: torch.Tensor, parts: int, most: int) -> Iterator[Block]:
    """Blocks of (key-value heads, tokens, size) that every query sees, with about ``most`` keys a part."""
    count = keys.shape[1]
    if count:
        step = -(-count // -(-count // (parts * most)))
        step = -(-step // parts) * parts
        for key, value in zip(keys.split(step, 1), values.split(step, 1), strict=True):
            yield Block(key, value, parts)


@lru_cache(maxsize=8)
def _visible(tokens: int, groups: int, parts: int, rows: int) -> torch.Tensor:
    """(parts, keys, rows) for folded queries: 1 where a key comes no later than its query, else 0; 1 for padding."""
    seen = torch.ones(tokens, rows)
    seen[:, : groups * tokens] = torch.ones(tokens, tokens).triu_().repeat(1, groups)
    return Block(seen[None], seen[None], parts).keys[0].contiguous()


def _tile(
    query: torch.Tensor,
    blocks: list[Block],
    head: int,
    into: tuple[torch.Tensor, torch.Tensor],
    safe: bool,
    scratch: Scratch,
) -> bool:
    """Attention of queries (size, rows) over one head's blocks, not yet divided by the sums of the exponentials.

    Args:
        into: values (width, rows) and sums (1, rows) are written there.

    Returns:
        Whether maxima were needed.
    """
    (width, rows), parts = into[0].shape, max(block.parts for block in blocks)
    query_of = query.expand(parts, -1, -1)
    out, total = scratch("values", parts, width, rows).zero_(), scratch("sums", parts, 1, rows).zero_()
    peak = query.new_full((parts, 1, rows), torch.finfo(query.dtype).min) if safe else None
    for number, block in enumerate(blocks):
        used = block.parts
        out_of, total_of = (out, total) if used == parts else (out[:used], total[:used])
        scores = scratch("scores", used, block.length, rows)
        torch.bmm(block.keys[head], query_of[:used], out=scores)
        if not number and peak is None and not _within(scores[:, :_PROBED], -_LOUD, _LOUD):
            return _tile(query, blocks, head, into, True, scratch)
        if peak is not None:
            if block.visible is not None:
                scores.masked_fill_(block.visible == 0, torch.finfo(scores.dtype).min)
            top = torch.maximum(scores.amax(1, keepdim=True), peak[:used])
            fade = (peak[:used] - top).exp_()
            total_of.mul_(fade)
            out_of.mul_(fade)
            peak[:used] = top
            scores.sub_(top).clamp_(min=_NOTHING)
        scores.exp_()
        if block.visible is not None:
            scores.mul_(block.visible)
        if block.twice:
            scores[1:, : block.twice] = 0
        total_of.add_(scores.sum(1, keepdim=True))
        out_of.baddbmm_(block.values[head], scores)
    if peak is not None:
        fade = (peak - peak.amax(0)).exp_()
        total.mul_(fade)
        out.mul_(fade)
    torch.sum(total, 0, out=into[1])
    if peak is None and not _within(into[1], _LEAST, _MOST):
        return _tile(query, blocks, head, into, True, scratch)
    torch.sum(out, 0, out=into[0])
    return safe


def _within(values: torch.Tensor, low: float, high: float) -> bool:
    """Whether all values lie between two bounds; false with a value that is no number."""
    least, most = torch.aminmax(values)
    return low < float(least) <= float(most) < high

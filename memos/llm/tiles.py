"""Exact attention of many queries by blocks of keys, tokens in columns; float32 on a processor. Loads torch.

Scores are held keys by queries, so that both products take the stored keys and values as they lie and the widest
operand by rows, which BLAS multiplies fastest. Exponentials are taken without a running maximum; where the first
scores are too large for that, or a sum of exponentials leaves the range in which it is harmless, the tile is done with
one (Milakov and Gimelshein, arXiv 1805.02867).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch

KEYS = 512
"""Most keys in a block."""
QUERIES = 512
"""About how many queries (tokens times grouped heads) a tile has."""
_LOUD = 60.0
"""Size of a score from which exponentials are not taken as they are."""
_PROBED = 64
"""Keys whose scores are looked at before the first exponential is taken."""
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


def attend(query: torch.Tensor, seen: Seen, first: int, count: int, scale: float) -> torch.Tensor:
    """Softmax attention, causal among the tokens read now.

    Args:
        query: (heads, size, columns); column ``i`` is own token ``first + i``.
        count: columns that are tokens; those after it are padding and come back as zeros.
        scale: of the scores.

    Returns:
        (heads, value size, columns).
    """
    heads, size, columns = query.shape
    kept = seen.own_keys.shape[0]
    groups, width = heads // kept, seen.own_values.shape[-1]
    tiles = -(-count * groups // QUERIES)
    step = -(-count // tiles)
    rows = _up(groups * step)
    asked = query.new_zeros(kept, size, rows)
    scores, result = query.new_empty(max(KEYS, step), rows), query.new_empty(kept, width, rows)
    out = query.new_empty(heads, width, columns)
    out[..., count:] = 0
    grouped_in, grouped_out = query.unflatten(0, (kept, groups)), out.unflatten(0, (kept, groups))
    safe = False
    for start in range(0, count, step):
        end = min(count, start + step)
        used = groups * (end - start)
        if used < groups * step:
            asked[..., used:] = 0
        folded = asked[..., :used].unflatten(-1, (groups, end - start))
        torch.mul(grouped_in[..., start:end].transpose(1, 2), scale, out=folded)
        for head in range(kept):
            blocks = list(_blocks(seen, head, first + start, first + end))
            safe = _tile(asked[head], blocks, groups, scores, result[head], safe)
        found = result[..., :used].unflatten(-1, (groups, end - start))
        grouped_out[..., start:end] = found.transpose(1, 2)
    return out


def _up(n: int) -> int:
    """The next multiple of 16 floats: rows of a matrix then start on cache lines."""
    return -(-n // 16) * 16


def _blocks(seen: Seen, head: int, start: int, end: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, bool]]:
    """Keys and values seen by own tokens from ``start`` to ``end``, and whether a block is their own, causal one."""
    parts = [(seen.own_keys[head, :start], seen.own_values[head, :start])]
    if seen.keys is not None and seen.values is not None:
        parts.insert(0, (seen.keys[head], seen.values[head]))
    for keys, values in parts:
        if len(keys):
            step = _up(-(-len(keys) // -(-len(keys) // KEYS)))
            for key, value in zip(keys.split(step), values.split(step), strict=True):
                yield key, value, False
    yield seen.own_keys[head, start:end], seen.own_values[head, start:end], True


@lru_cache(maxsize=8)
def _visible(tokens: int) -> torch.Tensor:
    """(keys, queries) of as many tokens each: 1 where a key comes no later than its query, else 0."""
    return torch.ones(tokens, tokens).triu_()


def _tile(
    query: torch.Tensor,
    blocks: list[tuple[torch.Tensor, torch.Tensor, bool]],
    groups: int,
    space: torch.Tensor,
    out: torch.Tensor,
    safe: bool,
) -> bool:
    """Attention of folded queries (size, rows) into ``out`` (value size, rows); returns whether the maximum was needed."""
    total, peak = query.new_zeros(query.shape[1]), None
    for number, (keys, values, causal) in enumerate(blocks):
        scores = torch.mm(keys, query, out=space[: len(keys)])
        if not number and not safe:
            low, high = (float(bound) for bound in torch.aminmax(scores[:_PROBED]))
            safe = not -_LOUD < low <= high < _LOUD
        own = scores[:, : groups * len(keys)].unflatten(1, (groups, len(keys))) if causal else None
        if safe:
            if own is not None:
                own.masked_fill_(_visible(len(keys))[:, None] == 0, torch.finfo(scores.dtype).min)
            top = scores.amax(0) if peak is None else torch.maximum(scores.amax(0), peak)
            if peak is not None:
                fade = (peak - top).exp_()
                total.mul_(fade)
                out.mul_(fade)
            peak = top
            scores.sub_(top).clamp_(min=_NOTHING)
        scores.exp_()
        if own is not None:
            own.mul_(_visible(len(keys))[:, None])
        total.add_(scores.sum(0))
        if number:
            out.addmm_(values.t(), scores)
        else:
            torch.mm(values.t(), scores, out=out)
    low, high = (float(bound) for bound in torch.aminmax(total))
    if not safe and not _LEAST < low <= high < _MOST:
        return _tile(query, blocks, groups, space, out, True)
    out.div_(total)
    return safe

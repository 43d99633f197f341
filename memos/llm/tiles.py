"""Exact attention of many queries by blocks of keys, tokens in columns; float32 on a processor. Loads torch.

Scores are held keys by queries, so that both products take the stored keys and values as they lie and the widest
operand by rows, which BLAS multiplies fastest. Exponentials are taken without a running maximum; where the first
scores are too large for that, or a sum of exponentials leaves the range in which it is harmless, the tile is done with
one (Milakov and Gimelshein, arXiv 1805.02867). A tile's queries are split into a part a thread: each thread then multiplies,
exponentiates and sums scores that it made itself.
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
    tiles, parts = -(-count * groups // QUERIES), torch.get_num_threads()
    step = -(-count // tiles)
    rows = _up(-(-groups * step // parts))
    asked, found = query.new_zeros(size, parts * rows), query.new_empty(width, parts * rows)
    split, result = query.new_empty(parts, size, rows), query.new_empty(parts, width, rows)
    out = query.new_empty(heads, width, columns)
    out[..., count:] = 0
    grouped_in, grouped_out = query.unflatten(0, (kept, groups)), out.unflatten(0, (kept, groups))
    safe = False
    for start in range(0, count, step):
        end = min(count, start + step)
        used = groups * (end - start)
        asked[:, used:] = 0
        folded, back = (one[:, :used].unflatten(1, (groups, end - start)) for one in (asked, found))
        hidden = _visible(end - start, groups, parts, rows)
        for head in range(kept):
            torch.mul(grouped_in[head, ..., start:end].transpose(0, 1), scale, out=folded)
            split.copy_(asked.unflatten(1, (parts, rows)).transpose(0, 1))
            safe = _tile(split, list(_blocks(seen, head, first + start, first + end)), hidden, result, safe)
            found.unflatten(1, (parts, rows)).copy_(result.transpose(0, 1))
            grouped_out[head, ..., start:end] = back.transpose(0, 1)
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
def _visible(tokens: int, groups: int, parts: int, rows: int) -> torch.Tensor:
    """(parts, keys, rows) for folded queries: 1 where a key comes no later than its query, else 0; 1 for padding."""
    seen = torch.ones(tokens, parts * rows)
    seen[:, : groups * tokens] = torch.ones(tokens, tokens).triu_().repeat(1, groups)
    return seen.unflatten(1, (parts, rows)).transpose(0, 1).contiguous()


def _tile(
    query: torch.Tensor,
    blocks: list[tuple[torch.Tensor, torch.Tensor, bool]],
    visible: torch.Tensor,
    out: torch.Tensor,
    safe: bool,
) -> bool:
    """Attention of queries (parts, size, rows) into ``out`` (parts, value size, rows); returns whether the maximum was needed.

    Args:
        visible: factors of causal blocks' scores, (parts, keys, rows).
    """
    parts, _, rows = query.shape
    total, peak = query.new_zeros(parts, 1, rows), None
    space = query.new_empty(parts * max(len(keys) for keys, _, _ in blocks) * rows)
    for number, (keys, values, causal) in enumerate(blocks):
        scores = space[: parts * len(keys) * rows].view(parts, len(keys), rows)
        torch.bmm(keys.expand(parts, -1, -1), query, out=scores)
        if not number and not safe:
            low, high = (float(bound) for bound in torch.aminmax(scores[:, :_PROBED]))
            safe = not -_LOUD < low <= high < _LOUD
        if safe:
            if causal:
                scores.masked_fill_(visible == 0, torch.finfo(scores.dtype).min)
            top = scores.amax(1, keepdim=True) if peak is None else torch.maximum(scores.amax(1, keepdim=True), peak)
            if peak is not None:
                fade = (peak - top).exp_()
                total.mul_(fade)
                out.mul_(fade)
            peak = top
            scores.sub_(top).clamp_(min=_NOTHING)
        scores.exp_()
        if causal:
            scores.mul_(visible)
        total.add_(scores.sum(1, keepdim=True))
        turned = values.t().expand(parts, -1, -1)
        if number:
            out.baddbmm_(turned, scores)
        else:
            torch.bmm(turned, scores, out=out)
    low, high = (float(bound) for bound in torch.aminmax(total))
    if not safe and not _LEAST < low <= high < _MOST:
        return _tile(query, blocks, visible, out, True)
    out.div_(total)
    return safe

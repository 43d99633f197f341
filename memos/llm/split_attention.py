"""Split attention: many queries on one read-only prefix, exact (docs/kv.md#split-attention).

Every row attends to the prefix without a mask, all rows and grouped heads folded into one query block, and causally to
its own suffix; the two results are merged by their log-sum-exp, which is plain softmax attention over both. Batches,
decoding, accelerators and lower precisions go this way; single prompts in float32 on a processor go through
``memos.llm.columns``. Importing this module loads torch and transformers.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from memos.llm.kv import SharedPrefix

NAME = "memos_split"
"""Attention implementation to set on a model's configuration."""
_BLOCK = 1 << 26
"""Most scores held at once where no fused kernel gives the log-sum-exp."""


def _no_mask(*args, **kwargs) -> None:
    """Masks come ready-made from the caller; without one, attention is causal."""


def register() -> None:
    """Make ``NAME`` known to transformers (again is harmless)."""
    AttentionInterface.register(NAME, split_attention)
    AttentionMaskInterface.register(NAME, _no_mask)


def split_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    shared_prefix: SharedPrefix | None = None,
    **kwargs,
) -> tuple[torch.Tensor, None]:
    """Attention of transformers' interface, with ``shared_prefix`` passed through the model's forward call.

    Args:
        query: (rows, heads, new tokens, size).
        key, value: (rows, key-value heads, suffix tokens, size), the new ones last.
        attention_mask: (rows, 1, new tokens, suffix tokens), True where a suffix token is seen; None: causal.

    Returns:
        (rows, new tokens, heads, size) and None for the weights.
    """
    groups = query.shape[1] // key.shape[1]
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if attention_mask is None and query.shape[2] not in (1, key.shape[2]):
        attention_mask = _causal(query.shape[2], key.shape[2], query.device)
    causal = attention_mask is None and query.shape[2] > 1
    own = _attend(query, _repeat(key, groups), _repeat(value, groups), scale, attention_mask, causal)
    if shared_prefix is None or not len(shared_prefix):
        return own[0].transpose(1, 2), None
    out = _merge(own, _attend_prefix(query, shared_prefix, int(module.layer_idx), groups, scale))
    return out.transpose(1, 2), None


def _attend_prefix(
    query: torch.Tensor, prefix: SharedPrefix, layer: int, groups: int, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """All rows against the prefix: (rows, heads, new, size) and log-sum-exp (rows, heads, new)."""
    rows, heads, new, size = query.shape
    key, value = prefix.keys[layer].unsqueeze(0), prefix.values[layer].unsqueeze(0)
    folded = query.reshape(rows, heads // groups, groups * new, size).transpose(0, 1)
    folded = folded.reshape(1, heads // groups, rows * groups * new, size)
    out, lse = _attend(folded, key, value, scale, None, False)
    out = out.reshape(heads // groups, rows, groups * new, value.shape[-1]).transpose(0, 1)
    lse = lse.reshape(heads // groups, rows, groups * new).transpose(0, 1)
    return out.reshape(rows, heads, new, value.shape[-1]), lse.reshape(rows, heads, new)


def _merge(a: tuple[torch.Tensor, torch.Tensor], b: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Attention over the union of two key sets from the attention over each."""
    weight = torch.sigmoid(a[1] - b[1]).unsqueeze(-1)
    return torch.lerp(b[0].float(), a[0].float(), weight).to(a[0].dtype)


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    mask: torch.Tensor | None,
    causal: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Softmax attention and its log-sum-exp (float32), equal head counts."""
    if query.device.type == "cpu" and query.shape[-1] == value.shape[-1]:
        bias = None if mask is None else _bias(mask, query.dtype)
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, attn_mask=bias, scale=scale
        )
    if causal:
        mask = _causal(query.shape[2], key.shape[2], query.device)
    step = max(1, _BLOCK // max(1, query.shape[0] * query.shape[1] * key.shape[2]))
    outs, sums = [], []
    for start in range(0, query.shape[2], step):
        scores = (query[:, :, start : start + step] @ key.transpose(-1, -2)).float() * scale
        if mask is not None:
            scores = scores + _bias(mask[:, :, start : start + step], scores.dtype)
        sums.append(scores.logsumexp(-1))
        outs.append((scores - sums[-1].unsqueeze(-1)).exp().to(value.dtype) @ value)
    return torch.cat(outs, dim=2), torch.cat(sums, dim=2)


def _repeat(states: torch.Tensor, groups: int) -> torch.Tensor:
    if groups == 1:
        return states
    rows, heads, length, size = states.shape
    return states.unsqueeze(2).expand(rows, heads, groups, length, size).reshape(rows, heads * groups, length, size)


def _bias(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A boolean mask as addends; the smallest finite number, since minus infinity turns empty rows into NaN."""
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, torch.finfo(dtype).min)


def _causal(new: int, total: int, device: torch.device) -> torch.Tensor:
    """(1, 1, new, total): the last ``new`` positions see themselves and what lies before them."""
    return torch.ones(new, total, dtype=torch.bool, device=device).tril(total - new)[None, None]

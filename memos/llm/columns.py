"""Reading a prompt with tokens in columns: float32 prefill of Llama-like models on a processor, exact. Loads torch.

The arithmetic is that of transformers' modules, with their weights where they lie. Hidden states are held features by
tokens, padded to whole cache lines: the product of weight and states then takes both operands by rows, which BLAS
multiplies faster than states by a transposed weight where tokens are few. Residuals are added by the products
themselves, and the last layer computes queries and all that follows them only for tokens whose logits are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch

from memos.llm.kv import SharedPrefix, SuffixCache
from memos.llm.scratch import Scratch
from memos.llm.tiles import Attention, Seen

FAMILIES = ("LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
"""Models whose layers are known to compute what ``Columns`` does; all others go through transformers."""
_LINE = 16
"""Floats in a cache line."""


def reads(model: Any) -> bool:
    """Whether a model (full attention in every layer) is one whose layers ``Columns`` computes as transformers does."""
    if type(model).__name__ not in FAMILIES or model.device.type != "cpu" or model.dtype != torch.float32:
        return False
    config = model.config.get_text_config()
    plain = config.hidden_act == "silu" and all(p.dtype == torch.float32 for p in model.parameters())
    names = ("q_proj", "k_proj", "v_proj", "o_proj")
    return plain and all(
        type(part) is torch.nn.Linear
        for layer in model.get_decoder().layers
        for part in (
            *(getattr(layer.self_attn, name) for name in names),
            layer.mlp.gate_proj,
            layer.mlp.up_proj,
            layer.mlp.down_proj,
        )
    )


class Columns:
    """Reads one prompt at a time.

    Args:
        model: a model for which ``reads`` is true; weights are used in place and never copied.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.decoder = model, model.get_decoder()

    @torch.inference_mode()
    def read(self, ids: Sequence[int], prefix: SharedPrefix | None, cache: SuffixCache, keep: int = 1) -> torch.Tensor:
        """Encode ``ids`` after a prefix and write their keys and values to an empty cache.

        Returns:
            Logits (keep, vocabulary) of the last ``keep`` tokens; of all with 0.
        """
        skip, count = len(prefix) if prefix is not None else 0, len(ids)
        keep = min(keep, count) or count
        embedded = self.decoder.embed_tokens(torch.tensor([ids]))
        turns = self.decoder.rotary_emb(embedded, torch.arange(skip, skip + count)[None])
        width = -(-count // _LINE) * _LINE
        hidden = _columns(embedded[0], width)
        cos, sin = (_columns(one[0], width) for one in turns)
        layers, scratch = self.decoder.layers, Scratch(hidden)
        attend = _attention(layers[0].self_attn, width, 0, count, hidden)
        for number, layer in enumerate(layers):
            if number == len(layers) - 1 and keep < count:
                attend = _attention(layer.self_attn, keep, count - keep, keep, hidden)
            past = (prefix.keys[number], prefix.values[number]) if prefix is not None and skip else (None, None)
            hidden = _layer(layer, hidden, (cos, sin), past, cache.layers[number], attend, scratch)
        return self.model.lm_head(self.decoder.norm(hidden[:, :keep].t()))


def _columns(rows: torch.Tensor, width: int) -> torch.Tensor:
    """(tokens, features) as (features, width), padded with zeros."""
    out = rows.new_zeros(rows.shape[1], width)
    out[:, : len(rows)] = rows.t()
    return out


def _attention(part: Any, columns: int, first: int, count: int, like: torch.Tensor) -> Attention:
    """For queries of the own tokens from ``first`` on, held in that many columns."""
    heads, kept = (len(one.weight) // part.head_dim for one in (part.q_proj, part.k_proj))
    return Attention((heads, part.head_dim, columns), kept, part.head_dim, first, count, part.scaling, like)


def _layer(
    layer: Any,
    hidden: torch.Tensor,
    turns: tuple[torch.Tensor, torch.Tensor],
    past: tuple[torch.Tensor | None, torch.Tensor | None],
    cache: Any,
    attend: Attention,
    scratch: Scratch,
) -> torch.Tensor:
    """One decoder layer for the tokens that ``attend`` is for; keys and values are written for all of them."""
    attention, mlp, first, count = layer.self_attn, layer.mlp, attend.first, attend.first + attend.count
    size = attention.head_dim
    normed = _norm(hidden, layer.input_layernorm, scratch)
    keys = _linear(attention.k_proj, normed, scratch).unflatten(0, (-1, size))
    keys = _turned(keys, getattr(attention, "k_norm", None), turns, scratch)
    values = _linear(attention.v_proj, normed, scratch).unflatten(0, (-1, size))
    own_keys, own_values = cache.update(
        keys[..., :count].transpose(1, 2)[None], values[..., :count].transpose(1, 2)[None]
    )
    if first:
        hidden, normed = (one[:, first:count].contiguous() for one in (hidden, normed))
        turns = (turns[0][:, first:count], turns[1][:, first:count])
    query = _linear(attention.q_proj, normed, scratch).unflatten(0, (-1, size))
    query = _turned(query, getattr(attention, "q_norm", None), turns, scratch)
    mixed = attend(query, Seen(own_keys[0], own_values[0], *past))
    _add(hidden, attention.o_proj, mixed.flatten(0, 1))
    normed = _norm(hidden, layer.post_attention_layernorm, scratch)
    gate = torch.nn.functional.silu(_linear(mlp.gate_proj, normed, scratch, "gate"), inplace=True)
    _add(hidden, mlp.down_proj, gate.mul_(_linear(mlp.up_proj, normed, scratch)))
    return hidden


def _linear(linear: torch.nn.Linear, columns: torch.Tensor, scratch: Scratch, name: str = "linear") -> torch.Tensor:
    """(features out, columns), in scratch memory of that name."""
    weight, out = linear.weight, scratch(name, len(linear.weight), columns.shape[1])
    threads = _shares(weight)
    if threads == 1:
        torch.mm(weight, columns, out=out)
    else:
        torch.bmm(
            weight.unflatten(0, (threads, -1)), columns.expand(threads, -1, -1), out=out.unflatten(0, (threads, -1))
        )
    return out if linear.bias is None else out.add_(linear.bias[:, None])


def _add(hidden: torch.Tensor, linear: torch.nn.Linear, columns: torch.Tensor) -> None:
    """Add a linear layer's result to the residual stream, in place."""
    weight = linear.weight
    threads = _shares(weight)
    if threads == 1:
        hidden.addmm_(weight, columns)
    else:
        hidden.unflatten(0, (threads, -1)).baddbmm_(weight.unflatten(0, (threads, -1)), columns.expand(threads, -1, -1))
    if linear.bias is not None:
        hidden.add_(linear.bias[:, None])


def _shares(weight: torch.Tensor) -> int:
    """Into how many parts to split a weight's rows: products in batches keep each thread on its own rows."""
    threads = torch.get_num_threads()
    return 1 if len(weight) % threads else threads


def _norm(columns: torch.Tensor, norm: Any, scratch: Scratch, name: str = "normed") -> torch.Tensor:
    """Root-mean-square norm over the features, the dimension before the last, in scratch memory of that name."""
    out = scratch(name, *columns.shape)
    mean = _average(columns.shape[-2]) @ torch.square(columns, out=out)
    return torch.mul(columns, mean.add_(norm.variance_epsilon).rsqrt_(), out=out).mul_(norm.weight[:, None])


@lru_cache(maxsize=8)
def _average(features: int) -> torch.Tensor:
    """A row that means as many features by a product."""
    return torch.full((1, features), 1 / features)


def _turned(heads: torch.Tensor, norm: Any, turns: tuple[torch.Tensor, torch.Tensor], scratch: Scratch) -> torch.Tensor:
    """(heads, size, columns) with rotary positions applied, after the per-head norm that some models have."""
    if norm is not None:
        heads = _norm(heads, norm, scratch, "heads")
    cos, sin = turns
    half = heads.shape[1] // 2
    out = torch.mul(heads, cos, out=scratch("turned", *heads.shape))
    out[:, :half].addcmul_(heads[:, half:], sin[:half], value=-1)
    out[:, half:].addcmul_(heads[:, :half], sin[half:])
    return out

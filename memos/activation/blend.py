"""Repair joined caches by recomputing a share of their tokens (the blending of CacheBlend, arXiv 2405.16444).

The first two layers are run for all tokens; the tokens whose second-layer states then differ most from the joined ones
are taken through the remaining layers, attending to fresh states of their own and joined states of the others.
Importing this module loads torch.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer

from memos.activation.errors import ActivationError
from memos.llm.kv import SharedPrefix, reading

SELECTIONS = ("deviation", "random", "first")
_FULL_LAYERS = 2
"""Layers run for every token, so that deviations can be seen."""


@dataclass(frozen=True, slots=True)
class Blended:
    """Repaired states and what the repair took."""

    states: SharedPrefix
    recomputed: tuple[int, ...]
    """Positions taken through all layers."""
    cost: float
    """Token-layers computed over those of a full prefill."""


class _Mixed(DynamicLayer):
    """One layer's joined states; fresh ones replace those at ``rows`` and all are attended to."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.keys: torch.Tensor = keys.clone()[None]
        self.values: torch.Tensor = values.clone()[None]
        self.is_initialized = True
        self.rows: torch.Tensor = torch.arange(keys.shape[-2], device=keys.device)

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs):
        self.keys[:, :, self.rows] = key_states
        self.values[:, :, self.rows] = value_states
        return self.keys, self.values


@torch.inference_mode()
def blend(
    model: Any,
    states: SharedPrefix,
    fixed: int,
    share: float,
    *,
    select: str = "deviation",
    starts: tuple[int, ...] = (),
    seed: int = 0,
) -> Blended:
    """Recompute a share of the tokens of joined states.

    Args:
        model: the model, with split attention set.
        states: joined states, keys at their places (``rotate.Rotation.moved``).
        fixed: tokens at the start that are exact already and never chosen.
        share: of the other tokens, from 0 to 1; 1 gives the states of a plain prefill.
        select: deviation (largest), random (a control), or first (of each memory, evenly; needs ``starts``).
        starts: first token of each memory.

    Raises:
        ActivationError: a share outside 0 … 1 or an unknown selection.
    """
    if not 0 <= share <= 1:
        raise ActivationError(f"blend.share: must be between 0 and 1, found {share}")
    if select not in SELECTIONS:
        raise ActivationError(f"blend.select: {select!r} is unknown; use one of {', '.join(SELECTIONS)}")
    n, layers = len(states), len(states.keys)
    count = round(share * (n - fixed))
    if not count:
        return Blended(states, (), 0.0)
    decoder = model.get_decoder()
    ids = torch.tensor([states.ids], device=model.device)
    rows = torch.arange(n, device=model.device)
    hidden = decoder.embed_tokens(ids)
    mixed = [_Mixed(k, v) for k, v in zip(states.keys, states.values, strict=True)]
    cache = Cache(layers=list(mixed))
    for number, layer in enumerate(decoder.layers):
        if number == min(_FULL_LAYERS, layers - 1):
            chosen = _choose(states, mixed[number - 1], number - 1, fixed, count, select, starts, seed)
            rows, hidden = chosen, hidden[:, chosen]
        mixed[number].rows = rows
        hidden = _layer(decoder, layer, hidden, rows, cache, n)
    keys, values = tuple(layer.keys[0] for layer in mixed), tuple(layer.values[0] for layer in mixed)
    whole = min(_FULL_LAYERS, layers - 1)
    cost = (whole * n + (layers - whole) * len(rows)) / (layers * n)
    return Blended(SharedPrefix(states.ids, keys, values), tuple(rows.tolist()), cost)


def _layer(decoder: Any, layer: Any, hidden: torch.Tensor, rows: torch.Tensor, cache: Cache, n: int) -> torch.Tensor:
    """One decoder layer for the tokens at ``rows``, each seeing all positions up to its own."""
    mask = None if len(rows) == n else (torch.arange(n, device=rows.device)[None] <= rows[:, None])[None, None]
    positions = rows[None]
    out = layer(
        hidden,
        attention_mask=mask,
        position_ids=positions,
        **reading(layer, cache),
        use_cache=True,
        position_embeddings=decoder.rotary_emb(hidden, positions),
    )
    return out[0] if isinstance(out, tuple) else out


def _choose(
    states: SharedPrefix,
    fresh: _Mixed,
    layer: int,
    fixed: int,
    count: int,
    select: str,
    starts: tuple[int, ...],
    seed: int,
) -> torch.Tensor:
    """Positions to recompute, rising."""
    n, device = len(states), states.keys[0].device
    if select == "random":
        return torch.tensor(sorted(random.Random(seed).sample(range(fixed, n), count)), device=device)
    if select == "first":
        begins = [start for start in starts if start >= fixed] or [fixed]
        depth = {
            position: position - max((s for s in begins if s <= position), default=fixed)
            for position in range(fixed, n)
        }
        return torch.tensor(sorted(sorted(depth, key=lambda p: (depth[p], p))[:count]), device=device)
    gap = torch.zeros(n, device=device)
    for new, old in ((fresh.keys[0], states.keys[layer]), (fresh.values[0], states.values[layer])):
        difference = (new.float() - old.float()).pow(2).sum(dim=(0, 2))
        gap += difference / old.float().pow(2).sum(dim=(0, 2)).mean().clamp_min(1e-12)
    return gap[fixed:].topk(count).indices.sort().values + fixed

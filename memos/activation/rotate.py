"""Move cached keys to other positions by turning their rotary embedding further. Importing this module loads torch."""

from __future__ import annotations

from typing import Any

import torch

from memos.activation.errors import UnsupportedCache
from memos.llm.kv import SharedPrefix, SuffixCache, reading
from memos.llm.rope import STATIC

_PROBES = (31, 128)
"""Places between which the check turns a key; from place 0 any layout would pass."""


class Rotation:
    """Turns a model's keys, with the very angles (and their rounding) that the model itself uses.

    Raises:
        UnsupportedCache: the model has no rotary positions, angles that change with length, or another layout of keys.
    """

    def __init__(self, model: Any) -> None:
        self.rotary: Any = getattr(model.get_decoder(), "rotary_emb", None)
        kind = getattr(self.rotary, "rope_type", "default")
        if not hasattr(self.rotary, "inv_freq"):
            raise UnsupportedCache(
                f"{model.config.model_type} has no rotary positions; its keys cannot be moved, use mode exact"
            )
        if kind not in STATIC:
            raise UnsupportedCache(
                f"rotary kind {kind!r} changes with the length read; its keys cannot be moved, use mode exact"
            )
        self._check(model)

    def moved(self, states: SharedPrefix, start: int, to: int) -> SharedPrefix:
        """States of consecutive positions from ``start`` on as if they began at ``to``; values have no position."""
        if start == to:
            return states
        cos, sin = self._turn(len(states), start, to, states.keys[0].device)
        return SharedPrefix(states.ids, tuple(_turned(key, cos, sin) for key in states.keys), states.values)

    def _turn(self, n: int, start: int, to: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and sine, shape (n, rotary channels), of the angle between the old and the new places."""
        (old_cos, old_sin), (new_cos, new_sin) = (self._angles(n, first, device) for first in (start, to))
        scale = getattr(self.rotary, "attention_scaling", 1.0) ** 2
        cos = (new_cos * old_cos + new_sin * old_sin) / scale
        return cos.float(), ((new_sin * old_cos - new_cos * old_sin) / scale).float()

    def _angles(self, n: int, first: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        positions = torch.arange(first, first + n, device=device)[None]
        cos, sin = self.rotary(torch.empty(1, dtype=torch.float32, device=device), positions)
        return cos[0].double(), sin[0].double()

    @torch.inference_mode()
    def _check(self, model: Any) -> None:
        """A token's first-layer key depends on the token and its place alone:
        turn one, compare with the model's own."""
        decoder = model.get_decoder()
        ids = torch.arange(1, 5, device=model.device) % model.config.get_text_config().vocab_size
        near, far = (_first_keys(decoder, ids, start) for start in _PROBES)
        cos, sin = self._turn(1, *_PROBES, near.device)
        gap = (_turned(near, cos, sin).float() - far.float()).abs().max()
        allowed = {torch.float32: 1e-3}.get(near.dtype, 3e-2) * far.float().abs().max().clamp_min(1e-6)
        if gap > allowed:
            raise UnsupportedCache(f"{model.config.model_type} turns its keys in another layout; use mode exact")


def _turned(keys: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Keys (heads, n, size), halves of the first ``cos.shape[-1]`` channels turned against each other; new tensors.

    Partial rotary embedding leaves the other channels.
    """
    width = cos.shape[-1]
    part = keys[..., :width].float()
    half = torch.cat([-part[..., width // 2 :], part[..., : width // 2]], dim=-1)
    moved = (part * cos + half * sin).to(keys.dtype)
    return moved if width == keys.shape[-1] else torch.cat([moved, keys[..., width:]], dim=-1)


def _first_keys(decoder: Any, ids: torch.Tensor, start: int) -> torch.Tensor:
    """Keys of the first layer of each of ``ids`` at the same position, shape (heads, len(ids), size)."""
    positions = torch.full((1, len(ids)), start, device=ids.device)
    hidden = decoder.embed_tokens(ids[None])
    cache = SuffixCache(1, len(ids))
    decoder.layers[0](
        hidden,
        attention_mask=None,
        position_ids=positions,
        **reading(decoder.layers[0], cache),
        use_cache=True,
        position_embeddings=decoder.rotary_emb(hidden, positions),
    )
    return cache.first_row()[0][0]

"""What a machine could do at best: arithmetic and bytes of a cell, and measured peaks. Loads torch when measuring."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a model's arithmetic depends on."""

    layer_parameters: int
    """Of all decoder layers together."""
    layers: int
    heads: int
    head_size: int
    hidden: int
    vocabulary: int
    weight_bytes: int

    @classmethod
    def of(cls, model: Any) -> Sizes:
        config, layers = model.config.get_text_config(), model.get_decoder().layers
        heads = config.num_attention_heads
        return cls(
            sum(p.numel() for p in layers.parameters()),
            len(layers),
            heads,
            getattr(config, "head_dim", None) or config.hidden_size // heads,
            config.hidden_size,
            config.vocab_size,
            sum(p.numel() * p.element_size() for p in model.parameters()),
        )


def flops(sizes: Sizes, new: float, past: float) -> float:
    """Floating-point operations of ``new`` tokens after ``past`` cached ones, with one token's logits.

    The full count: every layer for every new token, and causal scores without the half that is masked. A way that skips
    work (all but the last token in the last layer, ``memos.llm.columns``) or adds some (padding, masked scores) counts
    the same.
    """
    pairs = new * past + new * (new + 1) / 2
    attention = 4 * sizes.layers * sizes.heads * sizes.head_size * pairs
    return 2 * sizes.layer_parameters * new + attention + 2 * sizes.hidden * sizes.vocabulary


def allowed_speedup(sizes: Sizes, context: float, query: float) -> float:
    """Speed-up in percent if time were arithmetic alone."""
    return 100 * (1 - flops(sizes, query, context) / flops(sizes, context + query, 0))


def matrix_peak(model: Any, tries: int = 3) -> float:
    """Best operations a second of a square matrix product in the model's precision, on its device."""
    import torch

    device, dtype = model.device, model.dtype
    n = 1536 if device.type == "cpu" else 8192
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(tries + 1):
        start = time.perf_counter()
        torch.mm(a, b)
        synchronise(device)
        best = max(best, 2 * n**3 / (time.perf_counter() - start))
    return best


def bandwidth(model: Any, tries: int = 5) -> float:
    """Best bytes a second read and written by a copy too large for caches."""
    import torch

    size = 1 << (27 if model.device.type == "cpu" else 30)
    source = torch.zeros(size, dtype=torch.uint8, device=model.device)
    target, best = torch.empty_like(source), 0.0
    for _ in range(tries):
        start = time.perf_counter()
        target.copy_(source)
        synchronise(model.device)
        best = max(best, 2 * size / (time.perf_counter() - start))
    return best


def synchronise(device: Any) -> None:
    """Wait for an accelerator's queue."""
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize(device)

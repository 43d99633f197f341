"""Keys and values in eight bits. Keys have channels of very unequal size, so they are scaled a channel at a time over
all tokens; values are scaled a token at a time. Importing this module loads torch."""

from __future__ import annotations

import torch


def quantised(states: torch.Tensor, over: int) -> tuple[torch.Tensor, torch.Tensor]:
    """int8 numbers and float32 scales (1 along dimension ``over``, which shares a scale)."""
    largest = states.float().abs().amax(dim=over, keepdim=True)
    scale = (largest / 127).clamp_min(torch.finfo(torch.float32).tiny)
    return (states.float() / scale).round().clamp(-127, 127).to(torch.int8), scale


def dequantised(numbers: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The states again, in the model's precision."""
    return (numbers.to(torch.float32) * scale).to(dtype)

"""BERT's encoder in plain torch, for the embedded MiniLM: loads in a fraction of a second where importing transformers
takes seconds, and equals it to 1e-6. Architecture: Devlin et al. 2019; parameter names as in the published weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple


class Output(NamedTuple):
    """What a forward pass gives."""

    last_hidden_state: Any


class BertEncoder:
    """A post-norm transformer encoder with learnt positions, read from ``config.json`` and ``model.safetensors``."""

    def __init__(self, folder: Path, *, device: str = "cpu", dtype: str = "float32") -> None:
        import torch
        from safetensors.torch import load_file

        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.heads: int = settings["num_attention_heads"]
        self.eps: float = settings["layer_norm_eps"]
        self.positions: int = settings["max_position_embeddings"]
        self.device = torch.device(device)
        self.dtype = getattr(torch, dtype)
        weights = load_file(str(folder / "model.safetensors"))
        weights = {
            name: tensor.to(self.device, self.dtype) for name, tensor in weights.items() if tensor.is_floating_point()
        }
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self._layers = [_layer(weights, i) for i in range(settings["num_hidden_layers"])]

    def __call__(self, input_ids: Any, attention_mask: Any | None = None) -> Output:
        """One forward pass, called as models of the library transformers are.

        Args:
            input_ids: int64 tensor of shape (batch, width).
            attention_mask: tensor of the same shape, non-zero on real tokens; None where nothing is padded.

        Returns:
            ``last_hidden_state`` of shape (batch, width, hidden) on the encoder's device and in its dtype.
        """
        import torch
        from torch.nn import functional

        ids = input_ids.to(self.device)
        rows, width = ids.shape
        keys = None if attention_mask is None else attention_mask.to(self.device, torch.bool)[:, None, None, :]
        with torch.inference_mode():
            state = functional.embedding(ids, self._words) + self._places[:width]
            size = state.shape[-1]
            state = functional.layer_norm(state, (size,), *self._norm, self.eps)
            for layer in self._layers:
                joint = functional.linear(state, *layer["qkv"])
                query, key, value = joint.view(rows, width, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
                mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=keys)
                mixed = functional.linear(mixed.transpose(1, 2).reshape(rows, width, size), *layer["out"])
                state = functional.layer_norm(state + mixed, (size,), *layer["norm1"], self.eps)
                inner = functional.gelu(functional.linear(state, *layer["up"]))
                state = state + functional.linear(inner, *layer["down"])
                state = functional.layer_norm(state, (size,), *layer["norm2"], self.eps)
        return Output(state)


def _layer(weights: dict[str, Any], index: int) -> dict[str, tuple[Any, Any]]:
    import torch

    name = f"encoder.layer.{index}."

    def pair(part: str) -> tuple[Any, Any]:
        return weights[f"{name}{part}.weight"], weights[f"{name}{part}.bias"]

    triple = [pair(f"attention.self.{part}") for part in ("query", "key", "value")]
    return {
        "qkv": (torch.cat([weight for weight, _ in triple]), torch.cat([bias for _, bias in triple])),
        "out": pair("attention.output.dense"),
        "norm1": pair("attention.output.LayerNorm"),
        "up": pair("intermediate.dense"),
        "down": pair("output.dense"),
        "norm2": pair("output.LayerNorm"),
    }

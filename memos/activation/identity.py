"""Which model a cache belongs to. Keys and values are meaningless to any other (docs/memos.md defect 4, C35)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any
from weakref import WeakKeyDictionary

from memos.activation.errors import CorruptCache, ForeignCache, UnsupportedCache

FULL_DIGEST_BYTES = 1 << 30
"""Weights up to this size are hashed whole; of larger ones, 4,096 evenly spread values of each tensor."""
_SAMPLE = 4096
_DIGESTS: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """All that must agree between the model that built a cache and the one that reads it."""

    model: str
    revision: str
    weights: str
    """Digest of the weights, ``full:…`` or ``sampled:…``."""
    dtype: str
    tokenizer: str
    template: str
    rope: str
    """Digest of the rotary settings."""
    cache: str
    """Kind and shape, such as ``full:30x3x64`` (layers, key-value heads, head size)."""

    def require(self, other: ModelIdentity) -> None:
        """Raise ForeignCache unless ``other`` is the same; the name and path of a model may differ."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if field.name != "model" and mine != theirs:
                raise ForeignCache(
                    f"cache of {other.model}: {field.name} is {theirs!r}, the loaded {self.model} has {mine!r}; build "
                    "it anew"
                )

    def to_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> ModelIdentity:
        names = {field.name for field in fields(cls)}
        if not isinstance(value, dict) or set(value) != names or not all(isinstance(v, str) for v in value.values()):
            raise CorruptCache("identity: fields are missing or of the wrong kind")
        return cls(**value)


def identify(model: Any, tokenizer: Any, *, name: str, revision: str | None = None) -> ModelIdentity:
    """The identity of a loaded transformers model.

    Raises:
        UnsupportedCache: naming the attention kind (sliding window, hybrid, …) that stored caches cannot feed.
    """
    from memos.llm.generate import unsupported

    config = model.config.get_text_config()
    if reason := unsupported(model.config):
        raise UnsupportedCache(f"{name} has {reason}; activation memory needs full attention in every layer")
    if not getattr(config, "num_key_value_heads", None) and not getattr(config, "num_attention_heads", None):
        raise UnsupportedCache(f"{name} ({config.model_type}) has no attention heads to cache")
    layers, heads, size = shape(config)
    return ModelIdentity(
        model=name,
        revision=revision or getattr(config, "_commit_hash", None) or "",
        weights=weights_digest(model),
        dtype=str(model.dtype).removeprefix("torch."),
        tokenizer=_short(_tokenizer_text(tokenizer)),
        template=_short(str(getattr(tokenizer, "chat_template", "") or "")),
        rope=_short(json.dumps(rope_settings(config), sort_keys=True, default=str)),
        cache=f"full:{layers}x{heads}x{size}",
    )


def shape(config: Any) -> tuple[int, int, int]:
    """Layers, key-value heads and head size of a text configuration."""
    heads = config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    return config.num_hidden_layers, getattr(config, "num_key_value_heads", None) or heads, size


def predicted_bytes(config: Any, tokens: int, itemsize: int) -> int:
    """Bytes of a cache before it is built: 2 x layers x key-value heads x head size x tokens x item size."""
    layers, heads, size = shape(config.get_text_config())
    return 2 * layers * heads * size * tokens * itemsize


def rope_settings(config: Any) -> dict[str, Any]:
    """Rotary settings under the names of transformers 4 and 5."""
    names = ("rope_parameters", "rope_theta", "rope_scaling", "partial_rotary_factor", "max_position_embeddings")
    return {name: getattr(config, name) for name in names if getattr(config, name, None) is not None}


def weights_digest(model: Any) -> str:
    """Digest of a model's weights, worked out once for each loaded model."""
    if model not in _DIGESTS:
        import torch

        state = model.state_dict()
        full = sum(t.numel() * t.element_size() for t in state.values()) <= FULL_DIGEST_BYTES
        digest = hashlib.sha256()
        for name in sorted(state):
            tensor = state[name].detach()
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            flat = tensor.reshape(-1)
            if not full:
                flat = flat[:: max(1, flat.numel() // _SAMPLE)]
            digest.update(flat.contiguous().cpu().view(torch.uint8).numpy())
        _DIGESTS[model] = f"{'full' if full else 'sampled'}:{digest.hexdigest()[:32]}"
    return _DIGESTS[model]


def _tokenizer_text(tokenizer: Any) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return backend.to_str() if backend is not None else json.dumps(tokenizer.get_vocab(), sort_keys=True)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

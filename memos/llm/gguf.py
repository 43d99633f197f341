"""Llama-type GGUF files to a plain safetensors folder that transformers loads in a second (docs/kv.md#engines).

transformers' own reader takes about 14 s each time and needs accelerate; this conversion runs once.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from memos.errors import DataError, require

VERSION = 1
"""Raised when the outcome of the conversion changes."""
_LAYER = {
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
    "attn_norm.weight": "input_layernorm.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
}
_TOP = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}


def convert(source: Path, target: Path) -> Path:
    """Write ``target`` (config.json, model.safetensors in float32, tokenizer) from a GGUF file, once.

    The folder appears complete or not at all, also when several processes convert at the same time. Returns ``target``.

    Raises:
        DataError: when the file is no Llama-type GGUF.
        MissingDependency: when the packages gguf or transformers are absent.
    """
    if (target / "config.json").exists():
        return target
    gguf = require("gguf", "embedded")
    safetensors = require("safetensors.numpy", "embedded", package="safetensors")
    transformers = require("transformers", "embedded")
    try:
        reader = gguf.GGUFReader(str(source))
    except (ValueError, IndexError, OSError) as error:
        raise DataError(f"{source} is no readable GGUF file ({error}); fetch it again") from error
    settings = _settings(reader, source)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        tensors = _tensors(reader, gguf, settings)
        settings["tie_word_embeddings"] = "lm_head.weight" not in tensors
        safetensors.save_file(tensors, made / "model.safetensors", metadata={"format": "pt"})
        _tokenizer(transformers, source).save_pretrained(made)
        (made / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
        try:
            os.rename(made, target)
        except OSError:
            if not (target / "config.json").exists():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target


def _field(reader, name: str, default=None):
    field = reader.get_field(name)
    return default if field is None else field.contents()


def _number(reader, name: str, default: float | None = None) -> float:
    value = _field(reader, name, default)
    if value is None:
        raise DataError(f"GGUF file without {name}")
    return float(value)


def _settings(reader, source: Path) -> dict:
    """The transformers configuration of the file."""
    kind = _field(reader, "general.architecture")
    if kind != "llama":
        raise DataError(f"{source} holds a model of kind {kind!r}; only llama is converted, load others with llm=hf")
    heads = _field(reader, "llama.attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": _field(reader, "llama.embedding_length"),
        "intermediate_size": _field(reader, "llama.feed_forward_length"),
        "num_hidden_layers": _field(reader, "llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": _field(reader, "llama.attention.head_count_kv", heads),
        "max_position_embeddings": _field(reader, "llama.context_length"),
        "rms_norm_eps": _number(reader, "llama.attention.layer_norm_rms_epsilon"),
        "rope_parameters": {"rope_type": "default", "rope_theta": _number(reader, "llama.rope.freq_base", 10000.0)},
        "vocab_size": len(_field(reader, "tokenizer.ggml.tokens") or ()),
        "bos_token_id": _field(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": _field(reader, "tokenizer.ggml.eos_token_id"),
        "dtype": "float32",
    }


def _tensors(reader, gguf, settings: dict) -> dict:
    """Dequantised weights under transformers' names; query and key rows back in the half-split rotary order."""
    import numpy as np

    out = {}
    for tensor in reader.tensors:
        layer = re.fullmatch(r"blk\.(\d+)\.(.+)", tensor.name)
        name = f"model.layers.{layer[1]}.{_LAYER[layer[2]]}" if layer and layer[2] in _LAYER else _TOP.get(tensor.name)
        if name is None:
            continue
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            heads = settings["num_attention_heads" if "q_proj" in name else "num_key_value_heads"]
            rows, columns = values.shape
            values = values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
        out[name] = np.ascontiguousarray(values)
    return out


def _tokenizer(transformers, source: Path):
    """The file's tokenizer, with the splitting of digits that GGUF states by name only."""
    tokenizers = require("tokenizers", "embedded")
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    split = tokenizers.pre_tokenizers
    tokenizer.backend_tokenizer.pre_tokenizer = split.Sequence(
        [split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    return tokenizer

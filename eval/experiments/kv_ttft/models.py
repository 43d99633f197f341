"""Models of the experiment: embedded, from a hub or folder, or of random weights. Torch is loaded when one is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memos.errors import ConfigError, DataError, require
from memos.weights import model_identity, pinned, weights_digest

EMBEDDED = "SmolLM2-135M-Instruct"
_QWEN = {
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40960,
    "tie_word_embeddings": False,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
    "use_sliding_window": False,
}
PRESETS: dict[str, dict[str, Any]] = {
    "Qwen3-8B": {
        **_QWEN,
        "kind": "Qwen3",
        "vocab_size": 151936,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
    },
    "Qwen3-32B": {
        **_QWEN,
        "kind": "Qwen3",
        "vocab_size": 151936,
        "hidden_size": 5120,
        "intermediate_size": 25600,
        "num_hidden_layers": 64,
        "num_attention_heads": 64,
    },
    "Qwen2.5-72B-Instruct": {
        **_QWEN,
        "kind": "Qwen2",
        "vocab_size": 152064,
        "hidden_size": 8192,
        "intermediate_size": 29568,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
    },
    "tiny": {
        "kind": "Llama",
        "vocab_size": 320,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 16384,
        "initializer_range": 0.3,
    },
}
"""Architectures for ``model=random:NAME`` (public configuration files); tiny is for tests."""
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to be timed."""

    model: Any
    tokenizer: Any
    name: str
    random: bool


def check_name(name: str) -> None:
    """Raise ConfigError for a random architecture nobody knows."""
    kind = name.removeprefix("random:")
    if not name or (name.startswith("random:") and kind not in PRESETS and not Path(kind).exists()):
        raise ConfigError(
            f"model: {name!r}: no such architecture; use random:{', random:'.join(PRESETS)} or random:FOLDER"
        )


def identity(name: str, revision: str | None) -> dict[str, Any]:
    """Which weights a name stands for: a digest, a commit on the hub, or the architecture of random ones."""
    from memos.llm.embedded import EmbeddedLM

    kind = name.removeprefix("random:")
    if name == EMBEDDED:
        return EmbeddedLM().weights()
    if name.startswith("random:"):
        return {"random": PRESETS[kind] if kind in PRESETS else weights_digest(Path(kind))}
    return model_identity(name, revision)


def load(name: str, dtype: str, device: str, revision: str | None, threads: int, seed: int) -> Loaded:
    """Load a model for inference.

    Raises:
        ConfigError: it cannot be found or loaded.
        MissingDependency: torch or transformers is not installed.
    """
    torch = require("torch", "embedded")
    require("transformers", "embedded")
    if threads:
        torch.set_num_threads(threads)
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if name.startswith("random:"):
        return _random(name, getattr(torch, dtype), place, seed)
    return _trained(name, getattr(torch, dtype), place, revision)


def _trained(name: str, dtype: Any, device: str, revision: str | None) -> Loaded:
    import transformers

    from memos.llm.embedded import EmbeddedLM

    source = EmbeddedLM().source() if name == EMBEDDED else name
    local = {"local_files_only": True} if Path(source).exists() else {}
    try:
        revision = pinned(source, revision)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, revision=revision, **local)
        model = transformers.AutoModelForCausalLM.from_pretrained(source, revision=revision, dtype=dtype, **local)
    except (OSError, ValueError) as error:
        raise ConfigError(f"model={name!r} cannot be loaded: {str(error).strip().splitlines()[0]}") from error
    placed: Any = model
    return Loaded(placed.to(device).eval(), tokenizer, name, False)


def _random(name: str, dtype: Any, device: str, seed: int) -> Loaded:
    import torch
    import transformers

    kind = name.removeprefix("random:")
    folder = Path(kind)
    if folder.exists():
        try:
            config = transformers.AutoConfig.from_pretrained(folder if folder.is_dir() else folder.parent)
        except (OSError, ValueError) as error:
            raise DataError(f"{folder}: no readable config.json: {str(error).splitlines()[0]}") from error
    else:
        fields = dict(PRESETS[kind])
        config = getattr(transformers, f"{fields.pop('kind')}Config")(**fields)
    torch.manual_seed(seed)
    with torch.device(device):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=dtype)
    has_tokenizer = folder.is_dir() and any(folder.glob("tokenizer*"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder) if has_tokenizer else byte_tokenizer()
    return Loaded(model.eval(), tokenizer, name, True)


def byte_tokenizer() -> Any:
    """A token a byte, with a chat template; for random weights, where only the number of tokens matters."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokens = ["<|im_start|>", "<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=tokens[0], eos_token=tokens[1])
    made.chat_template = CHAT
    return made

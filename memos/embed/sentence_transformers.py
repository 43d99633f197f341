"""Any model of the library sentence-transformers as embedder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from memos.embed.windows import encode_windows
from memos.errors import ConfigError, DataError, MissingDependency, require
from memos.weights import model_identity, pinned

LONG_TEXTS = ("pool", "refuse")
_MARGIN = 8
"""Tokens left free in each window of a split text, because re-tokenising a piece may change its edges."""


class SentenceTransformers:
    """Unit vectors of a sentence-transformers model; texts beyond its window are pooled over windows or refused.

    The model loads when its dimensions or vectors are first asked for.

    Raises:
        MissingDependency: where the library or the model is not there, with the command that brings it.
        DataError: on a text beyond the window with ``long_texts=refuse``.
    """

    @dataclass
    class Config:
        model: str = field(default="Qwen/Qwen3-Embedding-0.6B", metadata={"help": "hub id or folder of the model"})
        revision: str | None = field(
            default=None,
            metadata={"help": "commit or tag on the hub; null: the one in the local cache, else the newest"},
        )
        long_texts: str = field(default="pool", metadata={"help": "texts beyond the window: pool or refuse"})
        max_tokens: int = field(default=0, metadata={"help": "window in the model's tokens; 0 takes the model's own"})
        batch_size: int = field(default=32, metadata={"help": "texts a forward pass"})
        device: str = field(default="cpu", metadata={"help": "cpu, cuda or cuda:<index>"})
        dtype: str = field(default="float32", metadata={"help": "float32 or bfloat16"})
        trust_remote_code: bool = field(default=False, metadata={"help": "allow models that bring their own code"})

        def __post_init__(self) -> None:
            if self.long_texts not in LONG_TEXTS:
                raise ConfigError(f"embedder.long_texts: {self.long_texts!r} is unknown; choose from pool, refuse")
            if self.dtype not in ("float32", "bfloat16"):
                raise ConfigError(f"embedder.dtype: {self.dtype!r} is unknown; choose from float32, bfloat16")
            if self.batch_size < 1:
                raise ConfigError(f"embedder.batch_size: expected 1 or more, found {self.batch_size}")
            if self.max_tokens < 0:
                raise ConfigError(f"embedder.max_tokens: expected 0 or more, found {self.max_tokens}")

    part_id = "sentence_transformers"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self.name = self.config.model
        if self.config.dtype != "float32":
            self.name += f"@{self.config.dtype}"
        if self.config.max_tokens:
            self.name += f"@{self.config.max_tokens}"
        self.pooled = 0
        self._loaded: Any = None
        self._lock = threading.RLock()

    def identity(self) -> dict[str, Any]:
        """Model, its weights (a folder's digest, a hub id's commit), dtype and window."""
        c = self.config
        window = {"max_tokens": c.max_tokens, "long_texts": c.long_texts}
        return {"model": c.model, "dtype": c.dtype, **window, **model_identity(c.model, c.revision)}

    @property
    def _model(self) -> Any:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        torch = require("torch", "embedded")
        library = require("sentence_transformers", "hub", package="sentence-transformers")
        config = self.config
        try:
            model = library.SentenceTransformer(
                config.model,
                device=config.device,
                revision=pinned(config.model, config.revision),
                trust_remote_code=config.trust_remote_code,
                model_kwargs={"dtype": getattr(torch, config.dtype)},
            )
        except (OSError, ValueError) as error:
            reason = (str(error).strip().splitlines() or ["no message"])[0]
            raise MissingDependency(
                f"the embedding model {config.model} cannot be loaded ({reason}); run: hf download {config.model}, "
                "or give the model's folder"
            ) from error
        if config.max_tokens:
            model.max_seq_length = config.max_tokens
        return model

    @property
    def dim(self) -> int:
        model = self._model
        ask = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
        return int(ask())

    @property
    def max_tokens(self) -> int:
        return int(self._model.max_seq_length or 1_000_000)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        with self._lock:
            pieces = [self._split(text) for text in texts]
            return encode_windows(
                [[text for text, _ in piece] for piece in pieces],
                [[size for _, size in piece] for piece in pieces],
                self._forward,
            )

    def _forward(self, texts: list[str]) -> np.ndarray:
        vectors = self._model.encode(
            texts, batch_size=self.config.batch_size, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def _split(self, text: str) -> list[tuple[str, int]]:
        """The text's windows with their token counts; one window where it fits."""
        tokenizer = self._model.tokenizer
        body = self.max_tokens - tokenizer.num_special_tokens_to_add()
        if len(text.encode("utf-8", "replace")) <= body:  # no token is shorter than a byte
            return [(text, 1)]
        encoded = tokenizer(
            text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
        )
        offsets = encoded["offset_mapping"]
        if len(offsets) <= body:
            return [(text, len(offsets))]
        if self.config.long_texts == "refuse":
            raise DataError(
                f"{self.name}: a text has {len(offsets)} tokens, the window is {body}; set embedder.long_texts=pool "
                f"or take a model with a longer window (text begins {text[:40]!r})"
            )
        self.pooled += 1
        step = max(body - _MARGIN, 1)
        windows = [offsets[start : start + step] for start in range(0, len(offsets), step)]
        return [(text[part[0][0] : part[-1][1]], len(part)) for part in windows]

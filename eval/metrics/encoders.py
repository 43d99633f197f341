"""Models behind the semantic metrics: token states for BERTScore, sentence vectors for similarity;
shared per process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from memos.embed.base import Embedder, TokenStates, unit
from memos.embed.minilm import MiniLM, packaged_weights
from memos.errors import MissingDependency, require
from memos.weights import model_identity, pinned

MINILM = MiniLM.name
LAYERS = {
    "roberta-large": 17,
    "roberta-base": 10,
    "bert-base-uncased": 9,
    "bert-large-uncased": 18,
    "microsoft/deberta-xlarge-mnli": 40,
}
"""The layer each model's BERTScore is taken from (Zhang et al. 2020); the last one for other models."""
BASELINE_F = {"roberta-large": 0.83122575}
"""BERTScore-F1 of unrelated English sentences at that layer, for rescaling as ``rescale_with_baseline`` does."""
BATCH_TOKENS = 512
ROOM = 512 * 2**20
"""Bytes of answers' token states that a process keeps: 1,540 answers of 220 word pieces."""


class TokenEncoder(Protocol):
    """Texts to token states."""

    name: str

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenStates]: ...


class HubEncoder:
    """Any encoder model of the hub or a folder, cut after the layer that BERTScore takes.

    Texts beyond the model's window are refused, not cut.
    """

    def __init__(self, model: str, *, device: str, dtype: str) -> None:
        torch = require("torch", "embedded")
        transformers = require("transformers", "embedded")
        self.name = model
        try:
            revision = pinned(model)
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                model, revision=revision, add_prefix_space=True
            )
            self._model = transformers.AutoModel.from_pretrained(model, revision=revision, dtype=getattr(torch, dtype))
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise MissingDependency(
                f"{model} cannot be loaded ({reason}); run: pip install -e '.[hub]' and hf download {model}, "
                f"or give the model's folder"
            ) from error
        layer = LAYERS.get(model.rstrip("/").split("/")[-1], LAYERS.get(model))
        if layer is not None:
            self._model.encoder.layer = self._model.encoder.layer[:layer]
        self._model.eval().to(device)
        self._window = min(self._tokenizer.model_max_length, self._model.config.max_position_embeddings)
        self._device = device

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenStates]:
        ids = [self._tokenizer.encode(text.strip(), add_special_tokens=True) for text in texts]
        longest = max(map(len, ids), default=0)
        if longest > self._window:
            raise MissingDependency(
                f"{self.name}: an answer has {longest} tokens, the model's window is {self._window}"
            )
        special = set(self._tokenizer.all_special_ids)
        out: list[TokenStates | None] = [None] * len(texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and len(ids[order[end]]) * (end + 1 - start) <= BATCH_TOKENS:
                end += 1
            batch = order[start:end]
            for i, rows in zip(batch, self._forward([ids[i] for i in batch]), strict=True):
                content = np.array([token not in special for token in ids[i]], dtype=bool)
                out[i] = TokenStates(unit(rows[: len(ids[i])]), content, None)
            start = end
        return [states for states in out if states is not None]

    def _forward(self, batch: list[list[int]]) -> Any:
        import torch

        width = max(map(len, batch))
        pad = self._tokenizer.pad_token_id or 0
        ids = torch.tensor([row + [pad] * (width - len(row)) for row in batch], device=self._device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in batch], device=self._device)
        with torch.inference_mode():
            return self._model(input_ids=ids, attention_mask=mask).last_hidden_state.float().cpu().numpy()


class Remembering:
    """One reading of each text for everyone in the process who needs its token states: BERTScore, similarity and the
    offline judge.

    Golds are kept for good, so that many systems' answers share them. Answers are kept, the latest first, as long as
    they fit into
    ``room`` bytes: the stage that comes next finds them.
    """

    def __init__(self, inner: TokenEncoder, room: int = ROOM) -> None:
        self.inner, self.room = inner, room
        self.read = 0
        """How many texts went through the model."""
        self._kept: dict[str, TokenStates] = {}
        self._recent: OrderedDict[str, TokenStates] = OrderedDict()
        self._used = 0

    def states(self, golds: Sequence[str], answers: Sequence[str]) -> dict[str, TokenStates]:
        """States of every distinct text."""
        wanted = list(dict.fromkeys([*golds, *answers]))
        fresh = [text for text in wanted if text not in self._kept and text not in self._recent]
        self.read += len(fresh)
        states = dict(zip(fresh, self.inner.encode_tokens(fresh), strict=True)) if fresh else {}
        for text in wanted:
            if text not in states:
                states[text] = self._kept[text] if text in self._kept else self._recent[text]
        self._kept.update((text, states[text]) for text in golds)
        for text in fresh:
            if text not in self._kept:
                self._recent[text] = states[text]
                self._used += states[text].tokens.nbytes
        while self._used > self.room:
            self._used -= self._recent.popitem(last=False)[1].tokens.nbytes
        return states


def weights_of(model: str) -> dict[str, Any]:
    """Which weights a model's name stands for."""
    return {"weights": packaged_weights()} if model == MINILM else model_identity(model)


@lru_cache(maxsize=8)
def token_encoder(model: str, device: str, dtype: str) -> Remembering:
    """The process's one instance of a token encoder."""
    if model == MINILM:
        return Remembering(MiniLM(MiniLM.Config(device=device, dtype=dtype)))
    return Remembering(HubEncoder(model, device=device, dtype=dtype))


@lru_cache(maxsize=8)
def sentence_encoder(model: str, device: str, dtype: str) -> Embedder:
    """The process's one instance of a sentence-transformers model."""
    from memos.embed.sentence_transformers import SentenceTransformers

    return SentenceTransformers(SentenceTransformers.Config(model=model, device=device, dtype=dtype))

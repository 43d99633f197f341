"""Reads texts with MiniLM: the states of the tokens and the vector of the text from one forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval.judges.offline.semantic import Reading
from memos.embed.base import Embedder
from memos.embed.minilm import MiniLM

MODEL = MiniLM.name
"""The only model the weights were fitted to."""


def base_model(embedder: Embedder | None) -> tuple[MiniLM, Embedder]:
    """The MiniLM inside a (cached) embedder, and the embedder to encode with; a fresh one where it is another model."""
    inner: Any = embedder
    while inner is not None and not isinstance(inner, MiniLM):
        inner = getattr(inner, "inner", None)
    if inner is None:
        fresh = MiniLM()
        return fresh, fresh
    return inner, embedder or inner


class TokenReader:
    """Texts to :class:`Reading`, in batches of equal padding; texts beyond the model's window are cut there.

    Args:
        model: the embedder whose weights and tokenizer are shared.
        batch_tokens: padded word pieces a forward pass.
    """

    def __init__(self, model: MiniLM, batch_tokens: int = 512) -> None:
        self.model, self.batch_tokens = model, batch_tokens

    def __call__(self, texts: Sequence[str]) -> Mapping[str, Reading]:
        tokenizer, network = self.model.network()
        body = self.model.max_tokens - 2
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        out: dict[str, Reading] = {}
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (min(len(encodings[order[end]].ids), body) + 2) * (end + 1 - start) <= self.batch_tokens:
                end += 1
            batch = order[start:end]
            rows = [encodings[index].ids[:body] for index in batch]
            for index, (states, vector) in zip(batch, _forward(tokenizer, network, rows), strict=True):
                out[texts[index]] = Reading(tuple(encodings[index].tokens[:body]), states, vector)
            start = end
        return out


def _forward(tokenizer: Any, network: Any, rows: list[list[int]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Unit states of each row's own pieces, shape (pieces, 384), and the unit mean over all its positions."""
    import torch

    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    width = max(map(len, rows)) + 2
    ids = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row) + 2] = torch.tensor([first, *row, last])
        mask[number, : len(row) + 2] = 1
    with torch.inference_mode():
        hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1).numpy()
        states = torch.nn.functional.normalize(hidden, dim=-1).numpy()
    return [(states[number, 1 : len(row) + 1].copy(), pooled[number]) for number, row in enumerate(rows)]

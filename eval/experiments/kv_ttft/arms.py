"""The arms of a cell: the same prompt read whole or on a cache, ours and the way peers do it. Loads torch.

Each arm runs from the query's text to the first token's id. ``direct`` and ``kv`` use the same code and kernels
(columns with
tiled attention for known models in float32 on a processor, else split attention) and last-token logits only.
``direct_peer`` and ``kv_naive`` use transformers' own attention, logits of every token, and
for the cache a deep copy each time, as the public implementations do.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import DynamicCache

from eval.experiments.kv_ttft.limit import synchronise
from memos.activation.memory import KVMemory
from memos.activation.model import ActivationModel
from memos.activation.prompt import encode
from memos.llm.kv import reading
from memos.llm.split_attention import NAME

ARMS = ("direct", "direct_peer", "kv", "kv_naive")
PEER_ATTENTION = "sdpa"


class Arms:
    """Times one arm at a time on one model and one memory."""

    def __init__(self, model: ActivationModel, memory: KVMemory) -> None:
        self.model, self.memory = model, memory
        self._plain = DynamicCache()
        for layer, (keys, values) in enumerate(zip(memory.states.keys, memory.states.values, strict=True)):
            self._plain.update(keys[None].clone(), values[None].clone(), layer)
        self._ways: dict[str, Callable[[str], torch.Tensor]] = {
            "direct": lambda query: self.model.direct_logits(self.memory.system, query)[-1],
            "kv": lambda query: self.model.first_logits(self.memory, query)[-1],
            "direct_peer": self._direct_peer,
            "kv_naive": self._kv_naive,
        }

    def time(self, arm: str, query: str) -> tuple[float, torch.Tensor]:
        """Seconds from the query's text to its first token, and the logits it was chosen from."""
        inner = self.model.model
        inner.set_attn_implementation(PEER_ATTENTION if arm in ("direct_peer", "kv_naive") else NAME)
        synchronise(inner.device)
        start = time.perf_counter_ns()
        logits = self._ways[arm](query)
        logits.argmax().item()
        synchronise(inner.device)
        spent = (time.perf_counter_ns() - start) / 1e9
        inner.set_attn_implementation(NAME)
        return spent, logits

    def build(self, text: str, instructions: str) -> float:
        """Seconds from the memory's text to its cache."""
        synchronise(self.model.model.device)
        start = time.perf_counter_ns()
        self.model.build(text, instructions)
        synchronise(self.model.model.device)
        return (time.perf_counter_ns() - start) / 1e9

    @torch.inference_mode()
    def _direct_peer(self, query: str) -> torch.Tensor:
        ids = encode(self.model.tokenizer, self.memory.system, query)
        return self._whole(ids, None)

    @torch.inference_mode()
    def _kv_naive(self, query: str) -> torch.Tensor:
        ids, _ = self.model.inject(self.memory, query)
        return self._whole(ids, copy.deepcopy(self._plain))

    def _whole(self, ids: tuple[int, ...], past: Any) -> torch.Tensor:
        inner = self.model.model
        return (
            inner(torch.tensor([ids], device=inner.device), **reading(inner, past), use_cache=True)
            .logits[0, -1]
            .float()
        )

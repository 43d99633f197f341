"""Build a memory's cache once and answer any number of queries on it. Importing this module loads torch.

Exact in float32: the states are those of a plain prefill, and attention over them is plain attention over the whole
prompt (docs/kv.md#split-attention; ``memos.llm.columns`` and ``memos.llm.split_attention``). One token's logits are
computed, nothing is copied, and no query tokenises the memory again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch

from memos.activation.errors import ActivationError, CorruptCache
from memos.activation.identity import ModelIdentity, identify
from memos.activation.memory import KVMemory
from memos.activation.prompt import Ids, MemoryPrompt, encode
from memos.llm.generate import Engine, Generated, Row
from memos.llm.kv import PrefixStore, SharedPrefix, SuffixCache

INSTRUCTIONS = "Answer the user. Use the dated notes from memory where they help, and say so when they do not answer."
"""First lines of the system message; the memories follow."""


def system_text(memory: str, instructions: str = INSTRUCTIONS) -> str:
    """The system message that carries memories."""
    return f"{instructions}\n\nNotes from memory:\n{memory}"


class ActivationModel:
    """A model that reads memories as keys and values.

    Args:
        engine: the loaded model (``memos.llm.generate.Engine``); its attention is set to split attention.
        tokenizer: its tokenizer.
        name, revision: where the weights come from.

    Raises:
        UnsupportedCache: for sliding-window and hybrid models, by name.
    """

    def __init__(self, engine: Engine, tokenizer: Any, *, name: str = "model", revision: str | None = None) -> None:
        self.engine, self.tokenizer = engine, tokenizer
        self.identity: ModelIdentity = identify(engine.model, tokenizer, name=name, revision=revision)

    @classmethod
    def of(cls, llm: Any) -> ActivationModel:
        """Over a local model client (``llm=hf`` or the embedded one); the weights are shared, not loaded again."""
        return cls(llm.engine, llm.tokenizer, name=llm.name, revision=llm.config.revision)

    @classmethod
    def over(cls, model: Any, tokenizer: Any, *, name: str = "model", end_ids: Sequence[int] = ()) -> ActivationModel:
        """Over a transformers model. Without ``end_ids`` replies always run to their limit."""
        return cls(Engine(model, end_ids, PrefixStore(0)), tokenizer, name=name)

    @property
    def model(self) -> Any:
        return self.engine.model

    @cached_property
    def config(self) -> Any:
        return self.model.config.get_text_config()

    # -- building ----------------------------------------------------------------------------------------------
    def build(self, memory: str, instructions: str = INSTRUCTIONS) -> KVMemory:
        """Encode a memory text in its place in the chat template, once.

        Raises:
            ActivationError: the text is empty.
        """
        if not memory.strip():
            raise ActivationError("activation memory: the text is empty; nothing to build a cache of")
        prompt = MemoryPrompt(self.tokenizer, system_text(memory, instructions))
        return KVMemory(self.identity, prompt.system, self.states(prompt.head_ids))

    def states(self, ids: Sequence[int], prefix: SharedPrefix | None = None) -> SharedPrefix:
        """Keys and values of ``ids`` alone, encoded after ``prefix``: plain prefill, unpadded tensors."""
        ids = tuple(ids)
        _, cache = self.forward(ids, prefix, keep=1)
        return SharedPrefix(ids, *cache.first_row())

    @torch.inference_mode()
    def forward(
        self, ids: Sequence[int], prefix: SharedPrefix | None = None, *, keep: int = 1
    ) -> tuple[torch.Tensor, SuffixCache]:
        """One pass over ``ids`` after a prefix.

        Args:
            ids: new tokens, at least one.
            prefix: read-only states at positions 0 … n-1; None for none.
            keep: logits of this many last tokens.

        Returns:
            Logits (keep, vocabulary) in float32, and what the model wrote.
        """
        cache = SuffixCache(self.engine.layers, len(ids))
        logits = self.engine.read(ids, prefix, cache, keep)
        self.engine.encoded_tokens += len(ids)
        return logits, cache

    # -- injecting ---------------------------------------------------------------------------------------------
    def inject(self, memory: KVMemory, query: str) -> tuple[Ids, SharedPrefix]:
        """A query's own tokens and the states they are read on.

        Raises:
            ForeignCache: the memory was built by another model, tokenizer, template or precision.
            CorruptCache: its tokens are not those of its text.
        """
        self.identity.require(memory.identity)
        prompt = self._prompt(memory)
        if memory.composition == "exact" and memory.states.ids != prompt.head_ids:
            raise CorruptCache(f"cache of {memory.identity.model}: its tokens are not those of its text; build it anew")
        shared, rest = prompt.rest(query)
        return rest, memory.states if memory.composition == "naive" else memory.states.head(shared)

    def _prompt(self, memory: KVMemory) -> MemoryPrompt:
        """The memory's prompt, kept for the memories used last."""
        prompts = self.__dict__.setdefault("_prompts", {})
        if memory.system not in prompts:
            if len(prompts) >= 64:
                prompts.pop(next(iter(prompts)))
            prompts[memory.system] = MemoryPrompt(self.tokenizer, memory.system)
        return prompts[memory.system]

    def first_logits(self, memory: KVMemory, query: str, *, keep: int = 1) -> torch.Tensor:
        """Logits of the query's last ``keep`` tokens (all of them with 0), shape (n, vocabulary)."""
        ids, prefix = self.inject(memory, query)
        return self.forward(ids, prefix, keep=keep)[0]

    def direct_logits(self, system: str, query: str, *, keep: int = 1) -> torch.Tensor:
        """The same from the whole prompt, without a cache."""
        return self.forward(encode(self.tokenizer, system, query), keep=keep)[0]

    def generate(self, memory: KVMemory, queries: Sequence[str], max_new: int = 64) -> list[Generated]:
        """Greedy replies to queries in one batch on one memory, which is only read.

        Queries that agree with the memory in fewer tokens than others (templates without a special token before the
        query) share what all agree on.
        """
        injected = [self.inject(memory, query) for query in queries]
        shortest = min((prefix for _, prefix in injected), key=len)
        rows = [Row((*shortest.ids, *prefix.ids[len(shortest) :], *ids), max_new) for ids, prefix in injected]
        return self.engine.generate(rows, shortest)

    def generate_direct(self, system: str, query: str, max_new: int = 64) -> Generated:
        """A greedy reply from the whole prompt, without a cache."""
        return self.engine.generate([Row(encode(self.tokenizer, system, query), max_new)], None)[0]

    def decode(self, reply: Generated) -> str:
        """A reply as text."""
        return self.tokenizer.decode(reply.ids, skip_special_tokens=True)

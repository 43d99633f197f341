"""Batched decoding on shared prefixes. Importing this module loads torch and transformers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from memos.llm.columns import Columns, reads
from memos.llm.kv import PrefixStore, SharedPrefix, SuffixCache, reading
from memos.llm.rope import of_length
from memos.llm.split_attention import NAME, register


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt to continue."""

    ids: tuple[int, ...]
    """The whole prompt, prefix included."""
    max_new: int
    temperature: float = 0.0
    seed: int = 0
    stopped: Callable[[list[int]], bool] | None = None
    """Told the reply's tokens after each one; True ends the row."""


@dataclass(frozen=True, slots=True)
class Generated:
    """One continuation."""

    ids: list[int]
    """New tokens without the end token."""
    ended: bool
    """Whether the row ended by itself and not by ``max_new``."""
    first_ms: float
    """Time from the start of the batch to its first token."""


def unsupported(config) -> str | None:
    """Why a model's states cannot be shared by prefix, or None where they can (full attention in every
    layer, positions that do not depend on the length)."""
    text = config.get_text_config()
    kinds = set(getattr(text, "layer_types", None) or ["full_attention"])
    if kinds != {"full_attention"}:
        return f"layers of kind {', '.join(sorted(kinds - {'full_attention'}))}"
    if getattr(text, "sliding_window", None) and getattr(text, "use_sliding_window", True):
        return f"a sliding window of {text.sliding_window} tokens"
    if kind := of_length(text):
        return f"rotary positions of the kind {kind}, which change with the length of the text"
    if getattr(text, "attn_logit_softcapping", None):
        return "soft-capped attention scores"
    return None


class Engine:
    """Greedy or seeded decoding of prompts that share a prefix, exact in float32.

    Args:
        model: a transformers causal language model with full attention.
        end_ids: tokens that end a reply.
        store: prefixes kept between calls.
    """

    def __init__(self, model, end_ids: Sequence[int], store: PrefixStore) -> None:
        register()
        model.set_attn_implementation(NAME)
        self.model, self.end_ids, self.store = model.eval(), frozenset(end_ids), store
        self.layers = model.config.get_text_config().num_hidden_layers
        self._columns = Columns(model) if unsupported(model.config) is None and reads(model) else None
        self.encoded_tokens = 0
        """Prompt tokens that went through the model so far, padding excluded."""

    @property
    def attention(self) -> str:
        """How single prompts are read: ``columns`` (with tiled attention) or ``split`` (transformers with split
        attention).
        """
        return "split" if self._columns is None else "columns"

    @torch.inference_mode()
    def read(self, ids: Sequence[int], prefix: SharedPrefix | None, cache: SuffixCache, keep: int = 1) -> torch.Tensor:
        """Encode one prompt's tokens after a prefix and write their states to an empty cache.

        Known architectures in float32 on a processor go through ``memos.llm.columns``, all others through transformers.

        Returns:
            Logits (keep, vocabulary) in float32 of the last ``keep`` tokens; of all with 0.
        """
        if self._columns is not None:
            return self._columns.read(ids, prefix, cache, keep)
        return self._through_model(torch.tensor([ids], device=self.model.device), prefix, cache, keep)[0].float()

    @torch.inference_mode()
    def prefix(self, ids: Sequence[int], min_shared: int) -> tuple[SharedPrefix | None, int]:
        """The states of a prefix, from the store as far as it has them, and how many tokens were encoded anew."""
        if not ids:
            return None, 0
        ids = tuple(ids)
        known = self.store.match(ids, min_shared)
        if known is not None and len(known) == len(ids):
            return known, 0
        rest = ids[len(known) if known else 0 :]
        cache = SuffixCache(self.layers, len(rest))
        self.read(rest, known, cache)
        if known is None:
            made = SharedPrefix(ids, *cache.first_row())
        else:
            made = known.extended(rest, cache)
        self.store.add(made)
        self.encoded_tokens += len(rest)
        return made, len(rest)

    @torch.inference_mode()
    def generate(self, rows: Sequence[Row], prefix: SharedPrefix | None) -> list[Generated]:
        """Continue rows that all start with ``prefix`` (None: nothing is shared) in one batch."""
        start = time.perf_counter()
        skip = len(prefix) if prefix is not None else 0
        own = [row.ids[skip:] for row in rows]
        width, room = max(map(len, own)), max(row.max_new for row in rows)
        cache = SuffixCache(self.layers, width + room)
        lengths = torch.tensor([len(ids) for ids in own], device=self.model.device)
        if len(own) == 1:
            logits = self.read(own[0], prefix, cache)
        else:
            logits = self._forward(own, prefix, cache, keep=[len(ids) - 1 for ids in own])
        self.encoded_tokens += int(lengths.sum())
        seen = torch.arange(width, device=self.model.device)[None] < lengths[:, None]
        state = _Decoding(rows, self.end_ids, self.model.device)
        first_ms = 0.0
        while True:
            tokens = state.take(logits)
            first_ms = first_ms or (time.perf_counter() - start) * 1000
            if (active := state.compact()) is not None:
                cache.keep_rows(active)
                lengths, seen, tokens = lengths[active], seen[active], tokens[active]
            if not state.alive:
                return [Generated(ids, ended, first_ms) for ids, ended in zip(state.ids, state.ended, strict=True)]
            seen = torch.cat([seen, seen.new_ones(len(seen), 1)], dim=1)
            logits = self._step(tokens, skip + lengths, prefix, cache, seen)
            lengths = lengths + 1

    def _step(self, tokens, positions, prefix, cache, seen) -> torch.Tensor:
        mask = None if bool(seen.all()) else seen[:, None, None, :]
        out = self.model(
            input_ids=tokens[:, None],
            position_ids=positions[:, None],
            attention_mask=mask,
            **reading(self.model, cache),
            use_cache=True,
            shared_prefix=prefix,
        )
        return out.logits[:, -1].float()

    def _forward(self, rows, prefix, cache, keep: list[int]) -> torch.Tensor:
        """Encode rows padded on the right after a prefix; logits at the ``keep`` index of each row."""
        device, width = self.model.device, max(map(len, rows))
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
        wanted = sorted(set(keep))
        logits = self._through_model(ids.to(device), prefix, cache, torch.tensor(wanted, device=device))
        columns = torch.tensor([wanted.index(index) for index in keep], device=device)
        return logits[torch.arange(len(rows), device=device), columns].float()

    def _through_model(self, ids: torch.Tensor, prefix, cache, keep: int | torch.Tensor) -> torch.Tensor:
        """Logits of transformers' model for ids (rows, tokens) after a prefix, at the positions to keep."""
        skip, (rows, width) = len(prefix) if prefix is not None else 0, ids.shape
        return self.model(
            input_ids=ids,
            position_ids=torch.arange(skip, skip + width, device=ids.device).expand(rows, width),
            **reading(self.model, cache),
            use_cache=True,
            shared_prefix=prefix,
            logits_to_keep=keep,
        ).logits


class _Decoding:
    """Which rows are still being written, and what they have so far."""

    def __init__(self, rows: Sequence[Row], end_ids: frozenset[int], device) -> None:
        self.rows, self.end_ids, self.device = rows, end_ids, device
        self.ids: list[list[int]] = [[] for _ in rows]
        self.ended = [False] * len(rows)
        self.order = list(range(len(rows)))
        """Row behind each line of the batch."""
        self.alive = set(self.order)
        self.draws = [torch.Generator().manual_seed(row.seed) if row.temperature > 0 else None for row in rows]

    def take(self, logits: torch.Tensor) -> torch.Tensor:
        """Choose the next token of each line, note it, and end rows that are done."""
        tokens = logits.argmax(dim=-1)
        for line, index in enumerate(self.order):
            draw = self.draws[index]
            if draw is not None:
                odds = torch.softmax(logits[line].cpu() / self.rows[index].temperature, dim=-1)
                tokens[line] = torch.multinomial(odds, 1, generator=draw).to(self.device)[0]
        for line, token in enumerate(tokens.tolist()):
            self._note(self.order[line], token)
        return tokens

    def _note(self, index: int, token: int) -> None:
        if index not in self.alive:
            return
        row, ids = self.rows[index], self.ids[index]
        if token in self.end_ids:
            self.ended[index] = True
        else:
            ids.append(token)
            self.ended[index] = row.stopped is not None and row.stopped(ids)
        if self.ended[index] or len(ids) >= row.max_new:
            self.alive.discard(index)

    def compact(self) -> torch.Tensor | None:
        """Lines to keep, once at least a quarter of the batch is done; None while nothing changes."""
        if not self.alive or len(self.alive) > 0.75 * len(self.order):
            return None
        lines = [line for line, index in enumerate(self.order) if index in self.alive]
        self.order = [self.order[line] for line in lines]
        return torch.tensor(lines, device=self.device)

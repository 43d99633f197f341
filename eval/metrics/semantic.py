"""The semantic scorer: embedding similarity and BERTScore-F1, from one shared forward pass where one model serves both.

Definitions: docs/protocol.md#bertscore-and-similarity. The paper's models (Qwen3-Embedding-0.6B; roberta-large,
rescaled) are one setting away; the default is the embedded MiniLM for both, which runs anywhere and is flagged as not
comparable with the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eval.metrics.encoders import BASELINE_F, MINILM, sentence_encoder, token_encoder, weights_of
from memos.embed.base import TokenStates
from memos.embed.minilm import DTYPES
from memos.errors import ConfigError, MissingDependency

__all__ = ["DTYPES", "MINILM", "Semantic", "bertscore_f1"]

_CHUNK = 2000
"""Pairs whose token states are held at once."""
PAPER = {"similarity": "Qwen/Qwen3-Embedding-0.6B", "bertscore_f1": "roberta-large"}


def bertscore_f1(gold: TokenStates, answer: TokenStates, baseline: float = 0.0) -> float:
    """BERTScore-F1 of one pair (greedy cosine matching, no idf; special tokens match but carry no weight).

    A side without content tokens scores 0 before rescaling, as in the library ``bert_score``. With a baseline ``b`` the
    result is ``(F - b) / (1 - b)`` and can be negative.
    """
    raw = 0.0
    if gold.content.any() and answer.content.any():
        cosines = answer.tokens @ gold.tokens.T
        precision = float(cosines.max(axis=1)[answer.content].mean())
        recall = float(cosines.max(axis=0)[gold.content].mean())
        raw = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return (raw - baseline) / (1 - baseline)


class Semantic:
    """Similarity (cosine of sentence vectors) and BERTScore-F1. Golds are encoded once a process for all systems."""

    @dataclass
    class Config:
        similarity: bool = field(default=True, metadata={"help": "compute the embedding similarity"})
        bertscore: bool = field(default=True, metadata={"help": "compute BERTScore-F1"})
        similarity_model: str = field(default=MINILM, metadata={"help": "embedded MiniLM, or a hub id or folder"})
        bertscore_model: str = field(default=MINILM, metadata={"help": "embedded MiniLM, or a hub id or folder"})
        dtype: str = field(default="float32", metadata={"help": "float32, or bfloat16 (changes values by up to 4e-3)"})
        device: str = field(default="cpu", metadata={"help": "cpu, cuda or cuda:<index>"})

        def __post_init__(self) -> None:
            if self.dtype not in DTYPES:
                raise ConfigError(f"metrics.dtype: {self.dtype!r} is unknown; choose from {', '.join(DTYPES)}")

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        wanted = {"similarity": self.config.similarity, "bertscore_f1": self.config.bertscore}
        self.names = tuple(name for name, on in wanted.items() if on)
        self._missing: dict[str, str] = {}

    def _models(self) -> dict[str, str]:
        models = {"similarity": self.config.similarity_model, "bertscore_f1": self.config.bertscore_model}
        return {name: models[name] for name in self.names}

    def identity(self) -> Mapping[str, object]:
        return {
            "scorer": "semantic",
            "version": "1",
            "models": self._models(),
            "weights": {name: weights_of(model) for name, model in self._models().items()},
            "dtype": self.config.dtype,
            "rescaled": self._baseline() != 0.0,
        }

    def not_comparable(self) -> list[str]:
        """Reasons why the values may not stand beside the paper's, one sentence each."""
        out = [
            f"{name} is computed with {model}, the paper uses {PAPER[name]}"
            for name, model in self._models().items()
            if model != PAPER[name]
        ]
        if self.config.dtype != "float32":
            out.append(f"semantic metrics are computed in {self.config.dtype}")
        return out

    def missing(self) -> Mapping[str, str]:
        return dict(self._missing)

    def _baseline(self) -> float:
        return BASELINE_F.get(self.config.bertscore_model.rstrip("/").split("/")[-1], 0.0)

    def score(
        self, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None] | None = None
    ) -> dict[str, list[float]]:
        """One value a pair for each metric that is not missing. ``categories`` change nothing here."""
        del categories
        pairs = list(zip(golds, answers, strict=True))
        distinct = list(dict.fromkeys(pairs))
        by_metric: dict[str, dict[tuple[str, str], float]] = {}
        for start in range(0, len(distinct), _CHUNK):
            for name, part in self._chunk(distinct[start : start + _CHUNK]).items():
                by_metric.setdefault(name, {}).update(part)
        return {name: [by_metric[name][pair] for pair in pairs] for name in self.names if name in by_metric}

    def _chunk(self, pairs: list[tuple[str, str]]) -> dict[str, dict[tuple[str, str], float]]:
        golds, answers = [gold for gold, _ in pairs], [answer for _, answer in pairs]
        config, out = self.config, {}
        states: dict[str, TokenStates] = {}
        by_tokens = config.bertscore or config.similarity_model == MINILM
        model = config.bertscore_model if config.bertscore else MINILM
        if by_tokens:
            try:
                states = token_encoder(model, config.device, config.dtype).states(golds, answers)
            except MissingDependency as error:
                self._missing.update({name: str(error) for name, used in self._models().items() if used == model})
        if config.bertscore and states:
            baseline = self._baseline()
            out["bertscore_f1"] = {(g, a): bertscore_f1(states[g], states[a], baseline) for g, a in pairs}
        if config.similarity and "similarity" not in self._missing:
            if config.similarity_model == model and states:
                vectors: dict[str, Any] = {text: state.sentence for text, state in states.items()}
            else:
                vectors = self._sentences(golds, answers)
            if vectors:
                out["similarity"] = {(g, a): float(np.dot(vectors[g], vectors[a])) for g, a in pairs}
        return out

    def _sentences(self, golds: list[str], answers: list[str]) -> dict[str, np.ndarray]:
        config = self.config
        texts = list(dict.fromkeys([*golds, *answers]))
        try:
            if config.similarity_model == MINILM:
                states = token_encoder(MINILM, config.device, config.dtype).states(golds, answers)
                return {text: state.sentence for text, state in states.items() if state.sentence is not None}
            encoder = sentence_encoder(config.similarity_model, config.device, config.dtype)
            return dict(zip(texts, encoder.encode(texts), strict=True))
        except MissingDependency as error:
            self._missing["similarity"] = str(error)
            return {}

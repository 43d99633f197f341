"""The shared parts of a run, built on first use and kept for the whole sweep: model clients and embedders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.identity import digest
from eval.metrics.build import Config as MetricsConfig
from eval.metrics.build import build_scorers
from eval.protocols import Scorer
from eval.schema import construct, typed
from memos.embed.base import Embedder
from memos.embed.cache import CachedEmbedder
from memos.llm.base import LLM
from memos.llm.build import build_llm
from memos.llm.counted import Budget

_KEPT: dict[str, Any] = {}
"""Loaded models by the digest of their configuration: jobs of one process share them."""


def _keep(kind: str, spec: Mapping[str, Any], make: Callable[[], Any], *more: str) -> Any:
    key = digest([kind, spec, *more])
    if key not in _KEPT:
        _KEPT[key] = make()
    return _KEPT[key]


def raw_embedder(spec: Mapping[str, Any]) -> Embedder:
    """The embedder itself, for the latency pass."""
    return _keep("embedder", spec, lambda: construct(spec, "embedder"))


def embedder(spec: Mapping[str, Any], out: Path) -> Embedder:
    """The embedder behind the on-disk cache of this results folder."""
    path = out / "cache" / "embeddings.sqlite"
    return _keep("cached embedder", spec, lambda: CachedEmbedder(raw_embedder(spec), path), str(path.resolve()))


def llm(spec: Mapping[str, Any], out: Path, cache: str, budget: Budget) -> LLM:
    """The language model behind the run's budget and, above it, the response cache (cached replies are free)."""
    provider = _keep("llm", spec, lambda: construct(spec, "llm"))
    return build_llm(provider, cache_path=out / "cache" / "llm.sqlite", cache=cache, budget=budget).llm


def scorers(spec: Mapping[str, Any]) -> list[Scorer]:
    """The metrics of a run; gold answers are prepared once for all systems of the process."""
    return _keep("scorers", spec, lambda: build_scorers(typed(MetricsConfig, spec, "metrics")))

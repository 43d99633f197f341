"""The shared parts of a run, built on first use and kept for the whole sweep: model clients and embedders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.identity import digest
from eval.schema import construct
from memos.embed.base import Embedder
from memos.embed.cache import CachedEmbedder

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

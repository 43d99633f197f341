"""The shared parts of a run, built on first use and kept for the whole sweep: model clients and embedders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.core.code import code_digest, of_class
from eval.core.config import construct, identity, typed
from eval.core.identity import digest
from eval.core.progress import bar
from eval.core.protocols import Scorer
from eval.metrics.build import Config as MetricsConfig
from eval.metrics.build import build_scorers
from memos.embed.base import Embedder
from memos.embed.cache import CachedEmbedder
from memos.llm.base import LLM, Completion
from memos.llm.batch import Batching
from memos.llm.build import build_llm
from memos.llm.counted import Budget

_KEPT: dict[str, Any] = {}
"""Loaded models by the digest of their configuration: jobs of one process share them."""


@dataclass(frozen=True)
class Source:
    """Caches of another results folder that runs read in place of their own, and what these gave."""

    folder: Path
    replies: dict[str, Completion]
    vectors: dict[bytes, np.ndarray]


_SOURCES: list[Source] = []


@contextmanager
def reading(source: Source) -> Iterator[None]:
    """Inside, every run reads the caches of this source only: no model that they stand for is asked."""
    _SOURCES.append(source)
    try:
        yield
    finally:
        _SOURCES.pop()


def _keep(kind: str, spec: Mapping[str, Any], make: Callable[[], Any], *discriminators: str) -> Any:
    key = digest([kind, spec, *discriminators])
    if key not in _KEPT:
        _KEPT[key] = make()
    return _KEPT[key]


def raw_embedder(spec: Mapping[str, Any]) -> Embedder:
    """The embedder itself, for the latency pass."""
    return _keep("embedder", spec, lambda: construct(spec, "embedder"))


def embedder(spec: Mapping[str, Any], out: Path, cache: str = "write", *, fresh: bool = False) -> Embedder:
    """The embedder behind the on-disk cache of this results folder; ``fresh`` reads no vectors of unknown code.

    With ``cache`` ``only``, a server is never asked; an embedder that runs here costs nothing and still is.
    """
    source = _SOURCES[-1] if _SOURCES else None
    path = (source.folder if source else out / "cache") / "embeddings.sqlite"
    raw = raw_embedder(spec)
    only = cache == "only" and getattr(type(raw), "remote", False)

    def make() -> Embedder:
        served = source.vectors.__setitem__ if source else None
        return CachedEmbedder(raw, path, code=_local_code(type(raw)), earlier=not fresh, only=only, served=served)

    if source:
        return make()
    return _keep("cached embedder", spec, make, str(path.resolve()), str(fresh), str(only))


def _local_code(cls: type) -> str:
    """Digest of the code of a model that runs here, whose outcomes cost only time; empty for a server's client."""
    return "" if getattr(cls, "remote", False) else code_digest(of_class(cls)) or ""


def embedder_identity(spec: Mapping[str, Any]) -> dict[str, Any]:
    """An embedder's configuration and what it says of itself: its server or its weights."""
    own = getattr(raw_embedder(spec), "identity", None)
    return {**identity(spec), "own": dict(own()) if own else None}


def provider(spec: Mapping[str, Any]) -> LLM:
    """The language model itself, without budget and cache."""
    return _keep("llm", spec, lambda: construct(spec, "llm"))


def llm_identity(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A language model's configuration and what it says of itself: its server or its weights."""
    return {**identity(spec), "own": dict(provider(spec).identity())}


def llm(
    spec: Mapping[str, Any], out: Path, cache: str, budget: Budget, *, fresh: bool = False, batched: bool = False
) -> LLM:
    """The language model behind the run's budget and, above it, the response cache (cached replies are free).

    ``fresh`` reads no replies of unknown code of a model that runs here; a server's replies are paid for and stay.
    ``batched`` lets many requests go through the server's batch interface where the model is configured to.
    """
    model = provider(spec)
    code = _local_code(type(model))
    source = _SOURCES[-1] if _SOURCES else None
    return build_llm(
        model,
        cache_path=(source.folder if source else out / "cache") / "llm.sqlite",
        cache="only" if source else cache,
        budget=budget,
        code=code,
        earlier=not (fresh and code),
        batching=Batching(out / "cache" / "batches.sqlite", bar) if batched and not source else None,
        served=source.replies.__setitem__ if source else None,
    ).llm


def scorers(spec: Mapping[str, Any]) -> list[Scorer]:
    """The metrics of a run; gold answers are prepared once for all systems of the process."""
    return _keep("scorers", spec, lambda: build_scorers(typed(MetricsConfig, spec, "metrics")))

"""The shared parts of a run, built on first use and kept for the whole sweep: model clients and embedders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from eval.core.code import code_digest, of_class
from eval.core.config import BudgetConfig, construct, identity, typed
from eval.core.identity import digest
from eval.core.progress import bar
from eval.core.protocols import Scorer
from eval.metrics.build import Config as MetricsConfig
from eval.metrics.build import build_scorers
from memos.embed.base import Embedder
from memos.embed.budgeted import BudgetedEmbedder
from memos.embed.cache import CachedEmbedder
from memos.llm.base import LLM, Completion
from memos.llm.batch import Batching
from memos.llm.budget import Budget
from memos.llm.build import build_llm
from memos.llm.cache import CachedLLM
from memos.llm.prices import read_prices
from memos.llm.spending import Spending

_KEPT: dict[str, Any] = {}
"""Loaded models by the digest of their configuration: jobs of one process share them."""
_MAKING = RLock()
"""Held while one is made, so that threads share it too."""


@dataclass(frozen=True)
class SourceCaches:
    """Caches of another results folder that runs read in place of their own, and what these gave."""

    folder: Path
    replies: dict[str, Completion]
    vectors: dict[bytes, np.ndarray]


_SOURCES: list[SourceCaches] = []


@contextmanager
def reading(source: SourceCaches) -> Iterator[None]:
    """Inside, every run reads the caches of this source only: no model that they stand for is asked."""
    _SOURCES.append(source)
    try:
        yield
    finally:
        _SOURCES.pop()


def _keep(kind: str, spec: Mapping[str, Any], make: Callable[[], Any], *discriminators: str) -> Any:
    key = digest([kind, spec, *discriminators])
    with _MAKING:
        if key not in _KEPT:
            _KEPT[key] = make()
        return _KEPT[key]


def raw_embedder(spec: Mapping[str, Any]) -> Embedder:
    """The embedder itself, for the latency pass."""
    return _keep("embedder", spec, lambda: construct(spec, "embedder"))


def charged_embedder(spec: Mapping[str, Any], budget: Budget) -> Embedder:
    """The embedder itself, charged to the budget where it is a server's."""
    raw = raw_embedder(spec)
    return BudgetedEmbedder(raw, budget, budget.price_for(raw)) if getattr(raw, "remote", False) else raw


def embedder(
    spec: Mapping[str, Any], out: Path, budget: Budget, cache: str = "write", *, fresh: bool = False
) -> Embedder:
    """The embedder behind the on-disk cache of this results folder, cached vectors being free; ``fresh`` reads no
    vectors of unknown code.

    With ``cache`` ``only``, a server is never asked; an embedder that runs here costs nothing and still is.
    """
    source = _SOURCES[-1] if _SOURCES else None
    path = (source.folder if source else out / "cache") / "embeddings.sqlite"
    raw = raw_embedder(spec)
    only = cache == "only" and getattr(type(raw), "remote", False)

    def make() -> Embedder:
        served = source.vectors.__setitem__ if source else None
        charged, code = charged_embedder(spec, budget), _local_code(type(raw))
        return CachedEmbedder(charged, path, code=code, earlier=not fresh, only=only, served=served)

    if source:
        return make()
    return _keep("cached embedder", spec, make, str(path.resolve()), str(fresh), str(only), str(id(budget)))


def budget(out: Path, account: str, limits: BudgetConfig, prices: str | None = None) -> Budget:
    """What a command may spend: one for all its jobs, kept in the results folder over its invocations.

    Args:
        account: what is counted together; the experiment's name where the configuration gives none.
        prices: a user's own table of prices.
    """
    path = out / "cache" / "spending.sqlite"

    def make() -> Budget:
        return Budget(
            limits.tokens,
            limits.usd,
            spending=Spending(path, account),
            where=f"{account!r} in {out}",
            prices=read_prices(Path(prices)) if prices else None,
        )

    spec = {"account": account, "tokens": limits.tokens, "usd": limits.usd, "prices": prices}
    return _keep("budget", spec, make, str(path.resolve()))


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
        price=budget.price_for(model),
        code=code,
        earlier=not (fresh and code),
        batching=Batching(out / "cache" / "batches.sqlite", bar) if batched and not source else None,
        served=source.replies.__setitem__ if source else None,
    ).llm


def kept_replies(spec: Mapping[str, Any], out: Path, *, fresh: bool = False) -> CachedLLM | None:
    """The response cache of a results folder, read only (mode ``only``); None where there is none yet."""
    model, path = provider(spec), out / "cache" / "llm.sqlite"
    code = _local_code(type(model))
    return CachedLLM(model, path, "only", code=code, earlier=not (fresh and code)) if path.exists() else None


def kept_vectors(spec: Mapping[str, Any], out: Path, *, fresh: bool = False) -> CachedEmbedder | None:
    """The embedding cache of a results folder, to look vectors up in; None where there is none yet."""
    raw, path = raw_embedder(spec), out / "cache" / "embeddings.sqlite"
    return CachedEmbedder(raw, path, code=_local_code(type(raw)), earlier=not fresh) if path.exists() else None


def scorers(spec: Mapping[str, Any], own: tuple[str, ...] = ()) -> list[Scorer]:
    """The metrics of a run and those of the data set's own; gold answers are prepared once for all systems of the
    process.
    """

    def make() -> list[Scorer]:
        config = typed(MetricsConfig, spec, "metrics")
        return build_scorers(replace(config, also=tuple(dict.fromkeys((*config.also, *own)))))

    return _keep("scorers", spec, make, *own)

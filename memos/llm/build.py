"""The stack every model call goes through: provider, batches, count, budget, one flight for equal requests, cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from memos.errors import ConfigError
from memos.layers import waits_for_a_server
from memos.llm.base import LLM, Completion
from memos.llm.batch import BatchedLLM, Batching
from memos.llm.batch_server import BatchModel
from memos.llm.budget import Budget, BudgetedLLM
from memos.llm.cache import CachedLLM
from memos.llm.counted import CountedLLM
from memos.llm.flight import SingleFlightLLM
from memos.llm.prices import Price


@dataclass(frozen=True, slots=True)
class Stack:
    """A model ready for use, and the layer that counts what the provider was really asked."""

    llm: LLM
    """The outermost layer; give this one to systems, answerers and judges."""
    counted: CountedLLM
    """``counted.usage``: fresh usage since the start, cached replies excluded."""


def provider(fields: Mapping[str, Any]) -> LLM:
    """Make the provider that a ``conf/llm/*.yaml`` describes (``_target_``, ``name``, then its Config's fields).

    Raises:
        ConfigError: when the target or a field is unknown.
    """
    settings = dict(fields)
    target = settings.pop("_target_", "")
    settings.pop("name", None)
    module, _, attribute = target.rpartition(".")
    try:
        kind = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"llm._target_={target!r} names no class") from error
    known = kind.Config.__dataclass_fields__
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ConfigError(f"llm.{unknown[0]} is unknown to {attribute}; fields: {', '.join(known)}")
    return kind(kind.Config(**settings))


def build_llm(
    inner: LLM | Mapping[str, Any],
    *,
    cache_path: Path | None = None,
    cache: str = "off",
    budget: Budget | None = None,
    price: Price | None = None,
    code: str = "",
    earlier: bool = True,
    batching: Batching | None = None,
    served: Callable[[str, Completion], None] | None = None,
) -> Stack:
    """Stack the layers around a provider (or its configuration).

    The budget lies below the cache, so replies that the cache holds cost nothing and are served even when the budget is
    used up; a budget shared by several stacks caps their sum.

    Args:
        cache: off, read, write or only.
        code, earlier, served: of the cache (``CachedLLM``).
        batching: how requests go through the server's batch interface where the model is configured to (``batch``);
            None: not at all.
        price: US dollars a million tokens, for models that the price table lacks.
    """
    model = provider(inner) if isinstance(inner, Mapping) else inner
    if batching is not None and getattr(getattr(model, "config", None), "batch", False):
        model = BatchedLLM(cast(BatchModel, model), batching)
    counted = CountedLLM(model)
    llm: LLM = counted if budget is None else BudgetedLLM(counted, budget, price)
    if cache == "write" and cache_path is not None and waits_for_a_server(llm):
        llm = SingleFlightLLM(llm, cache_path)
    if cache != "off":
        llm = CachedLLM(llm, cache_path, cache, code=code, earlier=earlier, served=served)
    return Stack(llm, counted)

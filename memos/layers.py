"""Models and embedders with layers around them (counting, caching, capping): what lies below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def layers(outermost: Any) -> Iterator[Any]:
    """A model or embedder and, in order, what lies below it (``inner``); the provider comes last."""
    yield outermost
    while hasattr(outermost, "inner"):
        outermost = outermost.inner
        yield outermost


def innermost(outermost: Any) -> Any:
    """The provider below all layers."""
    *_, provider = layers(outermost)
    return provider


def waits_for_a_server(outermost: Any) -> bool:
    """Whether calls of a model or an embedder wait for a server; then several at once take the time of one."""
    return bool(getattr(type(innermost(outermost)), "remote", False))

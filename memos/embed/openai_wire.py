"""Embeddings on the wire: a server's whole reply as vectors, or why it is of no use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from memos.errors import ConfigError
from memos.llm.openai_wire import BadReply, shown, usage_of
from memos.secret_values import hidden
from memos.types import Usage


def parsed(content: bytes) -> Any:
    """A reply's body.

    Raises:
        BadReply: it is no JSON.
    """
    text = hidden(content.decode("utf-8", "replace"))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadReply(f"the reply is no JSON: {text[:80]!r}") from error


def usage_in(reply: Any) -> Usage:
    """One call with the tokens that a reply states; none of them where it states no count."""
    try:
        return usage_of(reply.get("usage")) if isinstance(reply, Mapping) else Usage(1)
    except BadReply:
        return Usage(1)


def tokens_used(content: bytes) -> int:
    """Tokens that a reply's body states; 0 where it states none, or cannot be read."""
    try:
        return usage_in(parsed(content)).prompt_tokens
    except BadReply:
        return 0


def vectors_of(reply: Any, texts: int, dim: int) -> np.ndarray:
    """The vectors of a reply in the order of the texts, float32, shape (texts, dim).

    Raises:
        BadReply: it holds no list of so many rows, each with an index of its own and finite numbers, all of one length.
        ConfigError: all rows are whole, and of another length than ``dim``.
    """
    if not isinstance(reply, Mapping):
        raise BadReply("the reply is no JSON object")
    rows = reply.get("data")
    if not rows and reply.get("error"):
        raise BadReply(f"the reply is an error: {shown(reply['error'])}")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadReply(f"the reply's data are no list of objects: {rows!r:.60}")
    by_index = {row.get("index"): row.get("embedding") for row in rows if type(row.get("index")) is int}
    if len(rows) != texts or by_index.keys() != set(range(texts)):
        indexes = [row.get("index") for row in rows]
        raise BadReply(f"{texts} texts have {len(rows)} vectors, with the indexes {indexes!r:.60}")
    matrix = _matrix([by_index[index] for index in range(texts)])
    if matrix.shape[1] != dim:
        raise ConfigError(f"embedder.dim={dim}: the server's vectors have {matrix.shape[1]} dimensions")
    return matrix


def _matrix(rows: list[Any]) -> np.ndarray:
    """Rows of numbers as float32."""
    lengths = {len(row) if isinstance(row, list) else -1 for row in rows}
    if len(lengths) > 1 or lengths <= {-1, 0}:
        raise BadReply(f"the reply's vectors are no lists of numbers of one length: {rows[0]!r:.60}")
    try:
        matrix = np.array(rows)
    except ValueError as error:
        raise BadReply(f"the reply's vectors hold something else than numbers: {error}") from error
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise BadReply(f"the reply's vectors hold something else than numbers: {rows[0]!r:.60}")
    with np.errstate(over="ignore"):
        matrix = matrix.astype(np.float32)
    if not np.isfinite(matrix).all():
        raise BadReply("the reply's vectors hold NaN or numbers beyond any limit")
    return matrix

"""The files of a batch interface: requests as JSON lines cut to a server's limits, and the lines that come back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memos.errors import on_one_line
from memos.llm.base import Completion
from memos.llm.openai_wire import BadReply, completion_of, shown
from memos.llm.retry import is_transient
from memos.secret_values import hidden

ENDPOINT = "/v1/chat/completions"
PASSING = frozenset({"batch_expired", "batch_cancelled", "request_timeout", "rate_limit_exceeded", "server_error"})
"""Codes of requests that were never answered, though nothing is wrong with them."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much one file may hold; OpenAI's figures."""

    requests: int = 50_000
    size: int = 200_000_000
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of requests."""

    keys: tuple[str, ...]
    """The ``custom_id`` of each line."""
    content: bytes


@dataclass(frozen=True, slots=True)
class BatchLine:
    """What came back for one request: a completion, or why there is none."""

    key: str
    completion: Completion | None
    reason: str = ""
    passing: bool = False
    """Whether the request may simply be asked again."""


def uploads(bodies: Iterable[tuple[str, Mapping[str, Any]]], limits: FileLimits) -> list[Upload]:
    """Requests by key as files within the limits, in order. A request that is larger than a file gets one alone."""
    files: list[Upload] = []
    keys: list[str] = []
    lines: list[bytes] = []
    size = 0

    def close() -> None:
        if keys:
            files.append(Upload(tuple(keys), b"".join(lines)))

    for key, body in bodies:
        row = {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": body}
        line = (json.dumps(row, ensure_ascii=True) + "\n").encode()  # ASCII carries lone surrogates of the data, too
        if keys and (len(keys) >= limits.requests or size + len(line) > limits.size):
            close()
            keys, lines, size = [], [], 0
        keys.append(key)
        lines.append(line)
        size += len(line)
    close()
    return files


def read_lines(content: str, latency_ms: float, attempt: int) -> Iterator[BatchLine]:
    """The lines of an output or error file. Lines that are no JSON object with a key are passed over.

    Args:
        content: the file's text.
        latency_ms: what each completion is given as its time.
        attempt: how often each was asked for.
    """
    for text in hidden(content).split("\n"):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("custom_id"), str):
            yield _line(row, latency_ms, attempt)


def _line(row: Mapping[str, Any], latency_ms: float, attempt: int) -> BatchLine:
    key, response = row["custom_id"], row.get("response")
    response = response if isinstance(response, Mapping) else {}
    status, body = response.get("status_code"), response.get("body")
    if status == 200:
        try:
            return BatchLine(key, completion_of(body, latency_ms, attempt))
        except BadReply as error:
            return BatchLine(key, None, f"broken reply ({error})", True)
    error = row.get("error") or (body.get("error") if isinstance(body, Mapping) else None) or {}
    error = error if isinstance(error, Mapping) else {"message": shown(error)}
    code = error.get("code") if isinstance(error.get("code"), str) else None
    passing = code in PASSING or (isinstance(status, int) and is_transient(status, code))
    said = error.get("message")
    words = (status, code, said if isinstance(said, str) else shown(said) if said else "")
    return BatchLine(key, None, on_one_line(" ".join(str(word) for word in words if word)), passing)


def halved(size: int) -> int:
    """How many requests the next file may have after one of this size was too much for the server's queue."""
    return max(1, size // 2)

"""What a server answered to one request: a whole reply, or an error status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of status 200."""

    data: Any
    headers: Mapping[str, str]
    latency_ms: float
    ttft_ms: float | None = None
    """Time to the first token; only of streamed answers."""


class StatusError(Exception):
    """One answer with an error status.

    Args:
        status: of HTTP.
        body: its JSON, or its text where it is none.
        headers: of the answer.
        message: what stands for words of the server's own where the body holds none.
    """

    def __init__(self, status: int, body: Any, headers: Mapping[str, str], message: str = "") -> None:
        self.message = message or f"status {status}: {' '.join(str(body).split())}"
        super().__init__(self.message)
        self.status, self.body, self.headers = status, body, headers

"""A model asked so that no prompt begins as an earlier one did: for times that owe nothing to a prefix cache."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from memos.errors import LLMError
from memos.llm.base import Completion, Request
from memos.llm.layer import Layer


class SaltedLLM(Layer):
    """Puts a line of its own, never the same twice, before the first message of every request.

    Servers and local models keep what they computed of a prompt's beginning and read it again where a later prompt
    begins the same. A salt at the very start lets no two prompts begin the same, so each one is read whole. It is meant
    for timing alone: replies to salted prompts are no records.
    """

    def complete(self, request: Request) -> Completion:
        return self.inner.complete(salted(request))

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        return self.inner.complete_many([salted(request) for request in requests])


def salted(request: Request) -> Request:
    """The request with a salt before everything else."""
    if not request.messages:
        return request
    first, *rest = request.messages
    marked = replace(first, content=f"{secrets.token_hex(8)}\n\n{first.content}")
    return replace(request, messages=(marked, *rest))


def keeps_prefixes(model: Any) -> bool:
    """Whether a provider may read the beginning of a prompt from a cache: every server may, and a local model that says
    so (``keeps_prefixes``).
    """
    return bool(getattr(model, "keeps_prefixes", getattr(model, "remote", False)))

"""Requests of the tests."""

from __future__ import annotations

from memos.llm.base import Request
from memos.types import Message


def ask(text: str, **fields) -> Request:
    return Request((Message("user", text),), **fields)

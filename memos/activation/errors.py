"""What can go wrong with a key-value cache, each told in one line."""

from __future__ import annotations

from memos.errors import MemosError


class ActivationError(MemosError):
    """Base of the errors of activation memory."""


class ForeignCache(ActivationError):
    """A cache was made by another model, tokenizer, template or precision than the one that should read it."""


class UnsupportedCache(ActivationError):
    """The model's attention cannot be fed from a stored cache, or not in the way asked for."""


class CorruptCache(ActivationError):
    """A stored cache is damaged, cut, or not one of ours."""


class BudgetTooSmall(ActivationError):
    """A cache does not fit the byte budget at all."""

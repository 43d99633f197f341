"""The context budget in words or tokens, for every loop that has one: whole items, best first, never one over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from memos.errors import ConfigError

Unit = Literal["words", "tokens"]
SEPARATOR = "\n"


def counter(unit: Unit) -> Callable[[str], int]:
    """How a text is counted: NLTK words or cl100k tokens (docs/protocol.md#words-and-tokens).

    Raises:
        ConfigError: for another unit.
    """
    from memos import tokens

    if unit == "words":
        return tokens.count_words
    if unit == "tokens":
        return tokens.count_tokens
    raise ConfigError(f"budget unit: {unit!r} is neither words nor tokens")


@dataclass(frozen=True, slots=True)
class BudgetFit:
    """What fits."""

    count: int
    """How many of the first items."""
    size: int
    """Size of the kept items."""


def fit(texts: Sequence[str], limit: int, unit: Unit = "words") -> BudgetFit:
    """How many of the first texts fit into ``limit`` together.

    Words are counted item by item (and remembered by text): joined by line breaks they are as many or fewer, where an
    abbreviation ends a line. Tokens are counted on the joined text, for a break may cost one. An item is whole or
    absent, and nothing after the first item that does not fit is taken, so a larger budget only ever adds to a smaller
    one.

    Raises:
        ConfigError: the limit is negative.
    """
    if limit < 0:
        raise ConfigError(f"budget: must not be negative, found {limit}")
    count = counter(unit)
    size, fitting = 0, 0
    for end in range(1, len(texts) + 1):
        reached = size + count(texts[end - 1]) if unit == "words" else count(SEPARATOR.join(texts[:end]))
        if reached > limit:
            break
        size, fitting = reached, end
    return BudgetFit(fitting, size)

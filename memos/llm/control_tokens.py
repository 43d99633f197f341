"""Control tokens in what people write are text: ``</s>`` in a message must not end it.

A chat template puts messages between a model's control tokens, and the tokenizer reads the same characters in a message
as such tokens too. So they are marked in the messages before the template is applied (``marked``), and a marked one is
read letter by letter (``token_ids``). A text without any is read as ever.
"""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary

_OPEN, _CLOSE = "\U0010fff0", "\U0010fff1"
"""Private characters around a marked token."""
_SHIFT = 0xF0000
"""Moves its characters to private ones, which no template and no tokenizer takes for a token."""
_MARKED = re.compile(f"({_OPEN}[^{_CLOSE}]*{_CLOSE})")
_PATTERNS: WeakKeyDictionary[Any, re.Pattern[str]] = WeakKeyDictionary()


def special_tokens(tokenizer: Any) -> list[str]:
    """Texts that a tokenizer never merges with their neighbours."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    return sorted({*added, *map(str, tokenizer.all_special_tokens)} - {""})


def marked(tokenizer: Any, text: str) -> str:
    """A message's text with the model's control tokens marked as text."""
    return _pattern(tokenizer).sub(lambda token: f"{_OPEN}{_moved(token.group(), _SHIFT)}{_CLOSE}", text)


def unmarked(text: str) -> str:
    """The text before it was marked."""
    return _MARKED.sub(lambda token: _moved(token.group()[1:-1], -_SHIFT), text)


def token_ids(tokenizer: Any, text: str, *, bare: bool = True) -> tuple[int, ...]:
    """Token ids of a text with marked control tokens.

    Args:
        bare: without the tokens that the tokenizer puts around every text.
    """
    ids: list[int] = []
    for place, part in enumerate(_MARKED.split(text)):
        if part.startswith(_OPEN):
            ids += tokenizer(unmarked(part), add_special_tokens=False, split_special_tokens=True)["input_ids"]
        elif part or not place:
            ids += tokenizer(part, add_special_tokens=not bare and not place)["input_ids"]
    return tuple(ids)


def _pattern(tokenizer: Any) -> re.Pattern[str]:
    known = _PATTERNS.get(tokenizer)
    if known is None:
        longest = sorted(special_tokens(tokenizer), key=len, reverse=True)
        known = _PATTERNS[tokenizer] = re.compile("|".join(map(re.escape, longest)) or r"(?!)")
    return known


def _moved(text: str, by: int) -> str:
    low, high = (0, 0xFFFD) if by > 0 else (_SHIFT, _SHIFT + 0xFFFD)
    return "".join(chr(ord(letter) + by) if low <= ord(letter) <= high else letter for letter in text)

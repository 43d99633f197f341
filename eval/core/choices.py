"""Multiple choice: letters before options, and which option an answer names."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKED = re.compile(r"\(([a-z])\)|(?:^|[\s*])([a-z])[).:](?=\s|\*|$)", re.IGNORECASE)
"""``(b)``, ``b)``, ``b.`` and ``b:``."""
_NAMED = re.compile(r"\b(?:option|answer|choice)(?:\s+is)?\s*:?\s*\(?([a-z])\b\)?(?!['’\w])", re.IGNORECASE)
"""``option b``, ``the answer is b``."""


def lettered(options: Sequence[str]) -> list[str]:
    """Each option behind its letter: ``(a) tea``."""
    return [f"({chr(ord('a') + i)}) {option}" for i, option in enumerate(options)]


def chosen(options: Sequence[str], answer: str) -> int | None:
    """The place of the option that an answer names; None where it names none, or several.

    A letter alone, an option's whole text, one marked letter, or one option's text within more words, in this order.
    """
    plain, texts = _plain(answer), [_plain(option) for option in options]
    alone = plain.removeprefix("option ").removeprefix("answer ")
    if len(alone) == 1 and (place := ord(alone) - ord("a")) in range(len(options)):
        return place
    if plain in texts:
        return texts.index(plain)
    for pattern in (_NAMED, _MARKED):
        marks = {next(filter(None, match.groups())).lower() for match in pattern.finditer(answer)}
        places = {ord(mark) - ord("a") for mark in marks} & set(range(len(options)))
        if places:
            return places.pop() if len(places) == 1 else None
    held = [i for i, text in enumerate(texts) if text and f" {text} " in f" {plain} "]
    longest = [i for i in held if not any(texts[i] in texts[j] and i != j for j in held)]
    return longest[0] if len(longest) == 1 else None


def said(options: Sequence[str] | None, answer: str) -> str:
    """What an answer says: the text of the option it names, else its own."""
    place = chosen(options, answer) if options else None
    return answer if options is None or place is None else options[place]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))

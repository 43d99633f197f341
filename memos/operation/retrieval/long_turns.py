"""Long turns as passages of sentences: what is ranked and shown is short, whatever length people write at.

A message to an assistant, and even more its reply, may have a thousand words, of which one sentence is asked for. Such
a turn is remembered as several memories, each of which names the turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memos.tokens import sentences

PASSAGE_WORDS = 80
"""Words (by white space) of a passage at most; a turn of no more stays whole. Of LOCOMO's 5,882 turns 4 have more."""
_LINE = re.compile(r"[^\n]*\n?")
_WORD = re.compile(r"\S+")


def passages_of(text: str, limit: int = PASSAGE_WORDS) -> list[str]:
    """A text as passages of about equal length, each of whole sentences where these have at most ``limit`` words.

    Args:
        text: what was said.
        limit: words of a passage at most.

    Returns:
        The passages in order, without white space around them; their words in order are the text's. A text of at most
        ``limit`` words comes back as it is.
    """
    total = len(text.split())
    if total <= limit:
        return [text]
    even = total / -(-total // limit)
    out: list[str] = []
    start = size = 0
    for begin, words in _pieces(text, limit):
        if size and (size + words > limit or size + words / 2 > even):
            out.append(text[start:begin].strip())
            start, size = begin, 0
        size += words
    out.append(text[start:].strip())
    return out


def _pieces(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Beginning and words of each sentence of each line; longer ones in cuts of ``limit`` words."""
    for line in _LINE.finditer(text):
        place = begin = line.start()
        for sentence in sentences(line.group()):
            place = text.index(sentence, place) + len(sentence)
            if place < line.end() and not text[place].isspace():
                continue
            words = [match.start() for match in _WORD.finditer(text, begin, place)]
            for first in range(0, len(words), limit):
                yield words[first], len(words[first : first + limit])
            begin = place

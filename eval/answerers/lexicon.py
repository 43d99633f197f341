"""Word knowledge from WordNet: part of speech, field of meaning, and whether a word names a kind of something.

Without WordNet's files (scripts/fetch_data.py) every question has the empty answer; the reader then works by word shapes
alone and says so in its identity.
"""

from __future__ import annotations

from functools import lru_cache

from memos.resources import has_wordnet, wordnet

_SENSES = 3


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether WordNet's files are on this machine."""
    return has_wordnet()


@lru_cache(maxsize=50_000)
def part_of_speech(word: str) -> str:
    """``n``, ``v``, ``a`` or ``r``: the part of speech with most senses of a lower-case word; empty where unknown."""
    if not available():
        return ""
    counts = [(len(wordnet().synsets(word, pos=pos)), pos) for pos in "nvar"]
    best = max(counts, key=lambda item: item[0])
    return best[1] if best[0] else ""


@lru_cache(maxsize=50_000)
def field_of(word: str) -> str:
    """The lexicographer's field of a word's first noun sense, such as ``food``; empty where it has none."""
    if not available():
        return ""
    senses = wordnet().synsets(word, pos="n")
    return senses[0].lexname().removeprefix("noun.") if senses else ""


@lru_cache(maxsize=20_000)
def _kinds(word: str) -> frozenset[str]:
    """Names of all hypernyms of a word's first noun senses."""
    found: set[str] = set()
    for sense in wordnet().synsets(word, pos="n")[:_SENSES]:
        for path in sense.hypernym_paths():
            found.update(item.name() for item in path)
    return frozenset(found)


@lru_cache(maxsize=50_000)
def is_a(word: str, head: str) -> bool:
    """Whether a word names a kind (or an instance) of what ``head`` names: ``piano`` is an ``instrument``."""
    if not head or word == head or not available():
        return False
    wanted = {sense.name() for sense in wordnet().synsets(head, pos="n")[:_SENSES]}
    return bool(wanted) and bool(wanted & _kinds(word)) and not (wanted & {s.name() for s in wordnet().synsets(word, pos="n")[:1]})

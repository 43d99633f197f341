"""How a new fact stands to an old one, by cosine, content words, numbers and polarity."""

from __future__ import annotations

from functools import lru_cache

from baselines.extract.contradiction import contradicts
from memos.language.numerals import numbers
from memos.language.words import stems

SAME, RICHER, CONTRADICTS, OTHER = "same", "richer", "contradicts", "other"


@lru_cache(maxsize=65536)
def _profile(text: str) -> tuple[frozenset[str], frozenset[str]]:
    return stems(text), numbers(text)


def relate(new: str, old: str, cosine: float, same: float = 0.95, related: float = 0.8) -> str:
    """Relation of ``new`` to ``old``, two facts about the same person.

    ``contradicts`` by attribute or polarity; ``same`` where new adds nothing (every content word known, or cosine at
    least ``same`` with the same numbers); ``richer`` where new keeps nearly all of old and adds to it; else ``other``.
    Below cosine ``related`` two facts are never the same. Facts with different numbers or dates are never merged.
    """
    if contradicts(new, old):
        return CONTRADICTS
    (stems, numbers), (old_stems, old_numbers) = _profile(new), _profile(old)
    if cosine < related or (numbers - old_numbers and old_numbers - numbers):
        return OTHER
    if stems <= old_stems and numbers <= old_numbers:
        return SAME
    if old_stems and len(stems & old_stems) >= 0.8 * len(old_stems) and old_numbers <= numbers:
        return RICHER
    return SAME if cosine >= same and numbers <= old_numbers else OTHER

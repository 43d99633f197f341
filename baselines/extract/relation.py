"""How a new fact stands to an old one: MemOS' judgement of updates, and what counts as a richer wording."""

from __future__ import annotations

from functools import lru_cache

from memos.language.numerals import numbers
from memos.language.updates.judge import digest, stands
from memos.language.updates.pairs import unlike
from memos.language.updates.reading import read
from memos.language.words import stems

SAME, RICHER, CONTRADICTS, OTHER = "same", "richer", "contradicts", "other"


LIKELY = 0.8
"""Likeness taken for two facts on the same matter where none is measured."""


def contradicts(new: str, old: str, cosine: float = LIKELY) -> bool:
    """Whether ``new`` makes ``old`` untrue."""
    return stands(old, new, round(cosine, 6)) == "supersedes"


def fitted() -> dict[str, str]:
    """Digests of the fitted weights that ``relate`` rests on, for a system's ``learned``."""
    return {"updates": digest()}


@lru_cache(maxsize=65536)
def _profile(text: str) -> tuple[frozenset[str], frozenset[str]]:
    return stems(text), numbers(text)


def relate(new: str, old: str, cosine: float, same: float = 0.95, related: float = 0.8) -> str:
    """Relation of ``new`` to ``old``, two facts about the same person.

    ``contradicts`` where ``memos.language.updates`` has the old one outdated; ``same`` where it has it repeated or new
    adds nothing (every content word known, or cosine at least ``same`` with the same numbers); ``richer`` where new
    keeps nearly all of old and adds to it; else ``other``. Below cosine ``related`` two facts are the same only by that
    judgement. Facts of different owners, polarity, numbers or dates are never merged.
    """
    standing = stands(old, new, round(cosine, 6))
    if standing == "supersedes":
        return CONTRADICTS
    if standing == "duplicate":
        return SAME
    if unlike(read(old), read(new)):
        return OTHER
    (stems, numbers), (old_stems, old_numbers) = _profile(new), _profile(old)
    if cosine < related or (numbers - old_numbers and old_numbers - numbers):
        return OTHER
    if stems <= old_stems and numbers <= old_numbers:
        return SAME
    if old_stems and len(stems & old_stems) >= 0.8 * len(old_stems) and old_numbers <= numbers:
        return RICHER
    return SAME if cosine >= same and numbers <= old_numbers else OTHER

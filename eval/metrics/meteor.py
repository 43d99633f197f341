"""METEOR of NLTK: exact, then Porter stem, then WordNet synonym matches;
stems and synsets are looked up once a word."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eval.core.resources import wordnet
from eval.metrics.text import Stemmer, nltk_tokens


@lru_cache(maxsize=200_000)
def _synsets(word: str) -> tuple[Any, ...]:
    return tuple(wordnet().synsets(word))


class _WordNet:
    """What METEOR asks of a WordNet reader, remembered by word."""

    def synsets(self, word: str) -> tuple[Any, ...]:
        return _synsets(word)


_WORDNET, _STEMMER = _WordNet(), Stemmer()


def meteor(gold: str, answer: str) -> float:
    """METEOR of one pair of lower-case NLTK words.

    A one-token answer that is exactly right scores 0.5: that is the definition, see ``eval.metrics.ceilings``.

    Raises:
        MissingDependency: where WordNet is absent.
    """
    from nltk.translate.meteor_score import single_meteor_score

    return float(
        # Both have what METEOR asks of NLTK's own.
        single_meteor_score(nltk_tokens(gold), nltk_tokens(answer), stemmer=_STEMMER, wordnet=_WORDNET)  # pyright: ignore[reportArgumentType]
    )

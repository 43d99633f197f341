"""One text, prepared once for every lexical metric: tokens and stems, cached by text for the whole process.

Gold answers are the same for all systems, so their side of every metric is prepared once a process.
"""

from __future__ import annotations

from functools import lru_cache

from memos.tokens import words


@lru_cache(maxsize=1)
def _porter():
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Porter stem of a word (NLTK's extended rules, the default of every metric here)."""
    return _porter().stem(word)


class Stemmer:
    """``stem`` where a library takes a stemmer: METEOR of NLTK, tokens of ``rouge_score``."""

    def stem(self, word: str) -> str:
        return stem(word)


@lru_cache(maxsize=65_536)
def nltk_tokens(text: str) -> tuple[str, ...]:
    """NLTK words of the lower-cased text: MemOS's tokens for F1, BLEU and METEOR."""
    return tuple(words(text.lower()))


@lru_cache(maxsize=65_536)
def nltk_set(text: str) -> frozenset[str]:
    """Distinct ``nltk_tokens``."""
    return frozenset(nltk_tokens(text))


@lru_cache(maxsize=65_536)
def rouge_tokens(text: str) -> tuple[str, ...]:
    """Tokens of ``rouge_score`` with its stemmer: lower-case alphanumeric runs, those over 3 characters stemmed."""
    from rouge_score.tokenize import tokenize

    return tuple(tokenize(text, Stemmer()))

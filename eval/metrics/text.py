"""One text, prepared once for every lexical metric: tokens, n-grams and stems, cached by text for the whole process.

Gold answers are the same for all systems, so their side of every metric is computed once a process.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from memos.tokens import words

_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
NGRAMS = 4


@lru_cache(maxsize=1)
def _porter():
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Porter stem of a word (NLTK's extended rules, the default of every metric here)."""
    return _porter().stem(word)


@lru_cache(maxsize=65_536)
def nltk_tokens(text: str) -> tuple[str, ...]:
    """NLTK words of the lower-cased text: MemOS's tokens for F1, BLEU and METEOR (protocol.md 2.1)."""
    return tuple(words(text.lower()))


@lru_cache(maxsize=65_536)
def nltk_set(text: str) -> frozenset[str]:
    """Distinct ``nltk_tokens``."""
    return frozenset(nltk_tokens(text))


@lru_cache(maxsize=65_536)
def rouge_tokens(text: str) -> tuple[str, ...]:
    """Tokens of ``rouge_score`` with its stemmer: lower-case alphanumeric runs, those over 3 characters stemmed."""
    tokens = _NOT_ALPHANUMERIC.sub(" ", text.lower()).split()
    return tuple(stem(token) if len(token) > 3 else token for token in tokens)


def ngrams(tokens: tuple[str, ...], n: int) -> Counter[tuple[str, ...]]:
    """Counts of the n-grams of a token sequence."""
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))


@lru_cache(maxsize=65_536)
def nltk_ngrams(text: str) -> tuple[Counter[tuple[str, ...]], ...]:
    """Counts of the 1- to 4-grams of ``nltk_tokens``."""
    tokens = nltk_tokens(text)
    return tuple(ngrams(tokens, n) for n in range(1, NGRAMS + 1))


@lru_cache(maxsize=65_536)
def rouge_ngrams(text: str) -> tuple[Counter[tuple[str, ...]], ...]:
    """Counts of the 1- and 2-grams of ``rouge_tokens``."""
    tokens = rouge_tokens(text)
    return ngrams(tokens, 1), ngrams(tokens, 2)
